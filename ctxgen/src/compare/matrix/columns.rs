//! The kernels of a matrix: their names and their order.

use super::Column;
use super::version::Version;
use crate::kernel::labels_among;

/// How many of a kernel's names, from the shortest on, are looked at for a version.
const NEAR: usize = 3;

/// A kernel that is to be a column.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The name that was asked for; `None` for one by what the kernel may be called.
    pub(super) label: Option<String>,
    /// What it may be called, from short to long.
    pub(super) names: Vec<String>,
    /// Its architecture, where it is known.
    pub(super) arch: Option<String>,
    /// Of a kernel with the same BTF as one before it in the list, the place of that.
    pub(super) equal_to: Option<usize>,
}

/// The columns, in their order, each with the place in the list of the kernel that it is of.
pub(super) fn columns(kernels: &[Named]) -> Vec<(usize, Column)> {
    let labels = labels(kernels);
    let versions: Vec<Option<Version>> = kernels.iter().zip(&labels).map(version).collect();
    let mut columns: Vec<(usize, Column)> = Vec::new();
    for (place, (kernel, label)) in kernels.iter().zip(&labels).enumerate() {
        if kernel.equal_to.is_some() {
            continue;
        }
        let column = Column {
            label: label.clone(),
            equal: Vec::new(),
            arch: kernel.arch.clone(),
            version: versions[place].as_ref().map(|version| version.text.clone()),
        };
        columns.push((place, column));
    }
    for (kernel, label) in kernels.iter().zip(&labels) {
        let mut to = columns.iter_mut();
        if let Some((_, column)) = to.find(|(place, _)| kernel.equal_to == Some(*place))
            && column.label != *label
        {
            column.equal.push(label.clone());
        }
    }
    columns.sort_by(|(a, one), (b, other)| {
        let by_version = versions[*a].cmp(&versions[*b]);
        let by_arch = one.arch.cmp(&other.arch);
        by_arch
            .then(by_version)
            .then_with(|| one.label.cmp(&other.label))
    });
    columns
}

/// All different; those that were asked for first.
fn labels(kernels: &[Named]) -> Vec<String> {
    let names = kernels.iter().map(|kernel| match &kernel.label {
        Some(label) => vec![label.clone()],
        None => kernel.names.clone(),
    });
    labels_among(&names.collect::<Vec<_>>())
}

/// That in the label, or else the first in its names: not in those of folders far above, which have versions of
/// other things.
fn version((kernel, label): (&Named, &String)) -> Option<Version> {
    let mut names = kernel.names.iter().take(NEAR);
    Version::of(label).or_else(|| names.find_map(|name| Version::of(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, arch: &str, equal_to: Option<usize>) -> Named {
        Named {
            label: None,
            names: vec![name.to_owned()],
            arch: Some(arch.to_owned()),
            equal_to,
        }
    }

    #[test]
    fn by_architecture_and_version() {
        let kernels = [
            named("6.12.107", "x86_64", None),
            named("5.10.223", "x86_64", None),
            named("6.1", "aarch64", None),
            named("copy-of-5.10", "x86_64", Some(1)),
            named("6.12.107-again", "x86_64", Some(0)),
        ];
        let columns = columns(&kernels);
        let places: Vec<usize> = columns.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [2, 1, 0]);
        assert_eq!(columns[1].1.label, "5.10.223");
        assert_eq!(columns[1].1.equal, ["copy-of-5.10"]);
        assert_eq!(columns[2].1.equal, ["6.12.107-again"]);
        assert_eq!(columns[2].1.version.as_deref(), Some("6.12.107"));
    }

    #[test]
    fn names_that_are_asked_for_win() {
        let mut kernels = [
            named("a/vmlinux", "x86_64", None),
            named("b/vmlinux", "x86_64", None),
        ];
        kernels[0].label = Some("6.2 of ours".to_owned());
        kernels[1].label = Some("6.1 of ours".to_owned());
        let columns = columns(&kernels);
        assert_eq!(columns[0].1.label, "6.1 of ours");
        assert_eq!(columns[1].1.label, "6.2 of ours");
    }
}
