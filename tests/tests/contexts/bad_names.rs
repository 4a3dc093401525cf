//! Names that C cannot have: the type that has one is refused where programs would name it, and everything
//! else is as it would be without.

use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::render;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::clangs;
use libbpf_rs::libbpf_sys as sys;

/// Keywords, operators and macros of the preprocessor, and what is no word at all.
const BAD: &[&str] = &[
    "_Pragma",
    "__has_include",
    "__has_attribute",
    "int",
    "__float128",
    "__LINE__",
    "__INT_MAX__",
    "__asm",
    "__int64",
    "__ctx_parts",
    "__ksym",
    "__VMLINUX_H__",
    "__VA_ARGS__",
    "__VA_OPT__",
    "__has_embed",
    "_Countof",
    "alignas",
    "constexpr",
    "default",
    "defined",
    "nullptr",
    "static_assert",
    "thread_local",
    "typeof_unqual",
    "a b",
    "*/ int evil; /*",
    "\\\n",
    "",
];

/// A kernel that has a name wherever one can be.
fn kernel(name: &str) -> KernelBtf {
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let odd = blob.int(name, 8);
    let float = blob.add(name, sys::BTF_KIND_FLOAT, 0, 16, &[]);
    let s = blob.structure(name, 4, &[("fine", int, 0)]);
    blob.structure(
        "members",
        32,
        &[(name, int, 0), ("odd", odd, 64), ("f", float, 128)],
    );
    blob.union("either", 4, &[(name, s)]);
    let value = blob.string(name);
    blob.add("values", sys::BTF_KIND_ENUM, 1, 4, &[value, 1]);
    let alias = blob.typedef(name, s);
    let proto = blob.proto(alias, &[(name, int)]);
    let pointer = blob.ptr(proto);
    blob.structure("holds", 16, &[("a", alias, 0), ("p", pointer, 64)]);
    let to = blob.ptr(alias);
    blob.func("bad", int, &[("a", to)]);
    blob.func("good", int, &[("a", int)]);
    let origin = Origin::Memory(format!("a kernel with {name:?}"));
    KernelBtf::from_bytes(&blob.to_bytes(), origin).unwrap()
}

#[test]
fn every_vmlinux_h_compiles() {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in BAD.iter().enumerate() {
        let header = render::vmlinux(&kernel(name)).unwrap();
        let path = folder.path().join(format!("{number}.h"));
        std::fs::write(&path, header).unwrap();
        for clang in clangs("headers with bad names") {
            for standard in ["-std=gnu11", "-std=c99", "-std=gnu2x"] {
                let mut command = Command::new(&clang.path);
                command.args(ctxgen::clang_args(ByteOrder::Little, None));
                command.args(["-fsyntax-only", "-xc", standard]).arg(&path);
                let output = command.output().unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr);
                let what = format!("{name:?}, {clang} {standard}");
                assert!(output.status.success(), "{what}: {stderr}");
            }
        }
    }
}

#[test]
fn a_bad_name_is_its_own_hooks_error() {
    for name in BAD.iter().filter(|name| !name.is_empty()) {
        let kernel = kernel(name);
        let hooks = ["fentry/bad", "fentry/good"].map(|hook| hook.parse().unwrap());
        let contexts = hooks
            .each_ref()
            .map(|hook| Context::of_hook(&kernel, hook).unwrap());
        let ctx = CtxBtf::new(&kernel, contexts.clone()).unwrap();
        let reports = render::reports(&ctx).unwrap();
        let [bad, good] = &reports[..] else {
            panic!("{reports:?}");
        };
        let why = bad.unsupported.as_ref().unwrap();
        assert!(why.contains(&format!("{name:?}")), "{why}");
        assert_eq!(good.unsupported, None, "{name:?}");

        let [bad, good] = contexts;
        let header = |context| render::header(&CtxBtf::new(&kernel, [context]).unwrap());
        assert!(header(bad).is_err(), "{name:?}");
        assert!(header(good).is_ok(), "{name:?}");
    }
}
