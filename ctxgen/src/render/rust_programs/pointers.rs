//! Pointers in Rust, and the structs that they point to.

use std::collections::BTreeMap;

use super::reading::Reading;
use super::scalar::Own;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::text::rust_identifier;

/// How many pointers and arrays are followed.
const MAX_DEPTH: u32 = 8;

/// What a struct of the kernel's cannot be called, since Rust or the generated module has the name.
const TAKEN: &[&str] = &[
    "Direct",
    "M",
    "PhantomData",
    "Probed",
    "Read",
    "User",
    "bool",
    "c_void",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "read_helper",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// The structs that pointers point to, by what Rust calls them: whether each is a union, and its name.
#[derive(Debug, Default)]
pub(super) struct Pointees(pub(super) BTreeMap<String, (bool, String)>);

/// A pointer in Rust.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    /// Its type.
    pub(super) rust: String,
    /// Whether that is a type of the generated module's, instead of a raw pointer: which.
    pub(super) handle: Option<String>,
}

impl Pointees {
    /// A pointer to a type.
    pub(super) fn pointer(&mut self, btf: &Btf<'_>, to: TypeId, reading: Reading) -> Pointer {
        let name = self.structure(btf, to).filter(|_| reading != Reading::User);
        match name {
            Some((name, is_union)) => {
                // No verifier follows a pointer to a union.
                let reading = match is_union {
                    true => Reading::Probed,
                    false => reading,
                };
                Pointer {
                    rust: format!("{name}<{}>", reading.name()),
                    handle: Some(name),
                }
            }
            None => Pointer {
                rust: format!("*const {}", self.behind(btf, to, MAX_DEPTH)),
                handle: None,
            },
        }
    }

    /// What Rust calls a struct or union that has a name, and whether it is a union.
    fn structure(&mut self, btf: &Btf<'_>, id: TypeId) -> Option<(String, bool)> {
        let ty = btf.resolve(id)?;
        let is_union = match ty.kind() {
            Kind::Struct(_) => false,
            Kind::Union(_) => true,
            Kind::Fwd { is_union } => is_union,
            _ => return None,
        };
        if ty.name().is_empty() {
            return None;
        }
        let mut name = rust_identifier(ty.name());
        if TAKEN.binary_search(&&*name).is_ok() {
            name.push('_');
        }
        self.0
            .insert(name.clone(), (is_union, ty.name().to_owned()));
        Some((name, is_union))
    }

    /// What a raw pointer points to. Of structs behind further pointers nothing is said.
    fn behind(&self, btf: &Btf<'_>, id: TypeId, depth: u32) -> String {
        const NOTHING: &str = "c_void";
        let Some(depth) = depth.checked_sub(1) else {
            return NOTHING.to_owned();
        };
        match btf.resolve(id).map(|ty| ty.kind()) {
            Some(Kind::Ptr(to)) => format!("*const {}", self.behind(btf, to, depth)),
            Some(Kind::Array { element, len, .. }) => match self.behind(btf, element, depth) {
                element if element == NOTHING => element,
                element => format!("[{element}; {len}]"),
            },
            _ => match Own::of(btf, id) {
                // Not every byte is one.
                Some(Own::Bool) => "u8".to_owned(),
                Some(own) => own.number().to_owned(),
                None => NOTHING.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::btf::IntEncoding;

    #[test]
    fn pointers() {
        assert!(TAKEN.is_sorted());
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, IntEncoding::Signed);
        let char = writer.int("char", 1, IntEncoding::Signed);
        let bool = writer.int("_Bool", 1, IntEncoding::Bool);
        let task = writer.forward("task_struct", false);
        let key = writer.forward("key", true);
        let word = writer.forward("type", false);
        let taken = writer.forward("u8", false);
        let unnamed = writer.structure("", 4, &[("a", int, 0)]);
        let chars = writer.array(char, int, 16);
        let pointer = writer.pointer(task);
        let constant = writer.constant(char);
        let blob = writer.finish();
        let btf = Btf::parse(&blob).unwrap();
        let mut pointees = Pointees::default();
        for (to, reading, expected) in [
            (int, Reading::Direct, "*const i32"),
            (constant, Reading::Direct, "*const u8"),
            (bool, Reading::Direct, "*const u8"),
            (TypeId::VOID, Reading::Direct, "*const c_void"),
            (task, Reading::Direct, "task_struct<Direct>"),
            (task, Reading::Either, "task_struct<M>"),
            (task, Reading::User, "*const c_void"),
            (key, Reading::Direct, "key<Probed>"),
            (word, Reading::Probed, "r#type<Probed>"),
            (taken, Reading::Probed, "u8_<Probed>"),
            (unnamed, Reading::Direct, "*const c_void"),
            (chars, Reading::Direct, "*const [u8; 16]"),
            (pointer, Reading::Direct, "*const *const c_void"),
        ] {
            assert_eq!(pointees.pointer(&btf, to, reading).rust, expected);
        }
        let names: Vec<&String> = pointees.0.keys().collect();
        assert_eq!(names, ["key", "r#type", "task_struct", "u8_"]);
    }
}
