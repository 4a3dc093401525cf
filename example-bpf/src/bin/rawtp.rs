//! Calls raw tracepoint programs with contexts made in Rust and compares what they saw.

use std::ffi::c_void;
use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;
use std::ptr;

use clap::Parser;
use example_bpf::Error;
use example_bpf::IntoField as _;
use example_bpf::Slots;
use example_bpf::Style;
use example_bpf::Table;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::start;
use example_bpf::write_json;
use libbpf_rs::ProgramInput;
use libbpf_rs::ProgramMut;
use serde::Serialize;

mod rawtp {
    ctxgen::include_bpf!("fixed/rawtp");
}

use rawtp::RawtpSkelBuilder;
use rawtp::ctx::btf_trace_neigh_update_ctx;
use rawtp::ctx::btf_trace_percpu_alloc_percpu_ctx;
use rawtp::ctx::neighbour;

/// Call raw tracepoint programs with contexts made from the generated Rust structs, and compare
/// each argument that they read in C to what was sent.
#[derive(Debug, Parser)]
#[command(name = "rawtp", version)]
struct Args {
    #[command(flatten)]
    style: Style,
}

/// One argument on its way from Rust to C.
struct Exchange {
    tracepoint: &'static str,
    argument: &'static str,
    /// What the rest of the argument's slot was filled with.
    filling: u64,
    sent: i64,
    received: i64,
}

/// An [`Exchange`], as `--json` writes it.
#[derive(Serialize)]
struct Object {
    tracepoint: &'static str,
    argument: &'static str,
    slot: &'static str,
    sent: i64,
    received: i64,
    ok: bool,
}

/// Calls `$program` with the given arguments in a context of type `$context`, of which nothing else
/// is set, and returns an [`Exchange`] for each.
macro_rules! exchange {
    ($tracepoint:literal, $program:expr, $seen:expr, $filling:expr, $context:ident {
        $($argument:ident: $value:expr),+ $(,)?
    }) => {{
        $(let $argument = $value;)+
        let mut bytes = if $filling == 0 {
            let context = $context {
                $($argument: $argument.into_field(),)+
                ..<$context>::default()
            };
            context.as_bytes().to_vec()
        } else {
            let mut slots = Slots::<$context>::filled_with($filling);
            let context = slots.as_mut_ptr();
            // SAFETY: `context` points to memory for a whole context.
            $(unsafe { (&raw mut (*context).$argument).write($argument.into_field()) };)+
            slots.as_mut_bytes().to_vec()
        };
        let seen = call(&$program, &mut bytes, &mut $seen)?;
        [$(Exchange {
            tracepoint: $tracepoint,
            argument: stringify!($argument),
            filling: $filling,
            sent: $argument as i64,
            received: seen.$argument,
        }),+]
    }};
}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let loader = loader(rawtp::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let skeleton = open(&loader, RawtpSkelBuilder::default(), &mut object, verbose)?;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    let seen = global(skeleton.maps.bss_data.as_mut())?;
    let programs = &skeleton.progs;

    // Whatever has a sign is sent once with and once without it, and whatever is narrower than its
    // slot once among zeroes and once among junk.
    let mut exchanges = Vec::new();
    for (filling, odd) in [(0, true), (0, false), (u64::MAX, true), (u64::MAX, false)] {
        exchanges.extend(exchange!(
            "percpu_alloc_percpu",
            programs.percpu_alloc,
            seen.percpu_alloc_seen,
            filling,
            btf_trace_percpu_alloc_percpu_ctx {
                reserved: odd,
                is_atomic: !odd,
                size: if odd { 0x0123_4567_89ab_cdef_usize } else { 1 },
                align: 4096_usize,
                base_addr: ptr::without_provenance_mut::<c_void>(0xffff_8881_0000_1000),
                off: if odd { -42 } else { i32::MAX },
                ptr: ptr::without_provenance_mut::<c_void>(0x0000_6080_dead_beef),
            }
        ));
        exchanges.extend(exchange!(
            "neigh_update",
            programs.neigh_update,
            seen.neigh_update_seen,
            filling,
            btf_trace_neigh_update_ctx {
                n: ptr::without_provenance_mut::<neighbour>(0xffff_8881_2345_6780),
                lladdr: ptr::without_provenance::<u8>(0xffff_c900_0000_0001),
                new: if odd { 0xfe_u8 } else { 0 },
                flags: if odd { 0x8000_0001_u32 } else { 0 },
                nlmsg_pid: if odd { u32::MAX } else { 1 },
            }
        ));
    }

    if args.style.json {
        write_objects(&exchanges)?;
    } else {
        write_table(&exchanges)?;
    }
    let wrong = exchanges.iter().filter(|exchange| !exchange.ok()).count();
    if wrong > 0 {
        return Err(Error::Mismatch {
            wrong,
            total: exchanges.len(),
        });
    }
    Ok(())
}

/// Runs a program once and returns what it left in the global `seen`.
fn call<S: Copy + Default>(
    program: &ProgramMut<'_>,
    context: &mut [u8],
    seen: &mut S,
) -> Result<S, Error> {
    // Volatile, as the compiler cannot know that the program in the kernel writes there.
    // SAFETY: A reference is valid and aligned.
    unsafe { ptr::write_volatile(seen, S::default()) };
    program
        .test_run(ProgramInput {
            context_in: Some(context),
            ..ProgramInput::default()
        })
        .map_err(|source| Error::Bpf {
            what: "call the program through BPF_PROG_TEST_RUN",
            source,
        })?;
    // SAFETY: As above, and the program wrote integers.
    Ok(unsafe { ptr::read_volatile(seen) })
}

impl Exchange {
    fn ok(&self) -> bool {
        self.sent == self.received
    }

    fn filling(&self) -> &'static str {
        if self.filling == 0 { "zeroes" } else { "junk" }
    }
}

fn write_objects(exchanges: &[Exchange]) -> Result<(), Error> {
    for exchange in exchanges {
        write_json(&Object {
            tracepoint: exchange.tracepoint,
            argument: exchange.argument,
            slot: exchange.filling(),
            sent: exchange.sent,
            received: exchange.received,
            ok: exchange.ok(),
        })
        .map_err(Error::Output)?;
    }
    Ok(())
}

fn write_table(exchanges: &[Exchange]) -> Result<(), Error> {
    let mut table = Table::new(&["TRACEPOINT", "ARGUMENT", "SLOT", "SENT", "RECEIVED", "OK"]);
    for exchange in exchanges {
        table.row([
            exchange.tracepoint.to_string(),
            exchange.argument.to_string(),
            exchange.filling().to_string(),
            number(exchange.sent),
            number(exchange.received),
            if exchange.ok() { "yes" } else { "NO" }.to_string(),
        ]);
    }
    write!(stdout().lock(), "{table}").map_err(Error::Output)
}

/// Numbers that a person would rather see in hexadecimal, and others.
fn number(value: i64) -> String {
    if value.unsigned_abs() > u64::from(u16::MAX) {
        format!("{value:#x}")
    } else {
        value.to_string()
    }
}
