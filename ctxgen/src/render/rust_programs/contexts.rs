//! Contexts in Rust: a type around the context's pointer, without fields, and getters by the kernel's names.

use std::fmt::Write;

use super::getter::Getter;
use super::getter::Gives;
use super::module::Module;
use super::module::Place;
use super::module::Step;
use super::pointers::Pointees;
use super::reading::Reading;
use super::reading::of_aya;
use super::scalar::Own;
use super::scalar::Scalar;
use super::scalar::WORD;
use crate::btf::Btf;
use crate::btf::Definitions;
use crate::btf::DumpError;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::declaration::members;
use crate::hook::Hook;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;
use crate::layout::Pointee;
use crate::layout::SLOT;
use crate::prototype::NamesFrom;
use crate::render::about::hooks;
use crate::render::about::kernels_of;
use crate::render::about::lacks;
use crate::render::about::names;
use crate::text::c_comment;
use crate::text::ident::argument_name;
use crate::text::rust_identifier;
use crate::tracefs::Data;

/// The functions that a context has beside its getters.
const OWN: [&str; 4] = ["as_ptr", "from", "from_ptr", "into"];

/// What is written of contexts.
#[derive(Debug)]
pub(super) struct Contexts<'c, 'b> {
    pub(super) ctx: &'c CtxBtf<'b>,
    pub(super) definitions: Definitions<'c>,
    pub(super) labels: Vec<String>,
    pub(super) is_for_aya: bool,
    pub(super) pointees: Pointees,
    pub(super) out: String,
}

impl Contexts<'_, '_> {
    /// Writes a context that has a layout.
    pub(super) fn add(
        &mut self,
        module: &mut Module<'_>,
        ctx_struct: &CtxStruct,
        (layout, names_from): (&Layout, &NamesFrom),
    ) -> Result<(), DumpError> {
        let btf = self.ctx.btf();
        let reading = Reading::of_all(&ctx_struct.context.hooks);
        let all = members(btf, ctx_struct.type_id);
        // CO-RE must not take what the name has of the hook for a flavour.
        let name = ctx_struct.context.hooks.first().map(Hook::relocatable_name);
        let name = name.filter(|_| ctx_struct.relocatable);
        let name = name.as_deref().unwrap_or(&ctx_struct.context.struct_name);
        module
            .types
            .structure((0, ctx_struct.type_id), name, all.len());
        self.definition(ctx_struct, (layout, names_from), reading);
        let paths = paths(btf, ctx_struct.type_id);
        let fields = layout.fields.iter().zip(paths).enumerate();
        for (number, (field, (path, declared))) in fields {
            let place = match ctx_struct.relocatable {
                true => Place::Relocated(path),
                false => Place::Fixed(field.offset),
            };
            self.field(
                module,
                ctx_struct,
                (number, field),
                (place, declared),
                reading,
            )?;
        }
        self.out.push_str("    }\n");
        Ok(())
    }

    /// The type, what makes one, and the beginning of the getters.
    fn definition(
        &mut self,
        ctx_struct: &CtxStruct,
        (layout, names_from): (&Layout, &NamesFrom),
        reading: Reading,
    ) {
        let name = &ctx_struct.context.struct_name;
        let _ = write!(
            self.out,
            "\n    /// The context of {}.\n    ///\n    /// {}\n",
            hooks(ctx_struct),
            names(names_from)
        );
        for line in lacks(ctx_struct, layout, &self.labels) {
            let _ = writeln!(self.out, "    /// {line}");
        }
        let (declared, generic, given, marker) = match reading {
            Reading::Either => ("<M = Direct>", "<M>", "<M>", true),
            _ => ("", "", "", false),
        };
        let (field, value) = match marker {
            true => (", PhantomData<M>", ", PhantomData"),
            false => ("", ""),
        };
        let _ = write!(
            self.out,
            "    #[derive(Clone, Copy, Debug)]\n    #[repr(transparent)]\n    \
             pub struct {name}{declared}(*const c_void{field});\n"
        );
        if self.is_for_aya {
            self.aya_conversions(ctx_struct, reading);
        }
        let _ = write!(
            self.out,
            "\n    impl{generic} {name}{given} {{\n        \
             /// The context that a program was given.\n        ///\n        /// # Safety\n        \
             /// The kernel passes this pointer to a program of one of these hooks.\n        \
             #[inline(always)]\n        \
             pub const unsafe fn from_ptr(context: *const c_void) -> Self {{\n            \
             Self(context{value})\n        }}\n\n        \
             /// The pointer that the kernel passes.\n        #[inline(always)]\n        \
             pub const fn as_ptr(self) -> *mut c_void {{\n            self.0.cast_mut()\n        }}\n"
        );
    }

