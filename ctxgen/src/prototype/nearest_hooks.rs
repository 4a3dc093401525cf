//! The hooks that may have been meant by one that is not there.

use super::PrototypeError;
use super::event::similar;
use super::function;
use super::list::all;
use super::list::nearest_of;
use super::lsm;
use super::struct_ops;
use super::tracepoint;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::text::ident::original;

/// Those of a family's hooks that are on functions made of the same one as that of this hook.
fn clones(all: &[Hook], hook: &Hook) -> Vec<String> {
    let own = original(hook.target());
    all.iter()
        .filter(|other| hook.family().has_functions() && original(other.target()) == own)
        .map(ToString::to_string)
        .collect()
}

/// Where the same name is a hook of another family: a function for a tracepoint, a tracepoint for an LSM hook.
const OTHERS: [&str; 3] = ["tp_btf", "lsm", "fexit"];

/// The system calls that do what one does that this architecture lacks, as `old_mmap` on s390 for `mmap`, and
/// those that are spelt like it.
fn variants(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let all = all(kernel, hook.family());
    let own = similar::stem(hook.target());
    let of_stem = all
        .iter()
        .filter(|other| similar::stem(other.target()) == own);
    let mut found: Vec<String> = of_stem.map(ToString::to_string).collect();
    for near in near_of(&all, hook) {
        if !found.contains(&near) {
            found.push(near);
        }
    }
    found
}

/// The hooks of other families on the same name.
fn elsewhere(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let own = hook.family().prototypes();
    let is_named_alone = matches!(
        own,
        Prototypes::Tracepoint { .. } | Prototypes::Function | Prototypes::Lsm
    );
    if !is_named_alone {
        return Vec::new();
    }
    let others = OTHERS.iter().filter_map(|name| Family::by_name(name));
    others
        .filter(|family| !is_same(family.prototypes(), own))
        .filter_map(|family| Hook::new(family, hook.target()).ok())
        .filter(|other| is_there(kernel, other))
        .map(|other| other.to_string())
        .collect()
}

fn is_there(kernel: &KernelBtf, hook: &Hook) -> bool {
    let found = match hook.family().prototypes() {
        Prototypes::Tracepoint { typedef } => tracepoint::resolve(kernel, hook, typedef),
        Prototypes::Function => function::resolve(kernel, hook),
        Prototypes::Lsm => lsm::resolve(kernel, hook),
        _ => return false,
    };
    found.is_ok()
}

fn is_same(one: Prototypes, other: Prototypes) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

/// Names that are spelt like a hook's, and of LSM hooks before them those that end in the same words: the kernel
/// calls what `vfs_unlink` asks `inode_unlink`.
fn near_of(all: &[Hook], hook: &Hook) -> Vec<String> {
    let spelt = nearest_of(all, hook.own_name());
    if hook.family().prototypes() != Prototypes::Lsm {
        return spelt;
    }
    let mut near = with_words_of(all, hook.target());
    for name in spelt {
        if !near.contains(&name) {
            near.push(name);
        }
    }
    near
}

/// The hooks whose targets end in the same words as a name, as many of them as any has: without its first, or
/// its first two, and so on.
fn with_words_of(all: &[Hook], name: &str) -> Vec<String> {
    let mut rest = name;
    while let Some((_, words)) = rest.split_once('_') {
        let has_them = |hook: &&Hook| {
            let before = hook.target().strip_suffix(words);
            before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
        };
        let found: Vec<String> = all
            .iter()
            .filter(has_them)
            .map(ToString::to_string)
            .collect();
        if !words.is_empty() && !found.is_empty() {
            return found;
        }
        rest = words;
    }
    Vec::new()
}

/// The error with the nearest names that there are, for a person to choose from.
pub(crate) fn with_nearest(kernel: &KernelBtf, error: PrototypeError) -> PrototypeError {
    match error {
        PrototypeError::UnknownHook {
            hook,
            origin,
            tried,
            ..
        } => {
            let elsewhere = elsewhere(kernel, &hook);
            let meant = match hook.family().prototypes() {
                Prototypes::Function => function::behind_alias(kernel, &hook),
                _ => None,
            };
            let nearest = match (meant, hook.family().prototypes()) {
                (Some(meant), _) => vec![meant.to_string()],
                (None, Prototypes::StructOps) => struct_ops::nearest_hooks(kernel, &hook),
                (None, Prototypes::Event) => similar::nearest_hooks(kernel, &hook),
                (None, Prototypes::SystemCall) => variants(kernel, &hook),
                (None, _) => {
                    let all = all(kernel, hook.family());
                    match clones(&all, &hook) {
                        clones if clones.is_empty() => near_of(&all, &hook),
                        clones => clones,
                    }
                }
            };
            let known = nearest.clone();
            let others = elsewhere.into_iter().filter(|name| !known.contains(name));
            PrototypeError::UnknownHook {
                hook,
                origin,
                tried,
                nearest: nearest.iter().cloned().chain(others).collect(),
            }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_at_the_end() {
        let hooks = [
            "inode_create",
            "inode_unlink",
            "path_unlink",
            "file_open",
            "unlinked",
        ];
        let hooks = hooks.map(|name| format!("lsm/{name}").parse::<Hook>().unwrap());
        for (name, expected) in [
            ("vfs_unlink", &["lsm/inode_unlink", "lsm/path_unlink"][..]),
            ("security_inode_unlink", &["lsm/inode_unlink"]),
            ("do_filp_open", &["lsm/file_open"]),
            ("vfs_read", &[]),
            ("unlink", &[]),
            ("_", &[]),
        ] {
            assert_eq!(with_words_of(&hooks, name), expected, "{name}");
        }
    }
}
