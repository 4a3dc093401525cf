//! The code of an object: its sections, its functions, and what the instructions refer to.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SectionIndex;
use object::SymbolFlags;
use object::SymbolKind;
use object::elf::STV_HIDDEN;
use object::elf::STV_INTERNAL;
use object::read::elf::ElfSymbol64;

use super::elf::CodeSection;
use super::elf::Elf;
use super::elf::limited;
use super::error::ObjectError;
use super::instruction::Instruction;
use super::instruction::LAST_ARGUMENT;
use super::instruction::LEN;
use super::instruction::Raw;
use super::names::MAX_FUNCTION;
use super::names::shown;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::sorted::sorted_by;

/// An instruction's place: the number of its section, and its own in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) section: u32,
    pub(crate) index: u32,
}

impl Place {
    /// The place so many instructions behind it, or before.
    pub(crate) fn moved(self, by: i64) -> Option<Self> {
        let index = u32::try_from(i64::from(self.index).checked_add(by)?).ok()?;
        Some(Self { index, ..self })
    }
}

/// What a relocated instruction refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A function of the object, or a section with some: where the symbol is.
    Function(Place),
    /// A symbol that the object does not define: a function of the kernel, which takes so many arguments.
    Kernel { arguments: u8 },
    /// Anything else: a map, a variable.
    Data,
}

/// A function of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// The numbers of its instructions.
    pub(crate) range: Range<u32>,
    pub(crate) name: Arc<str>,
    /// How many arguments it takes.
    pub(crate) arguments: u8,
    /// Whether the kernel verifies it by itself, whatever calls it.
    pub(crate) is_global: bool,
}

/// A section with code.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) name: Arc<str>,
    pub(crate) code: Vec<u8>,
    /// What the instructions of these numbers refer to, by ELF relocations.
    pub(crate) relocated: HashMap<u32, Target>,
    /// By where they start, one for each such place.
    pub(crate) functions: Vec<Function>,
}

impl Section {
    /// The last function that starts at an instruction or before.
    pub(crate) fn function(&self, index: u32) -> Option<&Function> {
        let after = self
            .functions
            .partition_point(|known| known.range.start <= index);
        self.functions.get(after.checked_sub(1)?)
    }
}

/// All code of an object.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) order: ByteOrder,
    pub(crate) sections: Vec<Section>,
}

