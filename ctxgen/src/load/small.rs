//! A small BTF with what an object needs of a kernel's.

use std::collections::BTreeSet;
use std::ops::Range;

use super::joined::joined;
use super::kept::Kept;
use super::kept::Part;
use super::needs::Needs;
use super::roots::Roots;
use crate::btf::Below;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::HeaderError;
use crate::btf::Kind;
use crate::btf::Sections;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::for_libbpf;
use crate::ctype;
use crate::kernel::KernelBtf;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::sorted::set;
use crate::tracefs::Formats;

/// Names of the integer by whose size libbpf knows that of a pointer (`determine_ptr_size` in its
/// `btf.c`), as compilers write them.
const LONG: [&str; 4] = ["long int", "long unsigned int", "long", "unsigned long"];

/// A small BTF.
#[derive(Debug)]
pub(super) struct Small {
    pub(super) blob: Blob,
    /// The modules of the kernel, and the ids of their types in it.
    modules: Vec<(String, Range<u32>)>,
    /// What tracefs says of the kernel's trace events.
    formats: Formats,
}

/// A BTF that more can be written behind.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    /// How many types it has, void included.
    types: u32,
}

impl Blob {
    /// As libbpf can read it.
    fn new(bytes: Vec<u8>, types: u32) -> Result<Self, BtfError> {
        let bytes = for_libbpf(bytes)?;
        Ok(Self { bytes, types })
    }

    /// With types as C writes them. A kernel may lack a pointer to what its own functions have no pointer
    /// to, and one to void would be another type.
    fn with_written(self, texts: &BTreeSet<String>) -> Result<Self, BtfError> {
        if texts.is_empty() {
            return Ok(self);
        }
        let btf = Btf::parse(&self.bytes)?;
        let mut writer = BtfWriter::split(&btf);
        for text in texts {
            ctype::write(&btf, &mut writer, text);
        }
        let types = writer.next_id().0;
        let bytes = joined(&self.bytes, &writer.finish())?;
        Ok(Self { bytes, types })
    }

    /// Continues its ids and strings.
    pub(super) fn writer(&self) -> Result<BtfWriter, HeaderError> {
        let sections = Sections::parse(&self.bytes)?;
        let string_len = u32::try_from(sections.strings.len()).unwrap_or(u32::MAX);
        Ok(BtfWriter::after(sections.order, self.types, string_len))
    }
}

/// Where a kernel's own types and strings end, and those of modules begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    types: u32,
    strings: u32,
}

impl End {
    /// Behind all that there is.
    pub(super) fn of(btf: &Btf<'_>) -> Self {
        Self {
            types: btf.type_count(),
            strings: btf.string_end(),
        }
    }
}

/// What is picked of a kernel for an object.
pub(super) struct Picked {
    /// A BTF of its own.
    pub(super) small: Small,
    /// The kernel's whole BTF, where its own type ids are needed. What is of modules comes after it.
    pub(super) whole: Option<Blob>,
}

impl Picked {
    /// `end` is where the kernel's own types end.
    ///
    /// # Errors
    /// [`BtfError`], where libbpf could not read it.
    pub(super) fn new(
        kernel: &KernelBtf,
        needs: &Needs,
        roots: &Roots,
        end: End,
    ) -> Result<Self, BtfError> {
        let kept = kept(kernel, needs, roots);
        Ok(Self {
            small: Small::of(kernel, &kept, &needs.touched.written)?,
            whole: match roots.ids {
                true => Some(whole(kernel, &kept, end)?),
                false => None,
            },
        })
    }
}

/// What is kept of a kernel.
fn kept<'k>(kernel: &'k KernelBtf, needs: &Needs, roots: &Roots) -> Kept<'k> {
    let touched = &needs.touched;
    let of_unions = touched.members.iter().map(|(_, name)| name);
    let members = roots.members.iter().chain(of_unions).cloned();
    let mut kept = Kept::new(kernel.btf(), set(members.collect()));
    for id in &touched.types {
        kept.reach(*id, Part::Whole);
    }
    for (union, _) in &touched.members {
        kept.reach(*union, Part::Members);
    }
    for (id, part) in &needs.roots {
        kept.reach(*id, *part);
    }
    let is_long = |ty: &Type<'_>| {
        LONG.contains(&ty.name()) && matches!(ty.kind(), Kind::Int { size: 4 | 8, .. })
    };
    if let Some(long) = kernel.index().numbers(kernel.btf()).find(is_long) {
        kept.reach(long.id(), Part::Whole);
    }
    kept
}

impl Small {
    /// What is kept of a kernel.
    ///
    /// # Errors
    /// [`BtfError`], where it could not be read.
    fn of(
        kernel: &KernelBtf,
        kept: &Kept<'_>,
        written: &BTreeSet<String>,
    ) -> Result<Self, BtfError> {
        let mut writer = BtfWriter::new(kernel.byte_order());
        let first = writer.next_id();
        kept.copy(&mut writer, first);
        let types = writer.next_id().0;
        let blob = Blob::new(writer.finish(), types)?;
        Ok(Self {
            modules: kernel.modules_of(kept.parts.keys().copied(), first),
            formats: kernel.formats().clone(),
            blob: blob.with_written(written)?,
        })
    }

    pub(super) fn kernel(&self, origin: &Origin) -> Result<KernelBtf, KernelError> {
        let kernel = KernelBtf::from_bytes(&self.blob.bytes, origin.clone())?;
        let kernel = kernel.with_module_ids(&self.modules);
        Ok(kernel.with_all_formats(self.formats.clone()))
    }
}

/// A kernel's whole BTF, and behind its end what is kept of modules' types.
///
/// # Errors
/// [`BtfError`], where it could not be read.
fn whole(kernel: &KernelBtf, kept: &Kept<'_>, end: End) -> Result<Blob, BtfError> {
    let btf = kernel.btf();
    let own = match end.types < btf.type_count() {
        true => btf.first_parts(Below {
            btf,
            types: end.types,
            strings: end.strings,
        }),
        false => btf.to_bytes(),
    };
    let mut writer = BtfWriter::after(kernel.byte_order(), end.types, end.strings);
    kept.copy(&mut writer, TypeId(end.types));
    let types = writer.next_id().0;
    Blob::new(joined(&own, &writer.finish())?, types)
}
