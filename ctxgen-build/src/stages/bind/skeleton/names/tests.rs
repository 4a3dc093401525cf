//! Names that skeletons cannot have, and those that they have instead.

use super::*;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The names that are other ones in Rust, and those.
fn others(known: &Known) -> Vec<(String, String)> {
    let names = known.names();
    let pair = |renamed: &Renamed| (renamed.original.clone(), renamed.identifier.clone());
    names.iter().map(pair).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    owned.collect()
}

#[test]
fn most_objects_need_none() {
    let known = Known {
        variables: set(&["seen", "data", "bss", "name", "object"]),
        maps: set(&["events"]),
        functions: set(&["data", "rodata", "guard"]),
        sections: set(&[
            ".bss",
            ".data",
            ".rodata",
            ".maps",
            "license",
            ".data.hot_stats",
        ]),
        types: set(&["event"]),
        members: set(&["type", "self", "crate", "data"]),
        none: set(&["guard.____fmt", ".rel.text", "tp_btf/sched_switch"]),
    };
    assert!(known.names().is_empty(), "{:?}", known.names());
}

#[test]
fn keywords_and_what_is_no_identifier() {
    let known = Known {
        variables: set(&["type", "self", "a$b", "a_b", "self_"]),
        types: set(&["match", "Self"]),
        members: set(&["true", "a$b"]),
        ..Known::default()
    };
    let expected = pairs(&[
        ("a$b", "a_b_"),
        ("self", "self__"),
        ("type", "r#type"),
        ("Self", "Self_"),
        ("match", "r#match"),
        ("a$b", "a_b__"),
        ("true", "r#true"),
    ]);
    assert_eq!(others(&known), expected);
}

#[test]
fn what_libbpf_cargo_has_taken() {
    let known = Known {
        maps: set(&["bss", "bss_data", "data", "map", "_phantom", "config"]),
        functions: set(&["prog", "_phantom_of"]),
        sections: set(&[".bss"]),
        types: set(&["bss", "Default", "u32", "data"]),
        ..Known::default()
    };
    let expected = pairs(&[
        ("_phantom", "_phantom_"),
        ("bss", "bss_"),
        ("bss_data", "bss_data_"),
        ("config", "config"),
        ("map", "map"),
        ("prog", "prog"),
        ("Default", "Default_"),
        ("bss", "bss__"),
        ("u32", "u32_"),
    ]);
    assert_eq!(others(&known), expected);
}

#[test]
fn sections() {
    let known = Known {
        sections: set(&[
            ".bss.lru-1",
            ".bss.lru_2",
            ".bss.of_more_than_15",
            ".data.lru-1",
            ".data.a.b",
            ".data.a_b",
            ".data.rodata",
            ".rodata.9",
            "my-section",
            "type",
            ".rodata.type",
        ]),
        ..Known::default()
    };
    let expected = pairs(&[
        ("lru-1", "lru_1"),
        ("of_more_than_15", "of_more_than_15"),
        ("a_b", "a_b_"),
        ("lru-1", "lru_1"),
        ("rodata", "rodata"),
        ("my-section", "my_section"),
        ("type", "r#type"),
    ]);
    assert_eq!(others(&known), expected);
}

#[test]
fn maps_that_libbpf_cannot_tell_apart() {
    for (one, other, map) in [
        (".bss.lru-1", ".bss.lru_1", ".bss.lru_1"),
        (".bss.first_of_all", ".bss.first_of_any", ".bss.first_of_a"),
    ] {
        let known = Known {
            sections: set(&[one, other]),
            ..Known::default()
        };
        let said = known.check().unwrap_err();
        for part in [one, other, map] {
            assert!(said.contains(part), "{said}");
        }
    }
}
