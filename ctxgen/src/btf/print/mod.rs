//! Types in C.
//!
//! A *declaration* is a name and its type (`struct task_struct *p`). What has a tag or is a typedef is only
//! mentioned in it; a struct, union or enum without a name is written out. A *definition* is what a struct,
//! union, enum or typedef consists of. Definitions are written in an order that C accepts, with
//! declarations of what is pointed to before it is defined.
//!
//! The text is that of libbpf's `btf_dump`, byte for byte, with the types of one name told apart in id order;
//! where that would not compile to what BTF says, it is what does. The test `declarations` of the project
//! compares both, and has the differences in a table.

mod align;
mod composite;
mod declarator;
mod definitions;
mod enumeration;
mod error;
mod names;
mod order;
mod padding;
mod parameters;
mod states;
mod text;
mod used;
mod writer;

pub use self::definitions::Definitions;
pub use self::error::DumpError;

pub(crate) use self::enumeration::c_integer;

use self::text::MAX_DECLARATION;
use crate::btf::Btf;
use crate::btf::TypeId;

/// A printer of the types of a [`Btf`].
///
/// It has no state: what it makes of a type depends on the BTF alone, and one may be used for many hooks at
/// a time.
#[derive(Clone, Copy, Debug)]
pub struct CPrinter<'b> {
    btf: &'b Btf<'b>,
}

impl<'b> CPrinter<'b> {
    /// A printer for `btf` and its base.
    pub fn new(btf: &'b Btf<'_>) -> Self {
        Self { btf }
    }

    /// A declaration of `name` with this type: `struct task_struct *p`, `void (*fn)(int)`. With an empty
    /// name, the type alone.
    ///
    /// # Errors
    /// [`DumpError`], where the type cannot be written in C.
    pub fn declare(&self, id: TypeId, name: &str) -> Result<String, DumpError> {
        definitions::declared(self.btf, id, name, MAX_DECLARATION)
    }

    /// As [`CPrinter::declare`], of less than so many bytes.
    ///
    /// # Errors
    /// As [`CPrinter::declare`].
    pub(crate) fn declare_within(
        &self,
        id: TypeId,
        name: &str,
        most: usize,
    ) -> Result<String, DumpError> {
        definitions::declared(self.btf, id, name, most)
    }

    /// How a compiler aligns a type, in bytes; `None` where it has no size.
    pub(crate) fn align_of(&self, id: TypeId) -> Option<u32> {
        definitions::aligned(self.btf, id)
    }

    /// What writes the definitions of one header.
    pub fn definitions(&self) -> Definitions<'b> {
        Definitions::new(self.btf)
    }
}

#[cfg(test)]
mod header_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod tests;
