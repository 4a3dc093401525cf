//! Why a module's BTF does not go with a kernel's.

use libbpf_rs::libbpf_sys;

use crate::btf::BtfError;
use crate::btf::ByteOrder;
use crate::btf::HeaderError;
use crate::btf::TypeId;

/// What kept a module's BTF from being put on top of a kernel's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// The header is not that of a BTF blob.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Module and kernel have different byte orders.
    #[error("it is {module}, and the kernel is {kernel}")]
    ByteOrder {
        /// The module's.
        module: ByteOrder,
        /// The kernel's.
        kernel: ByteOrder,
    },
    /// A BTF of its own, such as a vmlinux has.
    #[error(
        "it is complete by itself, as a vmlinux's is, and a module's is on top of its kernel's"
    )]
    Standalone,
    /// A type is of a kind that ctxgen does not know, and nothing says how long it is.
    #[error(transparent)]
    Kinds(BtfError),
    /// The types end in the midst of one, or one is of a kind that does not exist.
    #[error("its type {0} is cut short or of an unknown kind")]
    Type(TypeId),
    /// The last name has no end.
    #[error("its last name has no end")]
    Strings,
    /// More types or names than BTF has numbers for.
    #[error("with it, there are more types or names than BTF can number")]
    TooLarge,
    /// A type refers to one that neither module nor kernel has.
    #[error(
        "its type {id} refers to type {to}, and kernel and module have {count} of them{}",
        MISMATCH
    )]
    NoSuchType {
        /// The type.
        id: TypeId,
        /// What it refers to.
        to: TypeId,
        /// How many types there are.
        count: u32,
    },
    /// A name is at a place that neither module nor kernel has.
    #[error(
        "a name of its type {id} is at offset {offset}, behind the last one{}",
        MISMATCH
    )]
    NoSuchName {
        /// The type.
        id: TypeId,
        /// Where the name would be in the string table.
        offset: u32,
    },
    /// A name starts where no name does.
    #[error(
        "a name of its type {id} is at offset {offset}, in the midst of another one{}",
        MISMATCH
    )]
    PartOfName {
        /// The type.
        id: TypeId,
        /// Where the name would be in the string table.
        offset: u32,
    },
    /// A type refers to one of a kind that makes no sense there.
    #[error("its type {id} refers to type {to}, which is {}{}", kind_name(*kind), MISMATCH)]
    WrongKind {
        /// The type.
        id: TypeId,
        /// What it refers to.
        to: TypeId,
        /// The `BTF_KIND_*` number of that.
        kind: u32,
    },
    /// A module's name that no module can have.
    #[error("{0:?} is not a module name: those have up to 55 letters, digits and underscores")]
    Name(String),
    /// A module was given by a name that is not its own.
    #[error("its file says that it is the module {0}")]
    OtherName(String),
    /// A module that is there already.
    #[error("it was given already")]
    Twice,
    /// A module that was built for more than one kernel has a `.BTF.base` that is no BTF.
    #[error("its .BTF.base section, which says what it needs of a kernel, is no BTF: {0}")]
    Base(BtfError),
    /// A module that was built for more than one kernel needs too many types of one name.
    #[error("its .BTF.base section has too many types called {0:?}")]
    Namesakes(String),
    /// A type is a circle of typedefs, arrays and the like.
    #[error("its type {0} contains itself")]
    Circle(TypeId),
    /// A module that was built for more than one kernel needs types that this one has not.
    #[error(
        "it was built without its kernel's BTF, with a .BTF.base section that says what it needs of \
         one, and that is not in this kernel, or is there more than once, as libbpf sees it ({0})"
    )]
    Relocate(std::io::Error),
    /// libbpf, or a check behind it, refuses the kernel's BTF with the module's.
    #[error(transparent)]
    Together(BtfError),
}

/// What is the matter where numbers make no sense.
const MISMATCH: &str = ". It continues the BTF of another vmlinux: module and vmlinux have to be of \
                        the very same build";

fn kind_name(kind: u32) -> &'static str {
    match kind {
        libbpf_sys::BTF_KIND_FUNC => "a function",
        libbpf_sys::BTF_KIND_VAR => "a variable",
        libbpf_sys::BTF_KIND_DATASEC => "a section",
        libbpf_sys::BTF_KIND_DECL_TAG => "a tag",
        libbpf_sys::BTF_KIND_FUNC_PROTO => "a prototype",
        _ => "no prototype",
    }
}
