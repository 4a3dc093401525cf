//! Declarations in C with the types of a BTF, and what has to hold of their names.

mod error;
mod mentions;
pub(crate) mod spelling;

pub use self::error::DeclarationError;
pub(crate) use self::mentions::Mentions;
pub(crate) use self::mentions::Seen;

use crate::btf::Btf;
use crate::btf::CPrinter;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::kernel::Origin;

/// How many bytes of C a message has of one type: nobody reads more.
const MAX_IN_MESSAGE: usize = 4096;

/// A declaration of `name` with a type, or with an empty name the type alone, for a message: where it
/// cannot be written, or is longer than anyone would read, that is said in its place.
pub(crate) fn declared(btf: &Btf<'_>, id: TypeId, name: &str) -> String {
    let declared = CPrinter::new(btf).declare_within(id, name, MAX_IN_MESSAGE);
    declared.unwrap_or_else(|_| "a type that cannot be written in C".to_owned())
}

/// Whether all names that a declaration with this type mentions can be emitted.
///
/// # Errors
/// [`DeclarationError::BadName`] at the first that cannot.
pub(crate) fn check_declaration(
    btf: &Btf<'_>,
    origin: &Origin,
    type_id: TypeId,
) -> Result<(), DeclarationError> {
    Mentions::new(btf, origin).add(type_id)
}

/// The members of a struct or union; none of any other type.
pub(crate) fn members<'b>(btf: &'b Btf<'_>, id: TypeId) -> Vec<Member<'b>> {
    match btf.get(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite) | Kind::Union(composite)) => composite.members().collect(),
        _ => Vec::new(),
    }
}
