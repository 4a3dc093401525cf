//! The `ctxgen` command with formats of trace events.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

const FORMAT: &str = "\
name: sched_process_exec
ID: 1
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
	field:pid_t pid;	offset:12;	size:4;	signed:1;
	field:pid_t old_pid;	offset:16;	size:4;	signed:1;

print fmt: \"filename=%s\", __get_str(filename)
";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/7.2-x86_64.btf")
}

/// What is printed, and whether that is an error.
fn run(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ctxgen"))
        .args(args)
        .arg("--btf")
        .arg(fixture())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn formats_tell_categories_and_elements() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("events/sched/sched_process_exec");
    std::fs::create_dir_all(&event).unwrap();
    let file = event.join("format");
    std::fs::write(&file, FORMAT).unwrap();
    let show = ["show", "btf_tp_sched_sched_process_exec_ctx"];

    let (_, text) = run(&show);
    assert!(text.contains("where unsigned char[] is"), "{text}");
    let (_, text) = run(&["list", "--family", "tp", "sched_process_exec"]);
    assert!(text.starts_with("tp/?/sched_process_exec("), "{text}");
    for path in [folder.path(), &folder.path().join("events"), &event, &file] {
        let path = path.to_str().unwrap();
        let (_, text) = run(&[&show[..], &["--formats", path]].concat());
        assert!(text.contains("where char[] is: use ctx_data()"), "{text}");
        let list = ["list", "--family", "tp", "sched_process_exec"];
        let (_, text) = run(&[&list[..], &["--formats", path]].concat());
        assert!(text.starts_with("tp/sched/sched_process_exec("), "{text}");
        let other = ["show", "tp/task/sched_process_exec", "--formats", path];
        let (fine, text) = run(&other);
        assert!(
            !fine && text.contains("is tp/sched/sched_process_exec"),
            "{text}"
        );
        let out = folder.path().join("out");
        let header = [
            "header",
            show[1],
            "-o",
            out.to_str().unwrap(),
            "--formats",
            path,
        ];
        assert!(run(&header).0);
        let header = std::fs::read_to_string(out.join("ctx.h")).unwrap();
        assert!(header.contains("\t\tchar filename;\n"), "{header}");
    }
}

#[test]
fn what_is_no_format_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("format");
    let show = |path: &Path| {
        let path = path.to_str().unwrap();
        run(&["show", "tp/sched/sched_switch", "--formats", path])
    };
    let (fine, text) = show(folder.path());
    assert!(
        !fine && text.contains("<category>/<event>/format"),
        "{text}"
    );
    let (fine, text) = show(&file);
    assert!(!fine && text.contains("cannot read"), "{text}");
    std::fs::write(&file, FORMAT.replace("offset:12;", "offset:x;")).unwrap();
    let (fine, text) = show(&file);
    assert!(!fine && text.contains("format:7 "), "{text}");
}
