//! What verifiers refuse of single accesses.
//!
//! Each rule is one that all supported kernels have (5.10 to 7.3), unless it depends on [`Modified`].

use ctxgen::ByteOrder;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::Offsets;
use ctxgen::object::accesses::takes_context;
use ctxgen::object::accesses::takes_memory;

use super::kernel::Modified;
use super::kind::Kind;

/// How long a slot is, in bytes.
pub(super) const SLOT: i64 = 8;
/// How many bytes of slots there are (`MAX_BPF_FUNC_ARGS` of `include/linux/bpf.h`).
const SLOTS: i64 = 12 * SLOT;
/// The start of a record, which programs may not load.
const RECORD_HEAD: i64 = 8;

/// Why an access is refused, or not what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The address is the context's and an offset.
    Modified,
    /// That, and the kernel takes it where it is a constant.
    NotConstant,
    /// It is, and a helper gets it.
    ModifiedForHelper,
    /// A helper of that number gets it as memory to read or write.
    Memory(i32),
    /// It is an atomic operation.
    Atomic,
    /// Its address is calculated with as a number.
    Altered,
    /// It is a store.
    Store,
    /// It starts within a slot.
    WithinSlot,
    /// Its offset is no multiple of its width.
    Misaligned,
    /// It is before or behind the context.
    Outside,
    /// It is at the start of a record.
    RecordHead,
    /// It loads less than a pointer.
    NarrowPointer,
    /// It loads the upper bytes of a slot, where the argument is in the lower ones. Verifiers take that.
    UpperBytes,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It may load, or it may on some of the target kernels.
    Warning,
    /// The target kernel refuses the program.
    Error,
}

/// What is the matter with an access to a context of that kind.
pub(super) fn judge(
    kind: Kind,
    access: &Access,
    order: ByteOrder,
    modified: Modified,
) -> Option<(Severity, Why)> {
    if !access.is_certain || kind == Kind::Unknown {
        return None;
    }
    let is_modified = !access.base.is_unmodified();
    match access.kind {
        AccessKind::Atomic => Some((Severity::Error, Why::Atomic)),
        AccessKind::Altered => Some((Severity::Error, Why::Altered)),
        AccessKind::Helper {
            number,
            argument: 1,
        } if is_modified && takes_context(number) => {
            Some((Severity::Error, Why::ModifiedForHelper))
        }
        AccessKind::Helper { number, argument } if takes_memory(number, argument) => {
            Some((Severity::Error, Why::Memory(number)))
        }
        AccessKind::Load | AccessKind::Store if is_modified => {
            of_modified(kind, access, order, modified)
        }
        AccessKind::Load | AccessKind::Store if access.relocation.is_none() => {
            of_place(kind, access, access.displacement.into(), order)
        }
        AccessKind::Store => of_store(kind).map(|why| (Severity::Error, why)),
        _ => None,
    }
}

fn of_modified(
    kind: Kind,
    access: &Access,
    order: ByteOrder,
    modified: Modified,
) -> Option<(Severity, Why)> {
    let error = Some((Severity::Error, Why::Modified));
    let warning = Some((Severity::Warning, Why::Modified));
    if matches!(kind, Kind::Replaced | Kind::PerfEvent) {
        return error;
    }
    match (modified, &access.base) {
        (Modified::Refused, _) => error,
        (Modified::Unknown, _) => warning,
        (Modified::Taken, _) if kind == Kind::User => None,
        (
            Modified::Taken,
            Offsets::At(_)
            | Offsets::OneOf {
                is_per_path: true, ..
            },
        ) => {
            let offsets = access.offsets().unwrap_or_default();
            let mut each = offsets
                .iter()
                .filter_map(|offset| of_place(kind, access, *offset, order));
            each.next()
        }
        (Modified::Taken, _) => Some((Severity::Warning, Why::NotConstant)),
    }
}

fn of_store(kind: Kind) -> Option<Why> {
    let is_readable_only = matches!(
        kind,
        Kind::Slots | Kind::BareSlots | Kind::Record | Kind::PerfEvent
    );
    is_readable_only.then_some(Why::Store)
}

/// Of an access to a certain place.
fn of_place(kind: Kind, access: &Access, offset: i64, order: ByteOrder) -> Option<(Severity, Why)> {
    if access.kind == AccessKind::Store {
        return of_store(kind).map(|why| (Severity::Error, why));
    }
    let width = i64::from(access.width.max(1));
    let is_misaligned = offset.rem_euclid(width) != 0;
    let why = match kind {
        Kind::Slots | Kind::LsmSlots | Kind::BareSlots if offset < 0 => Why::Outside,
        Kind::Slots | Kind::LsmSlots if offset % SLOT != 0 => Why::WithinSlot,
        Kind::BareSlots if offset >= SLOTS => Why::Outside,
        Kind::BareSlots if is_misaligned => Why::Misaligned,
        Kind::Record if offset < RECORD_HEAD => Why::RecordHead,
        Kind::Registers if offset < 0 => Why::Outside,
        Kind::Record | Kind::Registers | Kind::PerfEvent if is_misaligned => Why::Misaligned,
        Kind::Slots | Kind::LsmSlots | Kind::BareSlots
            if order == ByteOrder::Big && offset % SLOT == 0 && width < SLOT =>
        {
            return Some((Severity::Warning, Why::UpperBytes));
        }
        _ => return None,
    };
    Some((Severity::Error, why))
}
