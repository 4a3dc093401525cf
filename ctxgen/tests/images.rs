//! Real kernels: their BTF out of the images that they are booted from.

use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::kernel_btf_bytes;
use ruzstd::decoding::StreamingDecoder;

/// Kernels beside the project, which are no part of it.
fn kernels(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/kernels")
        .join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // Not `eprintln!`, which is shown for failing tests only.
        let _ = writeln!(io::stderr(), "skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// What is in a `.btf.zst`, by the decoder alone.
fn decompressed(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut btf = Vec::new();
    io::copy(&mut StreamingDecoder::new(&*bytes).unwrap(), &mut btf).unwrap();
    btf
}

fn read(path: &Path) -> Vec<u8> {
    kernel_btf_bytes(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn images_hold_the_very_same_btf() {
    for image in kernels("images") {
        let mut name = image.file_name().unwrap().to_owned();
        name.push(".btf.zst");
        let blob = image.with_file_name("../btf").join(name);
        let same = read(&image) == decompressed(&blob);
        assert!(same, "{} and {}", image.display(), blob.display());
    }
}

#[test]
fn compressed_btf() {
    for blob in kernels("btf") {
        assert!(read(&blob) == decompressed(&blob), "{}", blob.display());
    }
}
