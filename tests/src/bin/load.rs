//! Opens and loads a BPF object, and says what that cost: nanoseconds; the most memory that this
//! process had in KiB, its code included; how much the load took above what there was before it
//! when it is done again, so that all code is there already; and the most KiB that its control group was
//! charged with, 0 without one.
//!
//! ```text
//! load alone|loader prog.bpf.o [CONTROL_GROUP PEAK]
//! ```
//!
//! `CONTROL_GROUP` is the folder of one that counts memory, and `PEAK` the file there that has the most.
//!
//! A program of its own, since what else is linked into a program is paid for too.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use ctxgen::Loader;
use libbpf_rs::ObjectBuilder;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let (way, object, group) = match &args[..] {
        [_, way, object] => (way, object, None),
        [_, way, object, group, peak] => (way, object, Some((Path::new(group), peak))),
        _ => return Err("load alone|loader prog.bpf.o [CONTROL_GROUP PEAK]".into()),
    };
    let bytes = fs::read(object)?;
    let load = |bytes: &[u8]| match way.as_str() {
        "loader" => with_loader(bytes),
        _ => alone(bytes),
    };
    if let Some((group, _)) = group {
        fs::write(group.join("cgroup.procs"), "0")?;
    }
    let start = Instant::now();
    load(&bytes)?;
    let time = start.elapsed().as_nanos();
    let peak = status("VmHWM:")?;
    let charged = match group {
        Some((group, peak)) => {
            fs::read_to_string(group.join(peak))?
                .trim()
                .parse::<u64>()?
                / 1024
        }
        None => 0,
    };

    // Makes the peak what there is now.
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS:")?;
    load(&bytes)?;
    let above = status("VmHWM:")?.saturating_sub(before);
    println!("{time} {peak} {above} {charged}");
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
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(of));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number
        .ok_or("the kernel does not say how much memory there is")?
        .parse()?)
}
