//! Programs of every family and section in a virtual machine: each is loaded alone, and what the kernel
//! says to it has to be explained.
//!
//! The program `families` of the package `ctxgen-tests` builds them for the kernel, and judges what came
//! of them; `vm-families` (an example of the samples' package) loads them in the machine.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use ctxgen_judge::Answer;

use crate::error::Error;
use crate::process;
use crate::vm;
use crate::vm::Arch;

/// What loads them.
pub(crate) const LOADER: &str = "vm-families";
/// The entry of the plan.
const ID: &str = "families";
/// The one of values, which is among the samples'.
const VALUES: &str = "samples/registers";
/// Where they are in the machine.
const FOLDER: &str = "/families";
/// How long they may take in all, in seconds: longer than any host needs. Where the machine is emulated,
/// each of the 250 takes about half a second on a host with nothing else to do. A machine in which one
/// hangs is ended sooner, since no answer comes.
const SECONDS: u32 = 3600;

/// What came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// How many were loaded, and how many were not for each reason.
    pub(crate) counts: Vec<(usize, String)>,
    /// What nothing explains.
    pub(crate) wrong: Vec<String>,
}

/// Build all that a kernel has what they need for; where each belongs in the machine, and where it is
/// here. `program` is `families`.
pub(crate) fn build(
    program: &Path,
    btf: &Path,
    name: &str,
    folder: &Path,
) -> Result<Vec<(String, PathBuf)>, Error> {
    if folder.exists() {
        // What a source is no more must not be loaded any more.
        fs::remove_dir_all(folder).map_err(vm::Error::file("empty", folder))?;
    }
    let mut command = Command::new(program);
    command.arg("build").arg(btf).arg(name).arg(folder);
    process::run(&mut command)?;
    let mut files = Vec::new();
    for kind in ["fixed", "relocatable", "values/fixed", "values/relocatable"] {
        let here = folder.join(kind);
        let unreadable = || vm::Error::file("read", &here);
        for entry in fs::read_dir(&here).map_err(unreadable())? {
            let path = entry.map_err(unreadable())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((format!("{FOLDER}/{kind}/{name}"), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

/// The entries of a plan that hold values in registers against what was called, as a sample does, and
/// that load all programs.
pub(crate) fn plan_lines() -> String {
    format!(
        "x {VALUES} 150 /bin/{LOADER} --values {FOLDER}/values\n\
         x {ID} {SECONDS} /bin/{LOADER} {FOLDER}\n"
    )
}

/// Read the judge's answers to [`plan_lines`]. Those to other entries are passed over.
pub(crate) fn report<'a>(
    program: &Path,
    name: &str,
    arch: Arch,
    answers: impl IntoIterator<Item = &'a str>,
) -> Result<Report, Error> {
    let (outcomes, end) = outcomes(ID, answers);
    let text = judged(program, name, arch, &outcomes).map_err(vm::Error::file("run", program))?;
    let mut report = read(&text);
    if end.as_deref() != Some("0") {
        let end = end.as_deref().unwrap_or("never");
        report.wrong.push(format!("{LOADER} ended with {end}"));
    }
    Ok(report)
}

/// What a program of the initramfs printed for an entry of the plan, and how it ended.
pub(super) fn outcomes<'a>(
    of: &str,
    answers: impl IntoIterator<Item = &'a str>,
) -> (String, Option<String>) {
    let (mut text, mut end) = (String::new(), None);
    for line in answers {
        match Answer::parse(line) {
            Some(Answer::Output { id, text: said }) if id == of => {
                text.push_str(said);
                text.push('\n');
            }
            Some(Answer::Exit { id, how }) if id == of => end = Some(how.to_owned()),
            Some(Answer::Trouble { id, text }) if id == of => end = Some(text.to_owned()),
            _ => {}
        }
    }
    (text, end)
}

fn judged(program: &Path, name: &str, arch: Arch, outcomes: &str) -> io::Result<String> {
    let mut child = Command::new(program)
        .args(["judge", name, arch.facts().name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(outcomes.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads what `families judge` prints.
fn read(text: &str) -> Report {
    let mut report = Report::default();
    for (first, rest) in text.lines().filter_map(|line| line.split_once('\t')) {
        match first.parse() {
            Ok(count) => report.counts.push((count, rest.to_owned())),
            Err(_) => report.wrong.push(rest.to_owned()),
        }
    }
    if !report.counts.iter().any(|(_, what)| what == "loaded") {
        report.wrong.push("no program was loaded".to_owned());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_outcomes() {
        let answers = [
            "x\tsamples/rawtp\t|\tok rawtp: it works",
            "x\tfamilies\t|\tfixed/xdp filter xdp ok",
            "x\tfamilies\texit\t0",
        ];
        let foreign = "k\trelease\t7.2\nx\tforeign\t|\tforeign/a go tp_btf/x ok\n\
                       x\tother\t|\tnothing\nx\tforeign\texit\t0\n";
        let (text, end) = outcomes("foreign", foreign.lines());
        assert_eq!(text, "foreign/a go tp_btf/x ok\n");
        assert_eq!(end.as_deref(), Some("0"));

        let (text, end) = outcomes(ID, answers);
        assert_eq!(text, "fixed/xdp filter xdp ok\n");
        assert_eq!(end.as_deref(), Some("0"));
    }

    #[test]
    fn what_is_judged_is_counted() {
        let report = read("250\tloaded\n2\tno receivers\nwrong\tfixed/xdp filter xdp 22 no\n");
        assert_eq!(
            report.counts,
            [(250, "loaded".to_owned()), (2, "no receivers".to_owned())]
        );
        assert_eq!(report.wrong, ["fixed/xdp filter xdp 22 no"]);
        assert_eq!(read("").wrong, ["no program was loaded"]);
    }
}
