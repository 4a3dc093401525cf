//! bindgen on a header that holds the contexts and what they need by value, and nothing else: it
//! takes a fraction of the time that the whole of `vmlinux.h` would.

use std::sync::Arc;
use std::sync::OnceLock;

use bindgen::Formatter;
use clang_sys::SharedLibrary;
use ctxgen::ByteOrder;
use ctxgen::CtxBtf;
use ctxgen::Shape;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::render;

use super::format::in_lines;
use crate::cargo::Inputs;
use crate::error::Error;

/// The structs of [`header`] in Rust, with assertions of their layout.
pub(super) fn structs(ctx: &CtxBtf<'_>, name: &str, header: &Header) -> Result<String, Error> {
    if ctx.structs().is_empty() {
        return Ok(String::new());
    }
    load_libclang()?;
    let target = match ctx.kernel().byte_order() {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let Header { text, bitfields } = header;
    let mut builder = bindgen::Builder::default()
        .header_contents("ctx.h", text)
        .clang_arg(format!("--target={target}"))
        .clang_arg("-fms-extensions")
        // What is for C alone is left out with it; bindgen itself defines nothing.
        .clang_arg("-D__BINDGEN__")
        // The header includes nothing, and clang would be run to find out.
        .detect_include_paths(false)
        .use_core()
        .disable_header_comment()
        .derive_default(true)
        .derive_debug(true)
        .explicit_padding(true)
        .layout_tests(true)
        .generate_comments(false)
        .formatter(Formatter::None);
    for ctx_struct in ctx.structs() {
        builder = builder.allowlist_type(&ctx_struct.context.struct_name);
    }
    // With explicit padding, bindgen pads behind a bitfield at the end twice. An opaque typedef is
    // only generated where it is asked for itself.
    for name in bitfields {
        builder = builder.opaque_type(name).allowlist_type(name);
    }
    match builder.generate() {
        Ok(bindings) => Ok(in_lines(&bindings.to_string())),
        Err(error) => Err(Error::Bindings {
            name: name.to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// bindgen itself panics where libclang is missing. It is looked for once: that takes long, and
/// clang-sys has a library of its own for each thread.
fn load_libclang() -> Result<(), Error> {
    static LIBCLANG: OnceLock<Arc<SharedLibrary>> = OnceLock::new();
    if LIBCLANG.get().is_none() {
        clang_sys::load().map_err(no_libclang)?;
        if let Some(library) = clang_sys::get_library() {
            LIBCLANG.get_or_init(|| library);
        }
    }
    clang_sys::set_library(LIBCLANG.get().cloned());
    Ok(())
}

fn no_libclang(reason: String) -> Error {
    Error::NoLibclang(match Inputs::new().variable("LIBCLANG_PATH") {
        Some(path) => format!("LIBCLANG_PATH is {path:?}, and nothing else is tried; {reason}"),
        None => reason,
    })
}

/// What bindgen reads.
pub(super) struct Header {
    pub(super) text: String,
    /// The types in it that have bitfields.
    pub(super) bitfields: Vec<String>,
}

/// `ctx.h` behind the definitions that it needs.
pub(super) fn header(ctx: &CtxBtf<'_>) -> Result<Header, Error> {
    let btf = ctx.btf();
    let mut trim = Trim::new(btf);
    for ctx_struct in ctx.structs() {
        match &ctx_struct.context.shape {
            Shape::Kernel { type_id } => trim.define(*type_id),
            Shape::Other { .. } => {}
            Shape::Generated { layout, .. } => {
                let call = layout.system_call.as_ref().map(|call| &call.layout);
                for field in [Some(layout), call]
                    .into_iter()
                    .flatten()
                    .flat_map(|l| &l.fields)
                {
                    trim.define(field.type_id);
                }
            }
        }
    }
    let small = trim.finish();
    let mut text = "#define __VMLINUX_H__\n".to_owned();
    let bindings_error = |reason| Error::Bindings {
        name: "ctx.h".to_owned(),
        reason,
    };
    let small = Btf::parse(&small).map_err(|error| bindings_error(error.to_string()))?;
    let definitions = CPrinter::new(&small).definitions().define_all();
    let definitions = definitions.map_err(|error| bindings_error(error.to_string()))?;
    // As a macro it becomes Rust's own `bool`; bindgen would make a `bool_` of the typedef.
    text.push_str(&definitions.replace("typedef _Bool bool;", "#define bool _Bool"));
    text.push_str(&render::header(ctx)?);
    Ok(Header {
        text,
        bitfields: with_bitfields(&small),
    })
}

/// The names of structs, unions and typedefs of such that have bitfields, in themselves or in an
/// anonymous member.
fn with_bitfields(btf: &Btf<'_>) -> Vec<String> {
    let own =
        |id: TypeId| btf.get(id).is_some_and(|ty| ty.name().is_empty()) && has_bitfield(btf, id);
    btf.types()
        .filter(|ty| !ty.name().is_empty())
        .filter(|ty| match ty.kind() {
            Kind::Typedef(to) => own(to),
            Kind::Struct(_) | Kind::Union(_) => has_bitfield(btf, ty.id()),
            _ => false,
        })
        .map(|ty| ty.name().to_owned())
        .collect()
}

/// The types have been printed, so they are not nested in themselves.
fn has_bitfield(btf: &Btf<'_>, id: TypeId) -> bool {
    let Some(Kind::Struct(composite) | Kind::Union(composite)) =
        btf.skip_modifiers(id).map(|ty| ty.kind())
    else {
        return false;
    };
    composite.members().any(|member| {
        member.bits != 0 || member.name.is_empty() && has_bitfield(btf, member.type_id)
    })
}
