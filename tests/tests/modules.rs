//! Real modules on their kernels: the BTF in each, and the hooks that it adds.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::KernelError;
use ctxgen::PrototypeError;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::is_identifier;
use ctxgen::kernel_btf_bytes;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_tests::Kernel;
use ctxgen_tests::full;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;
use libbpf_rs::libbpf_sys;

/// The kernels that there are modules of, with those. `what` is said to be skipped without any.
fn kernels(what: &str) -> Vec<(Kernel, Vec<PathBuf>)> {
    let folder = workspace().join("../shared/kernels/modules");
    let found: Vec<_> = full(what)
        .into_iter()
        .filter_map(|kernel| {
            let entries = std::fs::read_dir(folder.join(&kernel.name)).ok()?;
            let mut modules: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            modules.sort();
            Some((kernel, modules))
        })
        .collect();
    if found.is_empty() {
        skip(what, "there are no modules (../shared/kernels/modules)");
    }
    found
}

fn open(kernel: &Kernel) -> KernelBtf {
    KernelBtf::from_path(&kernel.btf).unwrap_or_else(|error| panic!("{error}"))
}

fn with(kernel: KernelBtf, modules: &[PathBuf]) -> KernelBtf {
    modules.iter().fold(kernel, |kernel, module| {
        kernel
            .with_module_file(None, module)
            .unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Its name as the kernel has it.
fn name(module: &Path) -> String {
    let name = module.file_name().unwrap().to_str().unwrap();
    name.split('.').next().unwrap().to_owned()
}

#[test]
fn bpftool_accepts_what_is_in_them() {
    let what = "what bpftool says of modules";
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tool = std::env::split_paths(&path)
        // Debian has it where only root's PATH leads.
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join("bpftool"))
        .find(|path| path.is_file());
    let Some(tool) = tool else {
        return skip(what, "there is no bpftool");
    };
    let scratch = tempfile::tempdir().unwrap();
    for (kernel, modules) in kernels(what) {
        let base = open(&kernel);
        for module in modules {
            let bytes = kernel_btf_bytes(&module).unwrap_or_else(|error| panic!("{error}"));
            let split = scratch.path().join("module.btf");
            std::fs::write(&split, &bytes).unwrap();
            let output = Command::new(&tool)
                .args(["btf", "dump", "-B"])
                .arg(&kernel.btf)
                .arg("file")
                .arg(&split)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {said}", module.display());
            let dump = String::from_utf8_lossy(&output.stdout);
            let types = dump.lines().filter(|line| line.starts_with('[')).count();
            let own = Btf::parse_split(&bytes, base.btf()).unwrap().type_count();
            let own = own - base.btf().type_count();
            assert!(types > 0 && types == own as usize, "{}", module.display());
        }
    }
}

/// All prototypes of functions of that name, in C.
type Prototypes = BTreeMap<String, BTreeSet<String>>;

/// Those of the types from `first` on that `is_own`.
fn prototypes(btf: &Btf<'_>, is_own: impl Fn(TypeId) -> bool) -> Prototypes {
    let printer = CPrinter::new(btf);
    let mut prototypes = Prototypes::new();
    for id in btf.ids_from(TypeId(1)).filter(|id| is_own(*id)) {
        let func = btf.get(id).unwrap();
        if let Kind::Func(proto) = func.kind() {
            let text = printer.declare(proto, func.name()).unwrap();
            let texts = prototypes.entry(func.name().to_owned()).or_default();
            texts.insert(without_numbers(&text));
        }
    }
    prototypes
}

/// Without what tells types of one name apart (`foo___2`), which depends on what else there is.
fn without_numbers(text: &str) -> String {
    let mut words = text.split("___");
    let mut plain = words.next().unwrap_or_default().to_owned();
    for word in words {
        plain.push_str(word.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    plain
}

/// With all modules together, each has the functions that it has alone on its kernel's BTF, and the
/// kernel still has its own.
#[test]
fn functions_are_the_same_with_other_modules_below() {
    for (kernel, modules) in kernels("functions of modules") {
        let alone = open(&kernel);
        let forwards = with(open(&kernel), &modules);
        let mut reversed = modules.clone();
        reversed.reverse();
        let reversed = with(open(&kernel), &reversed);
        let count = alone.btf().type_count();
        for together in [&forwards, &reversed] {
            let own = prototypes(together.btf(), |id| together.module_of(id).is_none());
            assert!(own == prototypes(alone.btf(), |_| true), "{}", kernel.name);
            for path in &modules {
                let bytes = kernel_btf_bytes(path).unwrap();
                let split = Btf::parse_split(&bytes, alone.btf()).unwrap();
                let expected = prototypes(&split, |id| id.0 >= count);
                let is_own = |id| {
                    let module = together.module_of(id);
                    module.is_some_and(|module| module.name() == name(path))
                };
                let have = prototypes(together.btf(), is_own);
                assert!(!have.is_empty(), "{}", path.display());
                assert!(have == expected, "{}", path.display());
            }
        }
    }
}

#[test]
fn each_function_is_a_hook_that_names_its_module() {
    let fentry = Family::by_name("fentry").unwrap();
    for (kernel, modules) in kernels("hooks in modules") {
        let with = with(open(&kernel), &modules);
        for module in with.modules() {
            let functions: BTreeSet<&str> = with
                .btf()
                .types()
                .filter(|ty| module.has(ty.id()) && matches!(ty.kind(), Kind::Func(_)))
                .map(|ty| ty.name())
                .filter(|name| is_identifier(name))
                .collect();
            let hooks: Vec<_> = prototype::hooks(&with, fentry)
                .filter(|hook| hook.module() == Some(module.name()))
                .collect();
            assert_eq!(hooks.len(), functions.len(), "{}", module.name());
            let refused = hooks
                .iter()
                .filter(|hook| match Context::of_hook_alone(&with, hook) {
                    Ok(_) => false,
                    Err(
                        PrototypeError::Unsupported { .. }
                        | PrototypeError::AmbiguousFunction { .. }
                        | PrototypeError::AmbiguousEvent { .. },
                    ) => true,
                    Err(error) => panic!("{error}"),
                })
                .count();
            assert!(refused * 20 < hooks.len(), "{refused} of {}", hooks.len());
        }
    }
}

#[test]
fn hooks_of_the_modules_there_are() {
    for (kernel, modules) in kernels("some hooks in modules") {
        let alone = open(&kernel);
        let with = with(open(&kernel), &modules);
        for (hook, names) in [
            ("fentry/nf_conntrack:nf_conntrack_in", &["skb", "state"][..]),
            ("fentry/nf_conntrack_in", &["skb", "state"]),
            ("fexit/tcp_bbr:bbr_ssthresh", &["sk", "ret"]),
            ("tp_btf/xfs:xfs_attr_list_sf", &["ctx"]),
            ("tp_btf/xfs_attr_list_sf", &["ctx"]),
            ("raw_tp/xfs_attr_list_sf", &["ctx"]),
            (
                "fentry/vmlinux:vfs_unlink",
                &["idmap", "dir", "dentry", "delegated_inode"],
            ),
        ] {
            let parsed = hook.parse().unwrap();
            let context = Context::of_hook(&with, &parsed);
            let context = context.unwrap_or_else(|error| panic!("{error}"));
            let ctxgen::Shape::Generated { layout, .. } = context.shape else {
                panic!("{hook} has slots");
            };
            let have: Vec<_> = layout.fields.iter().map(|field| &*field.name).collect();
            assert_eq!(have, names, "{hook} on {}", kernel.name);
            if !hook.contains("vmlinux") {
                let error = Context::of_hook(&alone, &parsed).unwrap_err();
                assert!(
                    matches!(
                        error,
                        PrototypeError::UnknownHook { .. } | PrototypeError::UnknownModule { .. }
                    ),
                    "{error}"
                );
            }
        }
    }
}

/// One header for a kernel and its modules: nothing is defined twice, and all of it is C.
#[test]
fn headers_compile() {
    let fentry = Family::by_name("fexit").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for (kernel, modules) in kernels("headers of modules") {
        let with = with(open(&kernel), &modules);
        let contexts = prototype::hooks(&with, fentry)
            .filter(|hook| hook.module().is_some())
            .filter_map(|hook| Context::of_hook_alone(&with, &hook).ok());
        let ctx = CtxBtf::new(&with, contexts).unwrap();
        assert!(ctx.structs().len() > 3_000, "{}", ctx.structs().len());
        let write = |name: &str, text: String| {
            std::fs::write(scratch.path().join(name), text).unwrap();
        };
        write("vmlinux.h", render::vmlinux(&with).unwrap());
        write("ctx.h", render::header(&ctx).unwrap());
        write(
            "all.c",
            "#include \"vmlinux.h\"\n#include \"ctx.h\"\n".to_owned(),
        );
        let output = Command::new("clang")
            .args(["-fsyntax-only", "-Wall", "-Werror", "-fms-extensions"])
            .args(["-Wno-microsoft-anon-tag", "-target"])
            .arg(match with.byte_order() {
                ByteOrder::Little => "bpfel",
                ByteOrder::Big => "bpfeb",
            })
            .arg(scratch.path().join("all.c"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", kernel.name);
    }
}

/// A module's BTF as it is where the module is built outside of the kernel's tree: its own part, and
/// the base that says what it needs. libbpf makes both, as pahole has it do.
fn distilled(module: &[u8], kernel: &Btf<'_>) -> (Vec<u8>, Vec<u8>) {
    let kernel = kernel.to_bytes();
    let parse = |bytes: &[u8], base| {
        // SAFETY: the bytes are valid for their length, and libbpf copies them; the base is null or
        // live.
        unsafe {
            libbpf_sys::btf__new_split(bytes.as_ptr().cast(), bytes.len().try_into().unwrap(), base)
        }
    };
    let bytes_of = |btf: *mut libbpf_sys::btf| {
        let mut len = 0;
        // SAFETY: the BTF is live, and its data are valid for the length that libbpf tells.
        unsafe {
            let data = libbpf_sys::btf__raw_data(btf, &mut len);
            std::slice::from_raw_parts(data.cast::<u8>(), len as usize).to_vec()
        }
    };
    let kernel = parse(&kernel, std::ptr::null_mut());
    let module = parse(module, kernel);
    let (mut base, mut split) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the module's BTF is live; the results are BTFs of our own.
    let status = unsafe { libbpf_sys::btf__distill_base(module, &mut base, &mut split) };
    assert_eq!(status, 0);
    // SAFETY: both are live.
    unsafe {
        let order = libbpf_sys::btf__endianness(kernel);
        libbpf_sys::btf__set_endianness(base, order);
        libbpf_sys::btf__set_endianness(split, order);
    }
    let both = (bytes_of(split), bytes_of(base));
    for btf in [split, base, module, kernel] {
        // SAFETY: each is ours, and what is split is freed before its base.
        unsafe { libbpf_sys::btf__free(btf) };
    }
    both
}

/// Such a module is fitted to the kernel, and has the functions then that it has otherwise.
#[test]
fn modules_from_outside_of_the_tree() {
    let scratch = tempfile::tempdir().unwrap();
    let write =
        |name: &str, bytes: &[u8]| std::fs::write(scratch.path().join(name), bytes).unwrap();
    for (kernel, modules) in kernels("modules with a .BTF.base") {
        let alone = open(&kernel);
        let mut all = open(&kernel);
        for path in &modules {
            let bytes = kernel_btf_bytes(path).unwrap();
            let (split, base) = distilled(&bytes, alone.btf());
            write("btf", &split);
            write("base", &base);
            // Section by section, as a linker has them. The file's byte order is of no account.
            write(
                "module.s",
                b".section .BTF,\"\",@progbits\n.incbin \"btf\"\n\
                  .section .BTF.base,\"\",@progbits\n.incbin \"base\"\n",
            );
            let status = Command::new("clang")
                .args(["-target", "bpfel", "-c", "module.s", "-o", "module.ko"])
                .current_dir(scratch.path())
                .status()
                .unwrap();
            assert!(status.success());
            // Without its base it makes no sense, and with the others below it does.
            let name = name(path);
            let plain = open(&kernel).with_module(&name, &split);
            assert!(plain.is_err(), "{name}");
            all = all
                .with_module_file(Some(&name), scratch.path().join("module.ko"))
                .unwrap_or_else(|error| panic!("{error}"));

            let together = Btf::parse_split(&bytes, alone.btf()).unwrap();
            let expected = prototypes(&together, |id| id.0 >= alone.btf().type_count());
            let is_own = |id| {
                all.module_of(id)
                    .is_some_and(|module| module.name() == name)
            };
            let have = prototypes(all.btf(), is_own);
            assert!(have == expected, "{name} of {}", kernel.name);
        }
    }
}

/// A module's BTF has nothing that says which kernel's it continues.
#[test]
fn modules_of_other_kernels_are_refused() {
    let what = "modules on other kernels";
    let all = kernels(what);
    for other in full(what) {
        let base = open(&other);
        for (kernel, modules) in all.iter().filter(|(kernel, _)| kernel.name != other.name) {
            for module in modules {
                let base = KernelBtf::from_bytes(&base.btf().to_bytes(), base.origin().clone());
                let error = base.unwrap().with_module_file(None, module).unwrap_err();
                assert!(
                    matches!(error, KernelError::Module { .. }),
                    "{} on {}: {error}",
                    kernel.name,
                    other.name
                );
            }
        }
    }
}
