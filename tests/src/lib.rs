//! What the integration tests share: kernels to test on, and a way to say what is skipped.

pub mod browser;
mod clangs;
pub mod families;
pub mod field;
mod foreign;
mod kernels;
mod program;
pub mod trimmed;
pub mod user;
pub mod verify;

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

pub use ctxgen_fuzz::blob;
pub use ctxgen_fuzz::prng;

pub use self::clangs::Clang;
pub use self::clangs::clangs;
pub use self::foreign::foreign_object;
pub use self::foreign::foreign_object_with;
pub use self::kernels::Kernel;
pub use self::kernels::VARIED;
pub use self::kernels::fixture;
pub use self::kernels::fixtures;
pub use self::kernels::full;
pub use self::kernels::running;
pub use self::program::Program;
pub use self::program::corpus;

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// Says that something is not tested here, and why, where it is seen: the test harness shows only
/// what it has not captured, and it captures `print!`.
pub fn skip(what: &str, why: &str) {
    // There is nobody to tell where standard error is gone.
    let _ = writeln!(std::io::stderr(), "skipped: {what}: {why}");
}

/// Holds a text against a golden file, or writes that file where `CTXGEN_BLESS` is set; the text.
///
/// # Panics
/// If they differ.
pub fn bless(path: &Path, text: &str) -> String {
    if std::env::var_os("CTXGEN_BLESS").is_some() {
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(path, text))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    if let Some(number) = first_difference(&golden, text) {
        panic!(
            "{} differs from what is made, first in line {number}:\n-{}\n+{}\n\
             If that is as it should be, run the tests once with CTXGEN_BLESS=1.",
            path.display(),
            golden.lines().nth(number - 1).unwrap_or_default(),
            text.lines().nth(number - 1).unwrap_or_default(),
        );
    }
    golden
}

/// The number of the first line in which two texts differ.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b);
    Some(same.count() + 1)
}

/// Whether this process may load BPF programs.
pub fn is_root() -> bool {
    // SAFETY: the call has no conditions and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
