//! Real kernels, whole: as many hooks as there are, under the names that there are, in structs that
//! everyone agrees on.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Shape;
use ctxgen::btf::CPrinter;
use ctxgen::prototype;
use ctxgen::prototype::NamesFrom;
use ctxgen::render;
use ctxgen_tests::Kernel;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::full;
use ctxgen_tests::trimmed;
use libbpf_rs::libbpf_sys as sys;

use crate::accessor;
use crate::ctx_btf::check_with_bpftool;
use crate::facts;
use crate::fixtures::is_like_the_kernel;
use crate::fixtures::without_suffixes;
use crate::hooks::contexts;
use crate::hooks::family;
use crate::hooks::open;
use crate::hooks::slots;
use crate::layouts::has_small_enum;
use crate::layouts::knows_small_enums;
use crate::layouts::vmlinux_of_bpftool;
use crate::tools::bpftool;
use crate::tools::clang;
use crate::tools::host_compiler;
use crate::tools::write;

/// What was counted on kernels before, at least: tracepoints, those of them with names, LSM hooks.
const COUNTED: &[(&str, usize, usize, usize)] = &[
    ("5.10.223-amd64-cloud", 581, 553, 229),
    ("6.1.192-amd64-cloud", 639, 639, 239),
    ("6.12.107-amd64-clang", 396, 396, 230),
    ("6.12.107-amd64-cloud", 772, 772, 239),
    ("6.12.107-arm64-cloud", 772, 772, 239),
    ("6.12.107-s390x", 500, 500, 0),
    ("7.2.13-amd64-cloud", 858, 858, 272),
];

/// The most tracepoints without names, on 5.10 alone.
const NAMELESS_ON_5_10: usize = 28;

/// The fewest function names on 6.1 that stand for different functions; elsewhere but on the kernel
/// that clang built there are none.
const AMBIGUOUS_ON_6_1: usize = 404;

#[test]
fn every_tracepoint_and_lsm_hook_has_a_struct() {
    for kernel in full("hooks of whole kernels") {
        let start = Instant::now();
        let btf = open(&kernel);
        let blob = Blob::parse(&std::fs::read(&kernel.btf).unwrap());
        let independent = Independent::new(&blob);

        let tracepoints: Vec<Hook> = prototype::hooks(&btf, family("tp_btf")).collect();
        let named = independent.check_tracepoints(&btf, &tracepoints);
        let raw: BTreeSet<String> = targets(&btf, "raw_tp");
        assert!(tracepoints.iter().all(|hook| raw.contains(hook.target())));

        let lsm = targets(&btf, "lsm");
        assert_eq!(lsm, independent.lsm_hooks(), "{}", kernel.name);
        assert_eq!(lsm, targets(&btf, "lsm_cgroup"), "{}", kernel.name);
        for name in &lsm {
            let hook = Hook::new(family("lsm"), name).unwrap();
            let context = Context::of_hook(&btf, &hook).unwrap_or_else(|error| panic!("{error}"));
            let (_, names_from) = slots(&context);
            let func = NamesFrom::Func(format!("bpf_lsm_{name}"));
            assert!(
                *names_from == func || *names_from == NamesFrom::NoArguments,
                "{hook}: {names_from:?}"
            );
        }

        println!(
            "{}: {} tracepoints and {} more that only raw_tp can attach to, {named} with names, \
             {} LSM hooks, {:.1?}",
            kernel.name,
            tracepoints.len(),
            raw.len() - tracepoints.len(),
            lsm.len(),
            start.elapsed()
        );
        let nameless = tracepoints.len() - named;
        let allowed = match kernel.name.starts_with("5.10.") {
            true => NAMELESS_ON_5_10,
            false => 0,
        };
        assert!(nameless <= allowed, "{}: {nameless}", kernel.name);
        let counted = COUNTED.iter().find(|(name, ..)| *name == kernel.name);
        if let Some(&(_, all, with_names, lsm_hooks)) = counted {
            assert!(tracepoints.len() >= all && named >= with_names && lsm.len() >= lsm_hooks);
        }
    }
}

fn targets(kernel: &KernelBtf, name: &str) -> BTreeSet<String> {
    prototype::hooks(kernel, family(name))
        .map(|hook| hook.target().to_owned())
        .collect()
}

/// What a kernel has, looked up without ctxgen and libbpf.
struct Independent<'b> {
    blob: &'b Blob,
    by_name: HashMap<u32, HashMap<&'b str, Vec<u32>>>,
}

impl<'b> Independent<'b> {
    fn new(blob: &'b Blob) -> Self {
        Self {
            blob,
            by_name: blob.by_name(),
        }
    }

    fn ids(&self, kind: u32, name: &str) -> &[u32] {
        let ids = self.by_name.get(&kind).and_then(|names| names.get(name));
        ids.map_or(&[], Vec::as_slice)
    }

    fn named(&self, kind: u32) -> impl Iterator<Item = (&'b str, &[u32])> {
        let names = self.by_name.get(&kind).into_iter().flatten();
        names.map(|(name, ids)| (*name, ids.as_slice()))
    }

