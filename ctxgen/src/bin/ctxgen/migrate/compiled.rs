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
                functions.insert(name.to_owned(), instructions.to_vec());
            }
        }
        Self { functions }
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
