//! The BTF that the corpus is compiled against where there is no full one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::Reach;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use libbpf_rs::libbpf_sys as sys;

use super::Parts;
use super::kind_of;
use crate::workspace;

/// Its file's name, without `.btf`.
pub const CORPUS: &str = "corpus-x86_64";

/// The full BTF that it is made of.
pub const CORPUS_KERNEL: &str = "7.2.13-amd64-cloud";

/// The files of the corpus, sorted.
///
/// # Errors
/// Where the folder cannot be read.
pub fn corpus_files() -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace().join("tests/corpus"))? {
        files.push(entry?.path());
    }
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// A BTF with all that the words of the corpus reach, wherever they stand: so much more than the
/// programs use that a header for one of them leaves most of it out.
///
/// # Errors
/// Where a file cannot be read.
pub fn for_corpus(full: &KernelBtf) -> std::io::Result<Vec<u8>> {
    let mut text = String::new();
    for path in corpus_files()? {
        text.push_str(&std::fs::read_to_string(path)?);
    }
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let mut parts = Parts::new(full);
    let mut arguments = String::new();
    for hook in words.iter().filter_map(|word| Hook::from_struct_name(word)) {
        for hook in hook.sharing_struct() {
            parts.add_hook(&hook, false);
        }
        arguments.push_str(&pointees(full, &hook));
    }
    let kfuncs: Vec<&str> = words
        .into_iter()
        .filter(|word| parts.ids(sys::BTF_KIND_FUNC, word).len() == 1)
        .collect();
    for name in kfuncs {
        // Other functions of such a name have no tags, and do not come along.
        if parts.define_tags(name) {
            parts.define(sys::BTF_KIND_FUNC, name);
        }
    }
    let mut names = Names::new();
    names.add_words(&text);
    names.add_words(&arguments);
    let reach = Reach::new(full, &names);
    for id in reach.roots {
        parts.trim.define(id);
    }
    let headers: String = sys::API_HEADERS.iter().map(|(_, text)| *text).collect();
    let mut mentions = Names::new();
    mentions.add_words(&headers);
    for id in Reach::new(full, &mentions).roots {
        let kind = full.btf().get(id).and_then(|ty| kind_of(&ty));
        if matches!(kind, Some(sys::BTF_KIND_TYPEDEF)) {
            parts.trim.define(id);
        }
    }
    parts.add_landmark();
    Ok(parts.trim.finish())
}

/// The names of what the arguments of a hook point to.
fn pointees(full: &KernelBtf, hook: &Hook) -> String {
    let btf = full.btf();
    let Ok(context) = Context::of_hook_alone(full, hook) else {
        return String::new();
    };
    let Shape::Generated { layout, .. } = context.shape else {
        return String::new();
    };
    let name_of = |id| match btf.resolve(id)?.kind() {
        Kind::Ptr(to) => Some(format!(" {}", btf.resolve(to)?.name())),
        _ => None,
    };
    let fields = layout.fields.iter();
    fields.filter_map(|field| name_of(field.type_id)).collect()
}
