//! Types of debug information as BTF has them.

use std::collections::HashMap;

use gimli::AttributeValue;

use super::classes::Classes;
use super::error::DwarfError;
use super::interned::Interned;
use super::program::At;
use super::program::Entry;
use super::program::Program;
use super::program::flag;
use super::program::number;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::text::ident::is_identifier;
use crate::user::language::Language;
use crate::user::spelling::c_size;

/// How deep types may be in each other by value, and behind pointers.
const MAX_DEPTH: u32 = 24;
const MAX_POINTERS: u32 = 6;

/// How many typedefs and qualifiers may stand before a type.
const MAX_LINKS: usize = 64;

/// How many members a struct that is passed by value may have.
const MAX_MEMBERS: usize = 1024;

/// The name of what has none that C could write.
const NO_NAME: &str = "";

/// Why it cannot be told how something is passed.
pub(super) type Unclear = &'static str;

/// A type by value, or why there is none.
pub(super) type Value = Result<TypeId, Unclear>;

/// What conventions make of what C++ does not pass as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Argument,
    Returned,
}

pub(super) struct Types<'p, 'd> {
    program: &'p Program<'d>,
    pub(super) interned: Interned,
    composites: HashMap<(At, bool), Value>,
    classes: Classes<'p, 'd>,
}

impl<'p, 'd> Types<'p, 'd> {
    pub(super) fn new(program: &'p Program<'d>, order: ByteOrder) -> Self {
        Self {
            program,
            interned: Interned::new(order),
            composites: HashMap::new(),
            classes: Classes::new(program),
        }
    }

    /// The type of an argument or result; `None` stands for void.
    pub(super) fn passed(
        &mut self,
        at: Option<At>,
        language: &Language,
        way: Way,
    ) -> Result<Value, DwarfError> {
        match at {
            None => Ok(Ok(TypeId::VOID)),
            Some(at) => self.value(at, language, Some(way), MAX_DEPTH),
        }
    }

