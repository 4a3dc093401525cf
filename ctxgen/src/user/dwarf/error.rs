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
    #[error("its sections unpack to more than {0} times their size: no compiler writes this")]
    TooLarge(u64),
    #[error(
        "the names of its functions share their bytes, and are many times its size: no compiler writes \
         this"
    )]
    Names,
    #[error("it has too many units")]
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
