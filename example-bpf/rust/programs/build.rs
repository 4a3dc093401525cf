//! Makes the contexts that the programs name, for the kernels from 5.10 to 7.3.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::RustPrograms::new()
        .source("src/runqslower.rs")
        .source("src/unlinksnoop.rs")
        .kernel("btf/5.10-x86_64.btf")
        .kernel("btf/7.3-x86_64.btf")
        .build()
}
