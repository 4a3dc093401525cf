//! The project's own programs that are written after the manner of real tools.

use super::*;

/// What a kernel's configuration leaves out, what no BTF tells, and an event whose record is another one since 6.16.
const REASONS: [&str; 4] = [
    " is no argument of tp/sched/sched_process_exit ",
    " has no hook `",
    " is ambiguous",
    ", names nothing that it attaches to",
];

/// What there is to migrate, and what looks like it.
const CANDIDATES: [&str; 6] = [
    "BPF_PROG",
    "BPF_K",
    "BPF_U",
    "u64 *ctx",
    "bpf_raw_tracepoint_args",
    "trace_event_raw_",
];

/// Migrates all programs of a folder for a kernel; how many, with how many left as they are.
fn all(clang: &str, libclang: &str, btf: &Path, sources: &Path) -> (usize, usize) {
    let mut names: Vec<String> = std::fs::read_dir(sources)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".bpf.c"))
        .filter(|name| {
            let text = std::fs::read_to_string(sources.join(name)).unwrap();
            CANDIDATES.iter().any(|candidate| text.contains(candidate))
        })
        .collect();
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let btf = ["--btf", btf.to_str().unwrap()];
    let args = [&btf[..], &names, &["--", "-Wno-everything"]].concat();
    let mut command = command(sources, &args);
    command.env("CLANG", clang).env("LIBCLANG_PATH", libclang);
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert!(!said.contains("does not compile"), "{clang}: {said}");
    let refused: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(" is left as it is: "))
        .collect();
    for line in &refused {
        assert!(
            REASONS.iter().any(|reason| line.contains(reason)),
            "{clang}: {line}"
        );
    }
    (compared(said), refused.len())
}

#[test]
fn on_the_running_kernel() {
    let btf = Path::new("/sys/kernel/btf/vmlinux");
    if !btf.exists() {
        eprintln!("skipped: the running kernel has no BTF");
        return;
    }
    let sources = workspace().join("tests/corpus");
    // Both kinds: with and without the attribute that keeps the offsets of contexts.
    for (clang, libclang) in &CLANGS[..2] {
        if !Path::new(libclang).is_dir() {
            eprintln!("skipped: there is no {libclang}");
            continue;
        }
        let (migrated, left) = all(clang, libclang, btf, &sources);
        println!("{clang}: {migrated} migrated, {left} left as they are");
        assert!(migrated >= 18, "{clang}: {migrated}, {left}");
    }
}
