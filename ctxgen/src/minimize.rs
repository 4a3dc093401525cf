//! A smaller BTF with all that some types need, and no more.
//!
//! A type needs what it holds by value. Of what it only points to, it needs the name: structs and
//! unions behind a pointer become declarations (`BTF_KIND_FWD`) unless they are asked for
//! themselves. The same rule as C's for what has to be defined before it is used.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::Child;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::copy::Part;

/// Collects types, and writes them as a BTF of its own.
#[derive(Debug)]
pub struct Trim<'b> {
    btf: &'b Btf<'b>,
    /// Types that go along whole.
    defined: BTreeSet<TypeId>,
    /// Types of which a mention is enough so far.
    mentioned: BTreeSet<TypeId>,
}

impl<'b> Trim<'b> {
    /// Of the types of `btf` and its base.
    pub fn new(btf: &'b Btf<'_>) -> Self {
        Self {
            btf,
            defined: BTreeSet::new(),
            mentioned: BTreeSet::new(),
        }
    }

    /// Adds a type with its definition, and what that needs.
    pub fn define(&mut self, id: TypeId) {
        self.reach(id, true);
    }

    /// Adds what a declaration with that type needs.
    pub fn mention(&mut self, id: TypeId) {
        self.reach(id, false);
    }

    /// The types that go along whole, and those of which a mention is enough.
    pub(crate) fn parts(&self) -> (&BTreeSet<TypeId>, &BTreeSet<TypeId>) {
        (&self.defined, &self.mentioned)
    }

    fn reach(&mut self, id: TypeId, by_value: bool) {
        let mut queue = vec![(id, by_value)];
        while let Some((id, by_value)) = queue.pop() {
            let Some(ty) = self.btf.get(id).filter(|_| id != TypeId::VOID) else {
                continue;
            };
            // What has no name can only be written out.
            let by_value = by_value || ty.name().is_empty() && ty.is_composite();
            let new = match by_value {
                true => self.defined.insert(id),
                false => !self.defined.contains(&id) && self.mentioned.insert(id),
            };
            if new {
                needs(&ty, by_value, &mut queue);
            }
        }
    }

    /// The blob, types in the order of their ids, declarations behind them.
    pub fn finish(self) -> Vec<u8> {
        let Self {
            btf,
            defined,
            mentioned,
        } = self;
        let mut kept: BTreeSet<TypeId> = defined;
        let mut forwards: BTreeMap<TypeId, Type<'_>> = BTreeMap::new();
        for id in mentioned {
            match btf.get(id) {
                Some(ty) if ty.is_composite() && !kept.contains(&id) => {
                    forwards.insert(id, ty);
                }
                _ => {
                    kept.insert(id);
                }
            }
        }
        let mut writer = BtfWriter::new(btf.byte_order());
        let first = writer.next_id().0;
        let new_ids: BTreeMap<TypeId, u32> = kept
            .iter()
            .chain(forwards.keys())
            .copied()
            .zip(first..)
            .collect();
        let new_id = |_: &mut BtfWriter, child: Child| {
            Some(TypeId(new_ids.get(&child.id).copied().unwrap_or(0)))
        };
        for ty in kept.iter().filter_map(|id| btf.get(*id)) {
            writer.copy(&ty, &Part::Whole, new_id);
        }
        for ty in forwards.values() {
            writer.copy(ty, &Part::Declaration, new_id);
        }
        writer.finish()
    }
}

/// What a type needs, each by value or by name, depending on how the type itself is needed.
fn needs(ty: &Type<'_>, by_value: bool, queue: &mut Vec<(TypeId, bool)>) {
    for child in ty.children() {
        queue.push(match child.role {
            Role::Pointee | Role::Result | Role::Param => (child.id, false),
            Role::Alias => (child.id, by_value),
            Role::Prototype | Role::Variable | Role::Element | Role::Index => (child.id, true),
            Role::Member if by_value => (child.id, true),
            Role::Member | Role::Tagged | Role::InSection => continue,
        });
    }
}

#[cfg(test)]
mod tests {
    use libbpf_rs::libbpf_sys;

    use super::*;
    use crate::btf::ByteOrder;
    use crate::btf::CPrinter;

    /// `struct outer { struct inner in; struct far *p; }`, `struct far { int x; }`, and the rest.
    fn sample(order: ByteOrder) -> Vec<u8> {
        let mut writer = BtfWriter::new(order);
        let int = writer.unsigned("unsigned int", 4);
        let far = writer.structure("far", 4, &[("x", int, 0)]);
        let ptr = writer.raw(&[0, libbpf_sys::BTF_KIND_PTR << 24, far.0]);
        let inner = writer.structure("inner", 4, &[("y", int, 0)]);
        writer.structure("unrelated", 4, &[("z", int, 0)]);
        writer.structure("outer", 16, &[("in", inner, 0), ("p", ptr, 8)]);
        writer.finish()
    }

    fn named(btf: &Btf<'_>, name: &str) -> TypeId {
        btf.types().find(|ty| ty.name() == name).unwrap().id()
    }

    #[test]
    fn pointees_are_declared_only() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let blob = sample(order);
            let btf = Btf::parse(&blob).unwrap();
            let mut trim = Trim::new(&btf);
            trim.define(named(&btf, "outer"));
            let small = trim.finish();
            let small = Btf::parse(&small).unwrap();
            assert_eq!(small.byte_order(), order);
            let text = CPrinter::new(&small).definitions().define_all().unwrap();
            assert_eq!(
                text,
                "struct far;\n\nstruct inner {\n\tunsigned int y;\n};\n\n\
                 struct outer {\n\tstruct inner in;\n\tstruct far *p;\n};\n\n"
            );
        }
    }

    #[test]
    fn what_is_asked_for_is_defined() {
        let blob = sample(ByteOrder::HOST);
        let btf = Btf::parse(&blob).unwrap();
        let mut trim = Trim::new(&btf);
        trim.mention(named(&btf, "far"));
        trim.define(named(&btf, "outer"));
        trim.define(named(&btf, "far"));
        let small = trim.finish();
        let small = Btf::parse(&small).unwrap();
        let text = CPrinter::new(&small).definitions().define_all().unwrap();
        assert!(text.contains("struct far {"), "{text}");
        assert!(!text.contains("unrelated"), "{text}");
    }
}
