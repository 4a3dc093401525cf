//! The targets: a table, and one file for each.

mod btf;
mod dwarf;
mod images;
mod instructions;
mod merge;
mod modules;
mod objects;
mod pin;
mod pin_note;
mod sections;
mod sources;
mod tracefs;

use std::path::Path;
use std::path::PathBuf;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::prototype;
use ctxgen::render;

use crate::seed::seed;

/// One way in.
#[derive(Debug)]
pub struct Target {
    /// As the program of the fuzzer is called, and the folder of its corpus.
    pub name: &'static str,
    /// What goes in, and what is made of it.
    pub what: &'static str,
    /// Does it all. Panics where something is wrong.
    pub run: fn(&[u8]),
    /// How many mutations of each seed tests try: the same number takes some targets much longer.
    pub mutations: usize,
}

/// All of them, by name.
pub static TARGETS: [Target; 12] = [
    Target {
        name: "btf",
        what: "kernel BTF, and all that is rendered of it",
        run: btf::run,
        mutations: 40,
    },
    Target {
        name: "dwarf",
        what: "programs in user space with debug information, and contexts of their functions",
        run: dwarf::run,
        mutations: 150,
    },
    Target {
        name: "images",
        what: "kernel images, archives and compressed files",
        run: images::run,
        mutations: 60,
    },
    Target {
        name: "instructions",
        what: "BPF instructions with `.BTF.ext`, in an object that is otherwise sound",
        run: instructions::run,
        mutations: 100,
    },
    Target {
        name: "merge",
        what: "two kernels: differences of their hooks, and contexts for both",
        run: merge::run,
        mutations: 40,
    },
    Target {
        name: "modules",
        what: "BTF of kernel modules, raw and in their files",
        run: modules::run,
        mutations: 60,
    },
    Target {
        name: "objects",
        what: "BPF objects, held against a kernel, and opened by libbpf",
        run: objects::run,
        mutations: 60,
    },
    Target {
        name: "pin",
        what: "pinned BTF, beside the whole that it was made of",
        run: pin::run,
        mutations: 40,
    },
    Target {
        name: "pin_note",
        what: "the text beside a pinned BTF",
        run: pin_note::run,
        mutations: 200,
    },
    Target {
        name: "sections",
        what: "SEC names, and names in every medium",
        run: sections::run,
        mutations: 400,
    },
    Target {
        name: "sources",
        what: "preprocessed and raw C",
        run: sources::run,
        mutations: 200,
    },
    Target {
        name: "tracefs",
        what: "`format` files of trace events",
        run: tracefs::run,
        mutations: 200,
    },
];

/// The target of that name.
pub fn by_name(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

impl Target {
    /// The folders with the inputs that are kept: the corpus, and what was found to go wrong once.
    pub fn folders(&self) -> [PathBuf; 2] {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        ["corpus", "crashers"].map(|kept| package.join(kept).join(self.name))
    }
}

/// The kernel that objects, sources and modules are held against.
fn sound(order: ByteOrder) -> KernelBtf {
    let origin = Origin::Memory("a sound kernel".to_owned());
    KernelBtf::from_bytes(&seed(order).to_bytes(), origin).expect("the seed is sound")
}

/// A byte order, and the bytes behind the one that tells it.
fn order(data: &[u8]) -> (ByteOrder, &[u8]) {
    match data.split_first() {
        Some((first, rest)) if first & 1 == 1 => (ByteOrder::Big, rest),
        Some((_, rest)) => (ByteOrder::Little, rest),
        None => (ByteOrder::Little, data),
    }
}

/// The bytes in front, of which the first one tells how many they are, and those behind.
fn parted(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return (data, data);
    };
    rest.split_at((4 * usize::from(*first)).min(rest.len()))
}

/// The hooks of all families, so many of each.
fn hooks(kernel: &KernelBtf, most: usize) -> Vec<Hook> {
    Family::all()
        .flat_map(|family| prototype::hooks(kernel, family).take(most))
        .collect()
}

/// Reports and header of these hooks; each error has something to say.
fn render_hooks(kernel: &KernelBtf, hooks: impl IntoIterator<Item = Hook>) {
    let mut contexts = Vec::new();
    for hook in hooks {
        match Context::of_hook(kernel, &hook) {
            Ok(context) => contexts.push(context),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let Ok(ctx) = CtxBtf::new(kernel, contexts) else {
        return;
    };
    if let Ok(reports) = render::reports(&ctx) {
        for report in reports {
            assert!(!report.to_string().is_empty());
        }
    }
    crate::exercise::is_clean_or_error(render::header(&ctx), |_| {});
}
