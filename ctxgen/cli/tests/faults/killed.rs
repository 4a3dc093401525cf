//! The command's end at any time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use super::Folder;
use super::OLD;
use super::kernel;
use super::rounds;

const SOURCE: &str = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n#include <bpf/bpf_helpers.h>\n\
    SEC(\"tp_btf/sched_switch\") int prog(struct btf_trace_sched_switch_ctx *ctx) { return 0; }\n";

/// Runs a command for so long at most.
fn killed_after(command: &mut Command, time: Duration) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    sleep(time);
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Times spread over a whole run, and a little more.
fn times(whole: Duration, count: usize) -> impl Iterator<Item = Duration> {
    (0..count).map(move |number| whole.mul_f64(1.2 * number as f64 / count as f64))
}

#[test]
fn a_file_is_old_or_new() {
    let folder = Folder::new();
    let start = Instant::now();
    let whole = folder.whole();
    let mut killed = 0;
    for time in times(start.elapsed(), rounds(30)) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        folder.header(&mut command);
        killed += usize::from(killed_after(&mut command, time));
        let text = folder.text();
        assert!(text == OLD || text == whole, "{time:?}: {text}");
        folder.put_old();
    }
    assert!(killed > 0);
}

fn build(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.current_dir(folder);
    command
        .args(["build", "-o", "out", "prog.bpf.c", "--btf"])
        .arg(kernel());
    command
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut queue = vec![folder.to_owned()];
    while let Some(folder) = queue.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => queue.push(path),
                false => drop(files.insert(path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    files
}

/// Whatever a build that was killed has left, the next one makes what it would make alone.
#[test]
fn a_build_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prog.bpf.c"), SOURCE).unwrap();
    let out = folder.path().join("out");
    let start = Instant::now();
    let output = build(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", super::said(&output));
    let took = start.elapsed();
    let whole = files(&out);
    fs::remove_dir_all(&out).unwrap();
    let count = rounds(6);
    for (number, time) in times(took, count).enumerate() {
        killed_after(&mut build(folder.path()), time);
        // Now and then the one that is not killed.
        if number % 3 == 2 || number + 1 == count {
            let output = build(folder.path()).output().unwrap();
            assert!(
                output.status.success(),
                "{time:?}: {}",
                super::said(&output)
            );
            assert!(files(&out) == whole, "{time:?}");
            fs::remove_dir_all(&out).unwrap();
        }
    }
}
