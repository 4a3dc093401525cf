//! What a hook passes, as a declaration in C for people.

use std::fmt::Write;

use crate::btf::Btf;
use crate::btf::TypeId;
use crate::declaration::declared;
use crate::declaration::members;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::prototype::Prototype;
use crate::prototype::Signature;
use crate::prototype::look_up;
use crate::prototype::spelled;

/// How many of a program's hooks are declared.
const MAX_HOOKS: usize = 4;
/// How many members of a struct are listed.
const MAX_MEMBERS: usize = 64;

/// What a program's hooks pass on a kernel; `None` where the kernel has none of them, or does not tell.
pub(super) fn prototypes(kernel: &KernelBtf, hooks: &[Hook]) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for hook in hooks.iter().take(MAX_HOOKS) {
        texts.extend(prototype(kernel, hook).filter(|text| !texts.contains(text)));
    }
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn prototype(kernel: &KernelBtf, hook: &Hook) -> Option<String> {
    if hook.is_generic() {
        return None;
    }
    let hook = spelled(kernel, hook).ok()?;
    match look_up(kernel, &hook).ok()? {
        Prototype::Function(signature) => Some(match &signature.system_call {
            Some(call) => function(kernel, &call.signature, &call.name),
            None => function(kernel, &signature, name(&hook)),
        }),
        Prototype::Record(record) => {
            let fields = record.fields.iter();
            let fields =
                fields.map(|field| (&*field.name, field.type_id, field.offset, field.bits));
            Some(structure(kernel.btf(), "the record", fields))
        }
        Prototype::Kernel { type_id } => {
            let btf = kernel.btf();
            let of = members(btf, type_id);
            let of = of
                .iter()
                .map(|of| (of.name, of.type_id, of.bit_offset / 8, of.bits));
            Some(structure(btf, &declared(btf, type_id, ""), of))
        }
        Prototype::Other { .. } => None,
    }
}

/// The last part of what a hook attaches to.
fn name(hook: &Hook) -> &str {
    let target = hook.target();
    target.rsplit(['/', ':']).next().unwrap_or(target)
}

fn function(kernel: &KernelBtf, signature: &Signature, name: &str) -> String {
    let btf = kernel.types(signature.types);
    let arguments = signature.args.iter().map(|argument| {
        declared(
            btf,
            argument.type_id,
            argument.name.as_deref().unwrap_or_default(),
        )
    });
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let arguments = match &*arguments {
        "" => "void",
        list => list,
    };
    declared(btf, signature.ret, &format!("{name}({arguments})"))
}

fn structure<'m>(
    btf: &Btf<'_>,
    title: &str,
    members: impl ExactSizeIterator<Item = (&'m str, TypeId, u32, u32)>,
) -> String {
    let mut text = format!("{title} {{\n");
    let more = members.len().saturating_sub(MAX_MEMBERS);
    for (name, type_id, offset, bits) in members.take(MAX_MEMBERS) {
        let field = match name {
            "" => "an anonymous member".to_owned(),
            name => declared(btf, type_id, name),
        };
        let width = match bits {
            0 => String::new(),
            bits => format!(" : {bits}"),
        };
        let _ = writeln!(text, "\t{field}{width};\t/* byte {offset} */");
    }
    if more > 0 {
        let _ = writeln!(text, "\t/* and {more} more */");
    }
    text.push('}');
    text
}