impl Code {
    /// The code of an object, whose functions have these prototypes by name.
    pub(super) fn read(
        elf: &Elf<'_>,
        order: ByteOrder,
        sections: &[CodeSection<'_>],
        btf: &Btf<'_>,
        prototypes: &[(&str, TypeId)],
    ) -> Result<Self, ObjectError> {
        let reader = Reader {
            sections,
            btf,
            prototypes,
        };
        let mut code = Self {
            order,
            sections: Vec::new(),
        };
        for (section, functions) in sections.iter().zip(reader.functions(elf)?) {
            code.sections.push(Section {
                name: Arc::clone(&section.name),
                code: section.code.to_vec(),
                relocated: reader.relocated(elf, section)?,
                functions,
            });
        }
        Ok(code)
    }

    /// The numbers of the sections by their names, of several with one name the first.
    pub(crate) fn numbers(&self) -> HashMap<&str, u32> {
        let mut numbers = HashMap::new();
        for (number, section) in (0..).zip(&self.sections) {
            numbers.entry(&*section.name).or_insert(number);
        }
        numbers
    }

    /// The instruction at a place, as it is encoded; `None` behind the last.
    pub(crate) fn raw(&self, place: Place) -> Option<Raw> {
        let section = self.sections.get(place.section as usize)?;
        Raw::at(&section.code, place.index as usize, self.order)
    }

    /// The instruction at a place; `None` behind the last.
    pub(crate) fn at(&self, place: Place) -> Option<Instruction> {
        self.raw(place).map(Instruction::decode)
    }

    /// Both halves of the constant at a place.
    pub(crate) fn wide(&self, place: Place, low: i32) -> i64 {
        let next = place.moved(1).and_then(|next| self.raw(next));
        let high = next.map_or(0, |next| next.imm);
        i64::from(high) << 32 | i64::from(low) & i64::from(u32::MAX)
    }

    /// What an instruction refers to by an ELF relocation.
    pub(crate) fn relocated(&self, place: Place) -> Option<Target> {
        let section = self.sections.get(place.section as usize)?;
        section.relocated.get(&place.index).copied()
    }

    /// The instruction of the object that one calls or takes the address of, as `bpf_object__reloc_code` in
    /// `libbpf.c` reads them: calls count instructions behind the next one, and addresses count bytes.
    pub(crate) fn target(&self, place: Place) -> Option<Place> {
        let raw = self.raw(place)?;
        let imm = i64::from(raw.imm);
        match (self.relocated(place), raw.is_local_call()) {
            (Some(Target::Function(start)), true) => start.moved(imm + 1),
            (Some(Target::Function(start)), false) => start.moved(imm / LEN as i64),
            // The compiler has resolved it.
            (None, true) => place.moved(imm + 1),
            _ => None,
        }
    }

    /// The function that an instruction is in.
    pub(crate) fn function(&self, place: Place) -> Option<&Function> {
        let section = self.sections.get(place.section as usize)?;
        let function = section.function(place.index)?;
        function.range.contains(&place.index).then_some(function)
    }

    /// The function that starts at a place.
    pub(crate) fn function_from(&self, place: Place) -> Option<&Function> {
        let section = self.sections.get(place.section as usize)?;
        let function = section.function(place.index)?;
        (function.range.start == place.index).then_some(function)
    }
}

/// The number of the instruction at a distance from the section's start, in bytes.
pub(crate) fn index_of(offset: u64) -> Option<u32> {
    let len = LEN as u64;
    let index = offset.is_multiple_of(len).then_some(offset / len)?;
    u32::try_from(index).ok()
}

/// The relocations of a section: the offset, and the symbol, if there is one.
pub(super) fn relocations<'e>(
    elf: &'e Elf<'e>,
    section: SectionIndex,
) -> Result<impl Iterator<Item = (u64, Option<ElfSymbol64<'e, 'e>>)>, ObjectError> {
    let relocations = elf.section_by_index(section)?.relocations();
    Ok(relocations.map(|(at, relocation)| {
        let symbol = match relocation.target() {
            RelocationTarget::Symbol(symbol) => elf.symbol_by_index(symbol).ok(),
            _ => None,
        };
        (at, symbol)
    }))
}

/// What the table is made of.
struct Reader<'r> {
    /// In the order of their indices.
    sections: &'r [CodeSection<'r>],
    btf: &'r Btf<'r>,
    /// Sorted by name.
    prototypes: &'r [(&'r str, TypeId)],
}

impl Reader<'_> {
    fn place(&self, symbol: &ElfSymbol64<'_, '_>) -> Option<Place> {
        let index = symbol.section_index()?.0;
        let section = self
            .sections
            .binary_search_by_key(&index, |known| known.index.0);
        Some(Place {
            section: u32::try_from(section.ok()?).ok()?,
            index: index_of(symbol.address())?,
        })
    }

    /// The functions of each section.
    fn functions(&self, elf: &Elf<'_>) -> Result<Vec<Vec<Function>>, ObjectError> {
        let mut functions = vec![Vec::new(); self.sections.len()];
        for symbol in elf.symbols() {
            if symbol.kind() == SymbolKind::Text
                && let Some(Place { section, index }) = self.place(&symbol)
                && let Ok(name) = symbol.name()
            {
                let name = limited(name, MAX_FUNCTION)?;
                let len = u32::try_from(symbol.size() / LEN as u64).unwrap_or(u32::MAX);
                functions[section as usize].push(Function {
                    range: index..index.saturating_add(len),
                    name: shown(name).into(),
                    arguments: self.arguments(name),
                    is_global: is_global(&symbol),
                });
            }
        }
        let sorted = functions.into_iter().map(|functions| {
            let start = |function: &Function| function.range.start;
            let mut functions = sorted_by(functions, |a, b| start(a).cmp(&start(b)));
            functions.dedup_by_key(|function| start(function));
            functions
        });
        Ok(sorted.collect())
    }

    fn relocated(
        &self,
        elf: &Elf<'_>,
        section: &CodeSection<'_>,
    ) -> Result<HashMap<u32, Target>, ObjectError> {
        let mut relocated = HashMap::new();
        for (at, symbol) in relocations(elf, section.index)? {
            if let Some(at) = index_of(at) {
                let target = symbol.map_or(Ok(Target::Data), |symbol| self.target(&symbol))?;
                relocated.insert(at, target);
            }
        }
        Ok(relocated)
    }

    fn target(&self, symbol: &ElfSymbol64<'_, '_>) -> Result<Target, ObjectError> {
        if symbol.is_undefined() {
            let name = symbol.name().unwrap_or_default();
            let arguments = self.arguments(limited(name, MAX_FUNCTION)?);
            return Ok(Target::Kernel { arguments });
        }
        Ok(self.place(symbol).map_or(Target::Data, Target::Function))
    }

    /// How many arguments the function of a name takes; as many as can be passed where that is not known.
    fn arguments(&self, name: &str) -> u8 {
        let place = self.prototypes.binary_search_by(|known| known.0.cmp(name));
        let prototype = place.ok().map(|place| self.prototypes[place].1);
        let prototype = prototype.and_then(|prototype| self.btf.get(prototype));
        let count = prototype.map(|prototype| prototype.params().len());
        let count = count.and_then(|count| u8::try_from(count).ok());
        count.map_or(LAST_ARGUMENT, |count| count.min(LAST_ARGUMENT))
    }
}

