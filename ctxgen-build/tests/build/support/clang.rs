//! The compiler of builds.

/// Whether the compiler of builds knows `preserve_static_offset`.
pub(crate) fn clang_keeps_offsets() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.c");
    let text = "#if !__has_attribute(preserve_static_offset)\n#error no\n#endif\n";
    std::fs::write(&source, text).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let mut command = std::process::Command::new(clang);
    command.args(["-target", "bpf", "-E"]).arg(&source);
    command.output().unwrap().status.success()
}