    /// What makes one of each type of aya's whose programs get it.
    fn aya_conversions(&mut self, ctx_struct: &CtxStruct, reading: Reading) {
        let name = &ctx_struct.context.struct_name;
        let mut done = Vec::new();
        for hook in &ctx_struct.context.hooks {
            let Some(of_aya) = of_aya(hook.family()).filter(|ty| !done.contains(ty)) else {
                continue;
            };
            done.push(of_aya);
            let (of, value) = match reading {
                Reading::Either => {
                    let own = Reading::of(hook.family()).name();
                    (format!("{name}<{own}>"), ", PhantomData")
                }
                _ => (name.clone(), ""),
            };
            let aya = format!("::aya_ebpf::programs::{of_aya}");
            let _ = write!(
                self.out,
                "\n    impl ::core::convert::From<&{aya}> for {of} {{\n        #[inline(always)]\n        \
                 fn from(context: &{aya}) -> Self {{\n            \
                 Self(::aya_ebpf::EbpfContext::as_ptr(context){value})\n        }}\n    }}\n"
            );
        }
    }

    fn field(
        &mut self,
        module: &mut Module<'_>,
        ctx_struct: &CtxStruct,
        (number, field): (usize, &Field),
        (place, declared): (Place, TypeId),
        reading: Reading,
    ) -> Result<(), DumpError> {
        if matches!(field.access, Access::Never(_)) {
            return Ok(());
        }
        let lacking = &ctx_struct.lacking;
        let about = self.about(ctx_struct, (number, field))?;
        let name = getter_name(&field.name);
        let getter = Getter {
            name: &name,
            symbol: format!("ctxgen.{}.{}", ctx_struct.context.struct_name, field.name),
            about,
            gives: self.gives(field, &place, declared, reading),
            place,
            is_optional: lacking
                .fields
                .get(number)
                .is_some_and(|kernels| !kernels.is_empty()),
        };
        getter.write(module, &mut self.out);
        if let (Access::Data(element), Some((data, name))) =
            (field.access, Data::of_member(&field.name))
        {
            self.data(module, ctx_struct, &getter, (data, name, element))?;
        }
        Ok(())
    }

