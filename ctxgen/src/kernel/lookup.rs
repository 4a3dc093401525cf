//! Lookups in a kernel's BTF, which are recorded while something is resolved.

use super::Arch;
use super::KernelBtf;
use super::Named;
use super::Touched;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::tracefs::Format;
use crate::tracefs::TracefsError;

impl KernelBtf {
    /// What `resolve` comes to, and what it looks up in this kernel.
    pub(crate) fn touched_by<T>(&self, resolve: impl FnOnce() -> T) -> (T, Touched) {
        let outer = self.touched.replace(Some(Touched::default()));
        let resolved = resolve();
        let touched = self.touched.replace(outer);
        (resolved, touched.unwrap_or_default())
    }

    fn record(&self, add: impl FnOnce(&mut Touched)) {
        if let Some(touched) = self.touched.borrow_mut().as_mut() {
            add(touched);
        }
    }

    /// Records a type that was taken from a list of candidates.
    pub(crate) fn touch(&self, id: TypeId) {
        self.record(|touched| {
            touched.types.insert(id);
        });
    }

    /// The types of that kind and name, in id order, all of which are recorded.
    pub(crate) fn find<'k>(
        &'k self,
        named: Named,
        name: &str,
    ) -> impl Iterator<Item = Type<'k>> + use<'k> {
        let found = self.index.find(&self.btf, named, name);
        self.record(|touched| {
            touched.asked.insert(name.to_owned());
            touched.types.extend(&found);
        });
        found.into_iter().filter_map(|id| self.btf.get(id))
    }

    /// As [`KernelBtf::find`], of candidates: those that are taken are to be [touched](KernelBtf::touch).
    pub(crate) fn candidates<'k>(
        &'k self,
        named: Named,
        name: &str,
    ) -> impl Iterator<Item = Type<'k>> + use<'k> {
        let found = self.index.find(&self.btf, named, name);
        found.into_iter().filter_map(|id| self.btf.get(id))
    }

    /// Whether a union of one name has a member of another. Nothing else of the union is recorded.
    pub(crate) fn has_member(&self, union: &str, member: &str) -> bool {
        let mut has = false;
        for ty in self.candidates(Named::Union, union) {
            self.record(|touched| {
                touched.members.insert((ty.id(), member.to_owned()));
            });
            if let Kind::Union(composite) = ty.kind() {
                has |= self.index.has_member(ty.id(), composite, member);
            }
        }
        has
    }

    /// Whether a function is tagged as one that programs may call.
    pub(crate) fn is_kfunc(&self, func: TypeId) -> bool {
        let tags = self.index.kfunc_tags(&self.btf, func);
        self.record(|touched| touched.types.extend(&tags));
        !tags.is_empty()
    }

    /// The kernel's architecture, by what only that one's BTF has; `None` where nothing tells.
    pub fn arch(&self) -> Option<Arch> {
        self.record(|touched| {
            for name in Arch::landmarks() {
                touched
                    .types
                    .extend(self.index.find(&self.btf, Named::Struct, name));
            }
        });
        *self.arch.get_or_init(|| Arch::of(&self.btf, &self.index))
    }

    /// What a type that is written so in C is: the same as before, or what `find` finds.
    pub(crate) fn c_type(
        &self,
        text: &str,
        find: impl FnOnce() -> Option<TypeId>,
    ) -> Option<TypeId> {
        let known = self.c_types.borrow().get(text).copied();
        let found = known.unwrap_or_else(|| {
            let found = find();
            self.c_types.borrow_mut().insert(text.into(), found);
            found
        });
        self.record(|touched| {
            touched.written.insert(text.to_owned());
            touched.types.extend(found);
        });
        found
    }

    fn record_format(&self, category: &str, event: &str) {
        self.record(|touched| {
            let key = (category.to_owned(), event.to_owned());
            touched.formats.insert(key);
        });
    }

    /// Whether tracefs has the event in that category.
    pub(crate) fn has_format(&self, category: &str, event: &str) -> bool {
        self.record_format(category, event);
        self.formats.categories(event).contains(category)
    }

    /// What tracefs says of a trace event.
    ///
    /// # Errors
    /// As [`Formats::find`](crate::tracefs::Formats::find).
    pub(crate) fn format(
        &self,
        category: &str,
        event: &str,
    ) -> Result<Option<Format>, TracefsError> {
        self.record_format(category, event);
        self.formats.find(category, event)
    }

    /// As [`KernelBtf::format`], of an event of which nothing else tells which record it has.
    pub(crate) fn deciding_format(&self, category: &str, event: &str) -> Option<Format> {
        self.record_format(category, event);
        self.formats.decide(category, event)
    }
}
