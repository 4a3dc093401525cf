//! Declarations in debug information: the parameters of the function `____name` that libbpf's macros make
//! of a program `name`, and that is inlined into it.
//!
//! Debug information of objects is not linked: what refers to other sections has to be relocated. It is not
//! trusted, and what cannot be read of it is as if it were not there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::HashSet;

use gimli::SectionId;
use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationFlags;
use object::RelocationTarget;

use super::Declared;
use super::Meaning;
use super::PointsTo;
use super::REGISTERS;
use super::Taken;
use super::tag;
use crate::btf::ByteOrder;
use crate::object::Elf;
use crate::object::ObjectFile;
use crate::user::dwarf::At;
use crate::user::dwarf::DwarfError;
use crate::user::dwarf::Entry;
use crate::user::dwarf::Program;
use crate::user::dwarf::Room;
use crate::user::dwarf::Sections;
use crate::user::dwarf::number;

/// How many parameters are looked at.
const MAX_PARAMETERS: usize = 24;
/// How many typedefs and the like may stand before a type.
const MAX_LINKS: usize = 32;
/// How many functions are looked at in one object.
const MAX_FUNCTIONS: usize = 1 << 16;

/// Relocations of BPF objects (`R_BPF_64_*` of LLVM): a word of 64 bits, and words of 32.
const ABS64: u32 = 2;
const ABS32: u32 = 3;
const NODYLD32: u32 = 4;

/// What is declared for each program, by its name.
pub(super) type Found = HashMap<String, (Taken, Vec<Declared>)>;

/// What is declared for the programs of an object; nothing where it has no debug information, or none that
/// can be read.
pub(super) fn declared(elf: &Elf<'_>, object: &ObjectFile) -> Found {
    let wanted: HashSet<&str> = object
        .programs()
        .iter()
        .map(|program| &*program.name)
        .collect();
    found(elf, object, &wanted).unwrap_or_default()
}

fn found(elf: &Elf<'_>, object: &ObjectFile, wanted: &HashSet<&str>) -> Result<Found, DwarfError> {
    let sections = relocated(elf);
    if sections.get(SectionId::DebugInfo).is_empty() {
        return Ok(Found::new());
    }
    let program = Program::new(&sections, None, object.btf().byte_order())?;
    let mut found = Found::new();
    let mut left = MAX_FUNCTIONS;
    for unit in 0..program.unit_count() {
        let root = program.root(unit);
        for (at, entry) in program.children(root)? {
            if entry.tag() != gimli::DW_TAG_subprogram {
                continue;
            }
            let Some(rest) = left.checked_sub(1) else {
                return Ok(found);
            };
            left = rest;
            let Some(name) = program.text(at, &entry, gimli::DW_AT_name) else {
                continue;
            };
            let of = name.trim_start_matches('_');
            let is_made = name.len() - of.len() >= 4;
            // A program's own name may start so too.
            let of = match wanted.get(of) {
                Some(of) => Some(*of),
                None => wanted.get(&name[name.len().min(4)..]).copied(),
            };
            if let Some(of) = of.filter(|_| is_made)
                && !found.contains_key(of)
                && let Some(declared) = parameters(&program, at)?
            {
                found.insert(of.to_owned(), declared);
            }
        }
    }
    Ok(found)
}

fn parameters(program: &Program<'_>, at: At) -> Result<Option<(Taken, Vec<Declared>)>, DwarfError> {
    let mut parameters = Vec::new();
    for (at, entry) in program.children(at)? {
        if entry.tag() == gimli::DW_TAG_formal_parameter {
            parameters.push((at, entry));
        }
    }
    let Some(((at, context), arguments)) = parameters.split_first() else {
        return Ok(None);
    };
    let context = match meaning(program, *at, context)? {
        Meaning::Pointer(PointsTo::Number(8)) => Taken::Slots,
        Meaning::Pointer(PointsTo::Tag(tag)) if REGISTERS.contains(&&*tag) => Taken::Registers,
        _ => Taken::Unknown,
    };
    let mut declared = Vec::new();
    for (at, entry) in arguments.iter().take(MAX_PARAMETERS) {
        declared.push(Declared {
            name: program.text(*at, entry, gimli::DW_AT_name),
            meaning: meaning(program, *at, entry)?,
        });
    }
    Ok(Some((context, declared)))
}

