//! The reader against libbpf's.

use std::ffi::CStr;
use std::ffi::CString;
use std::fs;
#[cfg(feature = "images")]
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use super::super::BtfWriter;
use super::super::ByteOrder;
use super::super::TYPE_WORDS;
use super::super::TypeId;
use super::*;

/// What libbpf has of one id: words, name and size.
type Raw<'a> = (&'a [u32], Option<&'a str>, Option<u32>);

fn raw<'a>(own: &Libbpf, id: TypeId, len: usize) -> Option<Raw<'a>> {
    let ptr = own.0.as_ptr();
    // SAFETY: a live BTF; libbpf answers NULL for an id that it does not have.
    let ty = unsafe { libbpf_sys::btf__type_by_id(ptr, id.0).as_ref() }?;
    let at = ptr::from_ref(ty).cast::<u32>();
    // SAFETY: libbpf has found the type whole, which the caller has counted to be `len` words.
    let words = unsafe { std::slice::from_raw_parts(at, len) };
    // SAFETY: a live BTF, which has such a name.
    let name = unsafe { CStr::from_ptr(libbpf_sys::btf__name_by_offset(ptr, words[0])) };
    // SAFETY: a live BTF.
    let size = unsafe { libbpf_sys::btf__resolve_size(ptr, id.0) };
    Some((words, name.to_str().ok(), u32::try_from(size).ok()))
}

/// All that the reader says of a BTF is what libbpf says of it.
fn assert_agrees(what: &str, btf: &Btf<'_>) {
    let own = Libbpf::new(btf).unwrap();
    let ptr = own.0.as_ptr();
    // SAFETY: a live BTF.
    let (count, pointer) = unsafe {
        (
            libbpf_sys::btf__type_cnt(ptr),
            libbpf_sys::btf__pointer_size(ptr),
        )
    };
    assert_eq!(btf.type_count(), count, "{what}");
    assert!(
        [u64::from(btf.pointer_size()), 0].contains(&pointer),
        "{what}"
    );
    for id in btf.ids_from(TypeId(1)) {
        let ty = btf.get(id).unwrap();
        let words = ty.words();
        let (raw, name, size) = raw(&own, id, words.len()).unwrap();
        assert_eq!(words, raw, "{what}: {id}");
        assert_eq!(Some(ty.name()), name, "{what}: {id}");
        assert_eq!(btf.size_of(id), size, "{what}: {id}");
    }
    for id in btf.ids_from(TypeId(1)).step_by(997) {
        let ty = btf.get(id).unwrap();
        let name = CString::new(ty.name()).unwrap();
        // SAFETY: a live BTF, and a name that ends in NUL.
        let found =
            unsafe { libbpf_sys::btf__find_by_name_kind(ptr, name.as_ptr(), ty.kind_number()) };
        let own = btf.find(&name, ty.kind_number()).map(|ty| ty.id().0);
        // Types without a name are not looked for.
        if !ty.name().is_empty() {
            assert_eq!(own, u32::try_from(found).ok(), "{what}: {id}");
        }
    }
    assert!(btf.get(TypeId(count)).is_none(), "{what}");
    assert!(raw(&own, TypeId(count), TYPE_WORDS).is_none(), "{what}");
}

/// The files of a folder of the workspace, or of one beside it.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files
}

#[test]
fn fixtures_read_alike() {
    for path in files("tests/fixtures") {
        let bytes = fs::read(&path).unwrap();
        let btf = Btf::parse(&bytes).unwrap();
        assert_agrees(&path.display().to_string(), &btf);
        assert_eq!(btf.to_bytes(), bytes, "{}", path.display());
    }
}

#[test]
#[cfg(feature = "images")]
fn kernels_read_alike() {
    let kernels = files("../shared/kernels/btf");
    if kernels.is_empty() {
        let why = "the full kernel BTFs (../shared/kernels/btf) are not there";
        let _ = writeln!(io::stderr(), "skipped: the reader against libbpf's: {why}");
    }
    for path in kernels {
        let bytes = crate::kernel_btf_bytes(&path).unwrap();
        assert_agrees(&path.display().to_string(), &Btf::parse(&bytes).unwrap());
    }
}

