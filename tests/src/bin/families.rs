//! Builds the programs of `tests/families` for a kernel, and judges what it made of them.
//!
//! ```text
//! families build BTF NAME FOLDER
//! families judge NAME ARCH < OUTCOMES
//! ```
//!
//! NAME starts with the kernel's release. `build` makes `fixed/*.bpf.o` and `relocatable/*.bpf.o` in
//! FOLDER, and in `values` there; OUTCOMES are lines of what loads them (`vm-families` of the samples' package). `judge` prints
//! a count for each reason, separated by a tab, then what is wrong, and fails where anything is.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use ctxgen_tests::families;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::families::Expected;
use ctxgen_tests::families::Machine;
use ctxgen_tests::families::load::Outcome;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["build", btf, name, folder] => build(Path::new(btf), name, Path::new(folder)),
        ["judge", name, arch] => judge(&Machine::known(name, arch)),
        _ => Err("usage: families build BTF NAME FOLDER, or families judge NAME ARCH".into()),
    }
}

fn build(btf: &Path, name: &str, folder: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let values = folder.join("values");
    for (sources, folder) in [(families::sources(), folder), (families::values(), &values)] {
        for contexts in Contexts::BOTH {
            let folder = folder.join(contexts.name());
            std::fs::create_dir_all(&folder)?;
            for object in families::build(&sources, name, name, btf, contexts) {
                std::fs::write(folder.join(format!("{}.bpf.o", object.name)), object.bytes)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn judge(machine: &Machine) -> Result<ExitCode, Box<dyn Error>> {
    let mut counts: BTreeMap<Expected, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        let outcome = line
            .split_once(' ')
            .and_then(|(_, text)| Outcome::parse(text));
        let expected = outcome
            .as_ref()
            .map_or(Expected::Wrong, |it| machine.judge(it));
        *counts.entry(expected).or_default() += 1;
        if expected == Expected::Wrong {
            wrong.push(line);
        }
    }
    for (expected, count) in &counts {
        println!("{count}\t{expected}");
    }
    for line in &wrong {
        println!("wrong\t{line}");
    }
    Ok(
        match wrong.is_empty() && counts.contains_key(&Expected::Loaded) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
    )
}
