//! An object with other names for some of its variables, maps, programs, types and sections.
//!
//! libbpf-cargo writes the names that an object has as they are, also where Rust takes no such
//! identifiers. So it gets to see a copy of the object, in which those have others. Nothing but the names
//! differs: new ones are added at the ends of the tables of strings, which move to the end of the file.

use std::collections::HashSet;

use libbpf_rs::libbpf_sys;

use super::bytes::Bytes;

/// What something of an object is, as far as names go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A variable that a skeleton may have.
    Variable,
    /// A map, or a variable of `struct_ops`.
    Map,
    /// A function that may be a program.
    Function,
    /// What is the same by name as one of these, and is in no skeleton by itself.
    Symbol,
    /// A section of variables.
    Data,
    /// A section of the file, which may be the same by name.
    Section,
    /// A struct, a union or an enumeration.
    Type,
    /// A constant of an enumeration.
    Enumerator,
    /// A member of a struct or a union.
    Member,
}

/// Calls `rename` with each name of an object, and gives it the name that this gives back.
///
/// `None` where the object is damaged.
pub(super) fn renamed(
    object: &[u8],
    mut rename: impl FnMut(What, &str) -> Option<String>,
) -> Option<Vec<u8>> {
    let is_big = *object.get(5)? == 2;
    let mut elf = Elf(Bytes::new(object.to_vec(), is_big));
    elf.rename(&mut rename)?;
    if let Some(section) = elf.section(".BTF") {
        let start = elf.0.u64(section + OFFSET)?;
        let len = elf.0.u64(section + SIZE)?;
        let btf = elf.0.bytes.get(start..start.checked_add(len)?)?;
        let btf = renamed_btf(Bytes::new(btf.to_vec(), is_big), &mut rename)?;
        elf.replace(section, &btf)?;
    }
    Some(elf.0.bytes)
}

// `Elf64_Ehdr`, `Elf64_Shdr` and `Elf64_Sym`.
const SECTIONS: usize = 0x28;
const SECTION_COUNT: usize = 0x3c;
const SECTION_NAMES: usize = 0x3e;
const SECTION_LEN: usize = 64;
const TYPE: usize = 4;
const OFFSET: usize = 24;
const SIZE: usize = 32;
const LINK: usize = 40;
const SYMBOL_LEN: usize = 24;
const SYMBOL_INFO: usize = 4;
const SHT_SYMTAB: usize = 2;
/// `STT_OBJECT`, `STT_FUNC` and, for what is defined elsewhere, `STT_NOTYPE`.
const NAMED_SYMBOLS: [usize; 3] = [1, 2, 0];

struct Elf(Bytes);

impl Elf {
    fn sections(&self) -> Option<impl Iterator<Item = usize> + use<>> {
        let start = self.0.u64(SECTIONS)?;
        let count = self.0.u16(SECTION_COUNT)?;
        Some((0..count).filter_map(move |number| start.checked_add(number * SECTION_LEN)))
    }

    fn section_at(&self, number: usize) -> Option<usize> {
        self.sections()?.nth(number)
    }

    /// Where the string is that a name's offset means, in a table of strings.
    fn name_at(&self, table: usize, offset: usize) -> Option<usize> {
        self.0.u64(table + OFFSET)?.checked_add(offset)
    }

    fn section(&self, name: &str) -> Option<usize> {
        let names = self.section_at(self.0.u16(SECTION_NAMES)?)?;
        self.sections()?.find(|section| {
            let at = |section| self.name_at(names, self.0.u32(section)?);
            at(*section).and_then(|at| self.0.string(at)) == Some(name)
        })
    }

    /// Gives a section other contents.
    fn replace(&mut self, section: usize, contents: &[u8]) -> Option<()> {
        let at = self.0.append(contents);
        self.0.set(section + OFFSET, 8, at)?;
        self.0.set(section + SIZE, 8, contents.len())
    }

    fn rename(&mut self, rename: &mut impl FnMut(What, &str) -> Option<String>) -> Option<()> {
        let names = self.section_at(self.0.u16(SECTION_NAMES)?)?;
        let mut places = Vec::new();
        for section in self.sections()? {
            places.push((names, section, What::Section));
            if self.0.u32(section + TYPE)? != SHT_SYMTAB {
                continue;
            }
            let table = self.section_at(self.0.u32(section + LINK)?)?;
            let start = self.0.u64(section + OFFSET)?;
            let count = self.0.u64(section + SIZE)? / SYMBOL_LEN;
            for number in 0..count {
                let symbol = start.checked_add(number.checked_mul(SYMBOL_LEN)?)?;
                let kind = self.0.get(symbol + SYMBOL_INFO, 1)? & 0xf;
                if NAMED_SYMBOLS.contains(&kind) {
                    places.push((table, symbol, What::Symbol));
                }
            }
        }
        let mut added: Vec<(usize, Vec<u8>)> = Vec::new();
        for (table, at, what) in places {
            let name = self.name_at(table, self.0.u32(at)?)?;
            let Some(name) = rename(what, self.0.string(name)?) else {
                continue;
            };
            let place = added.iter().position(|(other, _)| *other == table);
            let place = place.unwrap_or_else(|| {
                added.push((table, Vec::new()));
                added.len() - 1
            });
            let strings = &mut added[place].1;
            let offset = self.0.u64(table + SIZE)?.checked_add(strings.len())?;
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
            self.0.set_u32(at, offset)?;
        }
        for (table, strings) in added {
            let start = self.0.u64(table + OFFSET)?;
            let len = self.0.u64(table + SIZE)?;
            let mut all = self.0.bytes.get(start..start.checked_add(len)?)?.to_vec();
            all.extend_from_slice(&strings);
            self.replace(table, &all)?;
        }
        Some(())
    }
}

