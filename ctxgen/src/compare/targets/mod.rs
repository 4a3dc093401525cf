//! What relocations against contexts are resolved to: the object's context structs, with the offsets
//! of this kernel.

mod error;
mod hooks;

use std::collections::BTreeMap;
use std::collections::HashMap;

use libbpf_rs::libbpf_sys;

pub use self::error::TargetError;
use self::hooks::fields;
use self::hooks::on_kernel;

use crate::Context;
use crate::Shape;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::essential_name;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::SLOT;
use crate::object::ObjectFile;
use crate::object::context_arguments;
use crate::object::context_fields;
use crate::object::is_only_loaded;
use crate::object::own_type;
use crate::object::slots;
use crate::prototype::PrototypeError;
use crate::prototype::pairing::KnownBy;
use crate::prototype::pairing::Pair;
use crate::prototype::pairing::pair;
use crate::sorted::set;
use crate::sorted::sorted_by;
use crate::text::ident::argument_name;

/// A relocated context of the object: all structs that CO-RE takes for the same.
#[derive(Debug)]
pub(crate) struct Target {
    /// What libbpf compares names by.
    pub(crate) essential: String,
    pub(crate) hook: Hook,
    /// The structs in the object's BTF.
    pub(crate) locals: Vec<TypeId>,
    /// The hook on this kernel.
    pub(crate) context: Result<Context, PrototypeError>,
    /// The kernel's arguments for the object's fields, by the fields' names.
    arguments: BTreeMap<String, Pair>,
}

/// Why a field of a context is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
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
/// [`TargetError::SameName`] and [`TargetError::SameAlias`] where contexts of different hooks are the same to CO-RE;
/// [`TargetError::OtherContext`] and [`TargetError::OneStruct`] where a program takes a struct that is not
/// its hook's, or not only its hook's.
pub(crate) fn targets(object: &ObjectFile, kernel: &KernelBtf) -> Result<Vec<Target>, TargetError> {
    let mut contexts: Vec<(&str, Hook, Vec<TypeId>)> = Vec::new();
    for id in object.relocated_contexts() {
        let (Some(ty), Some(hook)) = (object.btf().get(id), object.context_hook(id)) else {
            continue;
        };
        contexts.push((essential_name(ty.name()), hook, vec![id]));
    }
    let mut contexts = sorted_by(contexts, |a, b| a.0.cmp(b.0));
    let mut different = None;
    contexts.dedup_by(|other, first| {
        let is_same = other.0 == first.0;
        if is_same && first.1.struct_name() != other.1.struct_name() {
            different.get_or_insert((first.1.struct_name(), other.1.struct_name()));
        }
        if is_same {
            first.2.append(&mut other.2);
        }
        is_same
    });
    if let Some((one, other)) = different {
        return Err(TargetError::SameName { one, other });
    }
    let targets = contexts.into_iter().map(|(essential, hook, locals)| {
        let (hook, context) = on_kernel(object, kernel, hook)?;
        Ok::<_, TargetError>(Target {
            arguments: context.as_ref().map_or_else(
                |_| BTreeMap::new(),
                |context| arguments(object, kernel, &hook, &locals, context),
            ),
            essential: essential.to_owned(),
            context,
            hook,
            locals,
        })
    });
    let targets = targets.collect::<Result<Vec<_>, _>>()?;
    different_aliases(object, &targets)?;
    Ok(targets)
}

/// Refuses typedefs that are the same to CO-RE and lead to different contexts, as those of two sources that
/// were linked may: libbpf would look in both for the fields of either.
fn different_aliases(object: &ObjectFile, targets: &[Target]) -> Result<(), TargetError> {
    let mut known: HashMap<&str, &Target> = HashMap::new();
    for target in targets {
        for alias in target.aliases(object) {
            let alias = essential_name(alias);
            let first = known.entry(alias).or_insert(target);
            if first.essential != target.essential {
                let [one, other] = [*first, target].map(|target| target.hook.struct_name());
                let alias = alias.to_owned();
                return Err(TargetError::SameAlias { alias, one, other });
            }
        }
    }
    Ok(())
}

/// The kernel's arguments for the fields that structs of the object have. A name tells more than a position
/// in one of the structs, and of two positions neither counts.
fn arguments(
    object: &ObjectFile,
    kernel: &KernelBtf,
    hook: &Hook,
    locals: &[TypeId],
    context: &Context,
) -> BTreeMap<String, Pair> {
    let Shape::Generated { layout, .. } = &context.shape else {
        return BTreeMap::new();
    };
    let theirs = layout.arguments(kernel.types(layout.types));
    let names = layout.fields.iter().enumerate();
    let places: HashMap<&str, usize> = names.map(|(at, field)| (&*field.name, at)).collect();
    let mut found: BTreeMap<&str, Option<Pair>> = BTreeMap::new();
    for local in locals {
        let ours = context_arguments(object.btf(), *local, hook);
        for (argument, pair) in ours.list.iter().zip(pair(&ours, &theirs)) {
            for name in &argument.names {
                // Of several names, one may be the kernel's own.
                let own = places.get(name).or(places.get(argument_name(name)));
                let named = own.map(|place| Pair {
                    place: *place,
                    by: KnownBy::Name,
                });
                let other = pair.map(|pair| match pair.by {
                    KnownBy::Name => Pair {
                        by: KnownBy::Alias,
                        ..pair
                    },
                    _ => pair,
                });
                let Some(pair) = named.or(other) else {
                    continue;
                };
                found
                    .entry(name)
                    .and_modify(|known| *known = known.and_then(|known| known.surer(pair)))
                    .or_insert(Some(pair));
            }
        }
    }
    let found = found.into_iter();
    found
        .filter_map(|(name, pair)| Some((name.to_owned(), pair?)))
        .collect()
}

