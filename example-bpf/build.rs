//! Builds the sample programs for the running kernel, or the one that `CTXGEN_BTF` names.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::Builder::new()
        .sources([
            "src/bpf/mprotect_guard.bpf.c",
            "src/bpf/rawtp.bpf.c",
            "src/bpf/runqslower.bpf.c",
            "src/bpf/taskdump.bpf.c",
            "src/bpf/unlinksnoop.bpf.c",
        ])
        .build()
}
