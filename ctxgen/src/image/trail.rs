//! A file, and how far its reading has got.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// A file and what was recognised in it, from the outside in: `vmlinuz (an x86 kernel image, in it
/// zstd data)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    path: PathBuf,
    layers: Vec<&'static str>,
}

impl Trail {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            layers: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, layer: &'static str) {
        self.layers.push(layer);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was recognised in it, the outermost first.
    pub fn layers(&self) -> &[&'static str] {
        &self.layers
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)?;
        match &*self.layers {
            [] => Ok(()),
            layers => write!(f, " ({})", layers.join(", in it ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_from_the_outside_in() {
        let mut trail = Trail::new("/boot/vmlinuz");
        assert_eq!(trail.to_string(), "/boot/vmlinuz");
        trail.push("an x86 kernel image");
        trail.push("zstd data");
        assert_eq!(
            trail.to_string(),
            "/boot/vmlinuz (an x86 kernel image, in it zstd data)"
        );
    }
}
