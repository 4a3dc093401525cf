//! What writes the parts of a declaration.

use std::collections::HashMap;

use super::DumpError;
use super::names::number;
use super::text::MAX_DEPTH;
use super::text::Text;
use crate::btf::Btf;
use crate::btf::NO_NAME;
use crate::btf::Type;
use crate::btf::TypeId;

/// Writes types of a BTF one behind the other.
#[derive(Debug)]
pub(super) struct Writer<'b> {
    pub(super) btf: &'b Btf<'b>,
    pub(super) text: Text,
    /// The types between the declarations that are being written and what they are made of.
    pub(super) links: Vec<Type<'b>>,
    /// How deep the declaration is that is being written.
    depth: usize,
    /// Of structs and unions, what [`Writer::align_of`] has found; 0 for those that it is looking at.
    pub(super) aligns: HashMap<TypeId, u32>,
    /// How often the values of enums that were written have a name, and typedefs of one name.
    pub(super) identifiers: HashMap<&'b str, u32>,
    /// Whether an enum without a name is written as the number that it is: its values are defined elsewhere.
    pub(super) omits_values: bool,
}

impl<'b> Writer<'b> {
    pub(super) fn new(btf: &'b Btf<'b>, room: usize) -> Self {
        Self {
            btf,
            text: Text::with_room(room),
            links: Vec::new(),
            depth: 0,
            aligns: HashMap::new(),
            identifiers: HashMap::new(),
            omits_values: false,
        }
    }

    /// Goes on to a type below the one that is being written.
    ///
    /// # Errors
    /// [`DumpError::Nesting`] and [`DumpError::TooMuch`], where that has to end.
    pub(super) fn enter(&mut self, id: TypeId) -> Result<(), DumpError> {
        self.text.step(id)?;
        if self.depth >= MAX_DEPTH {
            return Err(DumpError::Nesting(id));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self, levels: usize) {
        self.depth -= levels;
    }

    /// Forgets where it was, after an error.
    pub(super) fn reset(&mut self) {
        self.depth = 0;
        self.links.clear();
        self.aligns.retain(|_, align| *align != 0);
    }

    /// A name in or of a type.
    ///
    /// # Errors
    /// [`DumpError::TooLong`], where it is none.
    pub(super) fn name(&mut self, name: &str, of: TypeId) -> Result<(), DumpError> {
        check_name(name, of)?;
        self.text.push(name);
        Ok(())
    }

    /// The name of a type that defines one, told apart from others.
    ///
    /// # Errors
    /// [`DumpError::TooLong`], where it has none that C could have.
    pub(super) fn own_name(&mut self, ty: &Type<'_>) -> Result<(), DumpError> {
        self.name(ty.name(), ty.id())?;
        if let Some(number) = number(self.btf, ty.id()) {
            self.text.push("___");
            self.text.number(number);
        }
        Ok(())
    }

    /// The same of a typedef, for the declaration that defines it.
    ///
    /// # Errors
    /// As [`Writer::own_name`].
    pub(super) fn typedef_name(&mut self, ty: &Type<'_>) -> Result<String, DumpError> {
        check_name(ty.name(), ty.id())?;
        let number = number(self.btf, ty.id());
        Ok(match number {
            Some(number) => format!("{}___{number}", ty.name()),
            None => ty.name().to_owned(),
        })
    }
}

/// Whether that is a name.
///
/// # Errors
/// [`DumpError::TooLong`], with the type that it is in.
pub(super) fn check_name(name: &str, of: TypeId) -> Result<(), DumpError> {
    match name == NO_NAME {
        true => Err(DumpError::TooLong(of)),
        false => Ok(()),
    }
}
