//! What the command prints: nothing of what stands in objects, BTF or file names controls the terminal.

#[allow(dead_code, reason = "most of it is for other tests")]
#[path = "limits/btf.rs"]
mod btf;
#[allow(dead_code, reason = "most of it is for other tests")]
#[path = "limits/elf.rs"]
mod elf;

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
    let files = ctxgen_layers::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
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
    assert!(files.len() >= 8, "{files:?}");
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

/// What a name could do: set a terminal's title, clear it, turn text around, end a comment, begin a line.
const NAMES: [&str; 7] = [
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "\u{202e}evil",
    "*/ int evil; /*",
    "*\\\n/ int evil; /\\\n*",
    "a\ncargo::rustc-env=EVIL=1",
    "a\r\u{8}\u{2028}b",
];

fn assert_plain(what: &str, text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    let is_control = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_control), "{what}: {text:?}");
    for line in text.lines() {
        assert!(!line.starts_with("cargo:"), "{what}: {text:?}");
    }
}

/// The text as a compiler that knows trigraphs sees it, without comments.
fn code(text: &str) -> String {
    let text = text.replace("??/", "\\");
    let lines = text
        .split('\n')
        .map(|line| match line.trim_end().strip_suffix('\\') {
            Some(start) => start.to_owned(),
            None => format!("{line}\n"),
        });
    let text: String = lines.collect();
    let mut code = String::new();
    let mut rest = &*text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").unwrap().1;
    }
    code + rest
}

/// Every command, with names that control terminals, in BTF, in objects and as hooks.
#[test]
fn names_in_what_is_read_control_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let kernel = file("kernel.btf", &btf::named(&NAMES));
    let other = file("other.btf", &btf::named(&NAMES[3..]));
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let mut runs: Vec<Vec<String>> = [
        &["list", "--btf", &kernel][..],
        &["list", "--json", "--btf", &kernel],
        &["show", "fentry/fine", "--btf", &kernel],
        &["header", "fentry/fine", "-o", out, "--btf", &kernel],
    ]
    .iter()
    .map(|args| args.iter().map(ToString::to_string).collect())
    .collect();
    for (number, name) in NAMES.into_iter().enumerate() {
        let object = file(&format!("{number}.o"), &elf::program(name, name));
        let of_hook = file(
            &format!("{number}-hook.o"),
            &elf::program("fentry/fine", name),
        );
        for hook in [
            format!("fentry/{name}"),
            format!("uprobe/{name}"),
            name.to_owned(),
        ] {
            for args in [
                &["show", &hook, "--btf", &kernel][..],
                &["header", &hook, "-o", out, "--btf", &kernel],
                &["diff", &hook, "--btf", &kernel, "--btf", &other],
                &["pin", &hook, "-o", out, "--btf", &kernel],
            ] {
                runs.push(args.iter().map(ToString::to_string).collect());
            }
        }
        for args in [
            &["check", &object, &of_hook, "--btf", &kernel][..],
            &[
                "matrix", &object, &of_hook, "--btf", &kernel, "--btf", &other,
            ],
        ] {
            runs.push(args.iter().map(ToString::to_string).collect());
        }
    }
    for args in runs {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        let output = ctxgen(&args);
        assert!(output.status.code().is_some(), "{args:?}");
        let what = format!("{args:?}");
        assert_plain(&what, &output.stdout);
        assert_plain(&what, &output.stderr);
        if args[0] == "show" {
            let shown = String::from_utf8(output.stdout).unwrap();
            assert!(!code(&shown).contains("evil"), "{shown}");
        }
        let header = Path::new(out).join("ctx.h");
        if let Ok(text) = fs::read(&header) {
            assert_plain(&what, &text);
            let text = String::from_utf8(text).unwrap();
            assert!(!code(&text).contains("evil"), "{what}: {text}");
            fs::remove_file(&header).unwrap();
        }
    }
}
