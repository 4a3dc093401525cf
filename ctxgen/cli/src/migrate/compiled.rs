//! The instructions of an object's programs.

use std::collections::BTreeMap;

use object::Object;
use object::ObjectSection;
use object::ObjectSymbol;
use object::SymbolKind;

/// How long an instruction is, in bytes.
const INSTRUCTION: usize = 8;

/// The instructions of each function, by its name.
pub(super) struct Compiled {
    functions: BTreeMap<String, Vec<[u8; INSTRUCTION]>>,
}

impl Compiled {
    /// What cannot be read has no functions.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut functions = BTreeMap::new();
        let Ok(file) = object::File::parse(bytes) else {
            return Self { functions };
        };
        for symbol in file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
        {
            let section = symbol.section_index();
            let section = section.and_then(|index| file.section_by_index(index).ok());
            let data = section.and_then(|section| {
                section
                    .data_range(symbol.address(), symbol.size())
                    .ok()
                    .flatten()
            });
            if let (Ok(name), Some(data)) = (symbol.name(), data) {
                let (instructions, _) = data.as_chunks();
                let mut instructions = instructions.to_vec();
                unplace(&mut instructions, &relocated(&file, &symbol));
                functions.insert(name.to_owned(), instructions);
            }
        }
        Self { functions }
    }

    /// How many instructions a function has; 0 where there is none.
    pub(super) fn len(&self, name: &str) -> usize {
        self.functions.get(name).map_or(0, Vec::len)
    }

    /// What has become of a function, in words.
    pub(super) fn against(&self, after: &Self, name: &str) -> String {
        let (Some(old), Some(new)) = (self.functions.get(name), after.functions.get(name)) else {
            return "one of the objects has no such program".to_owned();
        };
        if old == new {
            return format!("same instructions ({})", old.len());
        }
        let at = old
            .iter()
            .zip(new)
            .take_while(|(old, new)| old == new)
            .count();
        let text = |instructions: &[[u8; INSTRUCTION]]| match instructions.get(at) {
            Some(bytes) => format!("{:016x}", u64::from_be_bytes(*bytes)),
            None => "nothing".to_owned(),
        };
        let (before, after) = (text(old), text(new));
        format!(
            "{} instructions, {} before; the first difference is instruction {at}: {after}, before {before}",
            new.len(),
            old.len(),
        )
    }
}

/// Where in a function the linker or libbpf puts something in, in bytes.
fn relocated<'d>(file: &object::File<'d>, symbol: &impl ObjectSymbol<'d>) -> Vec<u64> {
    let section = symbol.section_index();
    let section = section.and_then(|index| file.section_by_index(index).ok());
    let relocations = section.iter().flat_map(ObjectSection::relocations);
    let start = symbol.address();
    relocations
        .filter_map(|(at, _)| at.checked_sub(start))
        .collect()
}

/// Without the values that say where in its section something is: strings and functions move when others do.
fn unplace(instructions: &mut [[u8; INSTRUCTION]], relocated: &[u64]) {
    for at in relocated {
        let number = usize::try_from(*at).map_or(usize::MAX, |at| at / INSTRUCTION);
        if let Some(instruction) = instructions.get_mut(number) {
            instruction[4..].fill(0);
        }
    }
}
