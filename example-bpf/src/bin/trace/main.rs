//! Shows calls of whatever kernel functions and tracepoints the command line names.

use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::Style;
use example_bpf::Tasks;
use example_bpf::follow;
use example_bpf::global;
use example_bpf::load_as;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::report_lost;
use example_bpf::start;
use libbpf_rs::OpenObject;
use libbpf_rs::skel::OpenSkel as _;

mod point;
mod show;
mod target;
mod value;

mod trace {
    ctxgen::include_bpf!("trace");
}

use target::Target;
use trace::OpenTraceSkel;
use trace::TraceSkel;
use trace::TraceSkelBuilder;
use trace::types::trace_event;

const EXAMPLES: &str = "\
Examples:
  trace vfs_unlink
      a function's name alone stands for fentry, a tracepoint's for tp_btf
  trace fexit/do_filp_open --comm cat
  trace tp_btf/sched_process_exec tp_btf/sched_process_exit --json
  trace kprobe/tcp_v4_connect kretprobe/tcp_v4_connect
  trace fentry/nf_conntrack:nf_conntrack_in
      a function of a module";

/// Show each call of kernel functions and tracepoints: who called, and the arguments by name and type.
#[derive(Debug, Parser)]
#[command(name = "trace", version, after_help = EXAMPLES)]
struct Args {
    /// SEC names, as in fentry/NAME, or names of functions and tracepoints alone
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    #[command(flatten)]
    tasks: Tasks,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
}

// SAFETY: It consists of integers only.
unsafe impl Record for trace_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let stop = Stop::on_signal()?;
    let kernel = target::kernel(&args.hooks)?;
    let targets = args
        .hooks
        .iter()
        .map(|name| Target::named(&kernel, name))
        .collect::<Result<Vec<_>, _>>()?;

    let mut objects: Vec<MaybeUninit<OpenObject>> = Vec::new();
    objects.resize_with(targets.len(), MaybeUninit::uninit);
    let mut skeletons: Vec<TraceSkel<'_>> = Vec::new();
    for ((number, target), object) in targets.iter().enumerate().zip(&mut objects) {
        let loader = loader(trace::OBJECT)?;
        let builder = TraceSkelBuilder::default();
        let mut skeleton = open(&loader, builder, object, args.style.verbose)?;
        set(&mut skeleton, args, target, number)?;
        if let Some(first) = skeletons.first() {
            // All write to one, so that what they say stays in order.
            let events = first.maps.events.as_fd();
            let reused = skeleton.maps.events.reuse_fd(events);
            reused.map_err(|source| Error::Bpf {
                what: "share the ring buffer",
                source,
            })?;
        }
        skeletons.push(load_as(
            &loader,
            skeleton,
            args.style.verbose,
            &target.programs(),
        )?);
    }
    let mut links = Vec::new();
    for (target, skeleton) in targets.iter().zip(&mut skeletons) {
        links.push(target.attach(skeleton, args.style.verbose)?);
    }
    for target in &targets {
        eprintln!("trace: watching {}", target.prototype);
    }

    if let Some(first) = skeletons.first() {
        if !args.style.json {
            show::write_heading().map_err(Error::Output)?;
        }
        follow(
            &first.maps.events,
            &args.limits,
            &stop,
            |event: &trace_event| match targets.get(event.hook as usize) {
                Some(target) if args.style.json => show::write_object(&kernel, target, event),
                Some(target) => show::write_line(&kernel, target, event),
                None => Ok(()),
            },
        )?;
    }
    drop(links);
    let mut lost = 0;
    for skeleton in &skeletons {
        lost += global(skeleton.maps.bss_data.as_deref())?.lost;
    }
    report_lost("trace", &lost);
    Ok(())
}

/// Chooses the program for a target, and tells it what to copy.
fn set(
    skeleton: &mut OpenTraceSkel<'_>,
    args: &Args,
    target: &Target,
    number: usize,
) -> Result<(), Error> {
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.hook = u32::try_from(number).unwrap_or(u32::MAX);
    settings.context_len = target.layout.size;
    settings.only_pid = args.tasks.pid();
    settings.only_comm = args.tasks.comm();
    settings.text_count = 0;
    let places = settings.text_offset.iter_mut().zip(&mut settings.text_kind);
    for (text, (offset, kind)) in target.texts.iter().zip(places) {
        *offset = text.offset;
        *kind = text.kind as u8;
        settings.text_count += 1;
    }
    target.choose(skeleton.open_object_mut())
}