    /// The parameters of a `FUNC_PROTO`, and behind them its returned type.
    fn proto(&self, id: u32) -> Vec<(&str, u32)> {
        let ty = self.blob.get(id);
        assert_eq!(ty.kind(), sys::BTF_KIND_FUNC_PROTO);
        let params = ty.pairs().map(|(name, id)| (self.blob.str(name), id));
        params.chain([("", ty.words[2])]).collect()
    }

    /// The prototypes of the functions of that name.
    fn functions(&self, name: &str) -> Vec<Vec<(&str, u32)>> {
        self.ids(sys::BTF_KIND_FUNC, name)
            .iter()
            .map(|id| self.proto(self.blob.get(*id).words[2]))
            .collect()
    }

    /// That these are all tracepoints, and that each has the names that BTF has for it; how many
    /// those are.
    fn check_tracepoints(&self, kernel: &KernelBtf, hooks: &[Hook]) -> usize {
        let typedefs = self
            .named(sys::BTF_KIND_TYPEDEF)
            .filter(|(name, _)| name.starts_with("btf_trace_"));
        assert_eq!(hooks.len(), typedefs.count());
        let mut named = 0;
        for hook in hooks {
            let tp = hook.target();
            let typedef = self.ids(sys::BTF_KIND_TYPEDEF, &format!("btf_trace_{tp}"))[0];
            let ptr = self.blob.get(self.blob.get(typedef).words[2]);
            assert_eq!(ptr.kind(), sys::BTF_KIND_PTR, "{tp}");
            let types = self.proto(ptr.words[2]);
            let expected = ["__probestub_", "__traceiter_", "__bpf_trace_"]
                .into_iter()
                .flat_map(|prefix| self.functions(&format!("{prefix}{tp}")))
                .find(|other| {
                    // What they return differs: they are not the tracepoint itself.
                    let params = |proto: &[(&str, u32)]| -> Vec<u32> {
                        proto[..proto.len() - 1].iter().map(|(_, ty)| *ty).collect()
                    };
                    params(other) == params(&types)
                });

            let context = Context::of_hook(kernel, hook).unwrap_or_else(|error| panic!("{error}"));
            let (layout, names_from) = slots(&context);
            named += usize::from(*names_from != NamesFrom::Nowhere);
            let Some(expected) = expected else { continue };
            assert_ne!(*names_from, NamesFrom::Nowhere, "{hook}");
            let expected: Vec<&str> = expected[1..expected.len() - 1]
                .iter()
                .map(|(name, _)| *name)
                .collect();
            let names: Vec<&str> = layout
                .fields
                .iter()
                .map(|field| field.name.trim_end_matches('_'))
                .collect();
            // What a suffix tells the verifier is no part of the name.
            let plain = expected
                .iter()
                .map(|name| name.trim_end_matches("__nullable").trim_end_matches('_'));
            assert_eq!(names, plain.collect::<Vec<_>>(), "{hook}");
        }
        named
    }

    /// The members of `union security_list_options` that have a function.
    fn lsm_hooks(&self) -> BTreeSet<String> {
        self.ids(sys::BTF_KIND_UNION, "security_list_options")
            .iter()
            .flat_map(|id| self.blob.get(*id).words[3..].chunks(3))
            .map(|member| self.blob.str(member[0]))
            .filter(|name| {
                !self
                    .ids(sys::BTF_KIND_FUNC, &format!("bpf_lsm_{name}"))
                    .is_empty()
            })
            .map(str::to_owned)
            .collect()
    }

    /// The names that functions with different arguments or results bear.
    fn ambiguous(&self) -> BTreeSet<&'b str> {
        self.named(sys::BTF_KIND_FUNC)
            .filter(|(_, ids)| ids.len() > 1)
            .map(|(name, _)| name)
            .filter(|name| {
                let protos = self.functions(name);
                protos.iter().any(|proto| *proto != protos[0])
            })
            .collect()
    }
}

