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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/7.2-x86_64.btf")
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
    assert!(text.starts_with("tp/sched/sched_process_exec("), "{text}");
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

/// What is not there to be tried is said.
fn skip(why: &str) {
    eprintln!("skipped: the same bytes for any user ({why})");
}

/// Runs a script with a mounted tracefs, in a mount namespace of its own; `None` where that cannot be had.
fn with_tracefs(script: &str) -> Option<std::process::Output> {
    let mount = "mount -t tracefs none /sys/kernel/tracing && \
                 test -d /sys/kernel/tracing/events/sched || exit 77\n";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", &format!("{mount}{script}")])
        .output()
        .ok()?;
    let is_there = output.status.success() || output.status.code() == Some(1);
    is_there.then_some(output)
}

/// Root may read tracefs, and nobody may not: where BTF or the table of system calls tells, the header is the
/// same.
#[test]
fn the_same_bytes_for_any_user() {
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        return skip("the running kernel has no BTF");
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let command = place.join("ctxgen");
    // Where the command is built, nobody else may be let in.
    std::fs::copy(env!("CARGO_BIN_EXE_ctxgen"), &command).unwrap();
    let script = format!(
        "cd {} && mkdir root nobody && chmod 755 . ctxgen && chmod 777 nobody || exit 77\n\
         hooks='tp/syscalls/sys_enter_openat tp/syscalls/sys_exit_clone tp/sched/sched_switch \
         tp/sched/sched_process_exec ksyscall/openat kprobe/__x64_sys_read'\n\
         case $(uname -m) in x86_64) ;; *) exit 77 ;; esac\n\
         setpriv --reuid 65534 --clear-groups test ! -r /sys/kernel/tracing/events/sched || exit 77\n\
         setpriv --reuid 65534 --clear-groups ./ctxgen header $hooks -o nobody || exit 1\n\
         ./ctxgen header $hooks -o root || exit 1\n",
        place.display()
    );
    let Some(output) = with_tracefs(&script) else {
        return skip("it takes root, unshare, setpriv and a tracefs");
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let [root, nobody] = ["root", "nobody"]
        .map(|user| std::fs::read_to_string(place.join(user).join("ctx.h")).unwrap());
    assert!(root.contains("struct btf_tp_syscalls_sys_enter_openat_ctx"));
    assert_eq!(root, nobody);
}
