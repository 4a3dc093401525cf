//! Tells what the sample programs are, and what the running kernel says to each.

use std::io::Write as _;
use std::io::stdout;
use std::process::ExitCode;

use clap::Parser;
use ctxgen::AbsentHook;
use ctxgen::LoadError;
use ctxgen::Loader;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind;
use ctxgen::btf::Type;
use ctxgen::object::ObjectFile;
use ctxgen::object::Program;
use example_bpf::Error;
use example_bpf::Style;
use example_bpf::Table;
use example_bpf::adapt_struct_ops;
use example_bpf::errno_name;
use example_bpf::errno_of;
use example_bpf::listen;
use example_bpf::start;
use example_bpf::write_json;
use libbpf_rs::ObjectBuilder;
use serde::Serialize;

macro_rules! samples {
    ($($name:literal: $path:literal),+ $(,)?) => {
        [$(Sample {
            name: $name,
            object: include_bytes!(concat!(env!("OUT_DIR"), "/", $path)),
        }),+]
    };
}

/// All but `trace`, whose programs have no hooks until it runs.
const SAMPLES: [Sample; 8] = samples![
    "mprotect_guard": "mprotect_guard.bpf.o",
    "opensnoop": "opensnoop.bpf.o",
    "rawtp": "fixed/rawtp.bpf.o",
    "runqslower": "runqslower.bpf.o",
    "taskdump": "taskdump.bpf.o",
    "tcpconnlat": "tcpconnlat.bpf.o",
    "tinycc": "tinycc.bpf.o",
    "unlinksnoop": "unlinksnoop.bpf.o",
];

/// Tell what the sample programs are, and what the running kernel says to each.
#[derive(Debug, Parser)]
#[command(name = "bpf-report", version)]
struct Args {
    /// The samples to report on [default: all]
    names: Vec<String>,

    /// Do not load the programs
    #[arg(long)]
    no_load: bool,

    #[command(flatten)]
    style: Style,
}

/// A sample's object file.
struct Sample {
    name: &'static str,
    object: &'static [u8],
}

/// What there is to tell about one program.
#[derive(Serialize)]
struct Report {
    sample: &'static str,
    program: String,
    hook: String,
    context: String,
    arguments: Vec<String>,
    size: usize,
    #[serde(rename = "kernel")]
    verdict: String,
}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    for name in &args.names {
        if !SAMPLES.iter().any(|sample| sample.is(name)) {
            return Err(Error::UnknownSample {
                name: name.clone(),
                known: SAMPLES.map(|sample| sample.name).join(", "),
            });
        }
    }
    let mut reports = Vec::new();
    for sample in &SAMPLES {
        if args.names.is_empty() || args.names.iter().any(|name| sample.is(name)) {
            reports.extend(sample.reports(!args.no_load, args.style.verbose)?);
        }
    }
    if args.style.json {
        let mut reports = reports.iter();
        reports.try_for_each(write_json).map_err(Error::Output)
    } else {
        write_table(&reports)
    }
}

impl Sample {
    /// Whether `name` is that of the source or of the command.
    fn is(&self, name: &str) -> bool {
        self.name == name.replace('-', "_")
    }

    fn reports(&self, load: bool, verbose: bool) -> Result<Vec<Report>, Error> {
        let object = ObjectFile::parse(self.object).map_err(ctxgen::Error::from)?;
        // Only who asks the kernel needs to know what it has.
        let loader = match load && self.is_native() {
            true => Some(Loader::new(self.object)?),
            false => None,
        };
        let mut reports = Vec::new();
        for program in object.programs() {
            let (context, arguments) = context(&object, program).unwrap_or_default();
            let verdict = match &loader {
                Some(loader) => verdict(loader, program, verbose)?,
                None if load => "other byte order".to_string(),
                None => "not asked".to_string(),
            };
            reports.push(Report {
                sample: self.name,
                program: program.name.clone(),
                hook: program.section.to_string(),
                context,
                arguments,
                size: self.object.len(),
                verdict,
            });
        }
        Ok(reports)
    }

    /// Whether the object's byte order is ours.
    fn is_native(&self) -> bool {
        const EI_DATA: usize = 5;
        const LITTLE_ENDIAN: u8 = 1;
        let little = self.object.get(EI_DATA) == Some(&LITTLE_ENDIAN);
        little == cfg!(target_endian = "little")
    }
}

/// Loads `program` alone, and tells in a word what the kernel said.
fn verdict(loader: &Loader<'_>, program: &Program, verbose: bool) -> Result<String, Error> {
    let is_it = |hook: &AbsentHook| hook.program == program.name;
    if loader.absent().iter().any(is_it) {
        return Ok("no hook".to_string());
    }
    let (result, _) = listen(verbose, || {
        let mut object = loader.open_object(&mut ObjectBuilder::default())?;
        // What that cannot do for the kernel, loading says better.
        let _ = adapt_struct_ops(&mut object);
        for mut other in object.progs_mut() {
            let wanted = other.name() == program.name.as_str();
            other.set_autoload(wanted);
        }
        loader.load_object(object)
    });
    let error = match result {
        Ok(_) => return Ok("loaded".to_string()),
        Err(error) if matches!(*error, LoadError::Object(_) | LoadError::Kernel(_)) => {
            return Err(error.into());
        }
        Err(error) => *error,
    };
    let errno = match &error {
        LoadError::Load(error) | LoadError::Refused { error, .. } => errno_of(error),
        _ => None,
    };
    // SAFETY: `geteuid` has no preconditions and cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    Ok(match errno {
        Some(libc::ESRCH | libc::ENOENT) => "no hook".to_string(),
        Some(libc::EPERM | libc::EACCES) if !root => "not root".to_string(),
        Some(errno) => errno_name(errno).into_owned(),
        None => "refused".to_string(),
    })
}

/// The name and the members' names of the struct that a program takes as its context.
fn context(object: &ObjectFile, program: &Program) -> Option<(String, Vec<String>)> {
    let context = object.btf().get(program.context?)?;
    let mut members = Vec::new();
    collect_members(object.btf(), &context, &mut members);
    Some((context.name().to_owned(), members))
}

/// The kernel wraps pointers in anonymous unions (`__bpf_md_ptr`), which programs look through.
fn collect_members(btf: &Btf<'_>, composite: &Type<'_>, names: &mut Vec<String>) {
    let (Kind::Struct(composite) | Kind::Union(composite)) = composite.kind() else {
        return;
    };
    for member in composite.members() {
        if !member.name.is_empty() {
            names.push(member.name.to_owned());
        } else if let Some(inner) = btf.resolve(member.type_id) {
            collect_members(btf, &inner, names);
        }
    }
}

fn write_table(reports: &[Report]) -> Result<(), Error> {
    let mut table = Table::new(&[
        "SAMPLE",
        "PROGRAM",
        "HOOK",
        "CONTEXT STRUCT",
        "ARGUMENTS",
        "BYTES",
        "KERNEL SAYS",
    ]);
    for report in reports {
        table.row([
            report.sample.to_string(),
            report.program.clone(),
            report.hook.clone(),
            report.context.clone(),
            report.arguments.join(" "),
            report.size.to_string(),
            report.verdict.clone(),
        ]);
    }
    write!(stdout().lock(), "{table}").map_err(Error::Output)
}
