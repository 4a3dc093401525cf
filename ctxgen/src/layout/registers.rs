//! Contexts that are the registers of a function's call or return: those of kprobes.
//!
//! The kernel hands `struct pt_regs` to such programs, of which some architectures show a part
//! (`bpf_user_pt_regs_t`). To the verifier, all that is loaded from there is a number
//! (`kprobe_prog_is_valid_access` of `kernel/trace/bpf_trace.c`).

use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Types;
use crate::prototype::Argument;
use crate::prototype::Signature;
use crate::prototype::SystemCall;
use crate::prototype::registers;
use crate::text::ident::field_name;
use crate::text::struct_names::PT_REGS;

use super::Access;
use super::Field;
use super::Form;
use super::Layout;
use super::SLOT;
use super::SystemCallArguments;
use super::Unsupported;
use super::argument_name;
use super::class::Class;
use super::convention::Convention;
use super::convention::Passed;
use super::convention::Place;
use super::convention::Register;
use crate::text::struct_names::arguments_struct;

pub(super) fn lay_out(
    kernel: &KernelBtf,
    hook: &Hook,
    signature: &Signature,
) -> Result<Layout, Unsupported> {
    let arch = kernel.arch();
    let convention = arch
        .and_then(Convention::of)
        .ok_or(Unsupported::NoConvention(arch))?;
    let types = kernel.types(signature.types);
    let saved = Saved::of_program(kernel, types)?;
    let mut layout = saved.layout(signature.types);
    match hook.family().returned() {
        Returned::Only => saved.returned(convention, signature.ret, &mut layout)?,
        _ => {
            let args = named(signature);
            let passed: Vec<Passed> = args.iter().map(|arg| passed(types, arg.type_id)).collect();
            let places = convention.places(self::passed(types, signature.ret), &passed);
            saved.arguments(args, &places, convention.arguments, &mut layout)?;
            if let Some(call) = &signature.system_call {
                point_to_call(kernel, convention, call, &mut layout)?;
            }
        }
    }
    Ok(layout)
}

/// A function's arguments that have a type: a variadic function has its others where it would have them
/// anyway.
fn named(signature: &Signature) -> &[Argument] {
    match signature.args.split_last() {
        Some((last, named)) if last.type_id == TypeId::VOID => named,
        _ => &signature.args,
    }
}

/// Has the one field of a system call's wrapper point to the call's own arguments.
fn point_to_call(
    kernel: &KernelBtf,
    convention: &Convention,
    call: &SystemCall,
    layout: &mut Layout,
) -> Result<(), Unsupported> {
    let [field] = &mut layout.fields[..] else {
        return Ok(());
    };
    let types = kernel.types(call.signature.types);
    let saved = Saved::of_kernel(kernel, types)?;
    let mut arguments = saved.layout(call.signature.types);
    let args = named(&call.signature);
    let places: Vec<Place> = (0..convention.system_call.len())
        .map(Place::Register)
        .chain(std::iter::repeat(Place::Stack))
        .zip(args)
        .map(|(place, arg)| match passed(types, arg.type_id) {
            Passed::Scalar => place,
            _ => Place::ByValue,
        })
        .collect();
    saved.arguments(args, &places, convention.system_call, &mut arguments)?;
    field.form = Form::SystemCall;
    layout.system_call = Some(Box::new(SystemCallArguments {
        call: call.name.clone(),
        struct_name: arguments_struct(&call.name),
        layout: arguments,
    }));
    Ok(())
}

/// Where the registers that carry arguments are in the kernel's struct of registers, in bytes, and where the
/// one for what is returned is; `None` where that is not known.
pub(crate) fn argument_registers(kernel: &KernelBtf) -> Option<(Vec<u32>, u32)> {
    let convention = kernel.arch().and_then(Convention::of)?;
    let saved = Saved::of_program(kernel, kernel.btf()).ok()?;
    let places = convention.arguments.iter().map(|of| saved.offset(*of));
    Some((
        places.collect::<Option<_>>()?,
        saved.offset(convention.returned)?,
    ))
}

/// The struct of registers.
struct Saved<'k> {
    btf: &'k Btf<'k>,
    /// The arguments'.
    types: &'k Btf<'k>,
    type_id: TypeId,
    size: u32,
}

impl<'k> Saved<'k> {
    /// What breakpoints' programs get.
    fn of_program(kernel: &'k KernelBtf, types: &'k Btf<'k>) -> Result<Self, Unsupported> {
        Self::new(kernel, registers(kernel), types)
    }

    /// The kernel's own, which may have more than that.
    fn of_kernel(kernel: &'k KernelBtf, types: &'k Btf<'k>) -> Result<Self, Unsupported> {
        let mut found = kernel.find(Named::Struct, PT_REGS);
        Self::new(kernel, found.next(), types)
    }

    fn new(
        kernel: &'k KernelBtf,
        found: Option<Type<'_>>,
        types: &'k Btf<'k>,
    ) -> Result<Self, Unsupported> {
        let (ty, size) = found
            .and_then(|ty| match ty.kind() {
                Kind::Struct(composite) => Some((ty, composite.size)),
                _ => None,
            })
            .ok_or_else(|| Unsupported::NoRegisters("anything".to_owned()))?;
        Ok(Self {
            btf: kernel.btf(),
            types,
            type_id: ty.id(),
            size,
        })
    }

