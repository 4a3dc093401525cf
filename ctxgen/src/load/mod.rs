//! Loading an object with relocatable contexts: its context structs as this kernel has them.
//!
//! An access to a context is a CO-RE relocation then, against a struct that no kernel's BTF has. So
//! libbpf is given a BTF (`btf_custom_path`) that has those structs, made from the kernel's prototypes,
//! and of the kernel's own types what the object's other relocations need.

mod copy;
mod custom;
mod error;
mod joined;
mod kept;
mod log;
mod log_buffer;
mod mapped;
mod memfd;
mod needs;
mod program;
mod programs;
mod refusal;
mod renamed;
mod roots;
mod sides;
mod small;
mod source;
mod struct_ops;
#[cfg(test)]
mod tests;
mod write;

use std::ffi::CStr;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use libbpf_rs::AsRawLibbpf;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::OpenObject;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::SkelBuilder;

pub use self::custom::CustomBtf;
pub use self::error::LoadError;
pub use self::program::AbsentHook;
pub use self::renamed::RenamedArgument;

use self::log::Logs;
use self::programs::Programs;
use self::sides::Sides;
use self::small::Picked;
use self::small::Small;
use crate::btf::BtfError;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::kernel::RUNNING_BTF;
use crate::object::ObjectFile;

/// Opens and loads an object, so that its programs read each argument from its place on this kernel.
///
/// ```no_run
/// # use std::mem::MaybeUninit;
/// # fn demo<'o, B: libbpf_rs::skel::SkelBuilder<'o>>(
/// #     object: &'static [u8], builder: B,
/// #     storage: &'o mut MaybeUninit<libbpf_rs::OpenObject>,
/// # ) -> Result<(), ctxgen::Error> {
/// let loader = ctxgen::Loader::new(object)?;
/// let skeleton = loader.open(builder, storage)?;
/// let skeleton = loader.load(skeleton)?;
/// for hook in loader.absent() {
///     eprintln!("{hook}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// Programs whose hooks the kernel lacks are not loaded; [`Loader::absent`] lists them. For an argument that the
/// kernel lacks, or has with another type, `bpf_core_field_exists` is false. Reading it without this test is an
/// error that names program and argument.
///
/// An object without relocatable contexts is opened and loaded as it is, except for programs with absent hooks.
#[derive(Debug)]
pub struct Loader<'o> {
    bytes: &'o [u8],
    programs: Programs,
    origin: Origin,
    absent: Vec<AbsentHook>,
    renamed: Vec<RenamedArgument>,
    /// The programs that may read what the kernel lacks.
    doubtful: Vec<String>,
    /// What of the kernel's BTF the object needs: for errors, as long as the object is not loaded.
    small: Option<Small>,
    /// Where that is what libbpf relocates against.
    btf: Option<PathBuf>,
}

// It may be made in one thread and used in another, or in several.
const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Loader<'static>>();
};

impl<'o> Loader<'o> {
    /// A loader for the running kernel and its modules. `object` has the bytes of an ELF file, such as the constant
    /// `OBJECT` that `ctxgen-build` generates.
    ///
    /// # Errors
    /// [`LoadError::Object`], where the bytes are no object; [`NoRunningBtf`](crate::KernelError::NoRunningBtf), where the
    /// kernel has no BTF and the object needs it; and the others of [`LoadError`].
    pub fn new(object: &'o [u8]) -> Result<Self, Box<LoadError>> {
        Self::for_running(object, Path::new(RUNNING_BTF))
    }

    fn for_running(bytes: &'o [u8], path: &Path) -> Result<Self, Box<LoadError>> {
        let object = ObjectFile::parse(bytes)?;
        if !program::needs_kernel(&object) {
            return Ok(Self::without_kernel(bytes, &object, Origin::running()));
        }
        let picked = custom::of_running(std::slice::from_ref(&object), path)?;
        Self::with_picked(bytes, &object, picked, Origin::running(), false)
    }

    /// A loader for a kernel with this BTF, for example a kernel without `/sys/kernel/btf`. All relocations of the
    /// object are against it.
    ///
    /// # Errors
    /// As [`Loader::new`].
    pub fn for_kernel(object: &'o [u8], kernel: &KernelBtf) -> Result<Self, Box<LoadError>> {
        let bytes = object;
        let object = ObjectFile::parse(bytes)?;
        let picked = custom::of_kernel(std::slice::from_ref(&object), kernel);
        Self::with_picked(bytes, &object, picked, kernel.origin().clone(), true)
    }

    fn without_kernel(bytes: &'o [u8], object: &ObjectFile, origin: Origin) -> Self {
        Self {
            bytes,
            programs: Programs::of(object),
            origin,
            absent: Vec::new(),
            renamed: Vec::new(),
            doubtful: Vec::new(),
            small: None,
            btf: None,
        }
    }

    fn with_picked(
        bytes: &'o [u8],
        object: &ObjectFile,
        picked: Result<Picked, BtfError>,
        origin: Origin,
        own_kernel: bool,
    ) -> Result<Self, Box<LoadError>> {
        let (picked, kernel) = custom::opened(picked, &origin)?;
        let sides = Sides::new(object, &kernel)?;
        let btf = match own_kernel || !sides.targets.is_empty() {
            true => {
                let sides = std::slice::from_ref(&sides);
                let file = custom::file(sides, &picked, &origin)?;
                Some(memfd::path_of(&file).map_err(LoadError::Memfd)?)
            }
            // libbpf finds the running kernel's by itself.
            false => None,
        };
        Ok(Self {
            bytes,
            programs: Programs::of(object),
            absent: program::absent(object, &kernel),
            renamed: sides.renamed(),
            doubtful: sides.doubtful(),
            origin,
            small: Some(picked.small),
            btf,
        })
    }

