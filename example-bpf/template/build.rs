//! Builds the BPF program.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::Builder::new()
        .source("src/bpf/execwatch.bpf.c")
        .compile_commands(true)
        .build()
}