/// The type of an entry, without what makes no difference.
fn stripped<'d>(
    program: &Program<'d>,
    at: At,
    entry: &Entry<'d>,
) -> Result<Option<(At, Entry<'d>)>, DwarfError> {
    let mut next = program.target(at, entry, gimli::DW_AT_type);
    for _ in 0..MAX_LINKS {
        let Some(at) = next else {
            return Ok(None);
        };
        let entry = program.entry(at)?;
        match entry.tag() {
            gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type => next = program.target(at, &entry, gimli::DW_AT_type),
            _ => return Ok(Some((at, entry))),
        }
    }
    Ok(None)
}

fn meaning<'d>(program: &Program<'d>, at: At, entry: &Entry<'d>) -> Result<Meaning, DwarfError> {
    let Some((at, ty)) = stripped(program, at, entry)? else {
        return Ok(Meaning::Unknown);
    };
    let size = number(&ty, gimli::DW_AT_byte_size).and_then(|size| u32::try_from(size).ok());
    Ok(match (ty.tag(), size) {
        (gimli::DW_TAG_base_type, Some(size)) => Meaning::Number {
            size,
            is_signed: matches!(
                ty.attr_value(gimli::DW_AT_encoding),
                Some(gimli::AttributeValue::Encoding(
                    gimli::DW_ATE_signed | gimli::DW_ATE_signed_char
                ))
            ),
        },
        (gimli::DW_TAG_enumeration_type, Some(size)) => Meaning::Number {
            size,
            is_signed: false,
        },
        (gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type, Some(size)) => {
            let name = program.text(at, &ty, gimli::DW_AT_name).unwrap_or_default();
            Meaning::Composite {
                size,
                tag: tag(&name).unwrap_or_default(),
            }
        }
        (gimli::DW_TAG_pointer_type, _) => Meaning::Pointer(pointee(program, at, &ty)?),
        _ => Meaning::Unknown,
    })
}

fn pointee<'d>(program: &Program<'d>, at: At, pointer: &Entry<'d>) -> Result<PointsTo, DwarfError> {
    let Some((at, to)) = stripped(program, at, pointer)? else {
        return Ok(PointsTo::Void);
    };
    let size = number(&to, gimli::DW_AT_byte_size).and_then(|size| u32::try_from(size).ok());
    Ok(match (to.tag(), size) {
        (gimli::DW_TAG_base_type | gimli::DW_TAG_enumeration_type, Some(size)) => {
            PointsTo::Number(size)
        }
        (gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type, _) => {
            let name = program.text(at, &to, gimli::DW_AT_name);
            let tag = name.and_then(|name| tag(&name));
            tag.map_or(PointsTo::Other, PointsTo::Tag)
        }
        (gimli::DW_TAG_pointer_type, _) => PointsTo::Pointer,
        (gimli::DW_TAG_subroutine_type, _) => PointsTo::Function,
        _ => PointsTo::Other,
    })
}

/// The sections of an object's debug information, with what they refer to put in.
fn relocated(elf: &Elf<'_>) -> Sections<'static> {
    let order = match elf.is_little_endian() {
        true => ByteOrder::Little,
        false => ByteOrder::Big,
    };
    let mut room = Room::new();
    Sections::of(|id| {
        let section = elf.section_by_name(id.name())?;
        let data = section.compressed_data().ok()?;
        let bad = |error| DwarfError::Section(id.name(), error);
        let mut bytes = room.decompress(data, bad).ok()?.into_owned();
        for (at, relocation) in section.relocations() {
            let RelocationFlags::Elf { r_type } = relocation.flags() else {
                continue;
            };
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                continue;
            };
            let Ok(symbol) = elf.symbol_by_index(symbol) else {
                continue;
            };
            let added = symbol.address().wrapping_add_signed(relocation.addend());
            put(&mut bytes, at, r_type.0, added, order);
        }
        Some(Cow::Owned(bytes))
    })
}

/// Adds to the word at a place.
fn put(bytes: &mut [u8], at: u64, kind: u32, added: u64, order: ByteOrder) {
    let Some(rest) = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at..)) else {
        return;
    };
    match kind {
        ABS32 | NODYLD32 => {
            if let Some(word) = rest.first_chunk_mut::<4>() {
                let value = order.u32(*word).wrapping_add(added as u32);
                *word = match order {
                    ByteOrder::Little => value.to_le_bytes(),
                    ByteOrder::Big => value.to_be_bytes(),
                };
            }
        }
        ABS64 => {
            if let Some(word) = rest.first_chunk_mut::<8>() {
                *word = match order {
                    ByteOrder::Little => {
                        u64::from_le_bytes(*word).wrapping_add(added).to_le_bytes()
                    }
                    ByteOrder::Big => u64::from_be_bytes(*word).wrapping_add(added).to_be_bytes(),
                };
            }
        }
        _ => {}
    }
}
