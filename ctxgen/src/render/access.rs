//! What is said of how a field is accessed, and of what cannot be written.

use super::error::RenderError;
use crate::btf::DumpError;
use crate::btf::TypeId;
use crate::context::ctx_btf::CtxBtf;
use crate::declaration::DeclarationError;
use crate::layout::Access;
use crate::layout::Field;
use crate::tracefs::Data;

/// What there is to say of how a field is accessed.
pub(super) fn access(
    field: &Field,
    declare: impl FnOnce(TypeId) -> Result<String, DumpError>,
) -> Result<Option<String>, DumpError> {
    let access = match field.access {
        Access::Data(element) => {
            let of_what = declare(element)?;
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

pub(super) fn dump_error(ctx: &CtxBtf<'_>, error: DumpError) -> RenderError {
    let origin = ctx.kernel().origin().clone();
    DeclarationError::Dump { origin, error }.into()
}
