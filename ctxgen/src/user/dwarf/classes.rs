//! Classes of C++: whether they are passed as structs of C are.

use std::collections::HashMap;

use super::error::DwarfError;
use super::program::At;
use super::program::Entry;
use super::program::Program;
use super::program::flag;

pub(super) struct Classes<'p, 'd> {
    program: &'p Program<'d>,
    trivial: HashMap<At, bool>,
}

impl<'p, 'd> Classes<'p, 'd> {
    pub(super) fn new(program: &'p Program<'d>) -> Self {
        Self {
            program,
            trivial: HashMap::new(),
        }
    }

    /// Whether a class is for certain what C++ passes by value: nothing in it is made, copied or destroyed
    /// by a function, and it has no virtual ones.
    pub(super) fn is_trivial(&mut self, at: At, depth: u32) -> Result<bool, DwarfError> {
        let (Some(depth), (at, entry)) = (depth.checked_sub(1), self.program.whole(at)?) else {
            return Ok(false);
        };
        let target = self.program.target(at, &entry, gimli::DW_AT_type);
        match entry.tag() {
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type => {}
            gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_array_type => {
                return match target {
                    Some(to) => self.is_trivial(to, depth),
                    None => Ok(true),
                };
            }
            _ => return Ok(true),
        }
        if flag(&entry, gimli::DW_AT_declaration) {
            return Ok(false);
        }
        if let Some(known) = self.trivial.get(&at) {
            return Ok(*known);
        }
        self.trivial.insert(at, false);
        let is_trivial = self.has_trivial_parts(at, &entry, depth)?;
        self.trivial.insert(at, is_trivial);
        Ok(is_trivial)
    }

    fn has_trivial_parts(
        &mut self,
        at: At,
        entry: &Entry<'d>,
        depth: u32,
    ) -> Result<bool, DwarfError> {
        let name = self.program.text(at, entry, gimli::DW_AT_name);
        for (place, child) in self.program.children(at)? {
            let own = self.program.text(place, &child, gimli::DW_AT_name);
            let own = own.unwrap_or_default();
            let is_fine = match child.tag() {
                gimli::DW_TAG_subprogram => {
                    !own.starts_with('~')
                        && name.as_ref().is_none_or(|name| base_name(name) != own)
                        && child.attr(gimli::DW_AT_virtuality).is_none()
                }
                gimli::DW_TAG_inheritance | gimli::DW_TAG_member => {
                    let of = self.program.target(place, &child, gimli::DW_AT_type);
                    child.attr(gimli::DW_AT_virtuality).is_none()
                        && match of {
                            Some(of) => self.is_trivial(of, depth)?,
                            None => false,
                        }
                }
                _ => true,
            };
            if !is_fine {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A class's name without its template's arguments, as its constructors have it.
fn base_name(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}
