//! A compiled BPF object: its types, its programs, and what CO-RE has to relocate in it.

mod ext;
mod fields;
mod path;

use std::collections::BTreeSet;
use std::ops::Range;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::SectionFlags;
use object::SymbolKind;
use object::elf::SHF_EXECINSTR;

use crate::agree::essential_name;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;

pub use self::ext::ExtError;
pub use self::ext::Relocation;
pub use self::ext::RelocationKind;
pub use self::path::Step;

pub(crate) use self::fields::context_fields;
pub(crate) use self::fields::own_type;
pub(crate) use self::fields::slots;

/// Functions that are no programs are in this section.
const SUBPROGRAMS: &str = ".text";

/// Why bytes could not be read as a BPF object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// They are no ELF file, or a damaged one.
    #[error("it cannot be read as an ELF file: {0}")]
    Elf(#[from] object::Error),
    /// Its section `.BTF` is damaged.
    #[error("its .BTF section cannot be used: {0}")]
    Btf(#[from] BtfError),
    /// Its section `.BTF.ext` is damaged.
    #[error("its .BTF.ext section cannot be used: {0}")]
    Ext(#[from] ExtError),
}

/// A program of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// The SEC name, as it stands in the source.
    pub section: String,
    /// The struct or union, in the object's BTF, that the first argument points to; `None` for what
    /// claims nothing about the context: no argument, `void *`, an array of slots.
    pub context: Option<TypeId>,
    /// Where in its section it is, in bytes.
    range: Range<u64>,
}

/// A compiled BPF object.
#[derive(Debug)]
pub struct ObjectFile {
    btf: Btf<'static>,
    programs: Vec<Program>,
    relocations: Vec<Relocation>,
}

impl ObjectFile {
    /// Reads an object, as clang or libbpf's linker has written it, in either byte order.
    ///
    /// # Errors
    /// [`ObjectError`], where it is none or is damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        let elf = object::File::parse(bytes)?;
        let section = |name| -> Result<Option<&[u8]>, ObjectError> {
            match elf.section_by_name(name) {
                Some(section) => Ok(Some(section.data()?)),
                None => Ok(None),
            }
        };
        let order = match elf.is_little_endian() {
            true => ByteOrder::Little,
            false => ByteOrder::Big,
        };
        let btf = match section(".BTF")? {
            Some(bytes) => Btf::parse(bytes)?,
            // clang writes none for a source that defines nothing.
            None => Btf::parse(&BtfWriter::new(order).finish())?,
        };
        let relocations = match section(".BTF.ext")? {
            Some(bytes) => ext::relocations(bytes, &btf)?,
            None => Vec::new(),
        };
        let programs = programs(&elf, &btf);
        Ok(Self {
            btf,
            programs,
            relocations,
        })
    }

    /// The object's own types.
    pub fn btf(&self) -> &Btf<'static> {
        &self.btf
    }

    /// The programs, in the order of the symbol table. Functions that programs call are none.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// What CO-RE has to relocate, in the order of the object.
    pub fn relocations(&self) -> &[Relocation] {
        &self.relocations
    }

    /// The program that a relocation is in; `None` for one in a function that programs call.
    pub fn program_of(&self, relocation: &Relocation) -> Option<&Program> {
        self.programs.iter().find(|program| {
            program.section == relocation.section
                && program
                    .range
                    .contains(&u64::from(relocation.instruction_offset))
        })
    }

    /// The context structs that relocations are against, flavours included, in the order of their
    /// ids. An object built with a plain header has none, since the offsets of its accesses are
    /// fixed; the kernel's own contexts (`struct bpf_iter__task`) are not among them.
    pub fn relocated_contexts(&self) -> Vec<TypeId> {
        let roots: BTreeSet<TypeId> = self
            .relocations
            .iter()
            .filter(|relocation| relocation.kind != RelocationKind::TypeIdLocal)
            .map(|relocation| relocation.type_id)
            .collect();
        let is_context = |id: &TypeId| self.context_hook(*id).is_some();
        roots.into_iter().filter(is_context).collect()
    }

    /// The hook that a struct of the object is a context of; `None` for any other type, and for the
    /// kernel's own contexts.
    pub fn context_hook(&self, id: TypeId) -> Option<Hook> {
        let ty = self.btf.get(id)?;
        if !matches!(ty.kind(), Kind::Struct(_) | Kind::Fwd { is_union: false }) {
            return None;
        }
        // Three underscores may also be a part of the target's name.
        let hook = [essential_name(ty.name()), ty.name()]
            .into_iter()
            .find_map(Hook::from_struct_name);
        hook.filter(Hook::has_generated_struct)
    }

    /// What a relocation of a field goes through, from the root type on; `None` where the access
    /// string does not fit the types, or where the relocation is of no field.
    pub fn steps(&self, relocation: &Relocation) -> Option<Vec<Step<'_>>> {
        path::steps(&self.btf, relocation)
    }
}

fn programs(elf: &object::File<'_>, btf: &Btf<'_>) -> Vec<Program> {
    elf.symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
        .filter_map(|symbol| {
            let section = elf.section_by_index(symbol.section_index()?).ok()?;
            let section_name = section.name().ok()?;
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                return None;
            };
            if sh_flags.0 & SHF_EXECINSTR.0 == 0 || section_name == SUBPROGRAMS {
                return None;
            }
            let name = symbol.name().ok()?;
            Some(Program {
                name: name.to_owned(),
                section: section_name.to_owned(),
                context: context_struct(btf, name),
                range: symbol.address()..symbol.address().saturating_add(symbol.size()),
            })
        })
        .collect()
}

/// The struct that a program's first argument points to.
fn context_struct(btf: &Btf<'_>, program: &str) -> Option<TypeId> {
    let func = |ty: &Type<'_>| matches!(ty.kind(), Kind::Func(_)) && ty.name() == program;
    let Kind::Func(proto) = btf.types().find(func)?.kind() else {
        return None;
    };
    let param = btf.get(proto)?.params().next()?;
    let Kind::Ptr(to) = btf.resolve(param.type_id)?.kind() else {
        return None;
    };
    let pointee = btf.resolve(to)?;
    match pointee.kind() {
        Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } if !pointee.name().is_empty() => {
            Some(pointee.id())
        }
        _ => None,
    }
}
