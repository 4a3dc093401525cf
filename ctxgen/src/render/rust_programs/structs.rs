//! The kernel's structs in Rust: a type around a pointer to one, and getters of the fields that are reached.

use std::fmt::Write;

use super::debug_types::Of;
use super::getter::declare;
use super::getter::pointed;
use super::module::Module;
use super::module::Place;
use super::module::What;
use super::pointers::Pointees;
use super::pointers::Pointer;
use super::reached::Reachable;
use super::reading::Reading;
use super::scalar::Own;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::declaration::declared;
use crate::layout::SystemCallArguments;
use crate::render::about::those;
use crate::text::c_comment;
use crate::text::rust_identifier;

/// The functions that such a type has beside its getters.
const OWN: [&str; 3] = ["as_ptr", "from_ptr", "is_null"];

/// What is written of structs.
#[derive(Debug)]
pub(super) struct Structs<'s> {
    pub(super) labels: &'s [String],
    pub(super) pointees: &'s mut Pointees,
    pub(super) out: &'s mut String,
}

/// A field as a getter has it.
struct Field<'f> {
    symbol: String,
    name: &'f str,
    type_id: Of,
    place: Place,
    is_optional: bool,
    /// How what it leads to is read.
    reading: Reading,
    remark: String,
}

impl Structs<'_> {
    /// Writes the type, without getters, and the beginning of their block.
    fn definition(&mut self, name: &str, is_union: bool, own: &str, without: &[String]) {
        let kind = match is_union {
            true => "union",
            false => "struct",
        };
        let _ = write!(self.out, "\n    /// `{kind} {own} *`; it may be null.\n");
        for line in without {
            let _ = writeln!(self.out, "    ///\n    /// {line}");
        }
        let _ = write!(
            self.out,
            "    #[derive(Clone, Copy, Debug)]\n    #[repr(transparent)]\n    \
             pub struct {name}<M>(*const c_void, PhantomData<M>);\n\n    impl<M> {name}<M> {{\n        \
             /// A pointer of the kernel's.\n        ///\n        \
             /// # Safety\n        /// It is null, or one to `{kind} {own}` that `M` reads.\n        \
             #[inline(always)]\n        \
             pub const unsafe fn from_ptr(pointer: *const c_void) -> Self {{\n            \
             Self(pointer, PhantomData)\n        }}\n\n        /// The pointer, for helpers.\n        \
             #[inline(always)]\n        pub const fn as_ptr(self) -> *mut c_void {{\n            \
             self.0.cast_mut()\n        }}\n\n        /// Whether it points to nothing.\n        \
             #[inline(always)]\n        pub fn is_null(self) -> bool {{\n            \
             self.0.is_null()\n        }}\n    }}\n"
        );
    }

    /// Writes a struct of the kernel's with the fields that are reached.
    pub(super) fn add(
        &mut self,
        module: &mut Module<'_>,
        name: &str,
        (is_union, own): (bool, &str),
        fields: &[Reachable],
    ) {
        let without: Vec<String> = fields
            .iter()
            .filter_map(|field| {
                Some(format!(
                    "Without `{}`: {}.",
                    field.name,
                    self.refusal(field)?
                ))
            })
            .collect();
        self.definition(name, is_union, own, &without);
        let readable: Vec<&Reachable> = fields
            .iter()
            .filter(|field| self.refusal(field).is_none())
            .collect();
        if readable.is_empty() {
            return;
        }
        let _ = writeln!(self.out, "\n    impl<M: Read> {name}<M> {{");
        let mut between = "";
        for field in readable {
            self.out.push_str(between);
            between = "\n";
            let remark = match field.lacking.is_empty() {
                true => String::new(),
                false => format!("; not on {}", those(&field.lacking, self.labels)),
            };
            let field = Field {
                symbol: format!("ctxgen.{own}.{}", field.name),
                name: &field.name,
                type_id: field.type_id,
                place: Place::Relocated(field.steps.clone()),
                is_optional: !field.lacking.is_empty(),
                reading: Reading::Either,
                remark,
            };
            self.getter(module, &field);
        }
        self.out.push_str("    }\n");
    }

    /// Writes the struct of a system call's arguments, all of which are at their places in all kernels.
    pub(super) fn add_call(&mut self, module: &mut Module<'_>, call: &SystemCallArguments) {
        let name = rust_identifier(&call.struct_name);
        self.definition(&name, false, &call.struct_name, &[]);
        let _ = writeln!(self.out, "\n    impl<M: Read> {name}<M> {{");
        for (number, field) in call.layout.fields.iter().enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            let field = Field {
                symbol: format!("ctxgen.{}.{}", call.struct_name, field.name),
                name: &field.name,
                type_id: (0, field.type_id),
                place: Place::Fixed(field.offset),
                is_optional: false,
                reading: Reading::User,
                remark: format!("; {}", c_comment(&field.remark)),
            };
            self.getter(module, &field);
        }
        self.out.push_str("    }\n");
    }

    /// Why a field has no getter.
    fn refusal(&self, field: &Reachable) -> Option<String> {
        if field.bits > 0 {
            return Some("it is a bitfield".to_owned());
        }
        if !field.other.is_empty() {
            return Some(format!(
                "it has another type on {}",
                those(&field.other, self.labels)
            ));
        }
        None
    }

    fn getter(&mut self, module: &mut Module<'_>, field: &Field<'_>) {
        let (kernel, id) = field.type_id;
        let declared = c_comment(&declared(module.types.btf(kernel), id, field.name));
        let (ty, value) = self.value(module.types.btf(kernel), field);
        let mut externs = String::new();
        if field.is_optional {
            let symbol = format!("{}.exists", field.symbol);
            module.function(&symbol, &field.place, What::Exists);
            declare(&mut externs, &symbol, "exists", "bool");
        }
        module.function(&field.symbol, &field.place, What::Address);
        declare(&mut externs, &field.symbol, "address", "*const c_void");
        let (ty, body) = match field.is_optional {
            false => (ty, format!("unsafe {{ {value} }}")),
            true => (
                format!("::core::option::Option<{ty}>"),
                format!(
                    "unsafe {{\n                match exists(self.0) {{\n                    \
                     true => ::core::option::Option::Some({value}),\n                    \
                     false => ::core::option::Option::None,\n                }}\n            }}"
                ),
            ),
        };
        let mut name = rust_identifier(field.name);
        if OWN.contains(&&*name) {
            name.push('_');
        }
        let remark = &field.remark;
        let _ = write!(
            self.out,
            "        /// `{declared}`{remark}.\n        #[inline(always)]\n        \
             pub fn {name}(self) -> {ty} {{\n            unsafe extern \"C\" {{\n{externs}            }}\n            \
             // SAFETY: who made the pointer vouches for it.\n            {body}\n        }}\n"
        );
    }

    /// The type of what a getter returns, and the expression.
    fn value(&mut self, btf: &Btf<'_>, field: &Field<'_>) -> (String, String) {
        const AT: &str = "address(self.0)";
        let (_, id) = field.type_id;
        match (Own::of(btf, id), btf.resolve(id).map(|ty| ty.kind())) {
            (Some(Own::Bool), _) => (
                "bool".to_owned(),
                format!("M::read({AT}.cast::<u8>()) != 0"),
            ),
            (_, Some(Kind::Ptr(to))) => {
                let Pointer { rust, handle } = self.pointees.pointer(btf, to, field.reading);
                let read = format!("M::read({AT}.cast::<*const c_void>())");
                (rust, pointed(&read, handle.as_deref()))
            }
            (Some(own), _) => {
                let ty = own.number();
                (ty.to_owned(), format!("M::read({AT}.cast::<{ty}>())"))
            }
            // An address is not read yet.
            (None, _) => {
                let Pointer { rust, handle } = self.pointees.pointer(btf, id, field.reading);
                (rust, pointed(AT, handle.as_deref()))
            }
        }
    }
}
