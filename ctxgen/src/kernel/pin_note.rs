//! What stands beside a pinned BTF: of which kernel it is, and how it is made anew.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use super::error::KernelError;
use crate::text::ident::is_module_name;

/// What every such text starts with.
const FIRST: &str = "# Pinned kernel BTF, made by ctxgen.";

/// The text beside a pinned BTF, `x86_64.btf.txt` beside `x86_64.btf`.
///
/// It has neither dates nor anything else of the machine that it was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinNote {
    /// The kernel: its release where that is known, else what its BTF's file was called.
    pub kernel: String,
    /// Its architecture, as Rust's target triples begin; `None` where nothing tells.
    pub arch: Option<String>,
    /// The sizes of the pinned BTF and of the kernel's whole one, in bytes.
    pub bytes: (usize, usize),
    /// The modules whose types are in it, and their ids.
    pub modules: Vec<(String, Range<u32>)>,
    /// The command that makes it anew, in the folder of the package that it is for.
    pub renew: String,
}

impl PinNote {
    /// Where it stands.
    pub fn path(btf: &Path) -> PathBuf {
        let mut name = btf.as_os_str().to_owned();
        name.push(".txt");
        name.into()
    }

    /// The one beside a BTF; `None` where there is none.
    ///
    /// # Errors
    /// [`KernelError::BadPinNote`].
    pub(crate) fn beside(btf: &Path) -> Result<Option<Self>, KernelError> {
        let path = Self::path(btf);
        // What cannot be read is not there for a BTF that needs nothing beside it.
        let Ok(text) = std::fs::read_to_string(&path) else {
            return Ok(None);
        };
        match text.lines().next() {
            Some(FIRST) => Self::parse(&text, &path).map(Some),
            _ => Ok(None),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, KernelError> {
        let mut note = Self {
            kernel: String::new(),
            arch: None,
            bytes: (0, 0),
            modules: Vec::new(),
            renew: String::new(),
        };
        for (number, line) in text.lines().enumerate() {
            if note.take(line).is_none() {
                return Err(KernelError::BadPinNote {
                    path: path.to_owned(),
                    line: number + 1,
                    text: line.to_owned(),
                });
            }
        }
        Ok(note)
    }

    /// Takes a line; `None` where it cannot be understood.
    fn take(&mut self, line: &str) -> Option<()> {
        if line.is_empty() || line.starts_with('#') {
            return Some(());
        }
        let (key, value) = line.split_once(": ")?;
        match key {
            "kernel" => value.clone_into(&mut self.kernel),
            "arch" => self.arch = Some(value.to_owned()),
            "bytes" => {
                let (own, whole) = value.split_once(" of ")?;
                self.bytes = (own.parse().ok()?, whole.parse().ok()?);
            }
            "module" => {
                let (name, ids) = value.split_once(' ')?;
                let (start, end) = ids.split_once("..")?;
                let name = Some(name).filter(|name| is_module_name(name))?;
                let ids = start.parse().ok()?..end.parse().ok()?;
                self.modules.push((name.to_owned(), ids));
            }
            "renew" => value.clone_into(&mut self.renew),
            // A newer version may have more to say.
            _ => {}
        }
        Some(())
    }
}

impl fmt::Display for PinNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kernel,
            arch,
            bytes: (own, whole),
            modules,
            renew,
        } = self;
        writeln!(
            f,
            "{FIRST}\n# What BPF sources reach of that kernel's types, and no more: commit it with \
             them,\n# and make it anew when they reach further.\n"
        )?;
        writeln!(f, "kernel: {kernel}")?;
        if let Some(arch) = arch {
            writeln!(f, "arch: {arch}")?;
        }
        writeln!(f, "bytes: {own} of {whole}")?;
        for (name, ids) in modules {
            writeln!(f, "module: {name} {}..{}", ids.start, ids.end)?;
        }
        writeln!(f, "renew: {renew}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> PinNote {
        PinNote {
            kernel: "6.12.107-amd64-cloud".to_owned(),
            arch: Some("x86_64".to_owned()),
            bytes: (30_000, 4_729_418),
            modules: vec![("nf_conntrack".to_owned(), 700..812)],
            renew: "ctxgen pin -o btf/x86_64.btf --btf VMLINUX src/bpf/a.bpf.c".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = note().to_string();
        let read = PinNote::parse(&text, Path::new("x.btf.txt")).unwrap();
        assert_eq!(read, note());
        let with_more = format!("{text}colour: blue\n");
        assert_eq!(PinNote::parse(&with_more, Path::new("x")).unwrap(), note());
    }

    #[test]
    fn what_was_spoilt_is_said() {
        for bad in ["module: a/b 1..2", "module: a 1..x", "bytes: 1", "nothing"] {
            let text = format!("{}{bad}\n", note());
            let error = PinNote::parse(&text, Path::new("x.btf.txt")).unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("x.btf.txt:10 is not a line"), "{error}");
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }
}
