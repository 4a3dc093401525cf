//! Prints each wait for a CPU that took longer than a millisecond: `tracer OBJECT`.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use libbpf_rs::MapCore;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::RingBufferBuilder;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: tracer OBJECT")?;
    let bytes = std::fs::read(path)?;
    let loader = ctxgen::Loader::new(&bytes)?.require_all()?;
    let opened = loader.open_object(&mut ObjectBuilder::default())?;
    let object = loader.load_object(opened)?;
    let mut links = Vec::new();
    for program in object.progs_mut() {
        links.push(program.attach()?);
    }
    let events = object
        .maps()
        .find(|map| map.name() == "EVENTS")
        .ok_or("no map EVENTS")?;
    let mut ring = RingBufferBuilder::new();
    ring.add(&events, print)?;
    let ring = ring.build()?;
    println!("{:>8} {:>7} {:>7} {}", "US", "TID", "BEFORE", "TASK");
    loop {
        ring.poll(Duration::from_millis(100))?;
    }
}

/// Prints an event; its fields are those of `Wait` in the programs.
fn print(event: &[u8]) -> i32 {
    let (Some(ns), Some(tid), Some(prev_tid), Some(comm)) = (
        event.get(..8),
        event.get(8..12),
        event.get(12..16),
        event.get(16..32),
    ) else {
        return 0;
    };
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let comm = comm.split(|byte| *byte == 0).next().unwrap_or_default();
    if number(ns) <= 1_000_000 {
        return 0;
    }
    let written = writeln!(
        std::io::stdout(),
        "{:>8} {:>7} {:>7} {}",
        number(ns) / 1000,
        number(tid),
        number(prev_tid),
        String::from_utf8_lossy(comm)
    );
    // Less than 0 ends the tracer.
    if written.is_ok() { 0 } else { -1 }
}