#[test]
fn ambiguous_names_are_said_to_be() {
    for kernel in full("functions of the same name") {
        let start = Instant::now();
        let btf = open(&kernel);
        let blob = Blob::parse(&std::fs::read(&kernel.btf).unwrap());
        let ambiguous = Independent::new(&blob).ambiguous();
        match kernel.name.as_str() {
            name if name.starts_with("6.1.") => assert!(ambiguous.len() >= AMBIGUOUS_ON_6_1),
            name if name.ends_with("-clang") => assert!(!ambiguous.is_empty()),
            name => assert!(ambiguous.is_empty(), "{name}: {ambiguous:?}"),
        }
        // Printing so many errors takes a while, and these are as good as all.
        let some = ambiguous
            .iter()
            .step_by(ambiguous.len().div_ceil(24).max(1));
        for name in some {
            match Context::of_hook_alone(&btf, &format!("fentry/{name}").parse().unwrap()) {
                Err(PrototypeError::AmbiguousFunction { prototypes, .. }) => {
                    assert!(prototypes.len() > 1, "{name}: {prototypes:?}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        println!(
            "{}: {} ambiguous names, {:.1?}",
            kernel.name,
            ambiguous.len(),
            start.elapsed()
        );
    }
}

/// The fixtures are what `cargo run -p ctxgen-tests --bin fixtures` makes, and hooks in them are as
/// in the kernels.
#[test]
fn fixtures_are_made_of_these() {
    let kernels = full("the making of the fixtures");
    for fixture in trimmed::FIXTURES {
        let Some(kernel) = kernels.iter().find(|kernel| kernel.name == fixture.kernel) else {
            continue;
        };
        let start = Instant::now();
        let btf = open(kernel);
        let made = trimmed::make(fixture, &btf).unwrap();
        let there = std::fs::read(fixture.path()).unwrap();
        assert!(
            made == there,
            "{} is out of date: `cargo run -p ctxgen-tests --bin fixtures` makes it anew",
            fixture.name
        );
        let there = KernelBtf::from_path(fixture.path()).unwrap();
        let hooks = is_like_the_kernel(&there, &btf);
        println!("{}: {hooks} hooks, {:.1?}", fixture.name, start.elapsed());
    }
}

/// One of so many functions is tried.
const EVERY: usize = 32;

/// All tracepoints, LSM hooks and iterators, and some functions.
fn most_contexts(kernel: &KernelBtf) -> Vec<Context> {
    let families = ["tp_btf", "raw_tp", "lsm", "lsm_cgroup", "iter"].map(family);
    let mut all = contexts(kernel, families.into_iter());
    let functions = prototype::hooks(kernel, family("fexit")).step_by(EVERY);
    all.extend(functions.filter_map(|hook| Context::of_hook_alone(kernel, &hook).ok()));
    all
}

/// bpftool reads the ctx BTF of whole kernels, and compilers agree about the layouts: clang for BPF
/// with our header of the kernel's types, the host's compiler with that of bpftool.
#[test]
fn all_agree() {
    let what = "whole kernels and bpftool";
    let bpftool = bpftool(what);
    for kernel in full("layouts on whole kernels") {
        let start = Instant::now();
        let btf = open(&kernel);
        let mut all = most_contexts(&btf);
        let own = render::vmlinux(&btf).unwrap();
        let rendered = start.elapsed();
        let clang = |headers: &_| clang(btf.byte_order(), headers);
        let (structs, numbers) = check(&btf, &all, own.as_bytes(), clang);
        println!(
            "{}: {structs} structs, {numbers} numbers, {:.1?}, {rendered:.1?} of it without clang",
            kernel.name,
            start.elapsed()
        );

        let Some(bpftool) = &bpftool else { continue };
        let start = Instant::now();
        let read = check_with_bpftool(bpftool, &kernel.btf, &btf, all.clone());
        if !knows_small_enums(bpftool) {
            all.retain(|context| !has_small_enum(&btf, context));
        }
        let count = all.len();
        let printer = CPrinter::new(btf.btf());
        all.retain(|context| !has_namesake(printer, context));
        let namesakes = count - all.len();
        let header = vmlinux_of_bpftool(bpftool, &kernel);
        let (structs, _) = check(&btf, &all, &header, host_compiler);
        println!(
            "{}: bpftool reads {read} structs, with its header {structs} are right, \
             {namesakes} not tried, {:.1?}",
            kernel.name,
            start.elapsed()
        );
    }
}

/// Whether an argument's type is one of several of the same name. They are told apart by numbers,
/// and who prints the types in another order numbers them otherwise.
fn has_namesake(printer: CPrinter<'_>, context: &Context) -> bool {
    let Shape::Generated { layout, .. } = &context.shape else {
        return false;
    };
    layout.fields.iter().any(|field| {
        let text = printer.declare(field.type_id, "").unwrap();
        without_suffixes(&text) != text
    })
}

fn check(
    kernel: &KernelBtf,
    contexts: &[Context],
    vmlinux: &[u8],
    compiler: impl FnOnce(&std::path::Path) -> std::process::Command,
) -> (usize, usize) {
    let ctx = CtxBtf::new(kernel, contexts.to_vec()).unwrap();
    let facts = facts::of(&ctx);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "ctx.h", render::header(&ctx).unwrap());
    let system_headers = folder.join("system");
    write(&system_headers, "vmlinux.h", vmlinux);
    facts::check_c(compiler(&system_headers), folder, &facts);
    (ctx.structs().len(), facts.len())
}

/// Every argument of every tracepoint and LSM hook, on a kernel of either byte order.
#[test]
fn arguments_are_read() {
    let kernels = full("ctx_get on whole kernels");
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let newest = |kernel: &&Kernel| open(kernel).byte_order() == order;
        let Some(kernel) = kernels.iter().rev().find(newest) else {
            continue;
        };
        let start = Instant::now();
        let btf = open(kernel);
        let families = ["tp_btf", "raw_tp", "lsm"].map(family);
        let all = contexts(&btf, families.into_iter());
        let checked = accessor::check(
            &CtxBtf::new(&btf, all).unwrap(),
            &render::vmlinux(&btf).unwrap(),
        );
        println!("{}: {checked:?}, {:.1?}", kernel.name, start.elapsed());
        assert_eq!(checked.skipped, 0);
    }
}