    /// `way` is `None` for members.
    fn value(
        &mut self,
        at: At,
        language: &Language,
        way: Option<Way>,
        depth: u32,
    ) -> Result<Value, DwarfError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(Err("its type is nested too deeply"));
        };
        let (at, entry) = self.program.whole(at)?;
        let to = self.program.target(at, &entry, gimli::DW_AT_type);
        Ok(match entry.tag() {
            gimli::DW_TAG_base_type => self.base(at, &entry),
            gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_reference_type
            | gimli::DW_TAG_rvalue_reference_type => {
                // Pointers of other sizes are into other address spaces.
                match number(&entry, gimli::DW_AT_byte_size) {
                    Some(size) if size != 8 => Err("it is a pointer of another size than 8 bytes"),
                    _ => {
                        let to = self.pointee(to, MAX_POINTERS)?;
                        Ok(self.interned.pointer(to))
                    }
                }
            }
            gimli::DW_TAG_typedef | gimli::DW_TAG_template_alias => {
                let Some(to) = to else {
                    return Ok(Ok(TypeId::VOID));
                };
                let name = self.program.text(at, &entry, gimli::DW_AT_name);
                let of = self.value(to, language, way, depth)?;
                match name.filter(|name| is_identifier(name)) {
                    Some(name) => of.map(|of| self.interned.typedef(&name, of)),
                    None => of,
                }
            }
            gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
            | gimli::DW_TAG_immutable_type
            | gimli::DW_TAG_packed_type => match to {
                Some(to) => self.value(to, language, way, depth)?,
                None => Ok(TypeId::VOID),
            },
            gimli::DW_TAG_enumeration_type => self.enumeration(at, &entry)?,
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type => {
                self.composite(at, &entry, language, way, depth)?
            }
            gimli::DW_TAG_array_type => self.array(at, &entry, language, depth)?,
            gimli::DW_TAG_unspecified_type => Ok(self.interned.pointer(TypeId::VOID)),
            gimli::DW_TAG_subroutine_type => {
                let function = self.interned.prototype(&[], TypeId::VOID);
                Ok(self.interned.pointer(function))
            }
            gimli::DW_TAG_ptr_to_member_type => self.pointer_to_member(to)?,
            _ => Err("its type is of a kind that C and C++ do not have"),
        })
    }

    fn base(&mut self, at: At, entry: &Entry<'d>) -> Value {
        let size = number(entry, gimli::DW_AT_byte_size)
            .filter(|size| (1..=16).contains(size) && size.is_power_of_two())
            .ok_or("its type has a size that no number has")? as u32;
        let Some(AttributeValue::Encoding(encoding)) = entry.attr_value(gimli::DW_AT_encoding)
        else {
            return Err("its type is a number of no known encoding");
        };
        let encoding = match encoding {
            gimli::DW_ATE_boolean if size == 1 => IntEncoding::Bool,
            gimli::DW_ATE_signed_char if size == 1 => IntEncoding::Signed,
            gimli::DW_ATE_unsigned_char | gimli::DW_ATE_boolean | gimli::DW_ATE_unsigned => {
                IntEncoding::Unsigned
            }
            gimli::DW_ATE_UTF
            | gimli::DW_ATE_ASCII
            | gimli::DW_ATE_UCS
            | gimli::DW_ATE_address
            | gimli::DW_ATE_unsigned_fixed => IntEncoding::Unsigned,
            gimli::DW_ATE_signed | gimli::DW_ATE_signed_char | gimli::DW_ATE_signed_fixed => {
                IntEncoding::Signed
            }
            gimli::DW_ATE_float if matches!(size, 4 | 8 | 16) => {
                return Ok(self.interned.float(size));
            }
            // Two numbers, as in a struct.
            gimli::DW_ATE_complex_float if size >= 8 => {
                let half = self.interned.float(size / 2);
                let members = [(half, 0), (half, size / 2)];
                return Ok(self.interned.composite(NO_NAME, false, size, &members));
            }
            _ => return Err("its type is a number of an encoding that no integer register holds"),
        };
        let name = self.program.text(at, entry, gimli::DW_AT_name);
        let name = name.filter(|name| c_size(name) == Some(size));
        Ok(match name {
            Some(name) => self.interned.named_int(&name, size, encoding),
            None => self.interned.int(size, encoding),
        })
    }

    /// An enum is the integer that it is kept in: its values are nothing that a register shows.
    fn enumeration(&mut self, at: At, entry: &Entry<'d>) -> Result<Value, DwarfError> {
        let size = number(entry, gimli::DW_AT_byte_size);
        let Some(size) = size.filter(|size| matches!(size, 1 | 2 | 4 | 8)) else {
            return Ok(Err("its type is an enum that is only declared"));
        };
        let mut underlying = self.program.target(at, entry, gimli::DW_AT_type);
        let mut encoding = IntEncoding::Unsigned;
        for _ in 0..MAX_LINKS {
            let Some(place) = underlying else {
                break;
            };
            let entry = self.program.entry(place)?;
            if let Some(AttributeValue::Encoding(
                gimli::DW_ATE_signed | gimli::DW_ATE_signed_char,
            )) = entry.attr_value(gimli::DW_AT_encoding)
            {
                encoding = IntEncoding::Signed;
            }
            underlying = self.program.target(place, &entry, gimli::DW_AT_type);
        }
        Ok(Ok(self.interned.int(size as u32, encoding)))
    }

    fn pointer_to_member(&mut self, to: Option<At>) -> Result<Value, DwarfError> {
        let is_function = match to {
            Some(to) => self.program.entry(to)?.tag() == gimli::DW_TAG_subroutine_type,
            None => false,
        };
        let number = self.interned.int(8, IntEncoding::Signed);
        Ok(Ok(match is_function {
            true => {
                let members = [(number, 0), (number, 8)];
                self.interned.composite(NO_NAME, false, 16, &members)
            }
            false => number,
        }))
    }

    fn array(
        &mut self,
        at: At,
        entry: &Entry<'d>,
        language: &Language,
        depth: u32,
    ) -> Result<Value, DwarfError> {
        if flag(entry, gimli::DW_AT_GNU_vector) {
            return Ok(Err("it is a vector, which has registers of its own"));
        }
        let Some(element) = self.program.target(at, entry, gimli::DW_AT_type) else {
            return Ok(Err("it is an array of nothing"));
        };
        let element = match self.value(element, language, None, depth)? {
            Ok(element) => element,
            unclear => return Ok(unclear),
        };
        let mut len = 1_u64;
        for (_, child) in self.program.children(at)? {
            if child.tag() != gimli::DW_TAG_subrange_type {
                continue;
            }
            let bound = number(&child, gimli::DW_AT_upper_bound).map(|bound| bound.wrapping_add(1));
            let count = number(&child, gimli::DW_AT_count).or(bound).unwrap_or(0);
            len = len.saturating_mul(count);
        }
        Ok(match u32::try_from(len) {
            Ok(len) => Ok(self.interned.array(element, len)),
            Err(_) => Err("it is an array of no possible length"),
        })
    }

    fn composite(
        &mut self,
        at: At,
        entry: &Entry<'d>,
        language: &Language,
        way: Option<Way>,
        depth: u32,
    ) -> Result<Value, DwarfError> {
        let name = self.program.text(at, entry, gimli::DW_AT_name);
        let name = name.filter(|name| is_identifier(name)).unwrap_or_default();
        let is_union = entry.tag() == gimli::DW_TAG_union_type;
        if let Some(way) = way.filter(|_| *language == Language::Cpp) {
            let convention = entry.attr_value(gimli::DW_AT_calling_convention);
            match (convention, way) {
                (Some(AttributeValue::CallingConvention(gimli::DW_CC_pass_by_value)), _) => {}
                (
                    Some(AttributeValue::CallingConvention(gimli::DW_CC_pass_by_reference)),
                    Way::Argument,
                ) => {
                    let to = match name.is_empty() {
                        true => TypeId::VOID,
                        false => self.interned.forward(&name, is_union),
                    };
                    return Ok(Ok(self.interned.pointer(to)));
                }
                (
                    Some(AttributeValue::CallingConvention(gimli::DW_CC_pass_by_reference)),
                    Way::Returned,
                ) => {
                    // The caller has room for it, as for what no registers hold.
                    let byte = self.interned.int(1, IntEncoding::Unsigned);
                    let bytes = self.interned.array(byte, 32);
                    let members = [(bytes, 0)];
                    return Ok(Ok(self.interned.composite(&name, false, 32, &members)));
                }
                (None, _) if self.classes.is_trivial(at, depth)? => {}
                _ => {
                    return Ok(Err(
                        "it is a class, and whether C++ passes that by value or by its address is not \
                         said (DW_AT_calling_convention, which compilers write with -gdwarf-5)",
                    ));
                }
            }
        }
        let key = (at, *language == Language::Cpp);
        if let Some(known) = self.composites.get(&key) {
            return Ok(*known);
        }
        // For what is in itself.
        self.composites
            .insert(key, Err("its type holds itself by value"));
        let found = self.laid_out(at, entry, language, (&name, is_union), depth)?;
        self.composites.insert(key, found);
        Ok(found)
    }

    fn laid_out(
        &mut self,
        at: At,
        entry: &Entry<'d>,
        language: &Language,
        (name, is_union): (&str, bool),
        depth: u32,
    ) -> Result<Value, DwarfError> {
        if flag(entry, gimli::DW_AT_declaration) {
            return Ok(Err("its type is only declared in that part of the program"));
        }
        let size = number(entry, gimli::DW_AT_byte_size).and_then(|size| u32::try_from(size).ok());
        let Some(size) = size else {
            return Ok(Err("its type has no size"));
        };
        let mut members = Vec::new();
        for (place, child) in self.program.children(at)? {
            let is_data = matches!(
                child.tag(),
                gimli::DW_TAG_member | gimli::DW_TAG_inheritance
            );
            // Those of a class as such; and bits, which are of integers and need not be told apart.
            let is_static =
                flag(&child, gimli::DW_AT_external) || flag(&child, gimli::DW_AT_declaration);
            if !is_data || is_static || child.has_attr(gimli::DW_AT_bit_size) {
                continue;
            }
            if members.len() == MAX_MEMBERS {
                return Ok(Err("its type has too many members"));
            }
            let offset = match child.attr(gimli::DW_AT_data_member_location) {
                Some(offset) => offset.udata_value().and_then(|at| u32::try_from(at).ok()),
                None => Some(0),
            };
            let Some(offset) = offset.filter(|offset| *offset <= size) else {
                return Ok(Err("a member of its type is at no fixed place"));
            };
            let Some(of) = self.program.target(place, &child, gimli::DW_AT_type) else {
                return Ok(Err("a member of its type has no type"));
            };
            match self.value(of, language, None, depth)? {
                Ok(id) => members.push((id, offset)),
                unclear => return Ok(unclear),
            }
        }
        if members.is_empty() && size == 1 && *language == Language::Cpp {
            return Ok(Err("it is an empty class, which conventions differ about"));
        }
        Ok(Ok(self.interned.composite(name, is_union, size, &members)))
    }

    /// What a pointer points to: a name, or as little as C needs.
    fn pointee(&mut self, at: Option<At>, depth: u32) -> Result<TypeId, DwarfError> {
        let mut is_const = false;
        let mut next = at;
        let mut found = TypeId::VOID;
        for _ in 0..MAX_LINKS {
            let Some(at) = next else {
                break;
            };
            let (at, entry) = self.program.whole(at)?;
            next = self.program.target(at, &entry, gimli::DW_AT_type);
            match entry.tag() {
                gimli::DW_TAG_const_type => is_const = true,
                gimli::DW_TAG_volatile_type
                | gimli::DW_TAG_restrict_type
                | gimli::DW_TAG_atomic_type
                | gimli::DW_TAG_typedef => {}
                tag => {
                    found = self.pointed(tag, at, &entry, next, depth)?;
                    break;
                }
            }
        }
        Ok(match is_const {
            true => self.interned.constant(found),
            false => found,
        })
    }

    fn pointed(
        &mut self,
        tag: gimli::DwTag,
        at: At,
        entry: &Entry<'d>,
        to: Option<At>,
        depth: u32,
    ) -> Result<TypeId, DwarfError> {
        Ok(match tag {
            gimli::DW_TAG_base_type => self.base(at, entry).unwrap_or(TypeId::VOID),
            gimli::DW_TAG_enumeration_type => self.enumeration(at, entry)?.unwrap_or(TypeId::VOID),
            gimli::DW_TAG_pointer_type if depth > 0 => {
                let to = self.pointee(to, depth - 1)?;
                self.interned.pointer(to)
            }
            gimli::DW_TAG_subroutine_type => self.interned.prototype(&[], TypeId::VOID),
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type => {
                let name = self.program.text(at, entry, gimli::DW_AT_name);
                match name.filter(|name| is_identifier(name)) {
                    Some(name) => {
                        let is_union = tag == gimli::DW_TAG_union_type;
                        self.interned.forward(&name, is_union)
                    }
                    None => TypeId::VOID,
                }
            }
            _ => TypeId::VOID,
        })
    }
}
