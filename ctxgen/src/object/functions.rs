//! How the functions of an object are declared.

use std::collections::HashMap;
use std::collections::HashSet;

use super::ObjectFile;
use super::names::MAX_FUNCTION;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::declaration::declared;
use crate::layout::SLOT;

/// How the marks of arguments of global functions begin (`__arg_ctx` and its like of libbpf's `bpf_helpers.h`).
const TAG: &str = "arg:";
/// What marks a context.
const CONTEXT: &str = "ctx";

/// The prototypes of an object's functions, and how their arguments are marked.
#[derive(Debug)]
pub struct Functions<'o> {
    btf: &'o Btf<'static>,
    /// Function and prototype by name, of several with one name the first.
    by_name: HashMap<&'o str, (TypeId, TypeId)>,
    /// The marks of arguments: the function, which it is, from 0, and the mark.
    marks: HashSet<(TypeId, i32, &'o str)>,
}

/// An argument as a function declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter<'o> {
    /// Its name; empty where there is none.
    pub name: &'o str,
    /// Its type.
    pub type_id: TypeId,
    /// What it points to.
    pub points_to: Pointee,
    /// Whether it is marked as a context, with `__arg_ctx`.
    pub is_marked: bool,
}

/// What an argument points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pointee {
    /// `void`.
    Void,
    /// Integers of 64 bits, as an array of slots is declared.
    Slots,
    /// A struct or union with a name.
    Composite(TypeId),
    /// Something else, or nothing: the argument is no pointer.
    Other,
}

impl ObjectFile {
    /// How the object's functions are declared.
    pub fn functions(&self) -> Functions<'_> {
        let btf = self.btf();
        let mut by_name = HashMap::new();
        let mut marks = HashSet::new();
        for ty in btf.types() {
            match ty.kind() {
                Kind::Func(prototype) if ty.name().len() <= MAX_FUNCTION => {
                    by_name.entry(ty.name()).or_insert((ty.id(), prototype));
                }
                Kind::DeclTag { target, component } => {
                    let mark = ty.name().strip_prefix(TAG);
                    marks.extend(mark.map(|mark| (target, component, mark)));
                }
                _ => {}
            }
        }
        Functions {
            btf,
            by_name,
            marks,
        }
    }
}

impl<'o> Functions<'o> {
    /// Whether a function returns a number, as global functions have to (`btf_prepare_func_args` of
    /// `kernel/bpf/btf.c`); `None` where the object says nothing of it.
    pub fn returns_number(&self, function: &str) -> Option<bool> {
        let &(_, prototype) = self.by_name.get(function)?;
        let Kind::FuncProto { ret } = self.btf.get(prototype)?.kind() else {
            return None;
        };
        Some(matches!(
            self.btf.resolve(ret)?.kind(),
            Kind::Int { .. } | Kind::Enum { .. } | Kind::Enum64 { .. }
        ))
    }

    /// What a function returns, in C; `None` where that is not known.
    pub fn returned(&self, function: &str) -> Option<String> {
        let &(_, prototype) = self.by_name.get(function)?;
        let Kind::FuncProto { ret } = self.btf.get(prototype)?.kind() else {
            return None;
        };
        Some(declared(self.btf, ret, ""))
    }

    /// An argument of the function of a name, counted from 1; `None` where it has no such, or where the
    /// object says nothing of the function.
    pub fn parameter(&self, function: &str, argument: u8) -> Option<Parameter<'o>> {
        let &(id, prototype) = self.by_name.get(function)?;
        let place = usize::from(argument).checked_sub(1)?;
        let parameter = self.btf.get(prototype)?.params().nth(place)?;
        Some(Parameter {
            name: parameter.name,
            type_id: parameter.type_id,
            points_to: pointee(self.btf, parameter.type_id),
            is_marked: self.has_mark(id, place, CONTEXT),
        })
    }

    /// Whether an argument of the function of a name, counted from 1, has a mark, as `trusted` of
    /// `__arg_trusted`.
    pub fn is_marked(&self, function: &str, argument: u8, mark: &str) -> bool {
        let id = self.by_name.get(function).map(|(id, _)| *id);
        let place = usize::from(argument).checked_sub(1);
        id.zip(place)
            .is_some_and(|(id, place)| self.has_mark(id, place, mark))
    }

    fn has_mark(&self, function: TypeId, place: usize, mark: &str) -> bool {
        let place = i32::try_from(place);
        place.is_ok_and(|place| self.marks.contains(&(function, place, mark)))
    }
}

fn pointee(btf: &Btf<'_>, id: TypeId) -> Pointee {
    let Some(Kind::Ptr(to)) = btf.resolve(id).map(|ty| ty.kind()) else {
        return Pointee::Other;
    };
    let Some(to) = btf.resolve(to) else {
        return Pointee::Other;
    };
    match to.kind() {
        Kind::Void => Pointee::Void,
        Kind::Int { size: SLOT, .. } => Pointee::Slots,
        Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } if !to.name().is_empty() => {
            Pointee::Composite(to.id())
        }
        _ => Pointee::Other,
    }
}
