//! bindgen on a header that holds the contexts and what they need by value, and nothing else: it
//! takes a fraction of the time that the whole of `vmlinux.h` would.

use bindgen::Formatter;
use ctxgen::ByteOrder;
use ctxgen::CtxBtf;
use ctxgen::Shape;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::CDump;
use ctxgen::render;

use crate::error::Error;

/// The structs in Rust, with assertions of their layout.
pub(super) fn structs(ctx: &CtxBtf<'_>, name: &str) -> Result<String, Error> {
    if ctx.structs().is_empty() {
        return Ok(String::new());
    }
    // bindgen itself panics where libclang is missing.
    clang_sys::load().map_err(Error::NoLibclang)?;
    let target = match ctx.kernel().byte_order() {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let mut builder = bindgen::Builder::default()
        .header_contents("ctx.h", &header(ctx)?)
        .clang_arg(format!("--target={target}"))
        .clang_arg("-fms-extensions")
        .use_core()
        .disable_header_comment()
        .derive_default(true)
        .derive_debug(true)
        .explicit_padding(true)
        .layout_tests(true)
        .generate_comments(false)
        .formatter(Formatter::Prettyplease);
    for ctx_struct in ctx.structs() {
        builder = builder.allowlist_type(&ctx_struct.context.struct_name);
    }
    match builder.generate() {
        Ok(bindings) => Ok(bindings.to_string()),
        Err(error) => Err(Error::Bindings {
            name: name.to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// `ctx.h` behind the definitions that it needs.
fn header(ctx: &CtxBtf<'_>) -> Result<String, Error> {
    let btf = ctx.btf();
    let mut trim = Trim::new(btf);
    for ctx_struct in ctx.structs() {
        match &ctx_struct.context.shape {
            Shape::Kernel { type_id } => trim.define(*type_id),
            Shape::Slots { layout, .. } => {
                for field in &layout.fields {
                    trim.define(field.type_id);
                }
            }
        }
    }
    let small = trim.finish();
    let mut text = "#define __VMLINUX_H__\n".to_owned();
    let definitions = Btf::parse(&small)
        .map_err(|error| error.to_string())
        .and_then(|small| define_all(&small))
        .map_err(|reason| Error::Bindings {
            name: "ctx.h".to_owned(),
            reason,
        })?;
    // As a macro it becomes Rust's own `bool`; bindgen would make a `bool_` of the typedef.
    text.push_str(&definitions.replace("typedef _Bool bool;", "#define bool _Bool"));
    text.push_str(&render::header(ctx)?);
    Ok(text)
}

fn define_all(btf: &Btf<'_>) -> Result<String, String> {
    let mut dump = CDump::new(btf).map_err(|error| error.to_string())?;
    dump.define_all().map_err(|error| error.to_string())
}
