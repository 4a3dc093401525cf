//! Types as C declarations write them, looked up in a kernel's BTF: `const struct iovec *`, `size_t`.
//!
//! What tracefs and the table of system calls say of an argument is text. BTF has what the kernel
//! itself uses, so that a type may be missing; then one stands in that is there and as wide.

#[cfg(test)]
mod tests;
mod written;

use std::ffi::CString;

use libbpf_rs::libbpf_sys;

use self::written::Base;
use self::written::CType;
use self::written::Int;
use self::written::UNSIGNED_INT;
use self::written::of_typedef;
use self::written::parse;
use self::written::plain;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Named;

/// The type that this text stands for, or one that is as wide and says less: of a pointer, one to
/// `void`; of a typedef or an enum, the integer that it is. `None` for what is no type, or of which
/// nobody knows how wide it is.
pub(crate) fn type_of(kernel: &KernelBtf, text: &str) -> Option<TypeId> {
    kernel.c_type(text, || {
        let ty = parse(text, kernel.btf().pointer_size())?;
        find(kernel, &ty).or_else(|| stand_in(kernel, &ty))
    })
}

/// Writes the type that this text stands for on top of a BTF, so that [`type_of`] finds it there: of
/// what is named, declarations, where the BTF has none. Nothing, for what is no type, or of which only
/// the kernel knows what it is.
pub(crate) fn write(base: &Btf<'_>, writer: &mut BtfWriter, text: &str) -> Option<TypeId> {
    let ty = parse(text, base.pointer_size())?;
    let known = |name: &str, kind| {
        let name = CString::new(name).ok()?;
        base.find(&name, kind).map(|ty| ty.id())
    };
    let mut id =
        match &ty.base {
            Base::Void => TypeId::VOID,
            Base::Bool => writer.int("_Bool", 1, IntEncoding::Bool),
            Base::Int(int) => {
                let encoding = match int.signed {
                    true => IntEncoding::Signed,
                    false => IntEncoding::Unsigned,
                };
                let mut names = int.names.iter();
                let known = names.find_map(|name| known(name, libbpf_sys::BTF_KIND_INT));
                known.unwrap_or_else(|| writer.int(int.names[0], int.size, encoding))
            }
            Base::Struct(name) => known(name, libbpf_sys::BTF_KIND_STRUCT)
                .unwrap_or_else(|| writer.forward(name, false)),
            Base::Union(name) => known(name, libbpf_sys::BTF_KIND_UNION)
                .unwrap_or_else(|| writer.forward(name, true)),
            Base::Enum(_) => writer.unsigned(UNSIGNED_INT.names[0], UNSIGNED_INT.size),
            Base::Typedef(name) => match known(name, libbpf_sys::BTF_KIND_TYPEDEF) {
                Some(known) => known,
                None => write(base, writer, of_typedef(name)?)?,
            },
        };
    // What is looked up later goes from the type to the first that leads to it.
    let link = |kind: u32, to: TypeId| base.first_reference(kind, to);
    let mut is_const = ty.is_const;
    for is_const_pointer in &ty.pointers {
        if is_const {
            let known = link(libbpf_sys::BTF_KIND_CONST, id);
            id = known.unwrap_or_else(|| writer.constant(id));
        }
        let known = link(libbpf_sys::BTF_KIND_PTR, id);
        id = known.unwrap_or_else(|| writer.pointer(id));
        is_const = *is_const_pointer;
    }
    Some(id)
}