/// As libbpf tells them: a function with hidden visibility is verified with its callers
/// (`bpf_object__sanitize_prog` and `sym_is_subprog` in `libbpf.c`).
fn is_global(symbol: &ElfSymbol64<'_, '_>) -> bool {
    let is_hidden = matches!(
        symbol.flags(),
        SymbolFlags::Elf { st_other, .. }
            if [STV_HIDDEN.0, STV_INTERNAL.0].contains(&(st_other.0 & 3))
    );
    symbol.is_global() && !is_hidden
}

#[cfg(test)]
mod tests {
    use super::super::instruction::CALL;
    use super::super::instruction::LOAD_IMM64;
    use super::*;

    fn code(lines: &[(u8, u8, i32)], relocated: &[(u32, Target)]) -> Code {
        let bytes = lines.iter().flat_map(|(opcode, src, imm)| {
            let mut bytes = vec![*opcode, src << 4, 0, 0];
            bytes.extend(imm.to_le_bytes());
            bytes
        });
        Code {
            order: ByteOrder::Little,
            sections: vec![Section {
                name: "tp_btf/x".into(),
                code: bytes.collect(),
                relocated: relocated.iter().copied().collect(),
                functions: Vec::new(),
            }],
        }
    }

    fn at(index: u32) -> Place {
        Place { section: 0, index }
    }

    #[test]
    fn targets_of_calls_and_addresses() {
        let function = Target::Function(at(8));
        let cases = [
            // The compiler has resolved the call.
            ((CALL, 1, -3), None, Some(at(8))),
            // The symbol is the section's or the function's.
            ((CALL, 1, 2), Some(Target::Function(at(0))), Some(at(3))),
            ((CALL, 1, -1), Some(function), Some(at(8))),
            ((LOAD_IMM64, 4, 16), Some(function), Some(at(10))),
            // A function of the kernel's, which clang encodes as a call of the instruction itself.
            ((CALL, 1, -1), Some(Target::Kernel { arguments: 1 }), None),
            ((CALL, 0, 6), None, None),
            ((LOAD_IMM64, 1, 0), Some(Target::Data), None),
            ((CALL, 1, i32::MIN), None, None),
        ];
        for (line, relocated, expected) in cases {
            let mut lines = [(0, 0, 0); 11];
            lines[10] = line;
            let relocated: Vec<_> = relocated.map(|target| (10, target)).into_iter().collect();
            let code = code(&lines, &relocated);
            assert_eq!(code.target(at(10)), expected, "{line:?} {relocated:?}");
        }
        assert_eq!(code(&[], &[]).target(at(0)), None);
    }

    #[test]
    fn constants_of_64_bits() {
        let code = code(&[(LOAD_IMM64, 0, -1), (0, 0, 2)], &[]);
        assert_eq!(code.wide(at(0), -1), 0x2_ffff_ffff);
        assert_eq!(code.wide(at(1), 2), 2);
    }
}
