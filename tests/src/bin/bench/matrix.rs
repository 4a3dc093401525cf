//! What `ctxgen matrix` costs, and how that grows: with the objects, and with the kernels.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::measure::Cost;
use super::measure::side_by_side;

/// How many objects and kernels, the last of them what is promised for 60 s on two cores.
const SIZES: [(usize, usize); 4] = [(60, 5), (60, 10), (30, 20), (60, 20)];

/// Where the lengths of types and strings stand in a header of BTF.
const STRINGS_LEN: usize = 20;

/// Measures the command on objects and kernels. There are as many as it takes: objects are copied, and
/// kernels get a string more that nothing refers to, since those that are equal would be one.
pub(crate) fn matrix(
    command: &Path,
    objects: &Path,
    btfs: &[PathBuf],
    runs: usize,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut files: Vec<PathBuf> = fs::read_dir(objects)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|file| has_objects(file));
    files.sort();
    if files.is_empty() || btfs.is_empty() {
        return Err(format!("there are no BPF objects in {}", objects.display()).into());
    }
    println!("\n| ctxgen matrix | seconds | of CPU | peak MiB |");
    println!("| --- | ---: | ---: | ---: |");
    for (of_objects, of_kernels) in SIZES {
        let sized = folder.path().join(format!("{of_objects}-{of_kernels}"));
        let (objects, kernels) = (sized.join("objects"), sized.join("kernels"));
        fs::create_dir_all(&objects)?;
        fs::create_dir_all(&kernels)?;
        for (number, file) in files.iter().cycle().take(of_objects).enumerate() {
            fs::copy(file, objects.join(format!("{number}.o")))?;
        }
        for (number, btf) in btfs.iter().cycle().take(of_kernels).enumerate() {
            fs::write(
                kernels.join(format!("6.{number}.btf")),
                varied(btf, number)?,
            )?;
        }
        let child = || {
            let mut child = Command::new(command);
            child.arg("matrix").arg(&objects).arg("--btf").arg(&kernels);
            child.args(["--fail-on", "none"]);
            child
        };
        let [cost] = side_by_side(runs, [&child])?;
        row(of_objects, of_kernels, &cost);
        fs::remove_dir_all(&sized)?;
    }
    Ok(())
}

fn row(objects: usize, kernels: usize, cost: &Cost) {
    println!(
        "| {objects} objects, {kernels} kernels | {:.1} | {:.1} | {:.0} |",
        cost.time.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        cost.peak_kib as f64 / 1024.0
    );
}

fn has_objects(file: &Path) -> bool {
    fs::read(file).is_ok_and(|bytes| !ctxgen::object::embedded(&bytes).is_empty())
}

/// A BTF with one string more, which is another for each number.
fn varied(btf: &Path, number: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = fs::read(btf)?;
    let string = format!("kernel {number}\0");
    let at = STRINGS_LEN..STRINGS_LEN + 4;
    let field: [u8; 4] = bytes
        .get(at.clone())
        .ok_or("a BTF has a header")?
        .try_into()?;
    let more = u32::try_from(string.len())?;
    let field = match bytes[0] {
        0x9f => (u32::from_le_bytes(field) + more).to_le_bytes(),
        _ => (u32::from_be_bytes(field) + more).to_be_bytes(),
    };
    bytes[at].copy_from_slice(&field);
    bytes.extend(string.as_bytes());
    Ok(bytes)
}