fn stand_in(kernel: &KernelBtf, ty: &CType<'_>) -> Option<TypeId> {
    let pointer_size = kernel.btf().pointer_size();
    if !ty.pointers.is_empty() {
        let mut plain = vec![CType {
            is_const: false,
            pointers: vec![false; ty.pointers.len()],
            ..ty.clone()
        }];
        plain.extend([ty.is_const, !ty.is_const].map(|is_const| CType {
            base: Base::Void,
            is_const,
            pointers: vec![false],
        }));
        let found = plain.iter().find_map(|plain| find(kernel, plain));
        return found.or_else(|| unsigned(kernel, pointer_size));
    }
    match &ty.base {
        Base::Void | Base::Struct(_) | Base::Union(_) => None,
        Base::Bool => unsigned(kernel, 1),
        Base::Int(int) => {
            integer_of(kernel, int.size, int.signed).or_else(|| unsigned(kernel, int.size))
        }
        Base::Enum(_) => {
            find(kernel, &plain(Base::Int(UNSIGNED_INT))).or_else(|| unsigned(kernel, 4))
        }
        Base::Typedef(name) => {
            let ty = parse(of_typedef(name)?, pointer_size)?;
            find(kernel, &ty).or_else(|| stand_in(kernel, &ty))
        }
    }
}

fn find(kernel: &KernelBtf, ty: &CType<'_>) -> Option<TypeId> {
    let (index, btf) = (kernel.index(), kernel.btf());
    let named = |named, name| kernel.candidates(named, name).next().map(|ty| ty.id());
    let declared = |kind, name| index.declaration(btf, kind, name);
    let mut id = match &ty.base {
        Base::Void => TypeId::VOID,
        Base::Int(int) => exact(kernel, int)?,
        Base::Bool => index.numbers(btf).find_map(|ty| {
            let is_bool = matches!(
                ty.kind(),
                Kind::Int {
                    size: 1,
                    encoding: IntEncoding::Bool
                }
            );
            is_bool.then_some(ty.id())
        })?,
        Base::Typedef(name) => named(Named::Typedef, name)?,
        Base::Struct(name) => {
            named(Named::Struct, name).or_else(|| declared(libbpf_sys::BTF_KIND_FWD, name))?
        }
        Base::Union(name) => {
            named(Named::Union, name).or_else(|| declared(libbpf_sys::BTF_KIND_FWD, name))?
        }
        Base::Enum(name) => declared(libbpf_sys::BTF_KIND_ENUM, name)
            .or_else(|| declared(libbpf_sys::BTF_KIND_ENUM64, name))?,
    };
    let (mut is_const, last) = (ty.is_const, ty.pointers.len());
    for (number, is_const_pointer) in ty.pointers.iter().enumerate() {
        if is_const {
            id = index.link(btf, libbpf_sys::BTF_KIND_CONST, id)?;
        }
        id = index.link(btf, libbpf_sys::BTF_KIND_PTR, id)?;
        // Of the argument itself it says nothing.
        is_const = *is_const_pointer && number + 1 < last;
    }
    Some(id)
}

/// The integer of that name, else any of that size and sign.
fn exact(kernel: &KernelBtf, int: &Int) -> Option<TypeId> {
    let numbers = kernel.index().numbers(kernel.btf());
    let mut named = numbers.filter(|ty| int.names.contains(&ty.name()));
    let is_same = |size, encoding| match encoding {
        IntEncoding::Signed => size == int.size && int.signed,
        // Whether a plain `char` has a sign is for compilers to say, and 5.10's `signed char` is not
        // marked.
        IntEncoding::Unsigned => size == int.size && (!int.signed || int.size == 1),
        IntEncoding::Char => size == int.size && int.is_char,
        IntEncoding::Bool => false,
    };
    let found = named.find(|ty| match ty.kind() {
        Kind::Int { size, encoding } => is_same(size, encoding),
        _ => false,
    });
    found.map(|ty| ty.id()).or_else(|| match int.is_char {
        true => None,
        false => integer_of(kernel, int.size, int.signed),
    })
}

fn unsigned(kernel: &KernelBtf, size: u32) -> Option<TypeId> {
    integer_of(kernel, size, false).or_else(|| integer_of(kernel, size, true))
}

fn integer_of(kernel: &KernelBtf, of_size: u32, signed: bool) -> Option<TypeId> {
    let wanted = match signed {
        true => IntEncoding::Signed,
        false => IntEncoding::Unsigned,
    };
    let mut numbers = kernel.index().numbers(kernel.btf());
    let found = numbers.find(|ty| match ty.kind() {
        Kind::Int { size, encoding } => size == of_size && encoding == wanted,
        _ => false,
    });
    found.map(|ty| ty.id())
}
