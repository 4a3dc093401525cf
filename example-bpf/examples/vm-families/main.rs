//! Loads each program of each object in a folder alone, and says what the kernel made of it.
//!
//! ```text
//! vm-families FOLDER
//! vm-families --values FOLDER
//! vm-families --drift OBJECT
//! ```
//!
//! Made for a virtual machine. The folder has `fixed/*.bpf.o` and `relocatable/*.bpf.o`, or `foreign/*.bpf.o`;
//! there is a line for each program, for `families judge` or `field judge` of the tests' package. With `--values`, the objects are
//! attached, and have to see the calls that are made here: there is a line for each value. With `--drift`,
//! there is one for each argument of each program, whether it is right or wrong.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

#[cfg(target_arch = "x86_64")]
mod drift;
#[path = "../../../tests/src/families/load.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a module of the tests' library, which reads what is written here"
)]
mod load;
mod values;

/// The folders, and whether objects in them are loaded by ctxgen.
const KINDS: [(&str, bool); 3] = [("fixed", false), ("relocatable", true), ("foreign", false)];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_fine = match &arguments[..] {
        [folder] => load_each(Path::new(folder)),
        [option, folder] if option == "--values" => check_values(Path::new(folder)),
        #[cfg(target_arch = "x86_64")]
        [option, object] if option == "--drift" => match drift::try_each(Path::new(object)) {
            Ok(()) => true,
            Err(why) => {
                println!("{object}: {why}");
                false
            }
        },
        _ => {
            eprintln!("usage: vm-families [--values] FOLDER, or vm-families --drift OBJECT");
            false
        }
    };
    match is_fine {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Whether all objects could be opened.
fn load_each(folder: &Path) -> bool {
    let mut is_fine = true;
    for (kind, relocate) in KINDS {
        for path in objects(&folder.join(kind)) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.trim_end_matches(".bpf.o");
            let bytes = fs::read(&path).map_err(|error| error.to_string());
            match bytes.and_then(|bytes| load::each(&bytes, relocate)) {
                Ok(outcomes) => {
                    for outcome in outcomes {
                        println!("{kind}/{name} {outcome}");
                    }
                }
                Err(why) => {
                    println!("{kind}/{name}: {}", why.replace('\n', " "));
                    is_fine = false;
                }
            }
        }
    }
    is_fine
}

/// Whether all values are right.
fn check_values(folder: &Path) -> bool {
    let mut is_fine = true;
    for (kind, relocate) in KINDS {
        for path in objects(&folder.join(kind)) {
            match values::check(&path, relocate) {
                Ok(wrong) => is_fine &= wrong == 0,
                Err(why) => {
                    println!("FAILED {}: {}", path.display(), why.replace('\n', " "));
                    is_fine = false;
                }
            }
        }
    }
    is_fine
}

fn objects(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
