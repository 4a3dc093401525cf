//! What of an object's contexts a kernel lacks.

use super::error::LoadError;
use crate::Context;
use crate::btf::TypeId;
use crate::compare::targets::Lack;
use crate::compare::targets::Target;
use crate::compare::targets::TargetError;
use crate::compare::targets::targets;
use crate::declaration::declared;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::first_field;

/// An object and a kernel.
pub(super) struct Sides<'s> {
    pub(super) object: &'s ObjectFile,
    pub(super) kernel: &'s KernelBtf,
    /// The object's relocated contexts as the kernel has them.
    pub(super) targets: Vec<Target>,
}

impl<'s> Sides<'s> {
    /// # Errors
    /// [`TargetError::ByteOrder`], and those of [`targets`].
    pub(super) fn new(object: &'s ObjectFile, kernel: &'s KernelBtf) -> Result<Self, TargetError> {
        let (local, target) = (object.btf().byte_order(), kernel.byte_order());
        if local != target {
            return Err(TargetError::ByteOrder {
                object: local,
                kernel: target,
                origin: kernel.origin().clone(),
            });
        }
        Ok(Self {
            object,
            kernel,
            targets: targets(object, kernel)?,
        })
    }

    /// The programs that read, or call functions that may read, what the kernel lacks of a context.
    pub(super) fn doubtful(&self) -> Vec<String> {
        let unresolved = self.object.relocations().iter();
        let unresolved: Vec<_> = unresolved
            .filter(|relocation| self.lacks(relocation))
            .map(|relocation| self.object.program_of(relocation))
            .collect();
        let programs = self.object.programs().iter();
        programs
            .filter(|program| {
                let mut unresolved = unresolved.iter();
                unresolved.any(|of| of.is_none_or(|of| of.name == program.name))
            })
            .map(|program| program.name.clone())
            .collect()
    }

    fn lacks(&self, relocation: &Relocation) -> bool {
        let Some(target) = self.target_of(relocation.type_id) else {
            return false;
        };
        let steps = self.object.steps(relocation).unwrap_or_default();
        let lacking = |field| target.lack(self.object, self.kernel, field).is_some();
        relocation.kind.needs_target()
            && (target.context.is_err() || first_field(&steps).is_none_or(lacking))
    }

    pub(super) fn target_of(&self, id: TypeId) -> Option<&Target> {
        let id = self.object.unaliased(id);
        self.targets.iter().find(|target| target.has(id))
    }

    /// What is wrong with a relocation like `<byte_off> [12] struct btf_fentry_vfs_unlink_ctx.idmap
    /// (0:0 @ offset 0)` in a program, given as name and section.
    pub(super) fn wrong(
        &self,
        (program, section): (String, String),
        relocation: &str,
    ) -> LoadError {
        let parsed = parse(relocation);
        let target = parsed.and_then(|(id, field)| Some((self.target_of(id)?, field)));
        let origin = self.kernel.origin().clone();
        let Some((target, field)) = target else {
            return LoadError::Unresolved {
                program,
                section,
                relocation: relocation.to_owned(),
                origin,
            };
        };
        if let Err(why) = Context::find_struct(self.kernel, &target.hook) {
            return LoadError::AbsentContext {
                program,
                section,
                context: target.hook.struct_name(),
                field: field.to_owned(),
                why: Box::new(why),
            };
        }
        let prototype = prototype(self.kernel, target);
        match target.lack(self.object, self.kernel, field) {
            Some(Lack::Retyped { local, kernel }) => LoadError::RetypedArgument {
                program,
                section,
                field: field.to_owned(),
                local: declared(self.object.btf(), local, ""),
                kernel: declared(self.kernel.btf(), kernel, ""),
                origin,
                prototype,
            },
            Some(Lack::Slot) => LoadError::NarrowField {
                program,
                section,
                field: field.to_owned(),
                origin,
            },
            Some(Lack::Absent) | None => LoadError::AbsentArgument {
                program,
                section,
                field: field.to_owned(),
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
        match field.name.as_str() {
            "ret" => {
                returned = format!(
                    ", which returns {}",
                    declared(kernel.btf(), field.type_id, "")
                );
            }
            name => arguments.push(declared(kernel.btf(), field.type_id, name)),
        }
    }
    format!("{}({}){returned}", target.hook, arguments.join(", "))
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
