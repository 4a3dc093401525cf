//! The instructions of an object, and which functions they call.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use libbpf_rs::libbpf_sys;
use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SymbolKind;
use object::SymbolScope;

use super::CodeSection;
use super::Elf;
use super::ObjectError;
use crate::btf::ByteOrder;
use crate::sorted::sorted_by;

/// The size of an instruction, in bytes.
pub(crate) const INSTRUCTION: usize = 8;

/// `BPF_LD | BPF_IMM | BPF_DW`, which takes two instructions.
pub(crate) const LOAD_IMM64: u8 = 0x18;
/// `BPF_JMP | BPF_CALL`.
pub(crate) const CALL: u8 = 0x85;

/// An instruction (`struct bpf_insn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) opcode: u8,
    pub(crate) dst: u8,
    pub(crate) src: u8,
    pub(crate) offset: i16,
    pub(crate) imm: i32,
}

impl Instruction {
    fn new(bytes: [u8; INSTRUCTION], order: ByteOrder) -> Self {
        let [opcode, registers, o0, o1, i0, i1, i2, i3] = bytes;
        let (low, high) = (registers & 0xf, registers >> 4);
        // They are bit fields, which start at the other end there.
        let (dst, src) = match order {
            ByteOrder::Little => (low, high),
            ByteOrder::Big => (high, low),
        };
        let (offset, imm) = match order {
            ByteOrder::Little => (
                i16::from_le_bytes([o0, o1]),
                i32::from_le_bytes([i0, i1, i2, i3]),
            ),
            ByteOrder::Big => (
                i16::from_be_bytes([o0, o1]),
                i32::from_be_bytes([i0, i1, i2, i3]),
            ),
        };
        Self {
            opcode,
            dst,
            src,
            offset,
            imm,
        }
    }

    /// Whether it is a call of a function of the object's.
    pub(crate) fn is_local_call(self) -> bool {
        self.opcode == CALL && u32::from(self.src) == libbpf_sys::BPF_PSEUDO_CALL
    }
}

/// An instruction's place: section and number.
pub(crate) type At = (usize, usize);

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) section: usize,
    /// As numbers of instructions.
    pub(crate) range: Range<usize>,
    /// Whether the verifier takes it by itself, whoever calls it. libbpf makes hidden ones static
    /// (`bpf_object__sanitize_prog` and `sym_is_subprog` in `libbpf.c`).
    pub(crate) is_global: bool,
}

/// All code of an object.
#[derive(Debug, Default)]
pub(crate) struct Code {
    order: Option<ByteOrder>,
    sections: Vec<(Arc<str>, Vec<u8>)>,
    /// By section and start.
    functions: Vec<Function>,
    /// What instructions call or take the address of.
    targets: HashMap<At, At>,
    /// The instructions that ELF relocations are of: what they have for a number is none.
    addresses: HashSet<At>,
}

impl Code {
    pub(super) fn read(
        elf: &Elf<'_>,
        sections: &[CodeSection<'_>],
        order: ByteOrder,
    ) -> Result<Self, ObjectError> {
        let mut code = Self {
            order: Some(order),
            sections: sections
                .iter()
                .map(|section| (Arc::clone(&section.name), section.code.to_vec()))
                .collect(),
            functions: functions(elf, sections),
            targets: HashMap::new(),
            addresses: HashSet::new(),
        };
        for (place, section) in sections.iter().enumerate() {
            code.add_relocated(elf, sections, (place, section))?;
            code.add_relative(place);
        }
        Ok(code)
    }

    /// Those that ELF relocations give, as `bpf_object__reloc_code` in `libbpf.c` reads them.
    fn add_relocated(
        &mut self,
        elf: &Elf<'_>,
        sections: &[CodeSection<'_>],
        (place, section): (usize, &CodeSection<'_>),
    ) -> Result<(), ObjectError> {
        let section = elf.section_by_index(section.index)?;
        for (offset, relocation) in section.relocations() {
            let number = usize::try_from(offset).unwrap_or(usize::MAX) / INSTRUCTION;
            self.addresses.insert((place, number));
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                continue;
            };
            let Ok(symbol) = elf.symbol_by_index(symbol) else {
                continue;
            };
            let target = symbol.section_index().and_then(|index| {
                let place = sections.binary_search_by_key(&index.0, |known| known.index.0);
                place.ok()
            });
            let (Some(target), Some(instruction)) = (target, self.at((place, number))) else {
                continue;
            };
            let (start, imm) = (symbol.address() as i64, i64::from(instruction.imm));
            let to = match instruction.is_local_call() {
                true => (start / INSTRUCTION as i64)
                    .wrapping_add(imm)
                    .wrapping_add(1),
                false => start.wrapping_add(imm) / INSTRUCTION as i64,
            };
            if let Ok(to) = usize::try_from(to) {
                self.targets.insert((place, number), (target, to));
            }
        }
        Ok(())
    }

    /// Those that the compiler has resolved.
    fn add_relative(&mut self, place: usize) {
        let len = self.len(place);
        for number in 0..len {
            let Some(instruction) = self.at((place, number)) else {
                continue;
            };
            let to = number as i64 + i64::from(instruction.imm) + 1;
            if instruction.is_local_call()
                && let Ok(to) = usize::try_from(to)
            {
                self.targets.entry((place, number)).or_insert((place, to));
            }
        }
    }

    /// How many instructions a section has.
    fn len(&self, section: usize) -> usize {
        let bytes = self.sections.get(section);
        bytes.map_or(0, |(_, bytes)| bytes.len() / INSTRUCTION)
    }

    /// The section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<usize> {
        self.sections.iter().position(|(known, _)| **known == *name)
    }

    pub(crate) fn at(&self, (section, number): At) -> Option<Instruction> {
        let (_, bytes) = self.sections.get(section)?;
        let start = number.checked_mul(INSTRUCTION)?;
        let bytes = bytes.get(start..)?.first_chunk()?;
        Some(Instruction::new(*bytes, self.order?))
    }

    /// What an instruction calls or takes the address of.
    pub(crate) fn target(&self, at: At) -> Option<At> {
        self.targets.get(&at).copied()
    }

    /// Whether the linker puts an address into an instruction.
    pub(crate) fn has_address(&self, at: At) -> bool {
        self.addresses.contains(&at)
    }

    /// The function that an instruction is in.
    pub(crate) fn function(&self, (section, number): At) -> Option<&Function> {
        let key = |function: &Function| (function.section, function.range.start);
        let after = self
            .functions
            .partition_point(|function| key(function) <= (section, number));
        let last = self.functions.get(after.checked_sub(1)?)?;
        (last.section == section && last.range.contains(&number)).then_some(last)
    }
}

fn functions(elf: &Elf<'_>, sections: &[CodeSection<'_>]) -> Vec<Function> {
    let number = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX) / INSTRUCTION;
    let functions = elf.symbols().filter_map(|symbol| {
        let index = symbol
            .section_index()
            .filter(|_| symbol.kind() == SymbolKind::Text)?;
        let section = sections.binary_search_by_key(&index.0, |known| known.index.0);
        let start = number(symbol.address());
        Some(Function {
            section: section.ok()?,
            range: start..start.saturating_add(number(symbol.size())),
            is_global: symbol.is_global() && symbol.scope() != SymbolScope::Linkage,
        })
    });
    let key = |function: &Function| (function.section, function.range.start);
    let mut functions = sorted_by(functions.collect(), |a, b| key(a).cmp(&key(b)));
    functions.dedup_by_key(|function| key(function));
    functions
}
