//! Renderings of the ctx BTF: text for the C compiler and for people.

mod header;
mod mentions;
mod report;
mod vmlinux;

pub use self::header::header;
pub use self::report::FieldReport;
pub use self::report::Report;
pub use self::report::reports;
pub use self::report::unsupported;
pub use self::vmlinux::vmlinux;

use crate::Error;
use crate::btf::DumpError;
use crate::ctx_btf::CtxBtf;

fn dump_error(ctx: &CtxBtf<'_>, error: DumpError) -> Error {
    Error::Dump {
        origin: ctx.kernel().origin().clone(),
        error,
    }
}
