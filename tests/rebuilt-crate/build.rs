//! Builds the BPF programs.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::Builder::new()
        .sources(["src/bpf/forks.bpf.c", "src/bpf/opens.bpf.c"])
        .build()
}
