//! The copier: types of one BTF under the names and ids of another.

use std::borrow::Cow;

use super::BtfWriter;
use super::Child;
use super::Kind;
use super::Shape;
use super::TYPE_WORDS;
use super::Type;
use super::TypeId;
use super::with_vlen;

/// The words of a member: name, type, offset.
const MEMBER: usize = 3;

/// How much of a type is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Of a struct or union, name, size, and the members at these places. Without any, it is hollow. Of
    /// anything else, all.
    Members(Vec<usize>),
    /// It without its name; of an enum, without its values too.
    Unnamed,
    /// The declaration of a struct or union.
    Declaration,
}

impl Part {
    /// Name and size of a struct or union.
    pub(crate) const HOLLOW: Self = Self::Members(Vec::new());

    /// The words of such a part, with the names and ids of the BTF that the type is of.
    pub(crate) fn words(&self, ty: &Type<'_>) -> Vec<u32> {
        let mut words = ty.words();
        match (self, ty.kind()) {
            (Self::Members(places), Kind::Struct(_) | Kind::Union(_)) => {
                let records = words.split_off(TYPE_WORDS);
                let records: Vec<&[u32]> = records.chunks_exact(MEMBER).collect();
                let kept = places.iter().filter_map(|at| records.get(*at));
                words.extend(kept.copied().flatten());
                let count = (words.len() - TYPE_WORDS) / MEMBER;
                words[1] = with_vlen(words[1], count as u32);
            }
            (Self::Unnamed, kind) => {
                words[0] = 0;
                if matches!(kind, Kind::Enum { .. } | Kind::Enum64 { .. }) {
                    words.truncate(TYPE_WORDS);
                    words[1] = with_vlen(words[1], 0);
                }
            }
            _ => {}
        }
        words
    }
}

/// The ids in a type's words.
pub(crate) fn ids(words: &[u32]) -> impl Iterator<Item = TypeId> {
    let shape = Shape::of(words[1]).into_iter();
    shape.flat_map(|shape| shape.ids(words.len()).map(|at| TypeId(words[at])))
}

/// Puts other names and ids into a type's words: for each, what the closures make of it.
pub(crate) fn renumber(
    words: &mut [u32],
    mut name: impl FnMut(u32) -> u32,
    mut id: impl FnMut(TypeId) -> TypeId,
) {
    let Some(shape) = Shape::of(words[1]) else {
        return;
    };
    for at in shape.names(words.len()) {
        words[at] = name(words[at]);
    }
    for at in shape.ids(words.len()) {
        words[at] = id(TypeId(words[at])).0;
    }
}

impl BtfWriter {
    /// Copies a part of a type. `id` has the ids that other types have here, and may add them before; `None`
    /// where one has none, and then nothing is copied.
    pub(crate) fn copy(
        &mut self,
        ty: &Type<'_>,
        part: &Part,
        mut id: impl FnMut(&mut Self, Child) -> Option<TypeId>,
    ) -> Option<TypeId> {
        if *part == Part::Declaration {
            return Some(self.forward(ty.name(), matches!(ty.kind(), Kind::Union(_))));
        }
        let mut words = part.words(ty);
        if let Some(shape) = Shape::of(words[1]) {
            for at in shape.names(words.len()) {
                words[at] = self.string(ty.btf().string(words[at]));
            }
            for (at, role) in shape.roles(words.len()) {
                let child = Child {
                    id: TypeId(words[at]),
                    role,
                };
                words[at] = id(self, child)?.0;
            }
        }
        Some(self.raw(&words))
    }

    /// Copies a type under the same ids, with other names. `name` gets where each stands in the strings, and
    /// which of the type's words it is.
    pub(crate) fn copy_renamed<'n>(
        &mut self,
        ty: &Type<'_>,
        name: impl Fn(usize, u32) -> Cow<'n, str>,
    ) -> TypeId {
        let mut words = ty.words();
        if let Some(shape) = Shape::of(words[1]) {
            for at in shape.names(words.len()) {
                words[at] = self.string(&name(at, words[at]));
            }
        }
        self.raw(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Btf;
    use super::super::ByteOrder;
    use super::*;

    /// `struct s { int a; int *b; int c; }` as 3, `enum e { A }` as 4.
    fn sample(order: ByteOrder) -> Btf<'static> {
        let mut writer = BtfWriter::new(order);
        let int = writer.unsigned("int", 4);
        let pointer = writer.pointer(int);
        let members = [("a", int, 0), ("b", pointer, 8), ("c", int, 16)];
        writer.structure("s", 24, &members);
        let names = [writer.string("e"), writer.string("A")];
        let kind = libbpf_rs::libbpf_sys::BTF_KIND_ENUM << 24 | 1;
        writer.raw(&[names[0], kind, 4, names[1], 5]);
        Btf::parse(&writer.finish()).unwrap()
    }

    /// The type that is copied of one, behind an integer: its name, size and members.
    fn copied(id: u32, part: &Part) -> (String, Option<u32>, Vec<String>) {
        let order = ByteOrder::HOST;
        let from = sample(order);
        let mut writer = BtfWriter::new(order);
        let int = writer.unsigned("other", 4);
        let copy = writer
            .copy(&from.get(TypeId(id)).unwrap(), part, |_, _| Some(int))
            .unwrap();
        let btf = Btf::parse(&writer.finish()).unwrap();
        let ty = btf.get(copy).unwrap();
        let members = match ty.kind() {
            Kind::Struct(composite) => composite.members().map(|m| m.name.to_owned()).collect(),
            _ => ty.enumerators().iter().map(|e| e.name.to_owned()).collect(),
        };
        (ty.name().to_owned(), btf.size_of(copy), members)
    }

    #[test]
    fn parts() {
        for (id, part, name, size, members) in [
            (3, Part::Whole, "s", Some(24), &["a", "b", "c"][..]),
            (3, Part::Members(vec![0, 2]), "s", Some(24), &["a", "c"]),
            (3, Part::HOLLOW, "s", Some(24), &[]),
            (3, Part::Unnamed, "", Some(24), &["a", "b", "c"]),
            (3, Part::Declaration, "s", None, &[]),
            (4, Part::Whole, "e", Some(4), &["A"]),
            (4, Part::HOLLOW, "e", Some(4), &["A"]),
            (4, Part::Unnamed, "", Some(4), &[]),
        ] {
            let expected = members.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(
                copied(id, &part),
                (name.to_owned(), size, expected),
                "{part:?}"
            );
        }
    }

    #[test]
    fn other_names() {
        let from = sample(ByteOrder::HOST);
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        for ty in from.types() {
            writer.copy_renamed(&ty, |at, name| format!("{}{at}", from.string(name)).into());
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        let Kind::Struct(s) = btf.get(TypeId(3)).unwrap().kind() else {
            panic!("no struct");
        };
        let names: Vec<&str> = s.members().map(|member| member.name).collect();
        assert_eq!(names, ["a3", "b6", "c9"]);
        assert_eq!(btf.get(TypeId(4)).unwrap().name(), "e0");
    }
}
