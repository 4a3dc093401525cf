//! A pinned BTF: what some sources and hooks can reach of a kernel's types, small enough to be
//! committed beside them, and enough to build them where no kernel is.
//!
//! A build against it makes the same of the sources as one against the kernel's whole BTF, byte for
//! byte. So types keep their order, and all types of a name come along where one of them does, since
//! C tells them apart by their number. A struct that is merely pointed to keeps name and size and
//! loses its members: it is *hollow*. It is no declaration, as what older verifiers refuse to load
//! depends on whether a pointer points to a struct; and a hollow struct that sources need whole later
//! on is known for what it is.

mod command;
mod error;
mod kept;
mod note;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use libbpf_rs::libbpf_sys;

pub use self::command::PinCommand;

pub use self::error::PinError;
use self::kept::Kept;
use self::kept::Part;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::copy;
use crate::context::Context;
use crate::context::ctx_btf::CtxBtf;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::PARTIAL;
use crate::prototype::PrototypeError;
use crate::usage::identifiers::Names;

/// A pinned BTF.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pin {
    /// Raw BTF.
    pub btf: Vec<u8>,
    /// The modules whose types are in it, and their ids.
    pub modules: Vec<(String, Range<u32>)>,
}

/// All that hooks and sources with these names reach of a kernel's types.
///
/// # Errors
/// As [`Context::of_struct`], for a hook that the kernel lacks, and [`PinError::NotPinned`] where
/// `kernel` is itself a pinned one, and of something else.
pub fn pin(kernel: &KernelBtf, hooks: &[Hook], names: &Names<'_>) -> Result<Pin, PinError> {
    let (contexts, touched) = kernel.touched_by(|| contexts(kernel, hooks));
    contexts?;
    let mut kept = Kept::new(kernel);
    kept.add(touched);
    kept.add_names(names)?;
    kept.add_what_kernels_are_told_by();
    kept.close();
    Ok(write(kernel, &kept))
}

/// The contexts of hooks and of all that share a struct with them, as they are rendered.
fn contexts(kernel: &KernelBtf, hooks: &[Hook]) -> Result<(), PrototypeError> {
    for hook in hooks {
        let mut contexts = vec![Context::of_struct(kernel, hook)?];
        let sharing = hook.sharing_struct();
        contexts.extend(sharing.filter_map(|hook| Context::find_hook(kernel, &hook).ok()));
        for context in contexts {
            // What cannot be rendered takes no types.
            let _ = CtxBtf::new(kernel, [context]);
        }
    }
    Ok(())
}

fn write(kernel: &KernelBtf, kept: &Kept<'_>) -> Pin {
    let btf = kernel.btf();
    let parts = kept.parts();
    let mut writer = BtfWriter::new(btf.byte_order());
    let first = writer.next_id().0;
    let new_ids: BTreeMap<TypeId, u32> = parts.keys().copied().zip(first..).collect();
    let mut partial = Vec::new();
    for (&id, part) in &parts {
        let Some(ty) = btf.get(id) else { continue };
        let part = match (ty.kind(), part) {
            (Kind::Struct(composite) | Kind::Union(composite), Part::Outside(members)) => {
                let named = composite.members().enumerate();
                let named = named.filter(|(_, member)| members.contains(member.name));
                let places: Vec<usize> = named.map(|(place, _)| place).collect();
                if !places.is_empty() {
                    partial.push(id);
                }
                copy::Part::Members(places)
            }
            _ => copy::Part::Whole,
        };
        writer.copy(&ty, &part, |_, child| {
            Some(TypeId(new_ids.get(&child.id).copied().unwrap_or(0)))
        });
    }
    for id in partial {
        let target = new_ids.get(&id).copied().unwrap_or(0);
        tag(&mut writer, PARTIAL, target);
    }
    // A tag has to be on something, and says nothing of what that is.
    let something = parts.keys().find(|id| {
        let ty = btf.get(**id);
        ty.is_some_and(|ty| matches!(ty.kind(), Kind::Struct(_) | Kind::Typedef(_)))
    });
    if let Some(target) = something.and_then(|id| new_ids.get(id)) {
        for ((category, _), format) in &kept.formats {
            tag(&mut writer, &format.as_tag(category), *target);
        }
    }
    Pin {
        btf: writer.finish(),
        modules: kernel.modules_of(parts.keys().copied(), TypeId(first)),
    }
}

/// Writes a tag on the declaration of a type itself.
fn tag(writer: &mut BtfWriter, name: &str, target: u32) {
    let name = writer.string(name);
    let declaration_itself = u32::MAX;
    let info = libbpf_sys::BTF_KIND_DECL_TAG << 24;
    writer.raw(&[name, info, target, declaration_itself]);
}
