//! What the integration tests share: kernels to test on, and a way to say what is skipped.

pub mod blob;
mod kernels;
pub mod prng;
pub mod trimmed;
pub mod verify;

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

pub use self::kernels::Kernel;
pub use self::kernels::fixture;
pub use self::kernels::fixtures;
pub use self::kernels::full;
pub use self::kernels::running;

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

/// Whether this process may load BPF programs.
pub fn is_root() -> bool {
    // SAFETY: the call has no conditions and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
