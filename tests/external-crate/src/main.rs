//! Watches the forks of a thread of its own, through a BPF program.
//!
//! `layout` prints the program's context, `open` what is in its object, `run` watches.

use std::env;
use std::error::Error;
use std::mem::MaybeUninit;
use std::mem::offset_of;
use std::process::Command;
use std::thread;

use libbpf_rs::skel::OpenSkel as _;
use libbpf_rs::skel::Skel as _;
use libbpf_rs::skel::SkelBuilder as _;

use crate::forks::ForksSkelBuilder;
use crate::forks::ctx::HookContext;
use crate::forks::ctx::btf_trace_sched_process_fork_ctx as ForkContext;

/// The BPF program and its context.
mod forks {
    ctxgen::include_bpf!("forks");
}

/// The thread whose forks are watched. Its name is no other's.
const THREAD: &str = "ctxgen-forks";
/// How often it forks.
const FORKS: u64 = 3;

/// What can go wrong.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    match env::args().nth(1).as_deref() {
        Some("layout") => layout(),
        Some("open") => open()?,
        Some("run") => run()?,
        _ => return Err("what to do: layout, open or run".into()),
    }
    Ok(())
}

/// Prints the context of the program as Rust has it.
fn layout() {
    println!(
        "{} of {}",
        ForkContext::STRUCT,
        ForkContext::HOOKS.join(", ")
    );
    println!("parent at {}", offset_of!(ForkContext, parent));
    println!("child at {}", offset_of!(ForkContext, child));
    println!("{} bytes", size_of::<ForkContext>());
}

/// Prints the programs of the object.
fn open() -> Result<()> {
    let mut object = MaybeUninit::uninit();
    let skeleton = ForksSkelBuilder::default().open(&mut object)?;
    let program = &skeleton.progs.forked;
    println!(
        "{} in {}",
        program.name().to_string_lossy(),
        program.section().to_string_lossy()
    );
    Ok(())
}

/// Loads the program, forks a few times and prints what it saw.
fn run() -> Result<()> {
    let mut object = MaybeUninit::uninit();
    let mut skeleton = ForksSkelBuilder::default().open(&mut object)?;
    let wanted = skeleton.maps.rodata_data.as_mut().ok_or("no rodata")?;
    for (to, from) in wanted.wanted.iter_mut().zip(THREAD.bytes()) {
        *to = i8::try_from(from)?;
    }
    let mut skeleton = skeleton.load()?;
    skeleton.attach()?;

    let children = thread::Builder::new().name(THREAD.to_owned()).spawn(fork)?;
    let children = children.join().map_err(|_| "the thread panicked")??;

    let seen = skeleton.maps.bss_data.as_ref().ok_or("no bss")?;
    println!("forks {} of {FORKS}", seen.count);
    // In a PID namespace this process has other ids than the kernel's.
    println!(
        "last child {} of {:?}",
        seen.last.child_pid,
        children.last()
    );
    println!(
        "ids differ {}",
        seen.last.parent_tid != seen.last.child_tid && seen.last.child_tid == seen.last.child_pid
    );
    Ok(())
}

/// Starts processes, and returns their ids.
fn fork() -> Result<Vec<u32>> {
    (0..FORKS)
        .map(|_| {
            let mut child = Command::new("true").spawn()?;
            let status = child.wait()?;
            if status.success() {
                Ok(child.id())
            } else {
                Err(format!("true: {status}").into())
            }
        })
        .collect()
}
