//! A kernel's BTF, with what is needed to look things up in it.

use std::cell::OnceCell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use super::arch::Arch;
use super::error::KernelError;
use super::index::Index;
use super::origin::Origin;
use super::origin::RUNNING_BTF;
use super::pin_note::PinNote;
use super::symbols::Symbols;
use super::touched::Touched;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::image::read_btf;
use crate::module;
use crate::module::Module;
use crate::module::ModuleError;
use crate::module::Modules;
use crate::text::ident::is_module_name;
use crate::tracefs::Formats;
use crate::tracefs::TracefsError;
use crate::tracefs::running_folder;
use crate::user::UserBtf;

/// The BTF of a kernel that programs are built for.
#[derive(Debug)]
pub struct KernelBtf {
    pub(super) btf: Btf<'static>,
    pub(super) origin: Origin,
    pub(super) modules: Modules,
    pub(super) index: Index,
    pub(super) note: Option<PinNote>,
    /// Which is asked for with each hook on registers.
    pub(super) arch: OnceCell<Option<Arch>>,
    pub(super) users: Vec<UserBtf>,
    pub(super) formats: Formats,
    symbols: Option<Symbols>,
    /// What types that were looked for as they are written in C are.
    pub(super) c_types: RefCell<HashMap<Box<str>, Option<TypeId>>>,
    /// What is looked up, as long as that is recorded.
    pub(super) touched: RefCell<Option<Touched>>,
}

impl KernelBtf {
    /// The BTF of the running kernel.
    ///
    /// # Errors
    /// [`KernelError::NoRunningBtf`] where the kernel has none, [`KernelError::BadBtf`] where it is malformed.
    pub fn running() -> Result<Self, KernelError> {
        let path = PathBuf::from(RUNNING_BTF);
        match std::fs::read(&path) {
            Ok(bytes) => Self::of(Btf::from_vec(bytes), Origin::running()),
            Err(error) => Err(KernelError::NoRunningBtf { path, error }),
        }
    }