    /// The programs that cannot attach, because the kernel lacks their hooks.
    pub fn absent(&self) -> &[AbsentHook] {
        &self.absent
    }

    /// The arguments that programs read or test for, and that have another name in the kernel. They are relocated
    /// to the kernel's argument.
    pub fn renamed(&self) -> &[RenamedArgument] {
        &self.renamed
    }

    /// Makes it an error if the kernel lacks a hook of a program, unless the program's SEC name starts with `?`.
    ///
    /// # Errors
    /// [`LoadError::Absent`] with all of them.
    pub fn require_all(mut self) -> Result<Self, Box<LoadError>> {
        let optional = |hook: &AbsentHook| hook.section.starts_with('?');
        let (optional, required): (Vec<_>, Vec<_>) = self.absent.drain(..).partition(optional);
        if !required.is_empty() {
            return Err(LoadError::Absent(required).into());
        }
        self.absent = optional;
        Ok(self)
    }

    /// The BTF for libbpf's `btf_custom_path`, for code that opens the object without [`Loader::open`]. `None` if
    /// the object has no relocatable contexts: it needs the running kernel's own BTF.
    ///
    /// The path is valid as long as this process runs, also after the loader is dropped: libbpf reads the file when
    /// it loads the object, which may be much later. The memory and the file descriptor of the file are not
    /// released; loaders for one object and one kernel share them. The file has a few KiB, or the kernel's whole
    /// BTF if the object uses IDs of the kernel's types (`bpf_core_type_id_kernel`).
    pub fn btf_path(&self) -> Option<&Path> {
        self.btf.as_deref()
    }

    /// Opens the object's skeleton. Programs with absent hooks are set not to be loaded.
    ///
    /// # Errors
    /// [`LoadError::CustomBtf`], where the builder already has a BTF; [`LoadError::OtherObject`], where
    /// it opens an object with other programs than the loader's; [`LoadError::Open`].
    pub fn open<'obj, B: SkelBuilder<'obj>>(
        &self,
        mut builder: B,
        object: &'obj mut MaybeUninit<OpenObject>,
    ) -> Result<B::Output, Box<LoadError>> {
        self.set_btf(builder.object_builder_mut())?;
        let mut skeleton = builder.open(object).map_err(LoadError::Open)?;
        self.programs.check(skeleton.open_object_mut())?;
        self.leave_absent(skeleton.open_object_mut());
        Ok(skeleton)
    }

    /// As [`Loader::open`], without a skeleton.
    ///
    /// # Errors
    /// As [`Loader::open`].
    pub fn open_object(&self, builder: &mut ObjectBuilder) -> Result<OpenObject, Box<LoadError>> {
        self.set_btf(builder)?;
        let mut object = builder.open_memory(self.bytes).map_err(LoadError::Open)?;
        self.programs.check(&mut object)?;
        self.leave_absent(&mut object);
        Ok(object)
    }

    /// Loads an opened skeleton's programs.
    ///
    /// # Errors
    /// [`LoadError::AbsentArgument`], [`LoadError::RetypedArgument`] and [`LoadError::AbsentContext`],
    /// where a program reads what the kernel does not pass, and does not ask before;
    /// [`LoadError::Unresolved`], [`LoadError::Refused`] or [`LoadError::Load`] otherwise.
    pub fn load<'obj, O: OpenSkel<'obj>>(
        &self,
        mut skeleton: O,
    ) -> Result<O::Output, Box<LoadError>> {
        let logs = self.listen(skeleton.open_object_mut());
        skeleton.load().map_err(|error| self.explain(&logs, error))
    }

    /// As [`Loader::load`], without a skeleton.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load_object(&self, mut object: OpenObject) -> Result<Object, Box<LoadError>> {
        let logs = self.listen(&mut object);
        object.load().map_err(|error| self.explain(&logs, error))
    }

    fn set_btf(&self, builder: &mut ObjectBuilder) -> Result<(), Box<LoadError>> {
        let Some(btf) = &self.btf else {
            return Ok(());
        };
        // SAFETY: the builder's own options, which live as long as it does.
        let options = unsafe { builder.as_libbpf_object().as_ref() };
        if let Some(path) = own_path(options.btf_custom_path).filter(|path| path != btf) {
            return Err(LoadError::CustomBtf { path }.into());
        }
        builder.btf_custom_path(btf).map_err(LoadError::Open)?;
        Ok(())
    }

    fn leave_absent(&self, object: &mut OpenObject) {
        let mut absent = Vec::new();
        for mut program in object.progs_mut() {
            if self
                .absent
                .iter()
                .any(|hook| program.name() == hook.program.as_str())
            {
                program.set_autoload(false);
                absent.push(program.as_libbpf_object());
            }
        }
        struct_ops::leave(object, &absent);
    }

    fn listen(&self, object: &mut OpenObject) -> Logs {
        Logs::new(object, &self.doubtful)
    }
}

/// The path that options already have.
fn own_path(path: *const std::ffi::c_char) -> Option<PathBuf> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, so it is the text that the builder's owner has put there.
    let path = unsafe { CStr::from_ptr(path) };
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}
