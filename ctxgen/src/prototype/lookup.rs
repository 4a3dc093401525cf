//! What resolving a hook looks up in a kernel's BTF, for those who pick a part of it.

use crate::kernel::Named;

/// Something that is looked up by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A type of that kind and name, with all that it is made of.
    Type(Named, String),
    /// A member of a union of the kernel's.
    Member(&'static str, String),
    /// Functions whose names start so, for their parameters' names, where they have the types of a
    /// tracepoint that is looked up too.
    SameTypes(&'static str),
    /// Structs of the second prefix, where a function of one of the first ones has what is behind it as
    /// its name's rest and the types of a tracepoint that is looked up too; all, where there is none.
    Classes {
        /// The prefixes of the functions.
        funcs: &'static [&'static str],
        /// The prefix of the structs.
        structs: &'static str,
    },
    /// Functions whose names end in `_` and this, for their parameters' names, where they have the types
    /// of the member of that name in an ops type that is looked up too.
    MemberTypes(String),
    /// Tags of this name on the functions that are looked up.
    Tag(&'static str),
}
