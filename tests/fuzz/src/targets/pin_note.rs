//! The text beside a pinned BTF.

use std::path::Path;
use std::sync::LazyLock;

use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::PinNote;
use tempfile::TempDir;

use super::hooks;
use super::render_hooks;
use crate::seed::seed;

/// So many hooks of each family.
const HOOKS: usize = 3;

/// A folder with a BTF: it is for one thread at a time, as a fuzzer and a test are.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for files");
    let bytes = seed(ByteOrder::Little).to_bytes();
    std::fs::write(folder.path().join("a.btf"), bytes).expect("room for a file");
    folder
});

pub(super) fn run(data: &[u8]) {
    let path = FOLDER.path().join("a.btf");
    std::fs::write(PinNote::path(&path), data).expect("room for a file");
    match KernelBtf::from_path(&path) {
        Ok(kernel) => read(&kernel, &path),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn read(kernel: &KernelBtf, path: &Path) {
    let hooks = hooks(kernel, HOOKS);
    render_hooks(kernel, hooks);
    for ty in kernel.btf().types() {
        let _ = kernel.module_of(ty.id());
    }
    let _ = (kernel.arch(), kernel.release(), kernel.names());
    let Some(note) = kernel.pin_note() else {
        return;
    };
    // What is written is read back.
    std::fs::write(PinNote::path(path), note.to_string()).expect("room for a file");
    let again = KernelBtf::from_path(path).expect("a note that was written");
    assert_eq!(again.pin_note(), Some(note));
}
