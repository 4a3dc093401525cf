//! What is wrong with a program's single accesses.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::layout::Field;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;

use super::kernel::Modified;
use super::kind::Kind;
use super::nullable::offsets;
use super::outside::Ends;
use super::outside::are_read_only;
use super::reads::POINTER;
use super::reads::Reads;
use super::reads::is_pointer;
use super::reads::offsets_of;
use super::rules::Severity;
use super::rules::Why;
use super::rules::judge;
use crate::findings::Refused;

/// A program and the kernels that are to load it.
pub(super) struct Single<'r, 'o> {
    reads: &'r Reads<'o>,
    program: &'r Program,
    hook: &'r Hook,
    kind: Kind,
    kernels: &'r [KernelBtf],
    modified: Modified,
    /// Where its contexts end, once that is asked.
    ends: OnceCell<Ends>,
    /// Where its arguments are that may be NULL, once that is asked.
    nullable: OnceCell<Vec<u32>>,
    /// Where a kernel has pointers in its slots, once that is asked.
    pointers: OnceCell<BTreeSet<u32>>,
}

impl<'r, 'o> Single<'r, 'o> {
    pub(super) fn new(
        reads: &'r Reads<'o>,
        program: &'r Program,
        hook: &'r Hook,
        kernels: &'r [KernelBtf],
        modified: Modified,
    ) -> Self {
        Self {
            reads,
            program,
            hook,
            kind: Kind::of(hook),
            kernels,
            modified,
            ends: OnceCell::new(),
            nullable: OnceCell::new(),
            pointers: OnceCell::new(),
        }
    }

    /// What is wrong with an access.
    pub(super) fn findings(&self, access: &Access) -> Vec<(Severity, Refused)> {
        let (reads, program, hook) = (self.reads, self.program, self.hook);
        let mut found = match self.judged(access) {
            Some((severity, why)) => {
                vec![(severity, reads.refused(program, access, severity, why))]
            }
            None => self.of_fields(access),
        };
        let to_global = reads.passed_to_global(program, hook, access);
        found.extend(to_global.map(|finding| (Severity::Error, finding)));
        found
    }

    /// What the address and the width tell.
    fn judged(&self, access: &Access) -> Option<(Severity, Why)> {
        let order = self.reads.object.btf().byte_order();
        let is_store = || {
            let is_read_only = self.kind == Kind::Registers && are_read_only(self.hook);
            is_read_only && access.is_certain && access.kind == AccessKind::Store
        };
        let narrow = || {
            if !self.is_narrow_pointer(access) {
                return None;
            }
            let severity = match self.kernels.iter().any(KernelBtf::refuses_narrow_pointers) {
                true => Severity::Error,
                false => Severity::Warning,
            };
            Some((severity, Why::NarrowPointer))
        };
        judge(self.kind, access, order, self.modified)
            .or_else(|| is_store().then_some((Severity::Error, Why::Store)))
            .or_else(narrow)
    }

    /// What the field tells that is accessed.
    fn of_fields(&self, access: &Access) -> Vec<(Severity, Refused)> {
        let (reads, program, hook) = (self.reads, self.program, self.hook);
        let ends = self.ends.get_or_init(|| Ends::of(hook, self.kernels));
        let nullable = self.nullable.get_or_init(|| offsets(hook, self.kernels));
        let found = [
            reads.refused_field(program, hook, access),
            reads.behind_end(program, access, ends),
            reads.unchecked(program, hook, access, nullable),
            reads.followed_number(program, hook, access),
        ];
        let found = found.into_iter().flatten();
        found.map(|finding| (Severity::Error, finding)).collect()
    }

    /// Whether an access loads a part of a pointer from a slot with types.
    fn is_narrow_pointer(&self, access: &Access) -> bool {
        let program = self.program;
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        let is_typed = matches!(self.kind, Kind::Slots | Kind::LsmSlots);
        if !is_load || !is_typed || access.width >= POINTER || !access.base.is_unmodified() {
            return false;
        }
        if access.relocation.is_none() && program.context_of(false).is_none() {
            // Slots that are declared as such: the kernel knows what is in them.
            let of_kernel = |kernel: &KernelBtf| {
                let is_pointer = |field: &Field| is_pointer(kernel.btf(), field.type_id);
                offsets_of(kernel, self.hook, is_pointer)
            };
            let all = || self.kernels.iter().flat_map(of_kernel).collect();
            let offset = u32::try_from(access.displacement);
            return offset.is_ok_and(|offset| self.pointers.get_or_init(all).contains(&offset));
        }
        let field = self.reads.own_field(program, access);
        field.is_some_and(|field| is_pointer(self.reads.object.btf(), field.type_id))
    }
}