    /// The BTF in a file, of any kind that [`kernel_btf_bytes`](crate::kernel_btf_bytes) reads. A pinned one brings along what
    /// the text beside it says ([`PinNote`]).
    ///
    /// # Errors
    /// As [`kernel_btf_bytes`](crate::kernel_btf_bytes), [`KernelError::BadBtf`] and [`KernelError::BadPinNote`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, KernelError> {
        let path = path.as_ref();
        if path == Path::new(RUNNING_BTF) {
            return Self::running();
        }
        let bytes = read_btf(path)?.btf;
        let mut kernel = Self::of(Btf::from_vec(bytes), Origin::File(path.to_owned()))?;
        kernel.note = PinNote::beside(path)?;
        if let Some(note) = &kernel.note {
            kernel.modules = Modules::of(&kernel.btf, &note.modules);
        }
        Ok(kernel)
    }

    /// What stands beside a pinned BTF ([`crate::pin()`]) about the kernel that it is of; `None` of any
    /// other BTF.
    pub fn pin_note(&self) -> Option<&PinNote> {
        self.note.as_ref()
    }

    /// A raw BTF in memory.
    ///
    /// # Errors
    /// [`KernelError::BadBtf`].
    pub fn from_bytes(bytes: &[u8], origin: Origin) -> Result<Self, KernelError> {
        Self::of(Btf::parse(bytes), origin)
    }

    fn of(parsed: Result<Btf<'static>, BtfError>, origin: Origin) -> Result<Self, KernelError> {
        match parsed {
            Ok(btf) => Ok(Self {
                modules: Modules::none(&btf),
                formats: Formats::kept(&btf),
                symbols: None,
                btf,
                origin,
                index: Index::default(),
                note: None,
                arch: OnceCell::new(),
                users: Vec::new(),
                c_types: RefCell::default(),
                touched: RefCell::default(),
            }),
            Err(error) => Err(KernelError::BadBtf { origin, error }),
        }
    }

    /// A BTF that is there for one load. Any name in it is found at once.
    ///
    /// # Errors
    /// [`KernelError::BadBtf`], where it was not parsed.
    pub(crate) fn for_load(
        parsed: Result<Btf<'static>, BtfError>,
        origin: Origin,
    ) -> Result<Self, KernelError> {
        let mut kernel = Self::of(parsed, origin)?;
        kernel.index = Index::ready(&kernel.btf);
        Ok(kernel)
    }

    /// This kernel, which has modules' types under these ids already. No more modules can be added to it.
    pub(crate) fn with_module_ids(mut self, modules: &[(String, Range<u32>)]) -> Self {
        self.modules = Modules::of(&self.btf, modules);
        self
    }

    /// This kernel with a module on top: the types of both, under numbers that go through.
    ///
    /// `bytes` are the module's raw BTF, a split BTF that continues the vmlinux's, as its `.BTF`
    /// section has it, or `/sys/kernel/btf/<module>`. Several modules can be added, each by a name of
    /// its own. Definitions that are there already are not added again, so that all can stand in one
    /// header.
    ///
    /// # Errors
    /// [`KernelError::Module`], where the bytes are no module's BTF, or that of a module of another build.
    pub fn with_module(mut self, name: &str, bytes: &[u8]) -> Result<Self, KernelError> {
        self.add_module(name, bytes, None)
            .map_err(|error| self.not_with(name, error))?;
        Ok(self)
    }

    /// As [`KernelBtf::with_module`], with the module in a file: of the kinds that
    /// [`kernel_btf_bytes`](crate::kernel_btf_bytes) reads, a `.ko`, compressed or not, and raw BTF such as
    /// `/sys/kernel/btf/<module>`.
    ///
    /// Without `name`, it is called what its file says, which a `.ko` does, and else like its file up
    /// to the first dot. A module that was built for more than one kernel (with a `.BTF.base` section)
    /// is fitted to this one.
    ///
    /// # Errors
    /// As [`kernel_btf_bytes`](crate::kernel_btf_bytes), and [`KernelError::Module`].
    pub fn with_module_file(
        mut self,
        name: Option<&str>,
        path: impl AsRef<Path>,
    ) -> Result<Self, KernelError> {
        self.add_module_file(name, path)?;
        Ok(self)
    }

    /// As [`KernelBtf::with_module_file`]; after an error, the kernel is what it was.
    ///
    /// # Errors
    /// As [`KernelBtf::with_module_file`].
    pub fn add_module_file(
        &mut self,
        name: Option<&str>,
        path: impl AsRef<Path>,
    ) -> Result<(), KernelError> {
        let path = path.as_ref();
        let found = read_btf(path)?;
        let own_name = module::name_of(name, found.modinfo.as_deref(), path)
            .map_err(|error| self.not_with(path.display(), error))?;
        self.add_module(&own_name, &found.btf, found.base.as_deref())
            .map_err(|error| self.not_with(format_args!("{own_name} ({})", path.display()), error))
    }

    /// As [`KernelBtf::with_module`], with a module that is loaded into the running kernel.
    ///
    /// # Errors
    /// [`KernelError::NoRunningModule`] where it is not, and [`KernelError::Module`].
    pub fn with_running_module(self, name: &str) -> Result<Self, KernelError> {
        let file = name.replace('-', "_");
        let path = Path::new(RUNNING_BTF).with_file_name(&file);
        // Whatever else the name is, it would be another path.
        let read = match is_module_name(&file) {
            true => std::fs::read(&path),
            false => Err(std::io::ErrorKind::InvalidInput.into()),
        };
        match read {
            Ok(bytes) => self.with_module(name, &bytes),
            Err(error) => Err(KernelError::NoRunningModule {
                name: name.to_owned(),
                path,
                error,
            }),
        }
    }

    pub(crate) fn add_module(
        &mut self,
        name: &str,
        bytes: &[u8],
        base: Option<&[u8]>,
    ) -> Result<(), ModuleError> {
        self.btf = self.modules.add(&self.btf, name, bytes, base)?;
        self.index = Index::default();
        self.c_types = RefCell::default();
        let names = self.modules().iter().map(|module| module.name().to_owned());
        let modules = names.collect();
        let vmlinux = match &self.origin {
            Origin::WithModules { vmlinux, .. } => vmlinux.clone(),
            vmlinux => Box::new(vmlinux.clone()),
        };
        self.origin = Origin::WithModules { vmlinux, modules };
        Ok(())
    }

    fn not_with(&self, module: impl fmt::Display, error: ModuleError) -> KernelError {
        KernelError::Module {
            module: module.to_string(),
            origin: self.origin.clone(),
            error: Box::new(error),
        }
    }

    /// This kernel with what tracefs says of its trace events: a `format` file, or a folder such as
    /// `/sys/kernel/tracing/events` with `<category>/<event>/format` in it. They have to be of the same
    /// kernel.
    ///
    /// BTF does not have the categories of trace events, nor all that is known of their records.
    ///
    /// # Errors
    /// [`TracefsError::Read`], [`TracefsError::BadFormat`], and [`TracefsError::NoFormats`] where none is in the folder.
    pub fn with_formats(mut self, path: impl AsRef<Path>) -> Result<Self, TracefsError> {
        self.add_formats(path)?;
        Ok(self)
    }

    /// As [`KernelBtf::with_formats`], of a kernel that is borrowed.
    ///
    /// # Errors
    /// As [`KernelBtf::with_formats`].
    pub fn add_formats(&mut self, path: impl AsRef<Path>) -> Result<(), TracefsError> {
        self.formats.add(path.as_ref())
    }

    /// Tells which functions the kernel has addresses of: its `System.map`, or a copy of its `/proc/kallsyms`.
    /// BTF has functions that have none, since all their callers have them inlined, and lacks some that have
    /// one. [`reads`](crate::reads) asks for it.
    ///
    /// # Errors
    /// [`KernelError::Symbols`], where the file cannot be read, or is none of these or only a part.
    pub fn add_symbols(&mut self, path: impl AsRef<Path>) -> Result<(), KernelError> {
        self.symbols = Some(Symbols::read(path.as_ref())?);
        Ok(())
    }

    /// The functions that the kernel has addresses of, where that is known.
    pub(crate) fn symbols(&self) -> Option<&Symbols> {
        self.symbols.as_ref()
    }

    /// As [`KernelBtf::with_formats`], with what is in the format file of an event of that category.
    ///
    /// # Errors
    /// [`TracefsError::BadFormat`].
    pub fn with_format(mut self, category: &str, text: &str) -> Result<Self, TracefsError> {
        self.formats.add_text(category, text)?;
        Ok(self)
    }

    /// This kernel with those formats of the running kernel's tracefs without which a context cannot be told:
    /// those of events of which BTF does not tell which record they have. All else is told without them, to
    /// anyone alike. Where tracefs cannot be read, such events remain ambiguous
    /// ([`PrototypeError::AmbiguousEvent`](crate::PrototypeError::AmbiguousEvent)).
    #[must_use]
    pub fn with_running_formats(self) -> Self {
        match running_folder() {
            Some(folder) => self.with_deciding_formats(folder),
            None => self,
        }
    }

    /// As [`KernelBtf::with_running_formats`], from any such folder.
    #[must_use]
    pub fn with_deciding_formats(mut self, folder: impl AsRef<Path>) -> Self {
        self.formats.decide_by(folder.as_ref());
        self
    }

    /// The files that were read since, because nothing but them told: those of
    /// [`KernelBtf::with_running_formats`].
    pub fn deciding_formats(&self) -> Vec<PathBuf> {
        self.formats.decided_by()
    }

    /// This kernel with all formats of the running kernel's tracefs, where they can be read: they
    /// win over all other sources, so the result depends on the right to read them.
    #[must_use]
    pub fn with_all_running_formats(self) -> Self {
        self.with_all_formats(Formats::running())
    }

    /// This kernel with all of these formats.
    pub(crate) fn with_all_formats(mut self, formats: Formats) -> Self {
        self.formats = formats;
        self
    }

    /// What tracefs says of the kernel's trace events, as far as it is known.
    pub(crate) fn formats(&self) -> &Formats {
        &self.formats
    }

    /// The modules, in the order in which they were added.
    pub fn modules(&self) -> &[Module] {
        self.modules.as_slice()
    }

    /// The module that has brought a type; `None` for the kernel's own.
    pub fn module_of(&self, id: TypeId) -> Option<&Module> {
        self.modules().iter().find(|module| module.has(id))
    }

    /// The modules, with the ids of their types where those of `kept`, in order, are numbered from `first` on.
    /// One that is asked for by its name is there, whether or not anything of it is kept.
    pub(crate) fn modules_of(
        &self,
        kept: impl Iterator<Item = TypeId>,
        first: TypeId,
    ) -> Vec<(String, Range<u32>)> {
        let mut modules: Vec<(String, Range<u32>)> = Vec::new();
        for (new, id) in (first.0..).zip(kept) {
            let Some(module) = self.module_of(id) else {
                continue;
            };
            match modules.last_mut().filter(|last| last.0 == module.name()) {
                Some((_, ids)) => ids.end = new + 1,
                None => modules.push((module.name().to_owned(), new..new + 1)),
            }
        }
        for module in self.modules() {
            if modules.iter().all(|(name, _)| name != module.name()) {
                modules.push((module.name().to_owned(), 0..0));
            }
        }
        modules
    }

    /// The types.
    pub fn btf(&self) -> &Btf<'static> {
        &self.btf
    }

    /// Where they came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The kernel's byte order.
    pub fn byte_order(&self) -> ByteOrder {
        self.btf.byte_order()
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }
}
