//! Completions, manual pages, help and colours.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

/// All sub-commands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // What a line goes on with is indented more.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() >= 11, "{names:?}");
    names
}

fn ctxgen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .args(args);
    command.output().unwrap()
}

fn printed(args: &[&str]) -> String {
    let output = ctxgen(args);
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A shell reads its completions without complaint, where it is there.
#[test]
fn completions() {
    for (shell, check) in [
        ("bash", "bash -n $0 && . $0 && complete -p ctxgen"),
        ("zsh", "zsh -n $0"),
        ("fish", "fish --no-execute $0"),
    ] {
        let script = printed(&["completions", shell]);
        for name in subcommands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
        // The families are completed too.
        assert!(script.contains("lsm_cgroup"), "{shell}");
        let missing = Command::new(shell).arg("--version").output().is_err();
        if missing {
            println!("skipped: completions for {shell}, which is not here");
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("script");
        fs::write(&file, &script).unwrap();
        let output = Command::new("bash")
            .args(["-c", check])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{shell}: {said}"
        );
    }
    let wrong = ctxgen(&["completions", "bsh"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("a similar value exists: 'bash'"));
}

#[test]
fn manual_pages() {
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("share/man1");
    printed(&["man", "-o", man.to_str().unwrap()]);
    let page = |name: &str| fs::read_to_string(man.join(name)).unwrap();
    let main = page("ctxgen.1");
    for name in subcommands().iter().filter(|name| *name != "help") {
        assert!(
            main.contains(&format!("ctxgen\\-{name}(1)")),
            "{name}: {main}"
        );
        let page = page(&format!("ctxgen-{name}.1"));
        assert!(
            page.contains(".SH NAME") && page.contains("Examples:"),
            "{name}"
        );
    }
    let unwritable = ctxgen(&["man", "-o", "/dev/null/x"]);
    assert_eq!(unwritable.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unwritable.stderr).contains("/dev/null/x"));
}

#[test]
fn help_has_examples() {
    for name in subcommands().iter().filter(|name| *name != "help") {
        let help = printed(&[name, "--help"]);
        let (_, examples) = help
            .split_once("\nExamples:\n")
            .unwrap_or_else(|| panic!("{name}"));
        assert!(examples.contains(&format!("ctxgen {name} ")), "{name}");
        assert!(help.lines().all(|line| line.len() <= 120), "{name}");
    }
}

#[test]
fn what_is_misspelt_is_answered_with_the_nearest() {
    for (args, meant) in [
        (&["lst"][..], "'list'"),
        (&["chek"], "'check'"),
        (&["list", "--famly", "lsm"], "'--family'"),
        (&["list", "--family", "lsm_cgrup"], "'lsm_cgroup'"),
        (&["list", "--family", "fenty"], "'fentry'"),
    ] {
        let output = ctxgen(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(meant), "{args:?}: {said}");
    }
}

const ESCAPE: char = '\u{1b}';

/// What the command prints and says with these arguments, and with this `NO_COLOR`.
fn said(args: &[&str], no_color: &str) -> [String; 2] {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    let output = command
        .env("NO_COLOR", no_color)
        .env("TERM", "xterm")
        .args(args)
        .output();
    let output = output.unwrap();
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
}

#[test]
fn colours() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let [old, new] = ["5.10-x86_64", "6.1-x86_64"].map(|name| fixtures.join(format!("{name}.btf")));
    let [old, new] = [&old, &new].map(|path| path.to_str().unwrap());
    for args in [
        &["list", "vfs_unlink", "--btf", old][..],
        &["diff", "fexit/vfs_unlink", "--btf", old, "--btf", new],
        &["show", "fexit/nothing", "--btf", old],
        &["list", "--help"],
        &["lst"],
    ] {
        // No terminal.
        let plain = said(args, "");
        assert!(!plain.concat().contains(ESCAPE), "{args:?}");
        for (when, is) in [("always", true), ("never", false), ("auto", false)] {
            let args = [args, &["--color", when]].concat();
            let coloured = said(&args, "1");
            assert_eq!(coloured.concat().contains(ESCAPE), is, "{args:?}");
            let mut text = coloured;
            for part in &mut text {
                *part = without_styles(part);
            }
            assert_eq!(text, plain, "{args:?}");
        }
    }
}

/// A text without what switches styles.
fn without_styles(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap();
        let is_style = |c: char| c.is_ascii_digit() || c == ';';
        assert!(
            codes
                .strip_prefix('[')
                .is_some_and(|codes| codes.chars().all(is_style))
        );
        plain.push_str(rest);
    }
    plain
}

/// Names from elsewhere have no styles, coloured or not.
#[test]
fn styles_of_others_are_escaped() {
    for args in [
        &["show", "fentry/\u{1b}[31mred", "--color", "always"][..],
        &["\u{1b}[31mred", "--color", "always"],
        &["check", "/no/\u{1b}[31mred", "--color", "always"],
    ] {
        let text = said(args, "").concat();
        assert!(!text.contains("\u{1b}[31mred"), "{args:?}: {text:?}");
        assert!(text.contains("red"), "{args:?}: {text:?}");
    }
}
