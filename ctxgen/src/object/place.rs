//! From an offset in a struct to the field that is there.

use super::ObjectFile;
use super::fields::OWN_TYPES;
use super::own_type;
use crate::btf::Kind;
use crate::btf::TypeId;

/// How deep structs, unions and arrays may be within each other.
const MAX_DEPTH: usize = 16;

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlacedField {
    /// What stands behind the arrow in C: `prev`, `cb[2]`, `regs.di`.
    pub path: String,
    /// Its type; of a slot, that of the argument in it.
    pub type_id: TypeId,
    /// Where it starts, in bytes.
    pub start: u32,
}

impl ObjectFile {
    /// The innermost field of a struct or union that the byte at an offset belongs to; `None` where that
    /// is padding, or behind the end.
    pub fn field_at(&self, of: TypeId, offset: u32) -> Option<PlacedField> {
        let btf = self.btf();
        let mut found = PlacedField {
            path: String::new(),
            type_id: of,
            start: 0,
        };
        for depth in 0..MAX_DEPTH {
            let within = offset - found.start;
            let ty = btf.resolve(found.type_id)?;
            match ty.kind() {
                Kind::Struct(composite) | Kind::Union(composite) => {
                    let here = |start: u32, id| {
                        let size = btf.size_of(id).unwrap_or(0);
                        start <= within && within - start < size
                    };
                    let mut members = composite.members();
                    let member = members.find(|member| {
                        member.name != OWN_TYPES && here(member.bit_offset / 8, member.type_id)
                    })?;
                    if !found.path.is_empty() && !member.name.is_empty() {
                        found.path.push('.');
                    }
                    found.path.push_str(member.name);
                    found.start += member.bit_offset / 8;
                    found.type_id = member.type_id;
                    if depth == 0
                        && let Some(own) = own_type(btf, ty.id(), member)
                    {
                        found.type_id = own;
                        return Some(found);
                    }
                }
                Kind::Array { element, .. } => {
                    let size = btf.size_of(element).filter(|size| *size > 0)?;
                    found.path.push_str(&format!("[{}]", within / size));
                    found.start += within / size * size;
                    found.type_id = element;
                }
                _ => return Some(found),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::Code;
    use super::*;
    use crate::btf::Btf;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::object::variables::Variables;

    #[test]
    fn members_elements_and_nothing() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("unsigned int", 4);
        let array = writer.array(int, int, 2);
        let inner = writer.structure("", 12, &[("cb", array, 0), ("last", int, 8)]);
        let named = writer.structure("inner", 12, &[("x", int, 4)]);
        let outer = writer.structure(
            "outer",
            32,
            &[("first", int, 0), ("", inner, 4), ("regs", named, 16)],
        );
        let object = ObjectFile {
            btf: Btf::parse(&writer.finish()).unwrap(),
            programs: Vec::new(),
            relocations: Vec::new(),
            aliases: Default::default(),
            places: Vec::new(),
            externals: Vec::new(),
            code: Code {
                order: ByteOrder::HOST,
                sections: Vec::new(),
            },
            variables: Variables::default(),
        };
        let at = |offset| object.field_at(outer, offset).map(|field| field.path);
        assert_eq!(at(0).unwrap(), "first");
        assert_eq!(at(3).unwrap(), "first");
        assert_eq!(at(4).unwrap(), "cb[0]");
        assert_eq!(at(9).unwrap(), "cb[1]");
        assert_eq!(at(12).unwrap(), "last");
        assert_eq!(at(20).unwrap(), "regs.x");
        for offset in [16, 28, 32, u32::MAX] {
            assert_eq!(at(offset), None, "{offset}");
        }
        assert_eq!(object.field_at(TypeId(99), 0), None);
    }
}