/// A type of each kind, and its words' ids and names.
fn sample(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    let int = writer.unsigned("long", 8);
    let array = writer.array(int, int, 3);
    writer.structure("s", 32, &[("a", int, 0), ("b", array, 8)]);
    writer.union("u", 8, &[("a", int)]);
    writer.forward("f", true);
    let pointer = writer.pointer(int);
    let proto = writer.prototype(&[("x", int), ("y", pointer)], pointer);
    writer.function("func", proto);
    writer.float("double", 8);
    for (kind, rest) in [
        (libbpf_sys::BTF_KIND_ENUM, &[1, 5][..]),
        (libbpf_sys::BTF_KIND_ENUM64, &[1, 5, 0]),
        (libbpf_sys::BTF_KIND_DATASEC, &[1, 0, 8]),
    ] {
        writer.raw(&[&[1, kind << 24 | 1, 8], rest].concat());
    }
    for kind in [libbpf_sys::BTF_KIND_VAR, libbpf_sys::BTF_KIND_DECL_TAG] {
        writer.raw(&[1, kind << 24, int.0, 0]);
    }
    for kind in [
        libbpf_sys::BTF_KIND_TYPEDEF,
        libbpf_sys::BTF_KIND_VOLATILE,
        libbpf_sys::BTF_KIND_RESTRICT,
        libbpf_sys::BTF_KIND_TYPE_TAG,
    ] {
        writer.raw(&[1, kind << 24, array.0]);
    }
    writer.finish()
}

#[test]
fn alone_and_split_in_both_orders() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let bytes = sample(order);
        let base = Btf::parse(&bytes).unwrap();
        assert_agrees("base", &base);
        let mut writer = BtfWriter::split(&base);
        let own = writer.structure("own", 8, &[("a", TypeId(1), 0)]);
        writer.array(own, TypeId(1), 2);
        let split = writer.finish();
        let split = Btf::parse_split(&split, &base).unwrap();
        assert_agrees("split", &split);
        let empty = BtfWriter::split(&base).finish();
        assert_agrees("empty", &Btf::parse_split(&empty, &base).unwrap());
    }
}

/// What is read in place, with the places of few types, is the same.
#[test]
fn in_place() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut writer = BtfWriter::new(order);
        for number in 0..500 {
            let name = format!("t{number}");
            match number % 3 {
                0 => writer.typedef(&name, TypeId(number)),
                1 => writer.structure(&name, 8, &[("a", TypeId(1), 0), ("b", TypeId(2), 4)]),
                _ => writer.prototype(&[("x", TypeId(number))], TypeId::VOID),
            };
        }
        let bytes = writer.finish();
        let whole = Btf::parse(&bytes).unwrap();
        for before in 0..4 {
            let moved = [&[0xff; 4][..before], &bytes].concat();
            let btf = Btf::scan(&moved[before..], None).unwrap();
            assert_eq!(btf.type_count(), whole.type_count());
            for id in btf.ids_from(TypeId(1)) {
                let (ty, of_whole) = (btf.get(id).unwrap(), whole.get(id).unwrap());
                assert_eq!(ty.words(), of_whole.words());
                assert_eq!(ty.name(), of_whole.name());
                assert_eq!(btf.offset_of(id), whole.offset_of(id));
            }
            assert!(btf.get(TypeId(501)).is_none());
        }
    }
}

/// A word of a type is changed in each way that may make a difference.
#[test]
fn what_is_refused_is_what_libbpf_refuses() {
    let bytes = sample(ByteOrder::HOST);
    let whole = Btf::parse(&bytes).unwrap();
    let strings = whole.string_end();
    let count = whole.type_count();
    for ty in whole.types() {
        let start = HEADER + whole.offset_of(ty.id()).unwrap();
        // The second word says how long the type is, and libbpf looks at fewer bits of it.
        for word in (0..ty.words().len()).filter(|word| *word != 1) {
            for value in [0, 1, count - 1, count, strings - 1, strings, u32::MAX] {
                let mut changed = bytes.clone();
                let at = start + 4 * word;
                changed[at..at + 4].copy_from_slice(&value.to_ne_bytes());
                let own = Btf::parse(&changed);
                // SAFETY: valid for that many bytes, which libbpf copies.
                let raw =
                    unsafe { libbpf_sys::btf__new(changed.as_ptr().cast(), changed.len() as u32) };
                let is_result = ty.kind_number() == libbpf_sys::BTF_KIND_FUNC_PROTO && word == 2;
                let is_fine = !raw.is_null() && (!is_result || value < count);
                assert_eq!(own.is_ok(), is_fine, "{} {word} {value}", ty.id());
                // SAFETY: just made, or NULL.
                unsafe { libbpf_sys::btf__free(raw) };
            }
        }
    }
}

/// The length of a header.
const HEADER: usize = 24;
