//! Programs loaded with aya.

use std::error::Error as Source;
use std::io;
use std::os::fd::AsRawFd as _;
use std::time::Duration;
use std::time::Instant;

use aya::Btf;
use aya::Ebpf;
use aya::EbpfLoader;
use aya::Endianness;
use aya::maps::Map;
use aya::maps::MapData;
use aya::maps::PerCpuArray;
use aya::maps::RingBuf;
use aya::programs::Program;
use ctxgen::Loader;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::read_record;

use crate::EVENTS;
use crate::Error;
use crate::LOST;
use crate::Settings;
use crate::Tracer;

/// How long a request to stop may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(100);

impl<S: Settings> Tracer<'_, S> {
    /// How many events were lost is returned.
    pub(crate) fn with_aya<R: Record>(
        &self,
        loader: &Loader<'_>,
        bytes: &[u8],
        stop: &Stop,
        begin: impl FnOnce() -> Result<(), example_bpf::Error>,
        show: impl FnMut(&R) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let kernel = Btf::from_sys_fs().map_err(failed("read the kernel's BTF"))?;
        // Relocations are resolved with this one, which has the contexts of this kernel beside its types.
        let contexts = loader.btf_path();
        let contexts = contexts.map(|path| Btf::parse_file(path, Endianness::default()));
        let contexts = contexts.transpose().map_err(failed("read the contexts"))?;
        let settings = self.settings.bytes();
        let mut object = EbpfLoader::new()
            .btf(Some(contexts.as_ref().unwrap_or(&kernel)))
            .override_global("SETTINGS", &settings[..], true)
            .load(bytes)
            .map_err(failed("load the object"))?;
        for (name, function) in self.hooks {
            attach(&mut object, name, function, &kernel)?;
        }
        let events = RingBuf::try_from(map(&mut object, EVENTS)?);
        let events = events.map_err(failed("use the ring buffer"))?;
        begin()?;
        follow(events, self.limits, stop, show)?;
        let lost = PerCpuArray::<_, u64>::try_from(map(&mut object, LOST)?);
        let lost = lost.and_then(|lost| lost.get(&0, 0));
        let lost = lost.map_err(failed("ask how many events were lost"))?;
        Ok(lost.iter().sum())
    }
}

/// An error of aya's, of which `what` was tried.
fn failed<E: Source + Send + Sync + 'static>(what: impl Into<String>) -> impl FnOnce(E) -> Error {
    |source| Error::Aya {
        what: what.into(),
        source: Box::new(source),
    }
}

fn map(object: &mut Ebpf, name: &'static str) -> Result<Map, Error> {
    object.take_map(name).ok_or(Error::Lacks(name))
}

/// Attaches a program to a tracepoint or a function, whose ids are those of the kernel's whole BTF.
fn attach(
    object: &mut Ebpf,
    name: &'static str,
    function: &str,
    kernel: &Btf,
) -> Result<(), Error> {
    let program = object.program_mut(name).ok_or(Error::Lacks(name))?;
    let attached = match program {
        Program::BtfTracePoint(program) => program
            .load(function, kernel)
            .and_then(|()| program.attach().map(drop)),
        Program::FEntry(program) => program
            .load(function, kernel)
            .and_then(|()| program.attach().map(drop)),
        Program::FExit(program) => program
            .load(function, kernel)
            .and_then(|()| program.attach().map(drop)),
        _ => return Err(Error::Lacks(name)),
    };
    attached.map_err(failed(format!(
        "load and attach the program `{name}` ({function})"
    )))
}

/// Hands each record to `show`, until `stop` or one of `limits`.
fn follow<R: Record>(
    mut events: RingBuf<MapData>,
    limits: &Limits,
    stop: &Stop,
    mut show: impl FnMut(&R) -> io::Result<()>,
) -> Result<(), Error> {
    let deadline = limits
        .duration
        .and_then(|duration| Instant::now().checked_add(duration));
    let mut left = limits.count.map_or(u64::MAX, u64::from);
    while left > 0 && !stop.requested() {
        let time = deadline.map_or(PATIENCE, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        wait(&events, time.min(PATIENCE))?;
        while left > 0
            && let Some(event) = events.next()
        {
            let record = read_record::<R>(&event).ok_or(example_bpf::Error::Torn(event.len()))?;
            show(&record).map_err(example_bpf::Error::Output)?;
            left -= 1;
        }
        if time.is_zero() {
            break;
        }
    }
    Ok(())
}

/// Until there is an event, or so much time has gone by.
fn wait(events: &RingBuf<MapData>, time: Duration) -> Result<(), Error> {
    let mut ready = libc::pollfd {
        fd: events.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let milliseconds = time.as_millis().try_into().unwrap_or(libc::c_int::MAX);
    // SAFETY: one descriptor, which is ours.
    if unsafe { libc::poll(&raw mut ready, 1, milliseconds) } < 0 {
        let error = io::Error::last_os_error();
        // A signal came: the loop knows whether it was one to stop for.
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(failed("wait for events")(error));
        }
    }
    Ok(())
}
