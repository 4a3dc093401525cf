//! Builds the BPF programs.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::Builder::new()
        .source("src/bpf/unlinks.bpf.c")
        .relocatable(true)
        .build()
}
