//! What a hook of a kernel passes, as far as reads are held against it.

use crate::Context;
use crate::RecordFit;
use crate::Shape;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::declaration::declared;
use crate::declaration::members;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::layout::Access;
use crate::layout::Form;
use crate::layout::SLOT;
use crate::object::meant::Meaning;
use crate::object::meant::PointsTo;
use crate::prototype::NamesFrom;
use crate::prototype::PrototypeError;
use crate::prototype::WRAPPER;
use crate::prototype::pairing::Arguments;

use super::Reason;
use super::Unknown;
use super::Value;
use super::address;
use super::loadable::is_refused;

/// What a hook of a kernel passes.
pub(super) struct Passed<'k> {
    pub(super) kernel: &'k KernelBtf,
    /// The kernel's release, where it is known.
    release: Option<(u32, u32)>,
    pub(super) family: Family,
    context: Context,
    pub(super) btf: &'k Btf<'k>,
    pub(super) passing: Passing,
    /// In the order of their offsets.
    pub(super) arguments: Vec<Argument>,
    /// How much of the context is described, in bytes.
    pub(super) size: u32,
    /// Whether something is passed that has no field.
    pub(super) is_partial: bool,
    /// Whether it is laid out in the same way by all kernels.
    pub(super) is_stable: bool,
    /// Whether the only argument leads to the registers of a system call.
    pub(super) is_system_call: bool,
}

/// An argument as a kernel has it.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// `None` where the kernel does not tell.
    pub(super) name: Option<String>,
    pub(super) type_id: TypeId,
    pub(super) offset: u32,
    /// In bytes; of slots, whole ones.
    pub(super) size: u32,
    pub(super) meaning: Meaning,
    /// What verifiers make of a load of it.
    pub(super) access: Access,
    pub(super) is_result: bool,
}

impl<'k> Passed<'k> {
    /// That of a hook.
    pub(super) fn of(kernel: &'k KernelBtf, hook: &Hook) -> Result<Self, Reason> {
        let family = hook.family();
        if hook.is_generic() && family.prototypes() != Prototypes::None {
            return Err(not_known(Unknown::NoHook));
        }
        if family.prototypes() == Prototypes::User && kernel.users().is_empty() {
            return Err(not_known(Unknown::UserSpace));
        }
        let context = Context::find_hook(kernel, hook)
            .map_err(|error| address::without_btf(kernel, hook, absence(kernel, hook, &error)))?;
        if address::has_address(kernel, hook) == Some(false) {
            return Err(address::none(hook));
        }
        Self::of_context(kernel, hook, context)
    }

    fn of_context(kernel: &'k KernelBtf, hook: &Hook, context: Context) -> Result<Self, Reason> {
        let family = hook.family();
        let mut passed = Self {
            kernel,
            release: kernel.release(),
            family,
            btf: kernel.btf(),
            passing: Passing::Memory,
            arguments: Vec::new(),
            size: 0,
            is_partial: false,
            is_stable: false,
            is_system_call: false,
            context,
        };
        match &passed.context.shape {
            Shape::Generated { layout, names_from } => {
                passed.btf = kernel.types(layout.types);
                passed.passing = layout.passing;
                passed.size = layout.size;
                passed.is_partial = !layout.left_out.is_empty();
                let is_nameless = *names_from == NamesFrom::Nowhere;
                let listed = layout.arguments(passed.btf).list;
                for (field, argument) in layout.fields.iter().zip(listed) {
                    passed.is_system_call |= field.form == Form::SystemCall;
                    passed.arguments.push(Argument {
                        name: match is_nameless && !argument.is_result {
                            true => None,
                            false => Some(field.name.clone()),
                        },
                        type_id: field.type_id,
                        offset: field.offset,
                        size: match layout.passing {
                            Passing::Slots => field.size.next_multiple_of(SLOT),
                            Passing::Registers => SLOT,
                            Passing::Memory => field.size,
                        },
                        meaning: Meaning::of(passed.btf, field.type_id),
                        access: field.access,
                        is_result: argument.is_result,
                    });
                }
            }
            Shape::Kernel { type_id } if family.passing() != Passing::Registers => {
                passed.is_stable = family.is_uapi();
                let btf = kernel.btf();
                passed.size = btf.size_of(*type_id).unwrap_or(0);
                for member in members(btf, *type_id) {
                    passed.arguments.push(Argument {
                        name: Some(member.name.to_owned()).filter(|name| !name.is_empty()),
                        type_id: member.type_id,
                        offset: member.bit_offset / 8,
                        size: btf.size_of(member.type_id).unwrap_or(0),
                        meaning: Meaning::of(btf, member.type_id),
                        access: Access::Always,
                        is_result: false,
                    });
                }
            }
            Shape::Kernel { .. } => return Err(not_known(Unknown::NoHook)),
            Shape::Other { .. } => return Err(not_known(Unknown::NoHook)),
        }
        Ok(passed)
    }

    /// The argument that a byte of the context belongs to, by its place.
    pub(super) fn at(&self, offset: u32) -> Option<usize> {
        self.arguments.iter().position(|argument| {
            offset >= argument.offset && offset - argument.offset < argument.size
        })
    }

