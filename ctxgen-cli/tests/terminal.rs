//! What the command prints: nothing of what stands in objects, BTF or file names controls the terminal.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

fn ctxgen(args: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.args(args).output().unwrap()
}

/// Everything goes through one writer, which escapes.
#[test]
fn there_is_no_other_way_out() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).unwrap();
            let is_writer = path.ends_with("src/output.rs");
            for way in [
                "print!(",
                "println!(",
                "dbg!(",
                "io::stdout(",
                "io::stderr(",
                "Cli::parse()",
            ] {
                assert!(
                    is_writer || !text.contains(way),
                    "{}: {way}",
                    path.display()
                );
            }
            for way in ["print!(", "println!(", "dbg!("] {
                assert!(!text.contains(way), "{}: {way}", path.display());
            }
        }
    }
    assert!(seen >= 8, "{seen} files");
}

#[test]
fn names_of_files_control_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join("\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\r\n  prog  lsm  ok");
    fs::write(&path, "no BTF").unwrap();
    let path = path.as_os_str();
    for args in [
        &["list".as_ref(), "--btf".as_ref(), path][..],
        &["show".as_ref(), "fentry/f".as_ref(), "--btf".as_ref(), path],
        &["check".as_ref(), path, "--btf".as_ref(), path],
        &["header".as_ref(), "fentry/f".as_ref(), "-o".as_ref(), path],
        &["list".as_ref(), "-f".as_ref(), path],
        &["show".as_ref(), path],
        &[path],
        &["list".as_ref(), "a".as_ref(), path],
    ] {
        let output = ctxgen(args);
        assert!(!output.status.success(), "{args:?}");
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            let is_control = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
            assert!(!text.contains(is_control), "{args:?}: {text:?}");
        }
    }
}

#[test]
fn help_is_no_error() {
    let help = ctxgen(&["--help".as_ref()]);
    assert!(help.status.success() && help.stdout.starts_with(b"Typed context structs"));
    let wrong = ctxgen(&["--nothing".as_ref()]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stdout.is_empty() && wrong.stderr.starts_with(b"error: "));
}