impl Target {
    /// Whether it stands for this struct of the object.
    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.locals.contains(&id)
    }

    /// The kernel's fields; none where it has no such hook.
    pub(crate) fn fields(&self) -> &[Field] {
        self.context.as_ref().map_or(&[], fields)
    }

    /// The names of typedefs by which the object has it, sorted.
    pub(crate) fn aliases<'o>(&self, object: &'o ObjectFile) -> Vec<&'o str> {
        let locals = self.locals.iter();
        set(locals.flat_map(|local| object.aliases(*local)).collect())
    }

    /// Why a field is not in the struct; `None` for one that is.
    pub(crate) fn lack(&self, object: &ObjectFile, kernel: &KernelBtf, name: &str) -> Option<Lack> {
        self.field(object, kernel, name).err()
    }

    /// The names of the object's fields, in all flavours, sorted.
    pub(crate) fn field_names<'o>(&self, object: &'o ObjectFile) -> Vec<&'o str> {
        let all = self
            .locals
            .iter()
            .flat_map(|id| context_fields(object.btf(), *id));
        set(all.map(|member| member.name).collect())
    }

    /// Where a field is and how it is declared, once for each kind. libbpf takes a struct of any flavour
    /// for the target of all, so a field has to be right in all that have it.
    pub(crate) fn field(
        &self,
        object: &ObjectFile,
        kernel: &KernelBtf,
        name: &str,
    ) -> Result<(u32, Vec<Declared>), Lack> {
        let found = self.argument(name).ok_or(Lack::Absent)?;
        let mut declared = Vec::new();
        let mut kinds = Vec::new();
        for local in &self.locals {
            let Some(member) =
                context_fields(object.btf(), *local).find(|member| member.name == name)
            else {
                continue;
            };
            let one = declare(object, kernel, *local, member, found)?;
            let kind = kind(object.btf(), member.type_id);
            if !kinds.contains(&kind) {
                kinds.push(kind);
                declared.push(one);
            }
        }
        match declared.is_empty() {
            true => Err(Lack::Absent),
            false => Ok((found.offset, declared)),
        }
    }

    /// The kernel's argument that a field of the object is.
    pub(crate) fn argument(&self, name: &str) -> Option<&Field> {
        let pair = self.arguments.get(name)?;
        self.fields().get(pair.place)
    }

    /// The same, where the kernel has another name for it, and how it is known then.
    pub(crate) fn renamed(&self, name: &str) -> Option<(&Field, KnownBy)> {
        let pair = self.arguments.get(name)?;
        let field = self.fields().get(pair.place)?;
        let is_other = field.name != name && field.name != argument_name(name);
        is_other.then_some((field, pair.by))
    }
}

/// How a field of the target is declared.
pub(crate) enum Declared {
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
    let resolved = |id| object.btf().resolve(id).map(|ty| ty.id());
    // What is a slot by its own type is not declared as one in place of that.
    let own =
        own_type(object.btf(), of, member).filter(|own| resolved(*own) != resolved(member.type_id));
    let local = own.unwrap_or(member.type_id);
    let retyped = Lack::Retyped {
        local,
        kernel: found.type_id,
    };
    let agreement = agreement((object.btf(), local), (kernel.btf(), found.type_id));
    let is_declared_as_slots =
        own.is_some() && slots(object.btf(), member) == found.size.div_ceil(SLOT);
    let is_own = own.is_none() && matches!(found.form, Form::Own | Form::SystemCall);
    match agreement {
        Agreement::Same if is_declared_as_slots || is_own => Ok(Declared::Local(member.type_id)),
        // Slots are loaded whole.
        Agreement::Narrower if is_own => match is_only_loaded(object, of, member) {
            true => Ok(Declared::Unsigned(found.size)),
            false => Err(retyped),
        },
        Agreement::Same | Agreement::Narrower if own.is_none() => Err(Lack::Slot),
        _ => Err(retyped),
    }
}

/// The kind that libbpf compares a field's type by: that of an array's elements, and one for both kinds
/// of enum (`bpf_core_fields_are_compat` in `relo_core.c`).
fn kind(btf: &Btf<'_>, id: TypeId) -> Option<u32> {
    let ty = btf.resolve(id)?;
    match ty.kind() {
        Kind::Array { element, .. } => btf.resolve(element).map(|ty| ty.kind_number()),
        Kind::Union(_) => Some(libbpf_sys::BTF_KIND_STRUCT),
        Kind::Enum64 { .. } => Some(libbpf_sys::BTF_KIND_ENUM),
        _ => Some(ty.kind_number()),
    }
}
