//! The contexts that a struct's name may have been meant for.

use std::collections::BTreeSet;

use crate::context::Context;
use crate::hook::Family;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::prototype::PrototypeError;

/// How many names are offered.
const OFFERED: usize = 3;
/// How alike (0 to 1) two families' names have to be.
const ALIKE: f64 = 0.6;
/// How much less likely a name is that has a word less.
const ENDS_OTHERWISE: f64 = 0.2;
/// How many names are looked for.
const TRIED: usize = 8;
/// The most words of a name that may be its family.
const WORDS: usize = 3;

/// The contexts' structs that exist whose names are the most similar to that of a struct that is no
/// context: `btf_fentyr_vfs_read_ctx`, `btf_lsm_file_open`.
pub fn similar_structs(kernel: &KernelBtf, name: &str) -> Vec<String> {
    let flavour = name.split_once("___").map(|(name, _)| name);
    let name = flavour.unwrap_or(name);
    let name = name.strip_suffix("_ctx").unwrap_or(name);
    let body = name.strip_prefix("btf_").unwrap_or(name);
    let mut candidates: Vec<(f64, String)> = Vec::new();
    for (at, _) in body.match_indices('_').take(WORDS) {
        let (family, target) = (&body[..at], &body[at + 1..]);
        for known in Family::all() {
            let naming = known.naming();
            if naming.prefix.is_empty() {
                continue;
            }
            let prefix = naming.prefix.trim_end_matches('_');
            let spellings = [prefix.strip_prefix("btf_").unwrap_or(prefix), known.name()];
            let score = spellings
                .into_iter()
                .map(|own| strsim::normalized_damerau_levenshtein(family, own))
                .fold(0.0, f64::max);
            if score >= ALIKE {
                let struct_name =
                    |target: &str| format!("{}{target}{}", naming.prefix, naming.suffix);
                candidates.push((score, struct_name(target)));
                // It may end in another way than `_ctx`.
                if let Some((target, _)) = target.rsplit_once('_') {
                    candidates.push((score - ENDS_OTHERWISE, struct_name(target)));
                }
            }
        }
    }
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    candidates.dedup_by(|a, b| a.1 == b.1);
    let mut found: Vec<String> = Vec::new();
    let mut near: Vec<String> = Vec::new();
    for (_, candidate) in candidates.into_iter().take(TRIED) {
        let Some(hook) = Hook::from_struct_name(&candidate) else {
            continue;
        };
        match Context::of_struct(kernel, &hook) {
            Ok(_) => found.push(candidate),
            Err(PrototypeError::UnknownHook { nearest, .. }) => {
                let hooks = nearest.iter().filter_map(|hook| hook.parse().ok());
                near.extend(hooks.map(|hook: Hook| hook.struct_name()));
            }
            _ => {}
        }
    }
    let mut names = if found.is_empty() { near } else { found };
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.truncate(OFFERED);
    names
}
