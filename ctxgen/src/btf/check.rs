//! What has to hold before types are handed to libbpf's C printer.
//!
//! `btf_dump` recurses along references, follows a chain of pointers until it ends, writes what has
//! no name wherever it is used, and fills gaps eight bytes a line. That is fine for a BTF that a
//! compiler made; one that was made to hurt would exhaust the stack, the memory or everyone's
//! patience, or have it divide by an alignment of 0.

use std::collections::HashMap;

use super::Btf;
use super::Composite;
use super::DumpError;
use super::Kind;
use super::NO_NAME;
use super::Type;
use super::TypeId;

/// How deep types may be nested in each other, by value or in a declarator. The deepest of a 7.2
/// kernel is below 40.
const MAX_DEPTH: u16 = 256;

/// How many pieces of text one type may be written in, what it holds included. The most of a 7.2
/// kernel is below 6,000.
const MAX_PIECES: u32 = 1 << 17;

/// The same for all types that are printed together. Those of a 7.2 kernel are below a million.
const MAX_PIECES_TOGETHER: u32 = 1 << 23;

/// How many bits a struct may have for libbpf, which counts them as C's `int`.
const MAX_BITS: i64 = i32::MAX as i64;

/// How many bits of a gap are filled with one piece of text.
const BITS_OF_PADDING: i64 = 64;

/// Which types the ones being checked are printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A declaration: a named struct, union or typedef is only mentioned.
    Declaration,
    /// A definition: what it holds by value is defined before it.
    Definition,
}

/// Whether each root can be printed: what is below it is finite, not too deep and not too much.
///
/// # Errors
/// [`DumpError::Nesting`], [`DumpError::TooMuch`] or [`DumpError::Layout`] with the type at which
/// it is not.
pub(super) fn printable(
    btf: &Btf<'_>,
    roots: impl IntoIterator<Item = TypeId>,
    scope: Scope,
) -> Result<(), DumpError> {
    let mut measures = Measures {
        btf,
        scope,
        known: HashMap::new(),
        together: 0,
    };
    roots.into_iter().try_for_each(|root| measures.visit(root))
}

/// A type, and how it is reached.
type Reached = (TypeId, Way);

/// How a type is reached, which says how much of it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// As it stands there: by value, unless a pointer follows.
    Plain,
    /// Through a pointer: a name is enough of what has one.
    Pointer,
    /// As part of what is written out, for its alignment alone (`btf__align_of`).
    Alignment,
}

/// How much a type is, with all that it is printed with.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    depth: u16,
    pieces: u32,
}

impl Measure {
    fn add(&mut self, child: Self) {
        self.depth = self.depth.max(child.depth.saturating_add(1));
        self.pieces = self.pieces.saturating_add(child.pieces);
    }
}

struct Measures<'b> {
    btf: &'b Btf<'b>,
    scope: Scope,
    /// What is below each type; `None` while its children are being visited.
    known: HashMap<Reached, Option<Measure>>,
    /// The pieces of all types visited.
    together: u32,
}

struct Frame {
    reached: Reached,
    children: Vec<Reached>,
    measure: Measure,
}