    /// An argument, for people.
    pub(super) fn value(&self, place: usize) -> Value {
        let argument = &self.arguments[place];
        Value {
            name: argument.name.clone(),
            r#type: declared(self.btf, argument.type_id, ""),
            is_returned: argument.is_result,
        }
    }

    /// The returned value.
    pub(super) fn result(&self) -> Option<usize> {
        self.arguments
            .iter()
            .position(|argument| argument.is_result)
    }

    /// Those to be paired with another kernel's.
    pub(super) fn to_pair(&self) -> Option<Arguments<'_>> {
        match &self.context.shape {
            Shape::Generated { layout, .. } => Some(layout.arguments(self.btf)),
            _ => None,
        }
    }

    /// Whether a struct of the kernel's is that of a record, and not of the one that is passed.
    pub(super) fn is_other_record(&self, struct_name: &str) -> bool {
        self.context.record_fit(struct_name) == Some(RecordFit::Other)
    }

    /// Whether the verifier knows the types of the arguments, and refuses what is not there.
    pub(super) fn is_typed(&self) -> bool {
        let is_untyped_tracepoint = matches!(
            self.family.prototypes(),
            Prototypes::Tracepoint { typedef: false }
        );
        self.passing == Passing::Slots && !is_untyped_tracepoint
    }

    /// Whether the verifier certainly refuses to load an argument.
    pub(super) fn is_refused(&self, place: usize) -> bool {
        let access = self.arguments[place].access;
        self.is_typed() && is_refused(access, self.release) == Some(true)
    }

    /// Whether the verifier takes an argument for a pointer to a struct.
    pub(super) fn is_struct_pointer(&self, place: usize) -> bool {
        let Argument {
            access, meaning, ..
        } = &self.arguments[place];
        let is_pointer = matches!(meaning, Meaning::Pointer(PointsTo::Tag(_)));
        self.is_typed() && *access == Access::Always && is_pointer
    }

    /// Whether the verifier certainly refuses to load so many bytes of an argument.
    pub(super) fn refuses_part(&self, place: usize, width: u32) -> bool {
        let is_pointer = matches!(self.arguments[place].meaning, Meaning::Pointer(_));
        self.is_typed() && is_pointer && width < SLOT && self.kernel.refuses_narrow_pointers()
    }

    /// Whether only what is returned can be read.
    pub(super) fn is_of_return(&self) -> bool {
        self.family.returned() == Returned::Only
    }

    /// What a register is called that is so many bytes behind the start.
    pub(super) fn register(kernel: &KernelBtf, offset: u32) -> Option<String> {
        let registers = crate::prototype::registers(kernel)?;
        let Kind::Struct(composite) = registers.kind() else {
            return None;
        };
        let btf = kernel.btf();
        for member in composite.members() {
            let start = member.bit_offset / 8;
            let size = btf.size_of(member.type_id).unwrap_or(0);
            if offset < start || offset - start >= size {
                continue;
            }
            return Some(match size > SLOT {
                true => format!("{}[{}]", member.name, (offset - start) / SLOT),
                false => member.name.to_owned(),
            });
        }
        None
    }
}

fn not_known(why: Unknown) -> Reason {
    Reason::NotKnown { why }
}

/// Whether a kernel lets programs implement other members of that ops type.
fn has_ops(kernel: &KernelBtf, hook: &Hook) -> bool {
    let is_member = hook.family().prototypes() == Prototypes::StructOps;
    let ops = hook
        .parts()
        .first()
        .map(|(ops, _)| format!("{WRAPPER}{ops}"));
    let mut found = ops
        .filter(|_| is_member)
        .into_iter()
        .flat_map(|ops| kernel.candidates(Named::Struct, &ops));
    found.next().is_some()
}

/// Why a kernel does not pass anything there.
fn absence(kernel: &KernelBtf, hook: &Hook, error: &PrototypeError) -> Reason {
    let family = hook.family();
    match error {
        // A program of its own name there is set to another function when it is loaded.
        PrototypeError::UnknownHook { .. } if hook.target().starts_with("dummy_") => {
            not_known(Unknown::NoHook)
        }
        PrototypeError::UnknownHook { .. } if has_ops(kernel, hook) => not_known(Unknown::Hook(
            "the kernel does not have that member; libbpf leaves it out".to_owned(),
        )),
        PrototypeError::UnknownHook { .. } => Reason::HookAbsent {
            hook: hook.to_string(),
            is_certain: !(family.passing() == Passing::Registers && family.has_functions()),
        },
        PrototypeError::Unsupported { reason, .. } => match family.passing() {
            // Breakpoints are set on any function.
            Passing::Registers => not_known(Unknown::Hook(reason.to_string())),
            _ => Reason::CannotAttach {
                hook: hook.to_string(),
                why: reason.to_string(),
            },
        },
        PrototypeError::AmbiguousFunction { .. } => not_known(Unknown::Hook(
            "several functions of the kernel have that name".to_owned(),
        )),
        PrototypeError::AmbiguousEvent { .. } => not_known(Unknown::Hook(
            "its BTF does not tell which record the event has".to_owned(),
        )),
        error => not_known(Unknown::Hook(error.to_string())),
    }
}
