//! Short names for kernels, for texts about several.

use std::collections::HashSet;
use std::path::Path;

use super::KernelBtf;
use super::Origin;

/// Ends of file names that say nothing about the kernel.
const EXTENSIONS: [&str; 9] = ["btf", "bz2", "gz", "lz4", "lzma", "lzo", "tar", "xz", "zst"];

/// A name for each kernel, all different: the release of the running one, and of a file its name. No
/// more of the path than is needed to tell two apart, since what is generated does not depend on where
/// it is generated.
pub fn labels(kernels: &[KernelBtf]) -> Vec<String> {
    let names: Vec<_> = kernels.iter().map(KernelBtf::names).collect();
    labels_among(&names)
}

/// As [`labels`], of kernels that are not all at hand: of each its [`KernelBtf::names`].
pub fn labels_among(names: &[Vec<String>]) -> Vec<String> {
    let nth = |of: &Vec<String>, depth: usize| of.get(depth).or(of.last()).cloned();
    let at_depth = |depth: usize| -> Vec<String> {
        let names = names.iter().map(|of| nth(of, depth).unwrap_or_default());
        names.collect()
    };
    let depth = names.iter().map(Vec::len).max().unwrap_or(1);
    let mut labels = (0..depth)
        .map(at_depth)
        .find(|labels| labels.iter().collect::<HashSet<_>>().len() == labels.len())
        .unwrap_or_else(|| at_depth(0));
    let mut seen = HashSet::new();
    for (at, label) in labels.iter_mut().enumerate() {
        if !seen.insert(label.clone()) {
            *label = format!("{label} (kernel {})", at + 1);
        }
    }
    labels
}

impl KernelBtf {
    /// What it may be called, from short to long: see [`labels_among`].
    pub fn names(&self) -> Vec<String> {
        match self.pin_note() {
            // As it would be with the BTF that it was made of.
            Some(note) => vec![note.kernel.clone()],
            None => candidates(self.origin()),
        }
    }
}

/// Names from short to long.
fn candidates(origin: &Origin) -> Vec<String> {
    match origin {
        Origin::Running { release } => {
            vec![
                release
                    .clone()
                    .unwrap_or_else(|| "the running kernel".to_owned()),
            ]
        }
        Origin::Memory(name) => vec![name.clone()],
        Origin::WithModules { vmlinux, .. } => candidates(vmlinux),
        Origin::File(path) => {
            let short = without_extensions(path);
            let mut names = vec![short.clone()];
            let mut name = short;
            for folder in path.ancestors().skip(1).filter_map(Path::file_name) {
                name = format!("{}/{name}", folder.to_string_lossy());
                names.push(name.clone());
            }
            names
        }
    }
}

fn without_extensions(path: &Path) -> String {
    let mut path = path.file_name().map_or(path, Path::new);
    while let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) {
        if !EXTENSIONS.iter().any(|known| extension == *known) {
            break;
        }
        path = Path::new(stem);
    }
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    fn of(paths: &[&str]) -> Vec<String> {
        let blob = BtfWriter::new(ByteOrder::HOST).finish();
        let kernels: Vec<_> = paths
            .iter()
            .map(|path| KernelBtf::from_bytes(&blob, Origin::File(path.into())).unwrap())
            .collect();
        labels(&kernels)
    }

    #[test]
    fn as_short_as_they_can_be() {
        assert_eq!(
            of(&["/a/5.10.223.btf", "/b/6.1.btf.xz"]),
            ["5.10.223", "6.1"]
        );
        assert_eq!(
            of(&["/k/5.10/vmlinux", "/k/6.1/vmlinux"]),
            ["5.10/vmlinux", "6.1/vmlinux"]
        );
        assert_eq!(of(&["/hub/5.4.0-26.btf.tar.xz", "b"]), ["5.4.0-26", "b"]);
        assert_eq!(of(&["x.btf", "x.btf"]), ["x", "x (kernel 2)"]);
        assert_eq!(of(&[]), [""; 0]);
    }
}
