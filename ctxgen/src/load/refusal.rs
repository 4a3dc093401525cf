//! From the verifier's log to what is missing.
//!
//! libbpf makes an instruction whose relocation finds no target one that the verifier refuses, should
//! it ever be reached, and writes into its log which relocation that was (`fixup_verifier_log` in
//! libbpf.c).

use crate::Context;
use crate::btf::CDump;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::Step;

use super::Loader;
use super::error::LoadError;
use super::log::Logs;
use super::targets::Lack;
use super::targets::Target;

/// What libbpf puts before the relocation.
const UNRESOLVED: &str = "failed to resolve CO-RE relocation ";
/// What a type that cannot be written is called.
const UNPRINTABLE: &str = "a type that cannot be written in C";

/// Whether a program has a relocation against a context that finds nothing, or calls a function that
/// may have one.
pub(super) fn may_be_unresolved(object: &ObjectFile, targets: &[Target], program: &str) -> bool {
    object.relocations().iter().any(|relocation| {
        let is_its = match object.program_of(relocation) {
            Some(own) => own.name == program,
            None => true,
        };
        is_its && lacks(object, targets, relocation)
    })
}

fn lacks(object: &ObjectFile, targets: &[Target], relocation: &Relocation) -> bool {
    if !relocation.kind.needs_target() {
        return false;
    }
    let Some(target) = target_of(targets, relocation.type_id) else {
        return false;
    };
    let field = object.steps(relocation).and_then(|steps| field(&steps));
    target.context.is_err() || field.is_none_or(|field| target.lacking.contains_key(&field))
}

fn target_of(targets: &[Target], id: TypeId) -> Option<&Target> {
    targets.iter().find(|target| target.has(id))
}

/// The field of the context that an access goes to.
fn field(steps: &[Step<'_>]) -> Option<String> {
    steps.iter().find_map(|step| match step {
        Step::Member { name, .. } if !name.is_empty() => Some((*name).to_owned()),
        _ => None,
    })
}

impl Loader<'_> {
    /// What a failed load is due to.
    pub(super) fn explain(&self, logs: &Logs, error: libbpf_rs::Error) -> LoadError {
        let Some((program, section, log)) = logs.written() else {
            return LoadError::Load(error);
        };
        let named = (program.to_owned(), section.to_owned());
        let unresolved = log.lines().find_map(|line| line.strip_prefix(UNRESOLVED));
        if let (Some(relocation), Some(kernel)) = (unresolved, &self.kernel) {
            return self.unresolved(kernel, named, relocation);
        }
        LoadError::Refused {
            program: named.0,
            section: named.1,
            log: log.to_owned(),
            error,
        }
    }

    /// `relocation` is like `<byte_off> [12] struct btf_fentry_vfs_unlink_ctx.idmap (0:0 @ offset 0)`.
    fn unresolved(
        &self,
        kernel: &KernelBtf,
        (program, section): (String, String),
        relocation: &str,
    ) -> LoadError {
        let parsed = parse(relocation);
        let target = parsed.and_then(|(id, field)| Some((target_of(&self.targets, id)?, field)));
        let origin = kernel.origin().clone();
        let Some((target, field)) = target else {
            return LoadError::Unresolved {
                program,
                section,
                relocation: relocation.to_owned(),
                origin,
            };
        };
        let field = field.to_owned();
        let prototype = prototype(kernel, target);
        match (
            target.lacking.get(&field),
            Context::find_struct(kernel, &target.hook),
        ) {
            (_, Err(why)) => LoadError::AbsentContext {
                program,
                section,
                context: target.name.clone(),
                field,
                why: Box::new(why),
            },
            (Some(&Lack::Retyped { local, kernel: id }), Ok(_)) => LoadError::RetypedArgument {
                program,
                section,
                field,
                local: declared(CDump::new(self.object.btf()).ok(), local, ""),
                kernel: declared(CDump::new(kernel.btf()).ok(), id, ""),
                origin,
                prototype,
            },
            _ => LoadError::AbsentArgument {
                program,
                section,
                field,
                origin,
                prototype,
            },
        }
    }
}

/// The local type, and the first field that is accessed in it.
fn parse(relocation: &str) -> Option<(TypeId, &str)> {
    let (_, rest) = relocation.split_once('[')?;
    let (id, rest) = rest.split_once(']')?;
    let (_, path) = rest.split_once('.')?;
    let end = path.find([' ', '.', '[']).unwrap_or(path.len());
    Some((TypeId(id.parse().ok()?), &path[..end]))
}

/// The hook with its arguments, as the kernel has it.
fn prototype(kernel: &KernelBtf, target: &Target) -> String {
    let mut returned = String::new();
    let mut arguments = Vec::new();
    for field in target.fields() {
        let dump = CDump::new(kernel.btf()).ok();
        match field.name.as_str() {
            "ret" => returned = format!(", which returns {}", declared(dump, field.type_id, "")),
            name => arguments.push(declared(dump, field.type_id, name)),
        }
    }
    format!("{}({}){returned}", target.hook, arguments.join(", "))
}

fn declared(dump: Option<CDump<'_>>, id: TypeId, name: &str) -> String {
    dump.and_then(|mut dump| dump.declare(id, name).ok())
        .unwrap_or_else(|| UNPRINTABLE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libbpfs_relocations_are_understood() {
        for (text, expected) in [
            (
                "<byte_off> [12] struct btf_x_ctx.idmap (0:0 @ offset 0)",
                Some((12, "idmap")),
            ),
            (
                "<byte_off> [3] struct btf_x_ctx.pair[1] (0:2:1",
                Some((3, "pair")),
            ),
            ("<byte_off> [3] struct btf_x_ctx.a.b (0:2:1", Some((3, "a"))),
            ("<enumval_value> [3] enum e::x = 3", None),
            ("<byte_off> [x] struct a.b (", None),
            ("", None),
        ] {
            let expected = expected.map(|(id, field)| (TypeId(id), field));
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
