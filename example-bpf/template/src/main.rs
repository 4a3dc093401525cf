//! Prints each program that is started on this machine, until Ctrl-C.

use std::error::Error;
use std::ffi::CStr;
use std::io::Write;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use libbpf_rs::ErrorKind;
use libbpf_rs::RingBufferBuilder;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::Skel;
use libbpf_rs::skel::SkelBuilder;

/// The BPF program, as the build script has built it.
mod execwatch {
    include!(concat!(env!("OUT_DIR"), "/execwatch.bpf.rs"));
}

use execwatch::ExecwatchSkelBuilder;
use execwatch::types::event;

fn main() -> Result<(), Box<dyn Error>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed))?;

    let mut object = MaybeUninit::uninit();
    let mut skeleton = ExecwatchSkelBuilder::default()
        .open(&mut object)?
        .load()?;
    skeleton.attach()?;

    let mut events = RingBufferBuilder::new();
    events.add(&skeleton.maps.events, show)?;
    let events = events.build()?;
    println!("{:>8} {:>8}  FILE", "PID", "PARENT");
    while !stop.load(Ordering::Relaxed) {
        match events.poll(Duration::from_millis(100)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Prints an event of the ring buffer.
fn show(bytes: &[u8]) -> i32 {
    if bytes.len() < size_of::<event>() {
        return 0;
    }
    // SAFETY: There are enough bytes, and any bytes are an `event`: it consists of integers.
    let event = unsafe { bytes.as_ptr().cast::<event>().read_unaligned() };
    let file = CStr::from_bytes_until_nul(&event.file).unwrap_or_default();
    let line = format!(
        "{:>8} {:>8}  {}",
        event.pid,
        event.parent,
        file.to_string_lossy()
    );
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => 0,
        Err(error) => -error.raw_os_error().unwrap_or(1),
    }
}
