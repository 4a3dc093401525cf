//! What relocations against contexts are resolved to: the object's context structs, with the offsets
//! of this kernel.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Context;
use crate::Error;
use crate::SecName;
use crate::Shape;
use crate::agree::Agreement;
use crate::agree::agreement;
use crate::btf::BtfWriter;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::essential_name;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::SLOT;
use crate::object::ObjectFile;
use crate::object::context_fields;
use crate::object::own_type;
use crate::object::slots;

use super::copy::Copier;
use super::error::LoadError;

/// A relocated context of the object: all structs that CO-RE takes for the same.
#[derive(Debug)]
pub(super) struct Target {
    /// What libbpf compares names by.
    essential: String,
    pub(super) hook: Hook,
    /// The structs in the object's BTF.
    locals: Vec<TypeId>,
    /// The hook on this kernel.
    pub(super) context: Result<Context, Error>,
}

/// Why a field of a context is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// The hook passes no such argument.
    Absent,
    /// The argument is a whole slot, and the object's field is not.
    Slot,
    /// The argument is of another type.
    Retyped {
        /// What the object takes it for.
        local: TypeId,
        /// What the kernel has.
        kernel: TypeId,
    },
}

/// All relocated contexts of an object, by name.
///
/// # Errors
/// [`LoadError::SameName`] where contexts of different hooks are the same to CO-RE.
pub(super) fn targets(object: &ObjectFile, kernel: &KernelBtf) -> Result<Vec<Target>, Error> {
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    for id in object.relocated_contexts() {
        let (Some(ty), Some(hook)) = (object.btf().get(id), object.context_hook(id)) else {
            continue;
        };
        let essential = essential_name(ty.name());
        if let Some(target) = targets.get_mut(essential) {
            if target.hook.struct_name() != hook.struct_name() {
                let same = LoadError::SameName {
                    one: target.hook.struct_name(),
                    other: hook.struct_name(),
                };
                return Err(same.into());
            }
            target.locals.push(id);
            continue;
        }
        let hook = hook_in_module(object, &hook).unwrap_or(hook);
        let target = Target {
            essential: essential.to_owned(),
            context: Context::find_struct(kernel, &hook),
            hook,
            locals: vec![id],
        };
        targets.insert(essential.to_owned(), target);
    }
    Ok(targets.into_values().collect())
}

/// The hook by the section of a program that has this context, where that says in which module the hook
/// is: the struct's name does not.
fn hook_in_module(object: &ObjectFile, hook: &Hook) -> Option<Hook> {
    let hooks = object.programs().iter().filter_map(|program| {
        let of_section = SecName::parse(&program.section).ok()?.hook;
        let is_its = program
            .context
            .and_then(|id| object.context_hook(id))
            .as_ref()
            == Some(hook);
        (is_its && of_section.module().is_some()).then_some(of_section)
    });
    hooks.min()
}

impl Target {
    /// Whether it stands for this struct of the object.
    pub(super) fn has(&self, id: TypeId) -> bool {
        self.locals.contains(&id)
    }

    /// The kernel's fields; none where it has no such hook.
    pub(super) fn fields(&self) -> &[Field] {
        match &self.context {
            Ok(Context {
                shape: Shape::Slots { layout, .. },
                ..
            }) => &layout.fields,
            _ => &[],
        }
    }

    /// Adds the struct, where the kernel has the hook, without what is lacking.
    pub(super) fn write(
        &self,
        writer: &mut BtfWriter,
        copier: &mut Copier<'_>,
        object: &ObjectFile,
        kernel: &KernelBtf,
    ) {
        let Ok(context) = &self.context else {
            return;
        };
        let mut members = Vec::new();
        for name in self.field_names(object) {
            let Ok((offset, declared)) = self.field(object, kernel, name) else {
                continue;
            };
            let type_id = match declared {
                Declared::Local(id) => copier.copy(writer, id),
                Declared::Unsigned(size) => writer.unsigned("", size),
            };
            members.push((name, type_id, offset));
        }
        members.sort_by_key(|member| member.2);
        writer.structure(&self.name(), context.size(kernel), &members);
    }

    /// A name that libbpf compares by `essential`, which may have what looks like a flavour itself.
    fn name(&self) -> String {
        match essential_name(&self.essential) == self.essential {
            true => self.essential.clone(),
            false => format!("{}___0", self.essential),
        }
    }

    /// Why a field is not in the struct; `None` for one that is.
    pub(super) fn lack(&self, object: &ObjectFile, kernel: &KernelBtf, name: &str) -> Option<Lack> {
        self.field(object, kernel, name).err()
    }

    /// The names of the object's fields, in all flavours.
    fn field_names<'o>(&self, object: &'o ObjectFile) -> BTreeSet<&'o str> {
        let all = self
            .locals
            .iter()
            .flat_map(|id| context_fields(object.btf(), *id));
        all.map(|member| member.name).collect()
    }

    /// Where a field is and how it is declared. libbpf takes a struct of any flavour for the target
    /// of all, so a field has to be right in all that have it.
    fn field(
        &self,
        object: &ObjectFile,
        kernel: &KernelBtf,
        name: &str,
    ) -> Result<(u32, Declared), Lack> {
        let found = self.argument(name).ok_or(Lack::Absent)?;
        let mut declared = None;
        for local in &self.locals {
            let Some(member) =
                context_fields(object.btf(), *local).find(|member| member.name == name)
            else {
                continue;
            };
            declared = Some(declare(object, kernel, *local, member, found)?);
        }
        Ok((found.offset, declared.ok_or(Lack::Absent)?))
    }

    /// The kernel's argument that a field of the object is: that of its name, or of its name without
    /// what tells apart the types that it has on several kernels.
    fn argument(&self, name: &str) -> Option<&Field> {
        let named = |name: &str| self.fields().iter().find(|field| field.name == name);
        named(name).or_else(|| named(essential_name(name)))
    }
}

/// How a field of the target is declared.
enum Declared {
    /// As in the object.
    Local(TypeId),
    /// As an unsigned integer of so many bytes.
    Unsigned(u32),
}

fn declare(
    object: &ObjectFile,
    kernel: &KernelBtf,
    of: TypeId,
    member: Member<'_>,
    found: &Field,
) -> Result<Declared, Lack> {
    let own = own_type(object.btf(), of, member);
    let local = own.unwrap_or(member.type_id);
    let retyped = Lack::Retyped {
        local,
        kernel: found.type_id,
    };
    let agreement = agreement((object.btf(), local), (kernel.btf(), found.type_id));
    let is_declared_as_slots =
        own.is_some() && slots(object.btf(), member) == found.size.div_ceil(SLOT);
    let is_own = own.is_none() && found.form == Form::Own;
    match agreement {
        Agreement::Same if is_declared_as_slots || is_own => Ok(Declared::Local(member.type_id)),
        // Slots are loaded whole.
        Agreement::Narrower if is_own => Ok(Declared::Unsigned(found.size)),
        Agreement::Same | Agreement::Narrower if own.is_none() => Err(Lack::Slot),
        _ => Err(retyped),
    }
}
