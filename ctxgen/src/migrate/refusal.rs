//! Why a program is left as it is.

/// A program that is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file, where that is not the source itself.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: u32,
    /// The program's name, or that of the macro.
    pub name: String,
    /// Why.
    pub why: Refusal,
}

/// Why a program is left as it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The macro is used in a header.
    #[error(
        "it is in a header, which other sources may share: move the program into the source, or migrate it by hand"
    )]
    InHeader,
    /// The macro's name does not stand there.
    #[error("its head is made by another macro: write the program out, or migrate it by hand")]
    Pasted,
    /// The preprocessor has taken it away.
    #[error(
        "it is not compiled with these arguments, so that nothing tells what it reads: define after `--` what it depends on (-DNAME), and run again"
    )]
    NotCompiled,
    /// A directive of the preprocessor stands between its name and its body.
    #[error(
        "its head depends on a condition of the preprocessor: make two programs of it, or migrate it by hand"
    )]
    Conditional,
    /// The object has no program of that name.
    #[error("the object has no program of that name: give it a SEC(), or migrate it by hand")]
    NoProgram,
    /// Nothing tells where it attaches.
    #[error(
        "its section, `{0}`, names nothing that it attaches to, and so no arguments: name it (SEC(\"FAMILY/FUNCTION\")), or keep the macro"
    )]
    NoHook(String),
    /// It attaches to hooks with different contexts.
    #[error(
        "it attaches to {0}, whose contexts are not the same: make a program of each, or keep the macro"
    )]
    SeveralHooks(String),
    /// Its section has a context of another kind.
    #[error(
        "its section, `{section}`, passes no {what}: what it reads is no argument of {section}. Use the macro for that section first"
    )]
    OtherFamily {
        /// The SEC name.
        section: String,
        /// What the macro takes.
        what: &'static str,
    },
    /// There is no context struct on that kernel.
    #[error("on {kernel}: {why}")]
    NoContext {
        /// The kernel.
        kernel: String,
        /// Why not.
        why: String,
    },
    /// A place in the context is none of an argument of the kernel that the program is for.
    #[error("`{}` is no argument of {} on {}. Name the kernel that the program was written for with --was{}", .0.what, .0.hook, .0.kernel, .0.prototypes())]
    NoField(Box<Mismatch>),
    /// An argument is declared as something that it is not.
    #[error("`{}` is `{}` of {} on {}, which is something else. Name the kernel that the program was written for with --was, or mend the prototype{}", .0.what, .0.field, .0.hook, .0.kernel, .0.prototypes())]
    OtherField(Box<Mismatch>),
    /// The target has no argument of that name, or another one.
    #[error("{} has no `{}` of that type on {}, which it has on {}: decide what the program should read there{}", .0.hook, .0.field, .0.target, .0.kernel, .0.prototypes())]
    NotOnTarget(Box<Mismatch>),
    /// The context is used in a way that its new type does not allow.
    #[error(
        "line {0} uses the context as what it will not be any more (an array, or an argument of that type): hand it on as `void *`, or migrate it by hand"
    )]
    ContextUsed(u32),
    /// A parameter cannot be declared as a variable.
    #[error("the parameter `{0}` cannot be written as a variable: give it a plain type and a name")]
    Parameter(String),
    /// The place of a string in the record is computed by hand.
    #[error(
        "line {line} computes where `{name}` is: write ctx_data(ctx, {name}) there, with `{new} *ctx`"
    )]
    Data {
        /// Counted from 1.
        line: u32,
        /// The string's name.
        name: String,
        /// The context struct.
        new: String,
    },
    /// Nothing says where `ctx.h` would be included.
    #[error(
        "neither the source nor a header of its includes vmlinux.h, and ctx.h has to be behind it: add `#include \"vmlinux.h\"`"
    )]
    NoVmlinux,
}

/// Two prototypes that do not fit each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// What is read, as the program calls it.
    pub what: String,
    /// The argument that it is; empty where it is none.
    pub field: String,
    /// The SEC name.
    pub hook: String,
    /// The kernel that the program was written for.
    pub kernel: String,
    /// The target, where that matters; empty otherwise.
    pub target: String,
    /// The prototypes, each with whose it is: the program's and its kernel's, or those of both kernels.
    pub sides: Vec<(String, String)>,
}

impl Mismatch {
    fn prototypes(&self) -> String {
        let side = |(whose, prototype): &(String, String)| format!("\n  {whose}:\n{prototype}");
        self.sides.iter().map(side).collect()
    }
}
