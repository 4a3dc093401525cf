//! Finds BPF objects in packages, and holds what is said of them against what kernels make of them.
//!
//! ```text
//! field find PACKAGES FOLDER
//! field published CRATES BTF FOLDER
//! field judge FOLDER KERNEL=BTF[,OUTCOMES]…
//! field compile OBJECT
//! field values OBJECT KERNEL=BTF,OUTCOMES…
//! ```
//!
//! `find` writes them to `FOLDER/foreign/<package>-<file>.bpf.o`, and `published` what it makes of the sources of
//! published crates. OUTCOMES are lines of what loads these
//! (`vm-families` of the samples' package). `judge` prints tables in Markdown.
//!
//! `compile` makes an object of `tests/field/drift.bpf.c`; `values` holds what its programs reported
//! (`vm-families --drift`) against what is said of them.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::object::reads::Examined;
use ctxgen::reads::judge;
use ctxgen_tests::Clang;
use ctxgen_tests::clangs;
use ctxgen_tests::families::load::Outcome;
use ctxgen_tests::field::Column;
use ctxgen_tests::field::Found;
use ctxgen_tests::field::Report;
use ctxgen_tests::field::Values;
use ctxgen_tests::field::find;
use ctxgen_tests::field::published;
use ctxgen_tests::foreign_object;

/// The folder of the objects.
const FOREIGN: &str = "foreign";
/// How their names end.
const ENDING: &str = ".bpf.o";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["find", packages, folder] => write(&find(Path::new(packages))?, Path::new(folder)),
        ["published", crates, btf, folder] => {
            let newest = clangs("published crates").iter();
            let newest = newest.max_by_key(|clang| clang.version).ok_or("no clang")?;
            let found = published(Path::new(crates), Path::new(btf), newest)?;
            write(&found, Path::new(folder))
        }
        ["judge", folder, kernels @ ..] => {
            let report = report(&Path::new(folder).join(FOREIGN), kernels)?;
            print!("{report}");
            Ok(())
        }
        ["compile", object] => compile(Path::new(object)),
        ["values", object, kernels @ ..] => values(Path::new(object), kernels),
        _ => Err("usage: field find PACKAGES FOLDER, field published CRATES BTF FOLDER, field judge FOLDER KERNEL=BTF…, field compile OBJECT, or \
                 field values OBJECT KERNEL=BTF,OUTCOMES…".into()),
    }
}

fn write(found: &[Found], folder: &Path) -> Result<(), Box<dyn Error>> {
    let folder = folder.join(FOREIGN);
    fs::create_dir_all(&folder)?;
    for object in found {
        fs::write(
            folder.join(format!("{}{ENDING}", object.name)),
            &object.bytes,
        )?;
    }
    println!("{} objects", found.len());
    Ok(())
}

fn report(folder: &Path, kernels: &[&str]) -> Result<Report, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    let mut objects = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.trim_end_matches(ENDING).to_owned();
        match Examined::parse(&fs::read(&path)?) {
            Ok(examined) => objects.push((name, examined)),
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    let mut report = Report {
        objects: objects.len(),
        ..Report::default()
    };
    for kernel in kernels {
        let (name, paths) = kernel.split_once('=').ok_or("a kernel is NAME=BTF")?;
        let (btf, outcomes) = match paths.split_once(',') {
            Some((btf, outcomes)) => (btf, read_outcomes(Path::new(outcomes))?),
            None => (paths, HashMap::new()),
        };
        let kernel = KernelBtf::from_path(btf)?;
        let mut column = Column::new(name);
        for (object, examined) in &objects {
            for judged in judge(examined, &kernel, None) {
                let key = (object.clone(), judged.program.clone());
                column.add(object, &judged, outcomes.get(&key));
            }
        }
        report.columns.push(column);
    }
    Ok(report)
}

fn compile(object: &Path) -> Result<(), Box<dyn Error>> {
    let clang = &Clang::of_builds().path;
    Ok(fs::write(
        object,
        foreign_object(clang, "tests/field/drift.bpf.c")?,
    )?)
}

fn values(object: &Path, kernels: &[&str]) -> Result<(), Box<dyn Error>> {
    let examined = Examined::parse(&fs::read(object)?)?;
    println!(
        "| kernel | right, as said | wrong, as said | refused, as said | not known | otherwise |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let mut otherwise = Vec::new();
    for kernel in kernels {
        let (name, paths) = kernel
            .split_once('=')
            .ok_or("a kernel is NAME=BTF,OUTCOMES")?;
        let (btf, outcomes) = paths
            .split_once(',')
            .ok_or("a kernel is NAME=BTF,OUTCOMES")?;
        let judged = judge(&examined, &KernelBtf::from_path(btf)?, None);
        let values = Values::of(&judged, &fs::read_to_string(outcomes)?);
        println!("| {name} | {values}");
        let lines = values.otherwise.into_iter();
        otherwise.extend(lines.map(|line| format!("- {name}: {line}")));
    }
    match otherwise.is_empty() {
        true => Ok(()),
        false => {
            println!("\n{}", otherwise.join("\n"));
            Err("programs have reported something else than is said".into())
        }
    }
}

/// By object and program.
fn read_outcomes(path: &Path) -> Result<HashMap<(String, String), Outcome>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let outcomes = text.lines().filter_map(|line| {
        let (object, outcome) = line.split_once(' ')?;
        let object = object.strip_prefix(FOREIGN)?.strip_prefix('/')?;
        let outcome = Outcome::parse(outcome)?;
        Some(((object.to_owned(), outcome.program.clone()), outcome))
    });
    Ok(outcomes.collect())
}
