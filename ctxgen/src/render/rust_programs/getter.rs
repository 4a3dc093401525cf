//! A context's getters: each is a function of the module, and one in Rust that calls it.

use std::fmt::Write;

use super::module::Module;
use super::module::Place;
use super::module::What;
use super::scalar::Own;
use super::scalar::Scalar;

/// A function in Rust that reads one field.
#[derive(Debug)]
pub(super) struct Getter<'g> {
    /// As Rust has it.
    pub(super) name: &'g str,
    /// What the functions of the module are called by.
    pub(super) symbol: String,
    /// What there is to say, one line.
    pub(super) about: String,
    pub(super) place: Place,
    /// Whether not every kernel has it.
    pub(super) is_optional: bool,
    pub(super) gives: Gives,
}

/// What a getter returns.
#[derive(Debug)]
pub(super) enum Gives {
    /// A number.
    Number(Scalar),
    /// A pointer: its type, and the generated type that it is made into, if it is one.
    Pointer(String, Option<String>),
    /// The address of what is held by value, as such a pointer.
    Address(String, Option<String>),
    /// Whole slots, each with the place where it is.
    Slots(Vec<Place>),
    /// What a record has behind its fields: the type of its elements, and whether it counts from the field's
    /// end.
    Data { element: String, is_relative: bool },
}

impl Getter<'_> {
    /// Adds the functions to the module, and the getter to the text.
    pub(super) fn write(&self, module: &mut Module<'_>, out: &mut String) {
        let mut externs = String::new();
        if self.is_optional {
            module.function(&self.part("exists"), &self.place, What::Exists);
            declare(&mut externs, &self.part("exists"), "exists", "bool");
        }
        let (ty, value) = self.value(module, &mut externs);
        let (ty, value) = match self.is_optional {
            false => (ty, value),
            true => (
                format!("::core::option::Option<{ty}>"),
                format!(
                    "match exists(self.0) {{\n                    \
                     true => ::core::option::Option::Some({value}),\n                    \
                     false => ::core::option::Option::None,\n                }}"
                ),
            ),
        };
        let Self { name, about, .. } = self;
        let body = match value.contains('\n') {
            true => format!("unsafe {{\n                {value}\n            }}"),
            false => format!("unsafe {{ {value} }}"),
        };
        let _ = write!(
            out,
            "\n        /// {about}\n        #[inline(always)]\n        pub fn {name}(self) -> {ty} {{\n            \
             unsafe extern \"C\" {{\n{externs}            }}\n            \
             // SAFETY: who made the context vouches for its pointer.\n            {body}\n        }}\n"
        );
    }

    fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.symbol)
    }

    /// The type of what it returns, and the expression.
    fn value(&self, module: &mut Module<'_>, externs: &mut String) -> (String, String) {
        match &self.gives {
            Gives::Number(scalar) => {
                module.function(&self.symbol, &self.place, What::Value(*scalar));
                let ty = scalar.own.number();
                declare(externs, &self.symbol, "load", ty);
                (ty.to_owned(), "load(self.0)".to_owned())
            }
            Gives::Pointer(ty, handle) => {
                let pointer = Scalar {
                    loaded: 64,
                    own: Own::Pointer,
                };
                module.function(&self.symbol, &self.place, What::Value(pointer));
                declare(externs, &self.symbol, "load", "*const c_void");
                (ty.clone(), pointed("load(self.0)", handle.as_deref()))
            }
            Gives::Address(ty, handle) => {
                module.function(&self.symbol, &self.place, What::Address);
                declare(externs, &self.symbol, "address", "*const c_void");
                (ty.clone(), pointed("address(self.0)", handle.as_deref()))
            }
            Gives::Slots(places) => {
                let mut loads = Vec::new();
                for (number, place) in places.iter().enumerate() {
                    let symbol = self.part(&number.to_string());
                    module.function(&symbol, place, What::Value(super::scalar::WORD));
                    declare(externs, &symbol, &format!("slot_{number}"), "u64");
                    loads.push(format!("slot_{number}(self.0)"));
                }
                (
                    format!("[u64; {}]", loads.len()),
                    format!("[{}]", loads.join(", ")),
                )
            }
            Gives::Data {
                element,
                is_relative,
            } => self.data(module, externs, element, *is_relative),
        }
    }

    fn data(
        &self,
        module: &mut Module<'_>,
        externs: &mut String,
        element: &str,
        is_relative: bool,
    ) -> (String, String) {
        let word = Scalar {
            loaded: 32,
            own: Own::Int {
                bits: 32,
                signed: false,
            },
        };
        module.function(&self.symbol, &self.place, What::Value(word));
        declare(externs, &self.symbol, "load", "u32");
        let start = match is_relative {
            false => "self.0",
            true => {
                module.function(&self.part("offset"), &self.place, What::Offset);
                declare(externs, &self.part("offset"), "offset", "u32");
                "self.0.wrapping_byte_add(4 + offset(self.0) as usize)"
            }
        };
        let value = format!(
            "{{\n                    let word = load(self.0) as usize;\n                    \
             let start = {start}.wrapping_byte_add(word & 0xffff);\n                    \
             let len = (word >> 16) / ::core::mem::size_of::<{element}>();\n                    \
             ::core::ptr::slice_from_raw_parts(start.cast(), len)\n                }}"
        );
        (format!("*const [{element}]"), value)
    }
}

/// Declares a function of the module.
pub(super) fn declare(out: &mut String, symbol: &str, function: &str, ty: &str) {
    let _ = write!(
        out,
        "                #[link_name = {symbol:?}]\n                fn {function}(from: *const c_void) -> {ty};\n"
    );
}

/// A pointer as its own type.
pub(super) fn pointed(value: &str, handle: Option<&str>) -> String {
    match handle {
        Some(handle) => format!("{handle}::from_ptr({value})"),
        None => format!("{value}.cast()"),
    }
}
