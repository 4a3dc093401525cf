//! What is said of a context in a comment above it, in C and in Rust.

use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::kernel::labels;
use crate::layout::Layout;
use crate::prototype::NamesFrom;
use crate::text::c_comment;

/// What the kernels are called, as it can stand in a comment.
pub(super) fn kernel_labels(ctx: &CtxBtf<'_>) -> Vec<String> {
    let labels = labels(ctx.kernels());
    labels.iter().map(|label| c_comment(label)).collect()
}

/// The hooks whose programs get it.
pub(super) fn hooks(ctx_struct: &CtxStruct) -> String {
    // A pattern is whatever stands in a source.
    let hooks = ctx_struct.context.hooks.iter();
    let hooks: Vec<_> = hooks.map(|hook| c_comment(&hook.to_string())).collect();
    hooks.join(", ")
}

/// Where the names of its fields are from.
pub(super) fn names(names_from: &NamesFrom) -> String {
    match names_from {
        NamesFrom::Func(func) => format!("Argument names are from {}.", c_comment(func)),
        NamesFrom::Struct(name) => format!("Fields are those of struct {}.", c_comment(name)),
        NamesFrom::Format(_) | NamesFrom::Table => format!(
            "Argument names are from {}.",
            c_comment(&names_from.to_string())
        ),
        NamesFrom::NoArguments => "It passes no arguments.".to_owned(),
        NamesFrom::Nowhere => "BTF has no names for its arguments.".to_owned(),
    }
}

/// What it is without, and where it is not there, a sentence each.
pub(super) fn lacks(ctx_struct: &CtxStruct, layout: &Layout, labels: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for left_out in &layout.left_out {
        lines.push(format!("Without {}.", c_comment(&left_out.to_string())));
    }
    for (hook, reason) in &ctx_struct.context.refused {
        lines.push(format!("Not {}.", c_comment(&format!("{hook}: {reason}"))));
    }
    if !ctx_struct.lacking.hook.is_empty() {
        let kernels = those(&ctx_struct.lacking.hook, labels);
        lines.push(format!("Not there on {kernels}."));
    }
    for (name, kernel) in &ctx_struct.lacking.undeclared {
        lines.push(format!(
            "Without {name} of {}: its type cannot be declared with those of {}.",
            those(&[*kernel], labels),
            those(&[0], labels)
        ));
    }
    lines
}

/// What is said of which kernels have a field, and under which name.
pub(super) fn kernels_of(ctx_struct: &CtxStruct, field: usize, labels: &[String]) -> Vec<String> {
    let lacking = &ctx_struct.lacking;
    let mut remarks = Vec::new();
    if let Some(called) = lacking.called.get(field)
        && !called.is_empty()
    {
        remarks.push(format!("called so on {}", those(called, labels)));
    }
    if let Some(lacking) = lacking.fields.get(field)
        && !lacking.is_empty()
    {
        remarks.push(format!("not on {}", those(lacking, labels)));
    }
    remarks
}

/// `5.10 and 6.1`.
pub(super) fn those(kernels: &[usize], labels: &[String]) -> String {
    let names: Vec<&str> = kernels
        .iter()
        .filter_map(|&kernel| labels.get(kernel))
        .map(String::as_str)
        .collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
