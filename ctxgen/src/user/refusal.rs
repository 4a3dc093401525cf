//! Why no context can be had of a function in user space.

/// Why it is not known in which registers a function of a program in user space has its arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserRefusal {
    /// Its language passes arguments its own way.
    #[error(
        "it is a function of {0}, whose calling convention is not C's: registers would be misread. Take \
         struct pt_regs, or attach to a function of C's convention that has plain numbers and pointers \
         as arguments"
    )]
    ForeignLanguage(String),
    /// It has no code of its own.
    #[error("it is inlined at every call, so there is no function to attach to")]
    OnlyInlined,
    /// Its symbol is another than its name.
    #[error("the program's symbol for it is {0}, and uprobes are set on symbols")]
    OtherSymbol(String),
    /// Debug information has nothing of its prototype.
    #[error(
        "its debug information has line numbers alone (-g1, -gline-tables-only): compile that part of \
         the program with -g"
    )]
    LinesOnly,
    /// It is in the program, and debug information has nothing of it.
    #[error(
        "the program has that function, and its debug information does not: compile that part of the \
         program with -g"
    )]
    NotDescribed,
    /// A compiler has made others of it that pass something else.
    #[error("the compiler has made {0} from it, which may have other arguments")]
    OnlyClone(String),
    /// A compiler made it of another, with other arguments.
    #[error(
        "the compiler made it from {0}, and may have removed or split arguments: their registers are not \
         known"
    )]
    ChangedClone(String),
    /// Its debug information says that it has a convention of its own.
    #[error(
        "its debug information says that it has its own calling convention: the compiler knew all of its \
         callers, and may have left out arguments"
    )]
    OwnConvention,
    /// Its debug information has an argument in another register than the calling convention, or none.
    #[error(
        "the compiler knew all of its callers, and left out or moved arguments: by its debug information \
         {0} is not where the calling convention would have it"
    )]
    Moved(String),
    /// A type cannot be laid out.
    #[error("its debug information does not tell how {what} is passed: {why}")]
    UnclearType {
        /// The argument, or what is returned.
        what: String,
        /// What is missing.
        why: String,
    },
}
