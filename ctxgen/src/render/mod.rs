//! Renderings of the ctx BTF: text for the C compiler and for people.

mod header;
mod mentions;
mod own;
mod reads;
mod report;
mod spelling;
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

pub(crate) use self::report::members;

use self::mentions::Mentions;
use crate::Error;
use crate::btf::Btf;
use crate::btf::CDump;
use crate::btf::DumpError;
use crate::btf::TypeId;
use crate::context::ctx_btf::CtxBtf;
use crate::kernel::Origin;
use crate::layout::Access;
use crate::layout::Field;
use crate::tracefs::Data;

/// A declaration of `name` with a type, or with an empty name the type alone, for a message: where it
/// cannot be written, that is said in its place.
pub(crate) fn declared(btf: &Btf<'_>, id: TypeId, name: &str) -> String {
    let declared = CDump::new(btf).and_then(|mut dump| dump.declare(id, name));
    declared.unwrap_or_else(|_| "a type that cannot be written in C".to_owned())
}

/// Whether all names that a declaration with this type mentions can be emitted.
///
/// # Errors
/// [`Error::BadName`] at the first that cannot.
pub(crate) fn check_declaration(
    btf: &Btf<'_>,
    origin: &Origin,
    type_id: TypeId,
) -> Result<(), Error> {
    Mentions::new(btf, origin).add(type_id)
}

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

fn dump_error(ctx: &CtxBtf<'_>, error: DumpError) -> Error {
    Error::Dump {
        origin: ctx.kernel().origin().clone(),
        error,
    }
}
