//! What has to hold before types are handed to libbpf's C printer.
//!
//! `btf_dump` recurses along references and follows a chain of pointers until it ends. That is fine
//! for a BTF that a compiler made; one that was made to hurt would exhaust the stack or the memory.

use std::collections::HashMap;

use super::Btf;
use super::DumpError;
use super::Kind;
use super::Type;
use super::TypeId;

/// How deep types may be nested in each other, by value or in a declarator. The deepest of a 7.2
/// kernel is below 40.
const MAX_DEPTH: u16 = 256;

/// Which types the ones being checked are printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A declaration: a named struct, union or typedef is only mentioned.
    Declaration,
    /// A definition: what it holds by value is defined before it.
    Definition,
}

/// Whether the nesting below each root is finite and not too deep.
///
/// # Errors
/// [`DumpError::Nesting`] with the type at which it is not.
pub(super) fn nesting(
    btf: &Btf<'_>,
    roots: impl IntoIterator<Item = TypeId>,
    scope: Scope,
) -> Result<(), DumpError> {
    let mut depths = Depths {
        btf,
        scope,
        known: HashMap::new(),
    };
    roots.into_iter().try_for_each(|root| depths.visit(root))
}

/// A type, and whether it is reached through a pointer: then a name is enough of what has one.
type Reached = (TypeId, bool);

struct Depths<'b> {
    btf: &'b Btf<'b>,
    scope: Scope,
    /// The depth below each type; `None` while its children are being visited.
    known: HashMap<Reached, Option<u16>>,
}

struct Frame {
    reached: Reached,
    children: Vec<Reached>,
    depth: u16,
}

impl Depths<'_> {
    fn visit(&mut self, root: TypeId) -> Result<(), DumpError> {
        let root = (root, false);
        if self.known.contains_key(&root) {
            return Ok(());
        }
        let mut stack = vec![self.enter(root)];
        while let Some(frame) = stack.last_mut() {
            if let Some(child) = frame.children.pop() {
                match self.known.get(&child) {
                    Some(Some(depth)) => frame.depth = frame.depth.max(depth + 1),
                    Some(None) => return Err(DumpError::Nesting(child.0)),
                    None => {
                        if stack.len() >= MAX_DEPTH.into() {
                            return Err(DumpError::Nesting(child.0));
                        }
                        stack.push(self.enter(child));
                    }
                }
            } else {
                let (reached, depth) = (frame.reached, frame.depth);
                if depth > MAX_DEPTH {
                    return Err(DumpError::Nesting(reached.0));
                }
                self.known.insert(reached, Some(depth));
                stack.pop();
                if let Some(parent) = stack.last_mut() {
                    parent.depth = parent.depth.max(depth + 1);
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, reached: Reached) -> Frame {
        self.known.insert(reached, None);
        let children = self.btf.get(reached.0);
        Frame {
            reached,
            children: children.map_or_else(Vec::new, |ty| self.children(&ty, reached.1)),
            depth: 0,
        }
    }

    /// What `btf_dump_order_type` and `btf_dump_emit_type_decl` of libbpf go on to from a type.
    fn children(&self, ty: &Type<'_>, through: bool) -> Vec<Reached> {
        let mention = self.scope == Scope::Declaration || through;
        match ty.kind() {
            Kind::Ptr(to) => vec![(to, true)],
            Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                vec![(to, through)]
            }
            Kind::Array { element, .. } => vec![(element, false)],
            Kind::FuncProto { ret } => ty
                .params()
                .map(|param| param.type_id)
                .chain([ret])
                .map(|id| (id, through))
                .collect(),
            Kind::Typedef(to) if self.scope == Scope::Definition => vec![(to, through)],
            Kind::Struct(composite) | Kind::Union(composite)
                if !mention || ty.name().is_empty() =>
            {
                composite
                    .members()
                    .map(|member| (member.type_id, false))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use libbpf_rs::libbpf_sys;

    use super::super::BtfWriter;
    use super::super::ByteOrder;
    use super::*;

    const PTR: u32 = libbpf_sys::BTF_KIND_PTR << 24;

    fn check(writer: BtfWriter, scope: Scope) -> Result<(), DumpError> {
        let btf = Btf::parse(&writer.finish()).unwrap();
        nesting(&btf, btf.ids_from(TypeId(1)), scope)
    }

    #[test]
    fn a_pointer_to_itself() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.raw(&[0, PTR, 1]);
        assert!(matches!(
            check(writer, Scope::Declaration),
            Err(DumpError::Nesting(TypeId(1)))
        ));
    }

    #[test]
    fn a_chain_of_pointers_too_long() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        for id in 1..2_000 {
            writer.raw(&[0, PTR, id - 1]);
        }
        assert!(check(writer, Scope::Declaration).is_err());
    }

    #[test]
    fn a_struct_inside_itself() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.structure("s", 8, &[("s", TypeId(1), 0)]);
        assert!(check(writer, Scope::Definition).is_err());
    }

    #[test]
    fn a_list_node_is_fine() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.structure("node", 8, &[("next", TypeId(2), 0)]);
        writer.raw(&[0, PTR, 1]);
        assert!(check(writer, Scope::Definition).is_ok());
    }
}
