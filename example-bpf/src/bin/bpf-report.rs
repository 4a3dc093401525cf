//! Tells what the sample programs are, and what the running kernel says to each.

use std::ffi::OsStr;
use std::io::Write as _;
use std::io::stdout;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::JsonObject;
use example_bpf::Style;
use example_bpf::Table;
use example_bpf::errno_name;
use example_bpf::errno_of;
use example_bpf::listen;
use example_bpf::start;
use libbpf_rs::Btf;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::OpenObject;
use libbpf_rs::btf::BtfKind;
use libbpf_rs::btf::BtfType;
use libbpf_rs::btf::types::Composite;
use libbpf_rs::btf::types::Func;
use libbpf_rs::btf::types::FuncProto;

macro_rules! samples {
    ($($name:literal),+ $(,)?) => {
        [$(Sample {
            name: $name,
            object: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".bpf.o")),
        }),+]
    };
}

const SAMPLES: [Sample; 5] = samples![
    "mprotect_guard",
    "rawtp",
    "runqslower",
    "taskdump",
    "unlinksnoop",
];

/// Tell what the sample programs are, and what the running kernel says to each.
#[derive(Debug, Parser)]
#[command(name = "bpf-report", version)]
struct Args {
    /// The samples to tell about [default: all]
    names: Vec<String>,

    /// Do not ask the kernel
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
struct Report {
    sample: &'static str,
    program: String,
    hook: String,
    context: String,
    arguments: Vec<String>,
    size: usize,
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
        write_json(&reports)
    } else {
        write_table(&reports)
    }
}

impl Sample {
    /// Whether `name` is that of the source or of the command.
    fn is(&self, name: &str) -> bool {
        self.name == name.replace('-', "_")
    }

    fn open(&self, verbose: bool) -> Result<OpenObject, Error> {
        let (result, _) = listen(verbose, || {
            ObjectBuilder::default().open_memory(self.object)
        });
        result.map_err(|source| Error::Bpf {
            what: "open the BPF object",
            source,
        })
    }

    fn reports(&self, load: bool, verbose: bool) -> Result<Vec<Report>, Error> {
        let (btf, _) = listen(verbose, || Btf::from_raw(self.name, self.object));
        let btf = btf.map_err(|source| Error::Bpf {
            what: "read the BPF object's BTF",
            source,
        })?;
        let object = self.open(verbose)?;
        let mut reports = Vec::new();
        for program in object.progs() {
            let (context, arguments) = btf
                .as_ref()
                .and_then(|btf| context(btf, program.name()))
                .unwrap_or_default();
            let verdict = if !load {
                "not asked".to_string()
            } else if !self.is_native() {
                "other byte order".to_string()
            } else {
                self.verdict(program.name(), verbose)?
            };
            reports.push(Report {
                sample: self.name,
                program: program.name().to_string_lossy().into_owned(),
                hook: program.section().to_string_lossy().into_owned(),
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

    /// Loads `program` alone, and tells in a word what the kernel said.
    fn verdict(&self, program: &OsStr, verbose: bool) -> Result<String, Error> {
        let mut object = self.open(verbose)?;
        for mut other in object.progs_mut() {
            let wanted = other.name() == program;
            other.set_autoload(wanted);
        }
        let (result, _) = listen(verbose, || object.load());
        let Err(error) = result else {
            return Ok("loaded".to_string());
        };
        // SAFETY: `geteuid` has no preconditions and cannot fail.
        let root = unsafe { libc::geteuid() } == 0;
        Ok(match errno_of(&error) {
            Some(libc::ESRCH | libc::ENOENT) => "no hook".to_string(),
            Some(libc::EPERM | libc::EACCES) if !root => "not root".to_string(),
            Some(errno) => errno_name(errno).into_owned(),
            None => "refused".to_string(),
        })
    }
}

/// The name and the members' names of the struct that a program takes as its context.
fn context(btf: &Btf<'_>, program: &OsStr) -> Option<(String, Vec<String>)> {
    let function = btf.type_by_name::<Func<'_>>(program.to_str()?)?;
    let prototype = FuncProto::try_from(function.next_type()?).ok()?;
    let pointer = btf
        .type_by_id::<BtfType<'_>>(prototype.get(0)?.ty)?
        .skip_mods_and_typedefs();
    let pointee = (pointer.kind() == BtfKind::Ptr).then(|| pointer.next_type())??;
    let context = Composite::try_from(pointee.skip_mods_and_typedefs()).ok()?;
    let name = context.name()?.to_string_lossy().into_owned();
    let mut members = Vec::new();
    collect_members(btf, &context, &mut members);
    Some((name, members))
}

/// The kernel wraps pointers in anonymous unions (`__bpf_md_ptr`), which programs look through.
fn collect_members(btf: &Btf<'_>, composite: &Composite<'_>, names: &mut Vec<String>) {
    for member in composite.iter() {
        if let Some(name) = member.name {
            names.push(name.to_string_lossy().into_owned());
        } else if let Some(inner) = btf
            .type_by_id::<BtfType<'_>>(member.ty)
            .and_then(|inner| Composite::try_from(inner.skip_mods_and_typedefs()).ok())
        {
            collect_members(btf, &inner, names);
        }
    }
}

fn write_json(reports: &[Report]) -> Result<(), Error> {
    let mut out = stdout().lock();
    for report in reports {
        let object = JsonObject::new()
            .string("sample", report.sample)
            .string("program", &report.program)
            .string("hook", &report.hook)
            .string("context", &report.context)
            .strings("arguments", &report.arguments)
            .number("size", report.size as u64)
            .string("kernel", &report.verdict);
        writeln!(out, "{object}").map_err(Error::Output)?;
    }
    Ok(())
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
