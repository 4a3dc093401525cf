//! Build scripts.

use ctxgen_build::Builder;
use ctxgen_build::Error;

/// All of them.
pub fn all() -> Result<(), Error> {
    several_kernels()?;
    own_path()?;
    ready_made()?;
    step_by_step(&["src/bpf/unlinks.bpf.c"], true)
}

fn several_kernels() -> Result<(), Error> {
    Builder::new()
        .source("src/bpf/unlinks.bpf.c")
        .kernel("btf/5.10.btf")
        .kernel("btf/6.1.btf")
        .kernel("btf/7.2.btf")
        .relocatable(true)
        .build()
}

fn own_path() -> Result<(), Error> {
    Builder::new()
        .source("src/bpf/unlinks.bpf.c")
        .skeleton("unlinks", "src/bpf/unlinks.skel.rs")
        .rustfmt("rustfmt")
        .build()
}

fn ready_made() -> Result<(), Error> {
    Builder::new()
        .obj("prebuilt/unlinks.bpf.o")
        .reference_obj(true)
        .build()
}

fn step_by_step(sources: &[&str], debug: bool) -> Result<(), Error> {
    let mut builder = Builder::new();
    for source in sources {
        builder.apply(|builder| builder.source(source));
    }
    if debug {
        builder.apply(|builder| builder.clang_args(["-DDEBUG"]));
    }
    builder.build()
}

/// What the two below replace. It needs a `src/bpf/vmlinux.h` that somebody has made before.
#[expect(dead_code, reason = "quoted, and compiled")]
fn with_libbpf_cargo() {
    use std::env;
    use std::path::PathBuf;

    use libbpf_cargo::SkeletonBuilder;

    const SOURCE: &str = "src/bpf/unlinks.bpf.c";
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("unlinks.skel.rs");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap();
    SkeletonBuilder::new()
        .source(manifest.join(SOURCE))
        .clang_args([
            "-I".into(),
            manifest.join("src/bpf").into_os_string(),
            format!("-D__TARGET_ARCH_{arch}").into(),
        ])
        .build_and_generate(&out)
        .unwrap();
    println!("cargo:rerun-if-changed={SOURCE}");
}
