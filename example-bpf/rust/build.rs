//! Makes the contexts of the programs, for the kernel whose BTF is beside the samples, or those that
//! `SAMPLE_KERNELS` names, separated by colons.

fn main() -> Result<(), ctxgen_build::Error> {
    println!("cargo::rerun-if-env-changed=SAMPLE_KERNELS");
    let kernels = std::env::var("SAMPLE_KERNELS").unwrap_or_default();
    let programs = ctxgen_build::RustPrograms::new().source("src/main.rs");
    let kernels = kernels.split(':').filter(|path| !path.is_empty());
    kernels.fold(programs, |programs, path| programs.kernel(path)).build()
}
