//! The BTF that libbpf relocates objects against (`btf_custom_path`).

use std::path::Path;

use super::copy::Copier;
use super::copy::Names;
use super::error::LoadError;
use super::joined::joined;
use super::needs::Needs;
use super::program;
use super::program::AbsentHook;
use super::renamed::RenamedArgument;
use super::roots::Roots;
use super::sides::Sides;
use super::small::End;
use super::small::Picked;
use super::source;
use crate::btf::BtfError;
use crate::btf::HeaderError;
use crate::kernel::KernelBtf;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::kernel::RUNNING_BTF;
use crate::object::ObjectFile;
use crate::object::RelocationKind;

/// A BTF with which any CO-RE loader relocates objects with relocatable contexts: it is libbpf's `btf_custom_path`,
/// cilium/ebpf's `ProgramOptions.KernelTypes` and aya's `EbpfLoader::btf`.
///
/// It has the objects' contexts as they are on one kernel, and the kernel types that the objects' other relocations
/// need: some KiB, or the kernel's whole BTF if an object uses IDs of the kernel's types
/// (`bpf_core_type_id_kernel`). [`Loader`](crate::Loader) does the same by itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct CustomBtf {
    /// The BTF, raw, in the byte order of the kernel.
    pub bytes: Vec<u8>,
    /// The programs that cannot attach, because the kernel lacks their hooks: the loader must not load them
    /// (`bpf_program__set_autoload`).
    pub absent: Vec<AbsentHook>,
    /// The arguments that the kernel has under other names.
    pub renamed: Vec<RenamedArgument>,
    /// The names of the programs that may read an argument that the kernel lacks. Such a program cannot be loaded
    /// unless it tests for the argument (`bpf_core_field_exists`).
    pub doubtful: Vec<String>,
}

impl CustomBtf {
    /// The BTF for the running kernel and its modules. `objects` are the bytes of ELF files.
    ///
    /// # Errors
    /// [`LoadError::Object`], where one is no object; [`KernelError::NoRunningBtf`], where the kernel has no
    /// BTF; and the others of [`LoadError`].
    pub fn for_running(objects: &[&[u8]]) -> Result<Self, Box<LoadError>> {
        let objects = parsed(objects)?;
        let picked = of_running(&objects, Path::new(RUNNING_BTF))?;
        Self::new(&objects, picked, Origin::running())
    }

    /// The BTF for the kernel with this BTF.
    ///
    /// # Errors
    /// As [`CustomBtf::for_running`].
    pub fn for_kernel(objects: &[&[u8]], kernel: &KernelBtf) -> Result<Self, Box<LoadError>> {
        let objects = parsed(objects)?;
        let picked = of_kernel(&objects, kernel);
        Self::new(&objects, picked, kernel.origin().clone())
    }

    fn new(
        objects: &[ObjectFile],
        picked: Result<Picked, BtfError>,
        origin: Origin,
    ) -> Result<Self, Box<LoadError>> {
        let (picked, kernel) = opened(picked, &origin)?;
        let sides = objects.iter().map(|object| Sides::new(object, &kernel));
        let sides = sides.collect::<Result<Vec<_>, _>>()?;
        let absent = objects
            .iter()
            .flat_map(|object| program::absent(object, &kernel));
        Ok(Self {
            bytes: file(&sides, &picked, &origin)?,
            absent: absent.collect(),
            renamed: sides.iter().flat_map(Sides::renamed).collect(),
            doubtful: sides.iter().flat_map(Sides::doubtful).collect(),
        })
    }
}

fn parsed(objects: &[&[u8]]) -> Result<Vec<ObjectFile>, Box<LoadError>> {
    let parse = |bytes: &&[u8]| Ok(ObjectFile::parse(bytes)?);
    objects.iter().map(parse).collect()
}

/// What objects need of the kernel whose BTF is there, and of its modules.
///
/// # Errors
/// [`KernelError::NoRunningBtf`], [`KernelError::BadBtf`]; inside, where libbpf could not read what is picked.
pub(super) fn of_running(
    objects: &[ObjectFile],
    path: &Path,
) -> Result<Result<Picked, BtfError>, KernelError> {
    let roots = Roots::of(objects);
    let vmlinux = source::vmlinux(path, &Origin::running())?;
    let end = End::of(vmlinux.btf());
    let mut needs = Needs::of(objects, &vmlinux, &roots);
    let mut kernel = vmlinux;
    if !needs.lacking.is_nothing() {
        let folder = path.parent().unwrap_or(path);
        kernel = source::with_modules(kernel, folder, &needs.lacking)?;
        needs = Needs::of(objects, &kernel, &roots);
    }
    // libbpf is going to parse the whole, and needs the room: the kernel's ends here.
    Ok(Picked::new(&kernel, &needs, &roots, end))
}

/// What objects need of a kernel.
///
/// # Errors
/// [`BtfError`], where libbpf could not read it.
pub(super) fn of_kernel(objects: &[ObjectFile], kernel: &KernelBtf) -> Result<Picked, BtfError> {
    let roots = Roots::of(objects);
    let needs = Needs::of(objects, kernel, &roots);
    Picked::new(kernel, &needs, &roots, End::of(kernel.btf()))
}

/// What was picked of a kernel, and as a kernel's BTF.
///
/// # Errors
/// [`KernelError::BadBtf`].
pub(super) fn opened(
    picked: Result<Picked, BtfError>,
    origin: &Origin,
) -> Result<(Picked, KernelBtf), KernelError> {
    let picked = picked.map_err(|error| bad(origin, error))?;
    let kernel = picked.small.kernel(origin)?;
    Ok((picked, kernel))
}

fn bad(origin: &Origin, error: BtfError) -> KernelError {
    KernelError::BadBtf {
        origin: origin.clone(),
        error,
    }
}

/// The BTF to relocate against. A struct that several objects have is there for each: to libbpf, these are
/// candidates, and agree.
///
/// # Errors
/// [`KernelError::BadBtf`], where what is picked is no BTF.
pub(super) fn file(
    sides: &[Sides<'_>],
    picked: &Picked,
    origin: &Origin,
) -> Result<Vec<u8>, KernelError> {
    let bad = |error: HeaderError| bad(origin, error.into());
    let base = picked.whole.as_ref().unwrap_or(&picked.small.blob);
    let mut writer = base.writer().map_err(bad)?;
    for side in sides {
        let mut copier = Copier::new(side.object.btf(), names(side.object));
        for target in &side.targets {
            target.write(&mut writer, &mut copier, side.object, side.kernel);
        }
    }
    joined(&base.bytes, &writer.finish()).map_err(bad)
}

/// Whether names of types count, which they do where whole contexts are compared.
fn names(object: &ObjectFile) -> Names {
    let mut relocations = object.relocations().iter();
    let matches_whole = relocations.any(|relocation| {
        relocation.kind == RelocationKind::TypeMatches
            && object.context_hook(relocation.type_id).is_some()
    });
    match matches_whole {
        true => Names::Kept,
        false => Names::Dropped,
    }
}