    /// The getter of what a record has behind its fields.
    fn data(
        &mut self,
        module: &mut Module<'_>,
        ctx_struct: &CtxStruct,
        of: &Getter<'_>,
        (data, name, element): (Data, &str, TypeId),
    ) -> Result<(), DumpError> {
        let crate::context::Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
            return Ok(());
        };
        if layout.fields.iter().any(|field| field.name == name) {
            return Ok(());
        }
        let btf = self.ctx.btf();
        let declared = c_comment(&self.definitions.declare(element, &format!("{name}[]"))?);
        let element = match Own::of(btf, element) {
            Some(Own::Pointer | Own::Bool) | None => "u8",
            Some(own) => own.number(),
        };
        let getter = Getter {
            name: &getter_name(name),
            symbol: format!("{}.data", of.symbol),
            about: format!(
                "`{declared}`, which is behind the record's fields: to be read with a helper."
            ),
            place: of.place.clone(),
            is_optional: of.is_optional,
            gives: Gives::Data {
                element: element.to_owned(),
                is_relative: data == Data::Relative,
            },
        };
        getter.write(module, &mut self.out);
        Ok(())
    }

    /// What is said of a field: its declaration in C, and what matters to a program.
    fn about(
        &mut self,
        ctx_struct: &CtxStruct,
        (number, field): (usize, &Field),
    ) -> Result<String, DumpError> {
        let declared = self
            .definitions
            .declare(field.type_id, argument_name(&field.name))?;
        let mut about = vec![format!("`{}`", c_comment(&declared))];
        if !field.remark.is_empty() {
            about.push(c_comment(&field.remark));
        }
        match field.access {
            Access::Pointer(_) | Access::NotAlwaysPointer => about.push(field.access.to_string()),
            Access::ByValue => {
                about.push("by value, in slots; cannot be loaded before 6.0".to_owned());
            }
            Access::UnionByValue => {
                about.push("union by value, in slots; cannot be loaded before 6.18".to_owned());
            }
            Access::Always | Access::Data(_) | Access::Never(_) => {}
        }
        about.extend(kernels_of(ctx_struct, number, &self.labels));
        Ok(format!("{}.", about.join("; ")))
    }

    /// What a getter of the field returns.
    fn gives(&mut self, field: &Field, place: &Place, declared: TypeId, reading: Reading) -> Gives {
        let btf = self.ctx.btf();
        let own = Own::of(btf, field.type_id);
        match (field.form, own) {
            (Form::Own, Some(Own::Pointer)) => self.pointer(field.access, field.type_id, reading),
            (Form::SystemCall, _) => self.pointer(Access::Always, declared, Reading::Probed),
            (Form::Own, Some(own)) => Gives::Number(Scalar {
                loaded: own.bits(),
                own,
            }),
            (Form::Slot, Some(own)) => Gives::Number(Scalar {
                loaded: 8 * SLOT,
                own,
            }),
            (Form::Slot, None) => Gives::Number(WORD),
            (Form::Slots(len), _) => Gives::Slots(slots(btf, place, declared, len)),
            (Form::Own, None) => {
                let pointer = self.pointees.pointer(btf, field.type_id, Reading::Probed);
                Gives::Address(pointer.rust, pointer.handle)
            }
        }
    }

    fn pointer(&mut self, access: Access, id: TypeId, reading: Reading) -> Gives {
        let btf = self.ctx.btf();
        let to = match btf.resolve(id).map(|ty| ty.kind()) {
            Some(Kind::Ptr(to)) => to,
            _ => TypeId::VOID,
        };
        let reading = match access {
            Access::NotAlwaysPointer | Access::Pointer(Pointee::Opaque) => Reading::Probed,
            _ => reading,
        };
        let pointer = self.pointees.pointer(btf, to, reading);
        Gives::Pointer(pointer.rust, pointer.handle)
    }
}

/// What a field's getter is called.
fn getter_name(field: &str) -> String {
    let mut name = rust_identifier(field);
    if OWN.contains(&&*name) {
        name.push('_');
    }
    name
}

/// The way to each slot of an array of them.
fn slots(btf: &Btf<'_>, place: &Place, declared: TypeId, len: u32) -> Vec<Place> {
    let array = btf.resolve(declared).map_or(declared, |ty| ty.id());
    let slot = |number: u32| match place {
        Place::Fixed(offset) => Place::Fixed(offset + number * SLOT),
        Place::Relocated(steps) => {
            let mut steps = steps.clone();
            steps.push(Step::Element((0, array), number));
            Place::Relocated(steps)
        }
    };
    (0..len).map(slot).collect()
}

/// The way to each field of a context's struct, and what it is declared as, in the order of the fields.
/// Several names of one argument are in a union without a name.
fn paths(btf: &Btf<'_>, id: TypeId) -> Vec<(Vec<Step>, TypeId)> {
    let mut paths = Vec::new();
    for (number, member) in members(btf, id).into_iter().enumerate() {
        let step = Step::Member((0, id), number);
        if !member.name.is_empty() {
            paths.push((vec![step], member.type_id));
            continue;
        }
        for (number, inner) in members(btf, member.type_id).into_iter().enumerate() {
            let inner_step = Step::Member((0, member.type_id), number);
            paths.push((vec![step, inner_step], inner.type_id));
        }
    }
    paths
}
