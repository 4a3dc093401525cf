//! The BTFs that the sample programs are built against where there is no other.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use libbpf_rs::libbpf_sys as sys;

use super::Parts;
use super::kind_of;
use crate::workspace;

/// The architecture of each, as Rust calls it, and the full BTF that it is made of.
pub static SAMPLES: &[(&str, &str)] = &[
    ("aarch64", "6.12.107-arm64-cloud"),
    ("s390x", "6.12.107-s390x"),
    ("x86_64", "7.2.13-amd64-cloud"),
];

/// The BPF sources of the samples, sorted.
///
/// # Errors
/// Where the folder cannot be read.
pub fn sample_sources() -> std::io::Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(workspace().join("example-bpf/src/bpf"))? {
        sources.push(entry?.path());
    }
    sources.retain(|path| path.to_string_lossy().ends_with(".bpf.c"));
    sources.sort();
    Ok(sources)
}

/// A BTF with all that the samples and libbpf's headers mention, and with what their members point
/// to that the samples follow.
///
/// # Errors
/// Where a source cannot be read.
pub fn for_samples(full: &KernelBtf) -> std::io::Result<Vec<u8>> {
    let mut words = BTreeSet::new();
    for path in sample_sources()? {
        words.extend(identifiers(&path)?);
    }
    let folder = workspace().join("example-bpf/src/bpf");
    for entry in std::fs::read_dir(folder)? {
        words.extend(identifiers(&entry?.path())?);
    }
    let mut of_headers = BTreeSet::new();
    for (_, text) in sys::API_HEADERS {
        of_headers.extend(split(text));
    }

    let mut parts = Parts::new(full);
    for hook in words.iter().filter_map(|word| Hook::from_struct_name(word)) {
        for hook in hook.sharing_struct() {
            parts.add_hook(&hook, false);
            parts.define_pointees_of(&hook);
        }
    }
    for ty in full.btf().types() {
        let name = ty.name();
        let wanted = match kind_of(&ty) {
            None | Some(sys::BTF_KIND_FUNC) => false,
            // The headers declare the structs that they mention.
            Some(sys::BTF_KIND_TYPEDEF) => of_headers.contains(name) || words.contains(name),
            // BPF_ANY and its like.
            Some(sys::BTF_KIND_ENUM) => {
                words.contains(name)
                    || ty
                        .enumerators()
                        .iter()
                        .any(|value| words.contains(value.name))
            }
            Some(_) => words.contains(name) && !name.is_empty(),
        };
        if wanted {
            parts.trim.define(ty.id());
        }
        if wanted && matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_)) {
            parts.follow(ty.id(), &words);
        }
    }
    parts.add_landmark();
    Ok(parts.trim.finish())
}

impl Parts<'_> {
    /// Defines what the arguments of a hook point to.
    fn define_pointees_of(&mut self, hook: &Hook) {
        let Ok(context) = ctxgen::Context::of_hook_alone(self.full, hook) else {
            return;
        };
        match context.shape {
            ctxgen::Shape::Kernel { type_id } => self.define_member_pointees(type_id, &|_| true),
            ctxgen::Shape::Slots { layout, .. } => {
                for field in layout.fields {
                    self.define_pointee(field.type_id);
                }
            }
        }
    }

    /// Defines what the members point to that the sources have a word for.
    fn follow(&mut self, id: TypeId, words: &BTreeSet<String>) {
        self.define_member_pointees(id, &|name| words.contains(name));
    }

    fn define_member_pointees(&mut self, id: TypeId, wanted: &dyn Fn(&str) -> bool) {
        let btf = self.full.btf();
        let Some(Kind::Struct(composite) | Kind::Union(composite)) =
            btf.get(id).map(|ty| ty.kind())
        else {
            return;
        };
        for member in composite.members() {
            if member.name.is_empty() {
                self.define_member_pointees(member.type_id, wanted);
            } else if wanted(member.name) {
                self.define_pointee(member.type_id);
            }
        }
    }

    fn define_pointee(&mut self, id: TypeId) {
        let btf = self.full.btf();
        if let Some(Kind::Ptr(to)) = btf.resolve(id).map(|ty| ty.kind()) {
            self.trim.define(to);
        }
    }
}

fn identifiers(path: &Path) -> std::io::Result<BTreeSet<String>> {
    Ok(split(&std::fs::read_to_string(path)?))
}

/// The words of a C source. Those of comments count too: they add little.
fn split(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
