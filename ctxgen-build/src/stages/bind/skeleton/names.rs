//! The names of an object that its skeleton cannot have as they are, and those that it has instead.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::renamed::What;
use super::renamed::renamed;
use super::rust::identifier;
use super::rust::is_good_member;
use super::rust::is_plain;
use super::rust::plain;

/// What libbpf-cargo calls its own variables, statics and the like by, where it has a variable for
/// each map or program. Sorted.
const LOCALS: &[&str] = &[
    "DATA", "Err", "None", "Ok", "Some", "config", "map", "name", "object", "prog",
];

/// The fields that it adds to the maps and programs.
const FIELDS: &[&str] = &["_phantom"];

/// What it names in the module of the types without saying where that is. Sorted.
const TYPES: &[&str] = &[
    "Default",
    "bool",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "libbpf_rs",
    "std",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
];

/// Sections whose variables are in a map, and what its field is called by
/// (`canonicalize_internal_map_name` of libbpf-cargo).
const INTERNAL: &[(&str, &str)] = &[
    (".bss", "bss"),
    (".data", "data"),
    (".kconfig", "kconfig"),
    (".rodata", "rodata"),
];

/// What starts the name of a section of the user's own, which has a map of its own.
const CUSTOM: &[&str] = &[".bss.", ".data.", ".rodata."];

/// How long libbpf makes the names of maps of the kind of `.bss` (`internal_map_name` and
/// `map_uses_real_name` of `libbpf.c`), in bytes. Those of other sections of one's own are whole.
const MAP_NAME: usize = 15;

/// What libbpf-cargo takes the map of a section for, if its name ends so.
const MISTAKEN: &[&str] = &[
    ".bss",
    ".data",
    ".kconfig",
    ".rodata",
    ".struct_ops",
    ".struct_ops.link",
];

/// Why there is no skeleton of what is no object.
pub(super) const DAMAGED: &str = "the object is damaged";

/// A name, and what stands for it.
#[derive(Debug)]
pub(super) struct Renamed {
    /// In the object that libbpf-cargo reads: nothing else in it is called so. It is short enough for
    /// [`MAP_NAME`] behind a prefix.
    pub(super) placeholder: String,
    /// What stays before it there: `.bss.`.
    prefix: &'static str,
    /// In the object, behind that.
    pub(super) original: String,
    /// As [`Renamed::original`], in the name of the map that libbpf makes of it.
    pub(super) in_map: String,
    /// In Rust, by itself.
    pub(super) identifier: String,
    /// In Rust, as a part of a longer identifier.
    pub(super) plain: String,
}

/// Those of an object, by the name in it.
#[derive(Debug, Default)]
pub(super) struct Names {
    symbols: BTreeMap<String, Renamed>,
    sections: BTreeMap<String, Renamed>,
    types: BTreeMap<String, Renamed>,
    members: BTreeMap<String, Renamed>,
}

/// All names of an object.
#[derive(Debug, Default)]
struct Known {
    variables: BTreeSet<String>,
    maps: BTreeSet<String>,
    functions: BTreeSet<String>,
    sections: BTreeSet<String>,
    types: BTreeSet<String>,
    members: BTreeSet<String>,
    none: BTreeSet<String>,
}

impl Names {
    /// # Errors
    /// Why there can be no skeleton of the object.
    pub(super) fn of(object: &[u8]) -> Result<Self, String> {
        let mut known = Known::default();
        renamed(object, |what, name| {
            if !name.is_empty() {
                known.of(what).insert(name.to_owned());
            }
            None
        })
        .ok_or(DAMAGED)?;
        known.check()?;
        Ok(known.names())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Renamed> {
        let all = [&self.symbols, &self.sections, &self.types, &self.members];
        all.into_iter().flat_map(BTreeMap::values)
    }

    /// The name that something gets in the object that libbpf-cargo reads.
    pub(super) fn replacement(&self, what: What, name: &str) -> Option<String> {
        let names = match what {
            What::Data | What::Section => &self.sections,
            What::Type => &self.types,
            What::Member => &self.members,
            _ => &self.symbols,
        };
        let renamed = names.get(name)?;
        Some(format!("{}{}", renamed.prefix, renamed.placeholder))
    }
}

impl Known {
    fn of(&mut self, what: What) -> &mut BTreeSet<String> {
        match what {
            // A constant is written as a variable is.
            What::Variable | What::Enumerator => &mut self.variables,
            What::Map => &mut self.maps,
            What::Function => &mut self.functions,
            What::Data => &mut self.sections,
            What::Type => &mut self.types,
            What::Member => &mut self.members,
            What::Symbol | What::Section => &mut self.none,
        }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        let Self {
            variables,
            maps,
            functions,
            sections,
            types,
            members,
            none,
        } = self;
        let all = [variables, maps, functions, sections, types, members, none];
        all.into_iter().flatten()
    }

    /// # Errors
    /// The sections whose maps a skeleton cannot tell from each other, as it goes by their names.
    fn check(&self) -> Result<(), String> {
        let mut maps: BTreeMap<String, &String> = BTreeMap::new();
        for section in self.sections.iter().filter(|name| !prefix(name).is_empty()) {
            let map = map_name(section);
            if let Some(other) = maps.get(&map) {
                return Err(format!(
                    "the variables in SEC(\"{other}\") and SEC(\"{section}\") would be in two maps \
                     called {map}: of such a name, libbpf takes the first {MAP_NAME} characters, with \
                     `_` for what is no letter, digit, `_` or dot. Give one section another name"
                ));
            }
            maps.insert(map, section);
        }
        Ok(())
    }

