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
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::essential_name;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::SLOT;
use crate::object::ObjectFile;

use super::copy::Copier;
use super::error::LoadError;

/// The member in which generated headers give the arguments' own types where the fields are slots.
const OWN_TYPES: &str = "__own";

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
/// [`LoadError::SameName`], where contexts of different hooks are the same to CO-RE.
pub(super) fn targets(object: &ObjectFile, kernel: &KernelBtf) -> Result<Vec<Target>, LoadError> {
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    for id in object.relocated_contexts() {
        let (Some(ty), Some(hook)) = (object.btf().get(id), object.context_hook(id)) else {
            continue;
        };
        let essential = essential_name(ty.name());
        if let Some(target) = targets.get_mut(essential) {
            if target.hook.struct_name() != hook.struct_name() {
                return Err(LoadError::SameName {
                    one: target.hook.struct_name(),
                    other: hook.struct_name(),
                });
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
        writer.structure(&self.essential, context.size(kernel), &members);
    }

    /// Why a field is not in the struct; `None` for one that is.
    pub(super) fn lack(&self, object: &ObjectFile, kernel: &KernelBtf, name: &str) -> Option<Lack> {
        self.field(object, kernel, name).err()
    }

    /// The names of the object's fields, in all flavours.
    fn field_names<'o>(&self, object: &'o ObjectFile) -> BTreeSet<&'o str> {
        let all = self.locals.iter().flat_map(|id| members(object, *id));
        all.map(|member| member.name)
            .filter(|name| !name.is_empty() && *name != OWN_TYPES)
            .collect()
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
            let Some(member) = members(object, *local).find(|member| member.name == name) else {
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
    let own = own_type(object, of, member);
    let local = own.unwrap_or(member.type_id);
    let retyped = Lack::Retyped {
        local,
        kernel: found.type_id,
    };
    let agreement = agreement((object.btf(), local), (kernel.btf(), found.type_id));
    match agreement {
        Agreement::Same if own.is_none() || slots(object, member) == found.size.div_ceil(SLOT) => {
            Ok(Declared::Local(member.type_id))
        }
        // A slot is loaded whole.
        Agreement::Narrower if own.is_none() => Ok(Declared::Unsigned(found.size)),
        _ => Err(retyped),
    }
}

/// The argument's own type, where the field is declared as the slots that it takes.
fn own_type(object: &ObjectFile, of: TypeId, member: Member<'_>) -> Option<TypeId> {
    if slots(object, member) == 0 {
        return None;
    }
    let own_types = members(object, of).find(|other| other.name == OWN_TYPES)?;
    let Kind::Array { element, .. } = object.btf().resolve(own_types.type_id)?.kind() else {
        return None;
    };
    let element = object.btf().resolve(element)?.id();
    let own = members(object, element).find(|own| own.name == member.name)?;
    Some(own.type_id)
}

/// How many slots a field is declared as; 0 where it is declared as something else.
fn slots(object: &ObjectFile, member: Member<'_>) -> u32 {
    let kind = |id| object.btf().resolve(id).map(|ty| ty.kind());
    let is_slot = |id| {
        matches!(
            kind(id),
            Some(Kind::Int {
                size: SLOT,
                encoding: IntEncoding::Unsigned
            })
        )
    };
    match kind(member.type_id) {
        Some(Kind::Array { element, len, .. }) if is_slot(element) => len,
        _ => u32::from(is_slot(member.type_id)),
    }
}

fn members<'o>(object: &'o ObjectFile, id: TypeId) -> impl Iterator<Item = Member<'o>> + use<'o> {
    let composite = match object.btf().get(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite)) => Some(composite),
        _ => None,
    };
    composite
        .into_iter()
        .flat_map(|composite| composite.members())
}
