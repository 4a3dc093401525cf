//! Builds the sample programs against the BTF in `btf/`, or the one that `CTXGEN_BTF` names.

use std::env;
use std::error::Error;
use std::path::Path;

use ctxgen_build::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut portable = vec![
        "src/bpf/opensnoop.bpf.c",
        "src/bpf/runqslower.bpf.c",
        "src/bpf/taskdump.bpf.c",
        "src/bpf/tcpconnlat.bpf.c",
        "src/bpf/trace.bpf.c",
        "src/bpf/unlinksnoop.bpf.c",
    ];
    // Without a BPF JIT, Debian's kernels have no security modules of BPF there, and no struct_ops.
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch != "s390x") {
        portable.extend(["src/bpf/mprotect_guard.bpf.c", "src/bpf/tinycc.bpf.c"]);
    }
    // These run on whatever kernel they come to.
    Builder::new().relocatable(true).sources(portable).build()?;
    // Its front fills in the context that the program reads, so that both have to know the layout.
    let out_dir = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    Builder::new()
        .out_dir(Path::new(&out_dir).join("fixed"))
        .source("src/bpf/rawtp.bpf.c")
        .build()?;
    Ok(())
}
