//! Shows files that are unlinked.

use std::process::ExitCode;

use clap::Parser;
use example_bpf::UnlinkArgs;
use example_bpf::UnlinkEvent;
use example_bpf::start;
use tracer::Error;
use tracer::ObjectArgs;
use tracer::Tracer;
use tracer::records::Unlink;
use tracer::records::UnlinkSettings;

/// Show files that are unlinked: by whom, with which result, and how long it took.
#[derive(Debug, Parser)]
#[command(name = "unlinksnoop")]
struct Args {
    #[command(flatten)]
    object: ObjectArgs,

    #[command(flatten)]
    unlinks: UnlinkArgs,
}

fn main() -> ExitCode {
    start(run)
}

fn run(Args { object, unlinks }: &Args) -> Result<(), Error> {
    let tracer = Tracer {
        name: "unlinksnoop",
        hooks: &[
            ("unlink_enter", "vfs_unlink"),
            ("unlink_exit", "vfs_unlink"),
        ],
        settings: &UnlinkSettings {
            only_pid: unlinks.process.pid(),
            only_failed: u32::from(unlinks.failed),
        },
        limits: &unlinks.limits,
        verbose: unlinks.style.verbose,
    };
    tracer.run(
        object,
        || unlinks.begin(),
        |unlink: &Unlink| {
            unlinks.show(&UnlinkEvent {
                time_ns: unlink.time_ns,
                duration_ns: unlink.duration_ns,
                pid: unlink.pid,
                tid: unlink.tid,
                ret: unlink.ret,
                comm: &unlink.comm,
                name: &unlink.name,
            })
        },
    )
}