impl Measures<'_> {
    fn visit(&mut self, root: TypeId) -> Result<(), DumpError> {
        let root = (root, Way::Plain);
        if self.known.contains_key(&root) {
            return Ok(());
        }
        let mut stack = vec![self.enter(root)?];
        while let Some(frame) = stack.last_mut() {
            if let Some(child) = frame.children.pop() {
                match self.known.get(&child) {
                    Some(Some(measure)) => frame.measure.add(*measure),
                    Some(None) => return Err(DumpError::Nesting(child.0)),
                    None => {
                        if stack.len() >= MAX_DEPTH.into() {
                            return Err(DumpError::Nesting(child.0));
                        }
                        stack.push(self.enter(child)?);
                    }
                }
            } else {
                let (reached, measure) = (frame.reached, frame.measure);
                if measure.depth > MAX_DEPTH {
                    return Err(DumpError::Nesting(reached.0));
                }
                self.together = self.together.saturating_add(measure.pieces);
                if measure.pieces > MAX_PIECES || self.together > MAX_PIECES_TOGETHER {
                    return Err(DumpError::TooMuch(reached.0));
                }
                self.known.insert(reached, Some(measure));
                stack.pop();
                if let Some(parent) = stack.last_mut() {
                    parent.measure.add(measure);
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, reached: Reached) -> Result<Frame, DumpError> {
        self.known.insert(reached, None);
        let mut frame = Frame {
            reached,
            children: Vec::new(),
            measure: Measure {
                depth: 0,
                pieces: 1,
            },
        };
        if let Some(ty) = self.btf.get(reached.0) {
            if reached.1 != Way::Alignment && has_bad_name(&ty) {
                return Err(DumpError::TooLong(ty.id()));
            }
            frame.children = self.children(&ty, reached.1);
            frame.measure.pieces += self.own_pieces(&ty, !frame.children.is_empty())?;
        }
        Ok(frame)
    }

    /// The pieces that a type is written in beside one for itself and those of its children.
    fn own_pieces(&self, ty: &Type<'_>, has_children: bool) -> Result<u32, DumpError> {
        match ty.kind() {
            // Which are never printed.
            Kind::DataSec => Ok(0),
            _ if ty.is_wide() => Err(DumpError::Wide(ty.id())),
            // Where a struct is padded, libbpf divides by the alignment of its members.
            Kind::Int { size: 0, .. }
            | Kind::Float { size: 0 }
            | Kind::Enum { size: 0 }
            | Kind::Enum64 { size: 0 } => Err(DumpError::Layout(ty.id())),
            Kind::Enum { .. } | Kind::Enum64 { .. } => Ok(ty.vlen()),
            // Only mentioned, unless it is empty, and then there is only padding to write.
            Kind::Struct(composite) | Kind::Union(composite)
                if has_children || composite.members().len() == 0 =>
            {
                let is_struct = matches!(ty.kind(), Kind::Struct(_));
                self.padding(composite, is_struct)
                    .ok_or(DumpError::Layout(ty.id()))
            }
            _ => Ok(0),
        }
    }

    /// Whether something can be put into memory as a whole: a declared struct, a function, nothing
    /// cannot, and have no alignment for libbpf to divide by.
    fn is_aligned(&self, id: TypeId) -> bool {
        let mut id = id;
        for _ in 0..=MAX_DEPTH {
            match self.btf.resolve(id).map(|ty| ty.kind()) {
                Some(Kind::Array { element, .. }) => id = element,
                kind => {
                    return matches!(
                        kind,
                        Some(
                            Kind::Int { .. }
                                | Kind::Float { .. }
                                | Kind::Enum { .. }
                                | Kind::Enum64 { .. }
                                | Kind::Ptr(_)
                                | Kind::Struct(_)
                                | Kind::Union(_)
                        )
                    );
                }
            }
        }
        false
    }

    /// The pieces of padding between members and behind them; `None` where no compiler would put
    /// such a member there.
    fn padding(&self, composite: Composite<'_>, is_struct: bool) -> Option<u32> {
        let in_bits = |bytes: u32| Some(i64::from(bytes) * 8).filter(|bits| *bits <= MAX_BITS);
        let mut end = 0;
        let mut bits_of_gaps = 0;
        let mut gaps = 0;
        let mut gap = |from: i64, to: i64| {
            if to > from {
                bits_of_gaps += to - from;
                gaps += 1;
            }
        };
        for member in composite.members() {
            if !self.is_aligned(member.type_id) {
                return None;
            }
            let start = i64::from(member.bit_offset);
            gap(end, start);
            let len = match member.bits {
                0 => in_bits(self.btf.size_of(member.type_id).unwrap_or(0))?,
                bits => bits.into(),
            };
            end = start + len;
            if end > MAX_BITS {
                return None;
            }
        }
        let size = in_bits(composite.size)?;
        if is_struct {
            gap(end, size);
        }
        // What is not a whole multiple takes a few pieces more at either end.
        u32::try_from(bits_of_gaps / BITS_OF_PADDING + 8 * gaps).ok()
    }

    /// What `btf_dump_order_type` and `btf_dump_emit_type_decl` of libbpf go on to from a type.
    fn children(&self, ty: &Type<'_>, way: Way) -> Vec<Reached> {
        let mention = self.scope == Scope::Declaration || way == Way::Pointer;
        match ty.kind() {
            Kind::Ptr(_) | Kind::FuncProto { .. } if way == Way::Alignment => Vec::new(),
            Kind::Ptr(to) => vec![(to, Way::Pointer)],
            Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                vec![(to, way)]
            }
            Kind::Array { element, .. } if way == Way::Alignment => vec![(element, way)],
            Kind::Array { element, .. } => vec![(element, Way::Plain)],
            Kind::FuncProto { ret } => ty
                .params()
                .map(|param| param.type_id)
                .chain([ret])
                .map(|id| (id, way))
                .collect(),
            Kind::Typedef(to) if self.scope == Scope::Definition || way == Way::Alignment => {
                vec![(to, way)]
            }
            Kind::Struct(composite) | Kind::Union(composite) if way == Way::Alignment => {
                let members = composite.members();
                members.map(|member| (member.type_id, way)).collect()
            }
            Kind::Struct(composite) | Kind::Union(composite)
                if !mention || ty.name().is_empty() =>
            {
                // In definitions, what is there by value is gone through to its end anyway.
                let also = match self.scope {
                    Scope::Declaration => Some(Way::Alignment),
                    Scope::Definition => None,
                };
                let ways = [Way::Plain].into_iter().chain(also);
                composite
                    .members()
                    .flat_map(|member| ways.clone().map(move |way| (member.type_id, way)))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Whether a type has a name that libbpf would copy and print in full, though it is none: see
/// [`Btf::string`].
fn has_bad_name(ty: &Type<'_>) -> bool {
    let is_bad = |name: &str| name == NO_NAME;
    is_bad(ty.name())
        || match ty.kind() {
            Kind::Struct(composite) | Kind::Union(composite) => {
                composite.members().any(|member| is_bad(member.name))
            }
            Kind::Enum { .. } | Kind::Enum64 { .. } => {
                ty.enumerators().iter().any(|value| is_bad(value.name))
            }
            Kind::FuncProto { .. } => ty.params().any(|param| is_bad(param.name)),
            _ => false,
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
        printable(&btf, btf.ids_from(TypeId(1)), scope)
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

    /// Nothing but a name is printed of the struct, but its alignment is looked at.
    #[test]
    fn a_struct_inside_itself_inside_a_declaration() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.structure("s", 8, &[("s", TypeId(1), 0)]);
        writer.structure("", 8, &[("s", TypeId(1), 0)]);
        assert!(check(writer, Scope::Declaration).is_err());
    }

    #[test]
    fn a_list_node_is_fine() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.structure("node", 8, &[("next", TypeId(2), 0)]);
        writer.raw(&[0, PTR, 1]);
        assert!(check(writer, Scope::Definition).is_ok());
    }

    /// Prototypes that each take the one before twice.
    #[test]
    fn what_doubles_is_too_much() {
        for scope in [Scope::Declaration, Scope::Definition] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let mut id = writer.unsigned("int", 4).0;
            for _ in 0..40 {
                let proto = libbpf_sys::BTF_KIND_FUNC_PROTO << 24 | 2;
                let proto = writer.raw(&[0, proto, id, 0, id, 0, id]);
                id = writer.raw(&[0, PTR, proto.0]).0;
            }
            assert!(matches!(check(writer, scope), Err(DumpError::TooMuch(_))));
        }
    }

    #[test]
    fn gaps_are_not_endless() {
        for (size, offset, fine) in [
            (8, 4, true),
            (0x1_0000, 0x8000, true),
            (0x0fff_ffff, 0, false),
            (u32::MAX, 0, false),
            (8, 0x0fff_fff0, false),
        ] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let int = writer.unsigned("int", 4);
            writer.structure("s", size, &[("a", int, offset)]);
            let checked = check(writer, Scope::Definition);
            assert_eq!(checked.is_ok(), fine, "{size} {offset}");
        }
    }

    #[test]
    fn members_have_an_alignment() {
        for (kind, fine) in [
            (libbpf_sys::BTF_KIND_PTR, true),
            (libbpf_sys::BTF_KIND_FWD, false),
            (libbpf_sys::BTF_KIND_TYPEDEF, false),
        ] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let int = writer.unsigned("int", 4);
            let name = writer.string("t");
            // A pointer to nothing, a declaration, another name of nothing.
            let ty = writer.raw(&[name, kind << 24, 0]);
            let array = writer.array(ty, int, 2);
            writer.structure("s", 24, &[("a", int, 0), ("b", array, 8)]);
            assert_eq!(check(writer, Scope::Definition).is_ok(), fine, "{kind}");
        }
    }

    #[test]
    fn numbers_have_a_size() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("int", 0);
        writer.structure("s", 8, &[("a", int, 4)]);
        assert!(matches!(
            check(writer, Scope::Definition),
            Err(DumpError::Layout(TypeId(1)))
        ));
    }
}
