//! Renderings of the ctx BTF: text for the C compiler and for people.

mod error;
mod header;
mod own;
mod report;
mod statics;
mod vmlinux;

pub use self::header::header;
pub use self::own::header_for;
pub use self::own::own_macros;
pub use self::report::FieldReport;
pub use self::report::Report;
pub use self::report::reports;
pub use self::report::unsupported;
pub use self::statics::static_offsets_macro;
pub use self::vmlinux::ksym;
pub use self::vmlinux::vmlinux;
pub use self::vmlinux::vmlinux_for;
pub use self::vmlinux::vmlinux_with_all;
pub use self::vmlinux::vmlinux_without_types;

pub use self::error::RenderError;
use crate::btf::CDump;
use crate::btf::DumpError;
use crate::context::ctx_btf::CtxBtf;
use crate::declaration::DeclarationError;
use crate::layout::Access;
use crate::layout::Field;
use crate::tracefs::Data;

/// What there is to say of how a field is accessed.
fn access(dump: &mut CDump<'_>, field: &Field) -> Result<Option<String>, DumpError> {
    let access = match field.access {
        Access::Data(element) => {
            let of_what = dump.declare(element, "")?;
            let how = match Data::of_member(&field.name) {
                Some((Data::Relative, _)) => "ctx_rel_data()",
                _ => "ctx_data()",
            };
            format!("where {of_what}[] is: use {how}")
        }
        access => access.to_string(),
    };
    Ok((!access.is_empty()).then_some(access))
}

fn dump_error(ctx: &CtxBtf<'_>, error: DumpError) -> RenderError {
    let origin = ctx.kernel().origin().clone();
    DeclarationError::Dump { origin, error }.into()
}