    /// Without any fields.
    fn layout(&self, types: Types) -> Layout {
        Layout {
            passing: Passing::Registers,
            size: self.size,
            fields: Vec::new(),
            types,
            returns: None,
            left_out: Vec::new(),
            system_call: None,
        }
    }

    fn arguments(
        &self,
        args: &[Argument],
        places: &[Place],
        registers: &[Register],
        layout: &mut Layout,
    ) -> Result<(), Unsupported> {
        let mut names = Vec::new();
        for (number, (arg, place)) in (0..).zip(args.iter().zip(places)) {
            let name = field_name(&argument_name(number, arg)?, &names);
            names.push(name.clone());
            match *place {
                Place::Register(register) => {
                    let register = registers[register];
                    let remark = match arg.remark() {
                        "" => register.to_string(),
                        remark => format!("{register}; {remark}"),
                    };
                    let mut field = self.field(name, arg.type_id, register, remark)?;
                    if let Class::Struct { is_empty: true, .. } = Class::of(self.types, arg.type_id)
                    {
                        field.form = Form::Slots(1);
                    }
                    layout.fields.push(Field {
                        argument: u32::try_from(number).ok(),
                        ..field
                    });
                }
                place => layout
                    .left_out
                    .push(format!("`{name}`, which {}", why(place))),
            }
        }
        layout.fields.sort_by_key(|field| field.offset);
        Ok(())
    }

    fn returned(
        &self,
        convention: &Convention,
        type_id: TypeId,
        layout: &mut Layout,
    ) -> Result<(), Unsupported> {
        let name = "ret".to_owned();
        match passed(self.types, type_id) {
            Passed::Void => {}
            Passed::Scalar => {
                let register = convention.returned;
                let remark = register.to_string();
                layout
                    .fields
                    .push(self.field(name, type_id, register, remark)?);
            }
            Passed::Float => layout
                .left_out
                .push(format!("`{name}`, which {}", why(Place::Float))),
            Passed::Wide | Passed::Composite { .. } => {
                layout
                    .left_out
                    .push(format!("`{name}`, which {}", why(Place::ByValue)));
            }
        }
        Ok(())
    }

    fn field(
        &self,
        name: String,
        type_id: TypeId,
        register: Register,
        remark: String,
    ) -> Result<Field, Unsupported> {
        let offset = self
            .offset(register)
            .ok_or_else(|| Unsupported::NoRegisters(register.to_string()))?;
        let size = self.types.size_of(type_id).unwrap_or(SLOT).min(SLOT);
        Ok(Field {
            name,
            type_id,
            // A narrow number is in the register's low bytes.
            offset: match self.btf.byte_order() {
                ByteOrder::Little => offset,
                ByteOrder::Big => offset + SLOT - size,
            },
            size,
            form: Form::Own,
            access: Access::Always,
            remark,
            argument: None,
        })
    }

    /// Where a register is in the struct, in bytes.
    fn offset(&self, register: Register) -> Option<u32> {
        let (name, number) = match register {
            Register::Member(name) => (name, 0),
            Register::Element(name, number) => (name, number),
        };
        let (offset, type_id) = self.btf.member_named(self.type_id, name)?;
        let offset = offset.checked_add(number.checked_mul(SLOT)?)?;
        let fits = match self.btf.resolve(type_id)?.kind() {
            Kind::Array { element, len, .. } => {
                self.btf.size_of(element) == Some(SLOT) && number < len
            }
            _ => self.btf.size_of(type_id) == Some(SLOT) && number == 0,
        };
        (fits && offset.checked_add(SLOT)? <= self.size).then_some(offset)
    }
}

fn passed(btf: &Btf<'_>, id: TypeId) -> Passed {
    match Class::of(btf, id) {
        Class::Void => Passed::Void,
        Class::Scalar { size, .. } if size > SLOT => Passed::Wide,
        Class::Scalar { .. } | Class::Pointer(_) => Passed::Scalar,
        Class::Struct { size, .. } => {
            let is_packed = btf.is_packed(id);
            // What is aligned so is also as large.
            let is_aligned = !is_packed && btf.align_of(id) >= 16 && size.is_multiple_of(16);
            Passed::Composite {
                size,
                is_aligned,
                is_packed,
                has_float: btf.has_float(id),
            }
        }
        Class::Other(_) => match btf.resolve(id).map(|ty| ty.kind()) {
            Some(Kind::Float { .. }) => Passed::Float,
            // An array, or what is only declared: no function has such an argument.
            _ => Passed::Void,
        },
    }
}

/// Why an argument has no field.
fn why(place: Place) -> &'static str {
    match place {
        Place::Register(_) => "is in a register",
        Place::Stack => "is on the stack",
        Place::ByValue => "is passed by value, and not in one register of its own",
        Place::Float => "is in a register for floating point numbers",
        Place::Unknown => "is behind an argument by value that may take any registers",
    }
}
