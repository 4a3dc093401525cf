//! Kernel BTF out of files, those of real kernels among them.

use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::ByteOrder;
use ctxgen::ImageError;
use ctxgen::btf::BtfWriter;
use ctxgen::kernel_btf_bytes;
use flate2::write::GzEncoder;
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

/// Writes a file that only this test reads.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn content_decides_and_not_the_name() {
    let mut btf = BtfWriter::new(ByteOrder::Big);
    btf.unsigned("int", 4);
    let btf = btf.finish();
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&btf).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(read(&file("images-raw.zst", &btf)), btf);
    assert_eq!(read(&file("images-gzip.btf", &gzip)), btf);
}

#[test]
fn no_file() {
    let error = kernel_btf_bytes("no/such/file").unwrap_err();
    assert!(matches!(error, ImageError::Read { .. }), "{error}");
    assert!(error.to_string().contains("no/such/file"), "{error}");
}

#[test]
fn not_a_kernel() {
    let error = kernel_btf_bytes(file("images-text.btf", b"some text")).unwrap_err();
    assert!(matches!(error, ImageError::UnknownFormat { .. }), "{error}");
    assert!(error.to_string().contains("images-text.btf"), "{error}");

    let error = kernel_btf_bytes(std::env::current_exe().unwrap()).unwrap_err();
    assert!(matches!(error, ImageError::NoBtfSection { .. }), "{error}");
}

#[test]
fn larger_than_any_kernel() {
    let path = file("images-sparse", b"");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len((1 << 30) + 1).unwrap();
    let error = kernel_btf_bytes(&path).unwrap_err();
    std::fs::remove_file(path).unwrap();
    assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
}
