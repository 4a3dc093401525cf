//! Loading each program of an object alone, to learn what the kernel makes of it.

use std::error::Error as _;
use std::ffi::OsStr;
use std::fmt;
use std::os::fd::AsFd as _;
use std::os::fd::AsRawFd as _;
use std::sync::Mutex;
use std::sync::PoisonError;

use ctxgen::LoadError;
use ctxgen::Loader;
use libbpf_rs::MapType;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::OpenObject;
use libbpf_rs::PrintLevel;
use libbpf_rs::set_print;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its function.
    pub program: String,
    /// Its SEC name.
    pub section: String,
    /// Why it is not loaded.
    pub refused: Option<Refused>,
}

/// Why a program is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The error number; 0 where the loader itself knows that the kernel has no such hook.
    pub errno: i32,
    /// What libbpf and the verifier said last, in a line.
    pub said: String,
}

impl Outcome {
    /// What [`fmt::Display`] writes of one.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let [program, section, errno] = [words.next()?, words.next()?, words.next()?];
        let refused = match errno {
            "ok" => None,
            errno => Some(Refused {
                errno: errno.parse().ok()?,
                said: words.next().unwrap_or_default().to_owned(),
            }),
        };
        Some(Self {
            program: program.to_owned(),
            section: section.to_owned(),
            refused,
        })
    }
}

impl fmt::Display for Outcome {
    /// In a line: program, section, `ok` or the error number, and what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.program, self.section)?;
        match &self.refused {
            None => f.write_str("ok"),
            Some(Refused { errno, said }) => write!(f, "{errno} {said}"),
        }
    }
}

/// What libbpf says, since it has one callback for the whole process.
static SAID: Mutex<String> = Mutex::new(String::new());
/// One object is loaded at a time, so that it is known of which libbpf speaks.
static ONE: Mutex<()> = Mutex::new(());

fn keep(_: PrintLevel, message: String) {
    SAID.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push_str(&message);
}

/// Loads each program of an object alone. With `relocate`, through ctxgen's loader.
///
/// # Errors
/// Where the object cannot be opened.
pub fn each(bytes: &[u8], relocate: bool) -> Result<Vec<Outcome>, String> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let theirs = set_print(Some((PrintLevel::Info, keep)));
    let outcomes = names(bytes).map(|names| {
        let load = |(program, section): (String, String)| Outcome {
            refused: alone(bytes, relocate, &program, &section).err(),
            program,
            section,
        };
        names.into_iter().map(load).collect()
    });
    set_print(theirs);
    outcomes
}

fn names(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let object = ObjectBuilder::default()
        .open_memory(bytes)
        .map_err(|error| format!("{error:#}"))?;
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    Ok(object
        .progs()
        .map(|program| (text(program.name()), text(program.section())))
        .collect())
}

fn alone(bytes: &[u8], relocate: bool, program: &str, section: &str) -> Result<(), Refused> {
    // Only in a program that has been loaded there is a function to replace.
    let Some(function) = section.strip_prefix("freplace/") else {
        return load(bytes, relocate, program, |_| Ok(())).map(drop);
    };
    let replaced = load(bytes, relocate, "replaced", |_| Ok(()))?;
    let target = replaced
        .progs()
        .find(|program| program.name() == "replaced");
    load(bytes, relocate, program, |object| {
        let fd = target
            .as_ref()
            .map_or(-1, |target| target.as_fd().as_raw_fd());
        let mut programs = object.progs_mut();
        let program = programs.find(|other| other.name() == program);
        program.map_or(Ok(()), |mut program| {
            program.set_attach_target(fd, Some(function.to_owned()))
        })
    })
    .map(drop)
}

fn load(
    bytes: &[u8],
    relocate: bool,
    program: &str,
    prepare: impl FnOnce(&mut OpenObject) -> libbpf_rs::Result<()>,
) -> Result<Object, Refused> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let libbpf = |error: libbpf_rs::Error| refused(errno_of(&error), &format!("{error:#}"));
    let ours = |error: Box<LoadError>| match &*error {
        LoadError::Open(error) | LoadError::Load(error) | LoadError::Refused { error, .. } => {
            refused(errno_of(error), &error.to_string())
        }
        error => refused(0, &error.to_string()),
    };
    let mut builder = ObjectBuilder::default();
    let loader = match relocate {
        true => Some(Loader::new(bytes).map_err(ours)?),
        false => None,
    };
    let mut object = match &loader {
        Some(loader) => loader.open_object(&mut builder).map_err(ours)?,
        None => builder.open_memory(bytes).map_err(libbpf)?,
    };
    let absent = loader.iter().flat_map(Loader::absent);
    if let Some(absent) = absent.into_iter().find(|absent| absent.program == program) {
        return Err(refused(0, &absent.to_string()));
    }
    for mut other in object.progs_mut() {
        let is_it = other.name() == program;
        other.set_autoload(is_it);
    }
    prepare(&mut object).map_err(libbpf)?;
    size_maps(&mut object).map_err(libbpf)?;
    match &loader {
        Some(loader) => loader.load_object(object).map_err(ours),
        None => object.load().map_err(libbpf),
    }
}

/// Gives a size to maps whose programs give them one before they load them.
fn size_maps(object: &mut OpenObject) -> libbpf_rs::Result<()> {
    /// What rings of one page take, too.
    const ENTRIES: u32 = 4096;
    /// `PERF_MAX_STACK_DEPTH` addresses.
    const STACK: u32 = 127 * 8;
    for mut map in object.maps_mut() {
        let is_sized_by_libbpf =
            matches!(map.map_type(), MapType::PerfEventArray | MapType::StructOps);
        if map.max_entries() == 0 && !is_sized_by_libbpf {
            map.set_max_entries(ENTRIES)?;
        }
        if map.map_type() == MapType::StackTrace && map.value_size() == 0 {
            map.set_value_size(STACK)?;
        }
    }
    Ok(())
}

fn refused(errno: i32, error: &str) -> Refused {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    // Where there is a log, what it ends with tells more than what libbpf makes of it.
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let end = lines().take_while(|line| !line.starts_with("-- END PROG LOAD LOG"));
    let is_counted = |line: &&str| {
        [
            "processed ",
            "verification time",
            "stack depth",
            "max_states",
        ]
        .iter()
        .any(|start| line.starts_with(start))
    };
    let has_log = lines().any(|line| line.starts_with("-- END PROG LOAD LOG"));
    let last = match has_log {
        true => end.filter(|line| !is_counted(line)).last(),
        false => lines().find(|line| line.contains("failed") || line.contains("error")),
    };
    Refused {
        errno,
        said: last.unwrap_or(error).replace(['\t', '\n'], " "),
    }
}

/// libbpf-rs keeps the number to itself; only the text of its innermost error bears it.
fn errno_of(error: &libbpf_rs::Error) -> i32 {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    let number = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once("(os error "));
    number
        .and_then(|(_, number)| number.parse().ok())
        .unwrap_or(0)
}
