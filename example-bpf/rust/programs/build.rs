//! Makes the contexts that the programs name.

fn main() -> Result<(), ctxgen_build::Error> {
    ctxgen_build::RustPrograms::new()
        .source("src/main.rs")
        .build()
}
