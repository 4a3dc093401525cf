//! Opens and loads a BPF object, and says what that cost: nanoseconds; the most memory that this
//! process had in KiB, its code included; and how much the load took above what there was before it
//! when it is done again, so that all code is there already.
//!
//! ```text
//! load alone|loader prog.bpf.o
//! ```
//!
//! A program of its own, since what else is linked into a program is paid for too.

use std::env;
use std::error::Error;
use std::time::Instant;

use ctxgen::Loader;
use libbpf_rs::ObjectBuilder;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, way, object] = &args[..] else {
        return Err("load alone|loader prog.bpf.o".into());
    };
    let bytes = std::fs::read(object)?;
    let load = |bytes: &[u8]| match way.as_str() {
        "loader" => with_loader(bytes),
        _ => alone(bytes),
    };
    let start = Instant::now();
    load(&bytes)?;
    let time = start.elapsed().as_nanos();
    let peak = status("VmHWM:")?;

    // Makes the peak what there is now.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS:")?;
    load(&bytes)?;
    let above = status("VmHWM:")?.saturating_sub(before);
    println!("{time} {peak} {above}");
    Ok(())
}

fn alone(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    ObjectBuilder::default().open_memory(bytes)?.load()?;
    Ok(())
}

fn with_loader(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let loader = Loader::new(bytes)?;
    let opened = loader.open_object(&mut ObjectBuilder::default())?;
    loader.load_object(opened)?;
    Ok(())
}

/// A line of this process's status, in KiB.
fn status(of: &str) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(of));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number
        .ok_or("the kernel does not say how much memory there is")?
        .parse()?)
}
