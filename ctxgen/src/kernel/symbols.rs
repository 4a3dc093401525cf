//! The functions that a kernel has addresses of: `/proc/kallsyms` or `System.map`.
//!
//! Both have a line for each symbol: an address, a letter for its kind, a name, and in the former a module in
//! brackets. Addresses are zeros for whoever may not see them, and count for nothing here.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::KernelError;

/// How large a file may be, in bytes; that of a kernel with all its debugging has 20 MB.
const MAX_BYTES: u64 = 128 << 20;
/// Symbols that every kernel has, near the start and the end of its code. A file without them is a part.
const EVER: [&str; 2] = ["_stext", "start_kernel"];
/// The letters of code, of one file, of all, and weak.
const CODE: [&str; 4] = ["t", "T", "w", "W"];
/// What clang puts behind names of functions that it has made global for link-time optimization.
const PROMOTED: &str = ".llvm.";

/// The functions that a kernel has addresses of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Symbols {
    /// Of the kernel itself.
    own: HashSet<Box<str>>,
    /// Of modules, where there are any.
    of_modules: HashSet<Box<str>>,
}

impl Symbols {
    /// Those in a file.
    ///
    /// # Errors
    /// [`KernelError::Symbols`].
    pub(super) fn read(path: &Path) -> Result<Self, KernelError> {
        let bad = |reason: String| KernelError::Symbols {
            path: path.to_owned(),
            reason,
        };
        let mut text = Vec::new();
        let file = File::open(path).map_err(|error| bad(error.to_string()))?;
        let read = file.take(MAX_BYTES + 1).read_to_end(&mut text);
        read.map_err(|error| bad(error.to_string()))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(bad(format!("it has more than {MAX_BYTES} bytes")));
        }
        Self::parse(&String::from_utf8_lossy(&text)).map_err(bad)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut symbols = Self::default();
        let mut left = EVER.to_vec();
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = line.split_whitespace();
            let (Some(address), Some(kind), Some(name)) =
                (words.next(), words.next(), words.next())
            else {
                return Err(format!("line {number} is no address, letter and name"));
            };
            if kind.len() != 1 || !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("line {number} is no address, letter and name"));
            }
            let module = words.next();
            if module.is_none() {
                left.retain(|ever| *ever != name);
            }
            if !CODE.contains(&kind) {
                continue;
            }
            let name = name.split(PROMOTED).next().unwrap_or(name);
            match module {
                Some(_) => {
                    symbols.of_modules.insert(name.into());
                }
                None => {
                    symbols.own.insert(name.into());
                }
            }
        }
        match left.first() {
            None => Ok(symbols),
            Some(name) => Err(format!(
                "it is no kernel's, or only a part: {name}, which every kernel has, is not in it"
            )),
        }
    }

    /// Whether a function of the kernel or of a module has an address.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.own.contains(function) || self.of_modules.contains(function)
    }

    /// Whether the symbols of modules are among them, as they are of a kernel that runs.
    pub(crate) fn has_modules(&self) -> bool {
        !self.of_modules.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000100 t vfs_read
ffffffff81000200 T vfs_read
ffffffff81000300 t promoted.llvm.1234
ffffffff81000400 t made.isra.0
ffffffff82000000 D jiffies
ffffffff83000000 T start_kernel
";

    #[test]
    fn of_a_map_and_of_a_kernel_that_runs() {
        let map = Symbols::parse(WHOLE).unwrap();
        for (name, is_there) in [
            ("vfs_read", true),
            ("promoted", true),
            ("made.isra.0", true),
            ("made", false),
            ("jiffies", false),
            ("fixed_percpu_data", false),
            ("nf_in", false),
        ] {
            assert_eq!(map.has(name), is_there, "{name}");
        }
        assert!(!map.has_modules());
        // Whoever may not see addresses sees zeros.
        let running = format!("{WHOLE}ffffffffc0000000 t nf_in\t[nf_conntrack]\n");
        let running = Symbols::parse(&running.replace("ffffffff", "00000000")).unwrap();
        assert!(running.has_modules() && running.has("nf_in") && running.has("vfs_read"));
    }

    #[test]
    fn what_is_no_map() {
        let part: String = WHOLE
            .lines()
            .take(4)
            .map(|line| format!("{line}\n"))
            .collect();
        for (text, says) in [
            ("", "_stext"),
            (&*part, "start_kernel"),
            ("hello\n", "line 1"),
            ("ffffffff81000000 T\n", "line 1"),
            ("ffffffff81000000 TT _stext\n", "line 1"),
            ("main 4 x\n", "line 1"),
        ] {
            let error = Symbols::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