    fn names(&self) -> Names {
        let marks = (0..).map(|number| format!("cg{number}name"));
        let is_unknown = |mark: &String| !self.all().any(|name| name.contains(&**mark));
        let mut marks = marks.filter(is_unknown);
        let mut mark = || marks.next().unwrap_or_default();
        let (sections, section_types) = self.sections(&mut mark);
        let fields = fields(&section_types, &self.sections);
        let mut taken: BTreeSet<String> = self.all().cloned().collect();
        taken.extend(section_types.iter().cloned());
        taken.extend(fields.iter().cloned());

        let is_local = |name: &String| LOCALS.binary_search(&&**name).is_ok();
        let is_taken = |name: &String| {
            self.maps.contains(name) && fields.contains(name)
                || self.functions.contains(name) && FIELDS.contains(&&**name)
        };
        let is_taken_type =
            |name: &String| TYPES.binary_search(&&**name).is_ok() || section_types.contains(name);
        let mut names = Names {
            sections,
            ..Names::default()
        };
        let by_variable = self
            .maps
            .union(&self.functions)
            .filter(|name| is_local(name));
        let symbols = self.variables.union(&self.maps).chain(&self.functions);
        let bad = symbols.filter(|name| !is_plain(name) || is_taken(name));
        for name in bad.chain(by_variable) {
            let renamed = || Renamed::of(name, mark(), is_taken(name), &mut taken);
            names.symbols.entry(name.clone()).or_insert_with(renamed);
        }
        for name in &self.types {
            if !is_plain(name) || is_taken_type(name) {
                let renamed = Renamed::of(name, mark(), is_taken_type(name), &mut taken);
                names.types.insert(name.clone(), renamed);
            }
        }
        for name in self.members.iter().filter(|name| !is_good_member(name)) {
            let renamed = Renamed::of(name, mark(), false, &mut taken);
            names.members.insert(name.clone(), renamed);
        }
        names
    }

    /// Those of sections, and what the types of all of them are called by then.
    fn sections(
        &self,
        mark: &mut impl FnMut() -> String,
    ) -> (BTreeMap<String, Renamed>, BTreeSet<String>) {
        let mut types = BTreeSet::new();
        let mut bad = Vec::new();
        for name in &self.sections {
            if is_bad_section(name) || !types.insert(type_of(name)) {
                bad.push(name);
            }
        }
        let mut sections = BTreeMap::new();
        for name in bad {
            let prefix = prefix(name);
            let behind = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
            let original = behind(name);
            let bare = original.strip_prefix('.').unwrap_or(&original);
            let mut plain = plain(bare);
            while !types.insert(type_of(&format!("{prefix}{plain}"))) {
                plain.push('_');
            }
            let renamed = Renamed {
                placeholder: mark(),
                prefix,
                in_map: behind(&map_name(name)),
                original,
                identifier: identifier(&plain),
                plain,
            };
            sections.insert(name.clone(), renamed);
        }
        (sections, types)
    }
}

impl Renamed {
    /// `is_taken` where it is a good name, but is something else's.
    fn of(name: &str, placeholder: String, is_taken: bool, taken: &mut BTreeSet<String>) -> Self {
        let mut plain = plain(name);
        if plain != name || is_taken {
            while plain == name || taken.contains(&plain) {
                plain.push('_');
            }
            taken.insert(plain.clone());
        }
        Self {
            placeholder,
            prefix: "",
            original: name.to_owned(),
            in_map: name.to_owned(),
            identifier: identifier(&plain),
            plain,
        }
    }
}

/// The fields of the maps of variables, of what is in them, and of the rest that is no map.
fn fields(section_types: &BTreeSet<String>, sections: &BTreeSet<String>) -> BTreeSet<String> {
    let internal = INTERNAL
        .iter()
        .filter(|(section, _)| sections.contains(*section))
        .map(|(_, field)| (*field).to_owned());
    let is_custom = |ty: &&String| CUSTOM.iter().any(|prefix| ty.starts_with(&type_of(prefix)));
    let custom = section_types.iter().filter(is_custom).cloned();
    let maps: Vec<String> = internal.chain(custom).collect();
    let data = maps.iter().map(|field| format!("{field}_data"));
    let own = FIELDS.iter().map(|field| (*field).to_owned());
    data.chain(own).chain(maps.iter().cloned()).collect()
}

/// What libbpf-cargo calls the type of a section by (its `datasec_type_name`).
fn type_of(section: &str) -> String {
    section
        .strip_prefix('.')
        .unwrap_or(section)
        .replace('.', "_")
}

fn prefix(section: &str) -> &'static str {
    let prefix = CUSTOM.iter().find(|prefix| section.starts_with(**prefix));
    prefix.copied().unwrap_or_default()
}

/// What libbpf calls the map of a section of the user's own.
fn map_name(section: &str) -> String {
    if !section.starts_with(".bss.") {
        return section.to_owned();
    }
    let kept = section.bytes().take(MAP_NAME);
    let name = kept.map(|byte| match byte {
        b'_' | b'.' => char::from(byte),
        _ if byte.is_ascii_alphanumeric() => char::from(byte),
        _ => '_',
    });
    name.collect()
}

fn is_bad_section(name: &str) -> bool {
    let is_custom = !prefix(name).is_empty();
    let is_mistaken = is_custom && MISTAKEN.iter().any(|end| name.ends_with(end));
    is_mistaken || map_name(name) != name || !is_plain(&type_of(name))
}
