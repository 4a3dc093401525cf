//! Why debug information cannot be read.

/// Why debug information cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DwarfError {
    #[error(transparent)]
    Gimli(#[from] gimli::Error),
    #[error(
        "its section {0} cannot be read ({1}): it is damaged, or compressed by something else than zlib and zstd, \
         which take the feature `images` of ctxgen's packages"
    )]
    Section(&'static str, object::Error),
    #[error("its sections unpack to more than {0} times their size: they were made to fill memory")]
    TooLarge(u64),
    #[error(
        "the names of its functions are the ends of each other, and are many times its size: they were made \
         to fill memory"
    )]
    Names,
    #[error("it has more units than anything real")]
    TooManyUnits,
    #[error(
        "it is split (-gsplit-dwarf), and files like {0} have the rest, which ctxgen does not read: \
         compile without -gsplit-dwarf"
    )]
    Split(String),
    #[error(
        "it shares types with a file that dwz has made ({0}), and that file is not there, or of another \
         build: install it with the debug symbols"
    )]
    Supplement(String),
}
