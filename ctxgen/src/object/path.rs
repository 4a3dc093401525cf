//! Access strings to names.

use super::Relocation;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;

/// The most indices that libbpf takes (`BPF_CORE_SPEC_MAX_LEN`).
const MAX_STEPS: usize = 64;

/// One step of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'b> {
    /// To a member of that struct or union.
    Member {
        /// The struct or union.
        of: TypeId,
        /// Empty for an anonymous member.
        name: &'b str,
    },
    /// To an element of an array, or, as the first step, of an array of the root type.
    Element(u32),
}

/// As `bpf_core_parse_spec` of libbpf's `relo_core.c` reads them.
pub(super) fn steps<'b>(btf: &'b Btf<'_>, relocation: &Relocation) -> Option<Vec<Step<'b>>> {
    if !relocation.kind.is_of_field() {
        return None;
    }
    let indices = relocation.access.split(':').map(str::parse::<u32>);
    let mut indices = indices.take(MAX_STEPS);
    let mut steps = vec![Step::Element(indices.next()?.ok()?)];
    let mut id = relocation.type_id;
    for index in indices {
        let index = index.ok()?;
        let ty = btf.resolve(id)?;
        match ty.kind() {
            Kind::Struct(composite) | Kind::Union(composite) => {
                let member = composite.members().nth(index as usize)?;
                steps.push(Step::Member {
                    of: ty.id(),
                    name: member.name,
                });
                id = member.type_id;
            }
            Kind::Array { element, .. } => {
                steps.push(Step::Element(index));
                id = element;
            }
            _ => return None,
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::super::RelocationKind;
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    #[test]
    fn members_and_elements() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("unsigned int", 4);
        let array = writer.array(int, int, 4);
        let inner = writer.structure("", 16, &[("values", array, 0)]);
        let outer = writer.structure("outer", 24, &[("first", int, 0), ("", inner, 8)]);
        let blob = writer.finish();
        let btf = Btf::parse(&blob).unwrap();
        let steps = |access: &str, kind| {
            let relocation = Relocation {
                section: "".into(),
                instruction_offset: 0,
                type_id: outer,
                access: access.to_owned(),
                kind,
                opcode: None,
            };
            steps(&btf, &relocation)
        };
        let field = RelocationKind::FieldExists;
        let member = |of, name| Step::Member { of, name };
        let element = Step::Element;
        assert_eq!(
            steps("0:1:0:3", field).unwrap(),
            [
                element(0),
                member(outer, ""),
                member(inner, "values"),
                element(3)
            ]
        );
        assert_eq!(steps("0", field).unwrap(), [element(0)]);
        for wrong in [
            "",
            ":",
            "0:2",
            "0:0:0",
            "0:x",
            "0:1:0:0:0",
            "-1",
            "0:4294967296",
        ] {
            assert_eq!(steps(wrong, field), None, "{wrong}");
        }
        assert_eq!(steps("0", RelocationKind::TypeExists), None);
    }
}