// `struct btf_header`.
const HEADER_LEN: usize = 4;
const TYPES: usize = 8;
const TYPES_LEN: usize = 12;
const STRINGS: usize = 16;
const STRINGS_LEN: usize = 20;

fn renamed_btf(
    mut btf: Bytes,
    rename: &mut impl FnMut(What, &str) -> Option<String>,
) -> Option<Vec<u8>> {
    let header = btf.u32(HEADER_LEN)?;
    let old = header.checked_add(btf.u32(STRINGS)?)?;
    let old_len = btf.u32(STRINGS_LEN)?;
    let mut strings = btf.bytes.get(old..old.checked_add(old_len)?)?.to_vec();
    for (at, what) in named(&btf, header)? {
        let name = btf.string(old.checked_add(btf.u32(at)?)?)?;
        if let Some(name) = rename(what, name) {
            let offset = strings.len();
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
            btf.set_u32(at, offset)?;
        }
    }
    if strings.len() != old_len {
        let at = btf.append(&strings);
        btf.set_u32(STRINGS, at.checked_sub(header)?)?;
        btf.set_u32(STRINGS_LEN, strings.len())?;
    }
    Some(btf.bytes)
}

/// Where the names in a BTF are that may go into a skeleton, and of what.
fn named(btf: &Bytes, header: usize) -> Option<Vec<(usize, What)>> {
    let start = header.checked_add(btf.u32(TYPES)?)?;
    let end = start.checked_add(btf.u32(TYPES_LEN)?)?;
    let strings = header.checked_add(btf.u32(STRINGS)?)?;
    let mut places = Vec::new();
    // Where each type is, by its id; 0 is void.
    let mut types = vec![0];
    let mut maps = Vec::new();
    let mut at = start;
    while at < end {
        let tail = Tail::of(btf, at)?;
        places.extend(tail.own.map(|what| (at, what)));
        let first = at + 12;
        let records = (0..tail.count).map(|number| first + number * tail.len);
        if tail.own == Some(What::Data) && is_of_maps(btf.string(strings + btf.u32(at)?)?) {
            maps.extend(records.clone().filter_map(|record| btf.u32(record)));
        }
        let of_records = |what| records.clone().map(move |record| (record, what));
        places.extend(tail.of_each.into_iter().flat_map(of_records));
        types.push(at);
        at = first + tail.count * tail.len;
    }
    let maps: HashSet<usize> = maps
        .into_iter()
        .filter_map(|id| types.get(id).copied())
        .collect();
    for (at, what) in &mut places {
        if *what == What::Variable && maps.contains(at) {
            *what = What::Map;
        }
    }
    Some(places)
}

/// Whether each variable of a section is a map of its own.
fn is_of_maps(section: &str) -> bool {
    [".maps", ".struct_ops", ".struct_ops.link"].contains(&section)
}

/// What follows the first words of a type.
struct Tail {
    /// What the type's name is of.
    own: Option<What>,
    /// How many records, and how long each is.
    count: usize,
    len: usize,
    /// What the name is of that a record starts with.
    of_each: Option<What>,
}

impl Tail {
    /// That of the type at this place.
    fn of(btf: &Bytes, at: usize) -> Option<Self> {
        let info = btf.u32(at + 4)?;
        let kind = u32::try_from(info >> 24 & 0x1f).ok()?;
        let vlen = info & 0xffff;
        let (own, count, len, of_each) = match kind {
            libbpf_sys::BTF_KIND_STRUCT | libbpf_sys::BTF_KIND_UNION => {
                (Some(What::Type), vlen, 12, Some(What::Member))
            }
            libbpf_sys::BTF_KIND_ENUM => (Some(What::Type), vlen, 8, Some(What::Enumerator)),
            libbpf_sys::BTF_KIND_ENUM64 => (Some(What::Type), vlen, 12, Some(What::Enumerator)),
            libbpf_sys::BTF_KIND_FWD => (Some(What::Type), 0, 0, None),
            libbpf_sys::BTF_KIND_FUNC => (Some(of_linkage(vlen, What::Function)), 0, 0, None),
            libbpf_sys::BTF_KIND_VAR => {
                let linkage = btf.u32(at + 12)?;
                (Some(of_linkage(linkage, What::Variable)), 1, 4, None)
            }
            libbpf_sys::BTF_KIND_DATASEC => (Some(What::Data), vlen, 12, None),
            libbpf_sys::BTF_KIND_INT | libbpf_sys::BTF_KIND_DECL_TAG => (None, 1, 4, None),
            libbpf_sys::BTF_KIND_ARRAY => (None, 1, 12, None),
            libbpf_sys::BTF_KIND_FUNC_PROTO => (None, vlen, 8, None),
            _ => (None, 0, 0, None),
        };
        Some(Self {
            own,
            count,
            len,
            of_each,
        })
    }
}

/// What is static is in no skeleton (`enum btf_func_linkage`).
fn of_linkage(linkage: usize, what: What) -> What {
    match linkage {
        0 => What::Symbol,
        _ => what,
    }
}
