//! Types that differ in nothing but type tags.

use super::Btf;
use super::Kind;
use super::Type;
use super::TypeId;
use super::reader::MAX_MODIFIERS;

impl Btf<'_> {
    /// Whether two types are the same but for `BTF_KIND_TYPE_TAG` between pointers and modifiers. Below
    /// anything else, equal types have equal ids.
    pub(crate) fn is_same_untagged(&self, one: TypeId, other: TypeId) -> bool {
        let (mut one, mut other) = (one, other);
        for _ in 0..=MAX_MODIFIERS {
            let (Some(left), Some(right)) = (self.untagged(one), self.untagged(other)) else {
                return false;
            };
            if left.id() == right.id() {
                return true;
            }
            (one, other) = match (left.kind(), right.kind()) {
                (Kind::Ptr(one), Kind::Ptr(other))
                | (Kind::Const(one), Kind::Const(other))
                | (Kind::Volatile(one), Kind::Volatile(other))
                | (Kind::Restrict(one), Kind::Restrict(other)) => (one, other),
                _ => return false,
            };
        }
        false
    }

    /// The type behind the tags that are in front of it.
    fn untagged(&self, id: TypeId) -> Option<Type<'_>> {
        let mut ty = self.get(id)?;
        for _ in 0..=MAX_MODIFIERS {
            match ty.kind() {
                Kind::TypeTag(to) => ty = self.get(to)?,
                _ => return Some(ty),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use libbpf_rs::libbpf_sys;

    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    fn tag(writer: &mut BtfWriter, name: &str, of: TypeId) -> TypeId {
        let name = writer.string(name);
        writer.raw(&[name, libbpf_sys::BTF_KIND_TYPE_TAG << 24, of.0])
    }

    #[test]
    fn tags_alone_make_no_difference() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("unsigned int", 4);
        let long = writer.unsigned("unsigned long", 8);
        let arena = tag(&mut writer, "address_space(1)", int);
        let other = tag(&mut writer, "rcu", arena);
        let pointers = [int, arena, other].map(|to| writer.pointer(to));
        let to_long = writer.pointer(long);
        let twice = writer.pointer(pointers[0]);
        let btf = Btf::parse(&writer.finish()).unwrap();
        for one in pointers {
            for other in pointers {
                assert!(btf.is_same_untagged(one, other));
            }
            assert!(!btf.is_same_untagged(one, to_long));
            assert!(!btf.is_same_untagged(one, twice));
            assert!(!btf.is_same_untagged(one, TypeId::VOID));
        }
        assert!(btf.is_same_untagged(arena, int));
        assert!(btf.is_same_untagged(TypeId::VOID, TypeId::VOID));
    }

    #[test]
    fn circles_end() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let first = writer.next_id();
        let circle = writer.pointer(TypeId(first.0 + 1));
        writer.pointer(circle);
        let btf = Btf::parse(&writer.finish()).unwrap();
        assert!(!btf.is_same_untagged(circle, TypeId(first.0 + 1)));
    }
}
