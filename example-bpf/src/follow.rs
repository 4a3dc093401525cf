//! Following a ring buffer until something ends it.

use std::cell::Cell;
use std::io;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use libbpf_rs::ErrorKind;
use libbpf_rs::MapCore;
use libbpf_rs::RingBufferBuilder;

use crate::Error;
use crate::Limits;
use crate::Record;
use crate::read_record;

/// How long a request to stop may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(100);

/// Tells whether Ctrl-C was pressed, or the process asked to end by a signal.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Takes over SIGINT, SIGTERM and SIGHUP. Can be called once in a process.
    pub fn on_signal() -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
        Ok(Self(stop))
    }

    /// Whether it is so.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Hands each record of the ring buffer `events` to `show`, until `stop` or one of `limits`.
pub fn follow<R, F>(
    events: &dyn MapCore,
    limits: &Limits,
    stop: &Stop,
    mut show: F,
) -> Result<(), Error>
where
    R: Record,
    F: FnMut(&R) -> io::Result<()>,
{
    let deadline = limits
        .duration
        .and_then(|duration| Instant::now().checked_add(duration));
    let wanted = limits.count.map_or(u64::MAX, u64::from);
    let shown = Cell::new(0);
    let failure = Cell::new(None);

    let mut builder = RingBufferBuilder::new();
    builder
        .add(events, |bytes| {
            if shown.get() == wanted {
                return 0;
            }
            let result = match read_record::<R>(bytes) {
                Some(record) => show(&record).map_err(Error::Output),
                None => Err(Error::Torn(bytes.len())),
            };
            match result {
                Ok(()) => {
                    shown.set(shown.get() + 1);
                    0
                }
                Err(error) => {
                    failure.set(Some(error));
                    -libc::ECANCELED
                }
            }
        })
        .map_err(|source| Error::Bpf {
            what: "use the ring buffer",
            source,
        })?;
    let ring = builder.build().map_err(|source| Error::Bpf {
        what: "set up the ring buffer",
        source,
    })?;

    let mut is_last = false;
    while shown.get() < wanted && !is_last {
        let left = deadline.map_or(PATIENCE, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        // What happened before the end is shown, too.
        is_last = left.is_zero() || stop.requested();
        let result = match is_last {
            true => ring.poll(Duration::ZERO),
            false => ring.poll(left.min(PATIENCE)),
        };
        if let Some(error) = failure.take() {
            return Err(error);
        }
        match result {
            Ok(()) => {}
            // A signal came: the loop's condition knows whether it was one to stop for.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(Error::Bpf {
                    what: "wait for events",
                    source,
                });
            }
        }
    }
    Ok(())
}

/// Says on stderr how many events found the ring buffer full, if any did.
pub fn report_lost(sample: &str, lost: &u64) {
    // SAFETY: A reference is valid and aligned. Volatile, as the kernel counts up behind our back.
    let lost = unsafe { ptr::read_volatile(lost) };
    if lost > 0 {
        eprintln!("{sample}: {lost} events were lost, as they came faster than they were shown");
    }
}
