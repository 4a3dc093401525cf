//! Makes the trimmed BTFs of `tests/fixtures` and the pinned ones of `example-bpf/btf` anew from full
//! ones:
//!
//! ```text
//! cargo run -p ctxgen-tests --bin fixtures
//! ```

use std::error::Error;
use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::PinNote;
use ctxgen_tests::Kernel;
use ctxgen_tests::full;
use ctxgen_tests::trimmed;
use ctxgen_tests::workspace;

fn main() -> Result<(), Box<dyn Error>> {
    let kernels = full("making the fixtures");
    for fixture in trimmed::FIXTURES {
        let kernel = open(&kernels, fixture.kernel)?;
        write(&fixture.path(), &trimmed::make(fixture, &kernel)?)?;
    }
    let kernel = open(&kernels, trimmed::CORPUS_KERNEL)?;
    let path = workspace().join(format!("tests/fixtures/corpus/{}.btf", trimmed::CORPUS));
    write(&path, &trimmed::for_corpus(&kernel)?)?;
    for (arch, name) in trimmed::SAMPLES {
        let path = workspace().join(format!("example-bpf/btf/{arch}.btf"));
        trimmed::pin_samples(&find(&kernels, name)?.btf, &path)?;
        print!("{}", std::fs::read_to_string(PinNote::path(&path))?);
    }
    Ok(())
}

fn find<'k>(kernels: &'k [Kernel], name: &str) -> Result<&'k Kernel, Box<dyn Error>> {
    let kernel = kernels.iter().find(|kernel| kernel.name == name);
    Ok(kernel.ok_or_else(|| format!("there is no full BTF of {name}"))?)
}

fn open(kernels: &[Kernel], name: &str) -> Result<KernelBtf, Box<dyn Error>> {
    Ok(KernelBtf::from_path(&find(kernels, name)?.btf)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)?;
    let shown = path.strip_prefix(workspace()).unwrap_or(path);
    println!("{:6} bytes  {}", bytes.len(), shown.display());
    Ok(())
}
