//! BPF objects, written by hand: sections, and a program with its symbol.

use ctxgen::ByteOrder;

/// `EM_BPF`.
const BPF: u16 = 247;
/// The length of the file's header and of a section's.
const HEADER: usize = 64;

/// A relocatable object with one program.
#[derive(Debug)]
pub struct Elf {
    order: ByteOrder,
    sections: Vec<Section>,
    symbols: Vec<u8>,
    strings: Vec<u8>,
}

#[derive(Debug, Default)]
struct Section {
    name: String,
    kind: u32,
    flags: u64,
    link: u32,
    info: u32,
    entry: u64,
    data: Vec<u8>,
}

impl Elf {
    /// Without anything in it.
    pub fn new(order: ByteOrder) -> Self {
        Self {
            order,
            sections: vec![Section::default()],
            symbols: vec![0; 24],
            strings: vec![0],
        }
    }

    /// Adds a section with data.
    pub fn section(&mut self, name: &str, data: &[u8]) {
        self.sections.push(Section {
            name: name.to_owned(),
            kind: 1,
            data: data.to_vec(),
            ..Section::default()
        });
    }

    /// Adds a section with the code of a global function.
    pub fn program(&mut self, section: &str, function: &str, code: &[u8]) {
        let number = u16::try_from(self.sections.len()).unwrap_or(0);
        let name = u32::try_from(self.strings.len()).unwrap_or(0);
        self.strings.extend(function.bytes());
        self.strings.push(0);
        let mut symbol = Vec::new();
        self.put(&mut symbol, name);
        symbol.extend([0x12, 0]);
        self.put_half(&mut symbol, number);
        self.put_wide(&mut symbol, 0);
        self.put_wide(&mut symbol, code.len() as u64);
        self.symbols.extend(symbol);
        self.sections.push(Section {
            name: section.to_owned(),
            kind: 1,
            flags: 6,
            data: code.to_vec(),
            ..Section::default()
        });
    }

    /// The whole.
    pub fn to_bytes(mut self) -> Vec<u8> {
        let link = u32::try_from(self.sections.len() + 1).unwrap_or(0);
        self.sections.push(Section {
            name: ".symtab".to_owned(),
            kind: 2,
            link,
            // All symbols behind the first are global.
            info: 1,
            entry: 24,
            data: std::mem::take(&mut self.symbols),
            ..Section::default()
        });
        for name in [".strtab", ".shstrtab"] {
            self.sections.push(Section {
                name: name.to_owned(),
                kind: 3,
                data: std::mem::take(&mut self.strings),
                ..Section::default()
            });
        }
        let mut names = Vec::new();
        let mut places = Vec::new();
        for section in &self.sections {
            places.push(u32::try_from(names.len()).unwrap_or(0));
            names.extend(section.name.bytes());
            names.push(0);
        }
        if let Some(last) = self.sections.last_mut() {
            last.data = names;
        }
        self.written(&places)
    }

    fn written(&self, names: &[u32]) -> Vec<u8> {
        let (mut data, mut headers) = (Vec::new(), Vec::new());
        for (section, name) in self.sections.iter().zip(names) {
            let start = (HEADER + data.len()) as u64;
            data.extend(&section.data);
            data.resize(data.len().next_multiple_of(8), 0);
            self.put(&mut headers, *name);
            self.put(&mut headers, section.kind);
            for word in [section.flags, 0, start, section.data.len() as u64] {
                self.put_wide(&mut headers, word);
            }
            self.put(&mut headers, section.link);
            self.put(&mut headers, section.info);
            for word in [8, section.entry] {
                self.put_wide(&mut headers, word);
            }
        }
        let count = u16::try_from(self.sections.len()).unwrap_or(0);
        let mut elf = b"\x7fELF\x02".to_vec();
        elf.extend([if self.order == ByteOrder::Big { 2 } else { 1 }, 1]);
        elf.resize(16, 0);
        self.put_half(&mut elf, 1);
        self.put_half(&mut elf, BPF);
        self.put(&mut elf, 1);
        for word in [0, 0, (HEADER + data.len()) as u64] {
            self.put_wide(&mut elf, word);
        }
        self.put(&mut elf, 0);
        for half in [64, 0, 0, 64, count, count.saturating_sub(1)] {
            self.put_half(&mut elf, half);
        }
        elf.extend(data);
        elf.extend(headers);
        elf
    }

    /// Appends a word in the object's byte order.
    pub fn put(&self, to: &mut Vec<u8>, word: u32) {
        to.extend(match self.order {
            ByteOrder::Little => word.to_le_bytes(),
            ByteOrder::Big => word.to_be_bytes(),
        });
    }

    fn put_half(&self, to: &mut Vec<u8>, half: u16) {
        to.extend(match self.order {
            ByteOrder::Little => half.to_le_bytes(),
            ByteOrder::Big => half.to_be_bytes(),
        });
    }

    fn put_wide(&self, to: &mut Vec<u8>, wide: u64) {
        to.extend(match self.order {
            ByteOrder::Little => wide.to_le_bytes(),
            ByteOrder::Big => wide.to_be_bytes(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::seed;

    #[test]
    fn it_is_read() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut elf = Elf::new(order);
            let mut blob = seed(order);
            let number = blob.find(libbpf_rs::libbpf_sys::BTF_KIND_INT, "int")[0];
            blob.func("prog", number, &[("ctx", number)]);
            elf.program("fentry/takes_all", "prog", &[0; 16]);
            elf.section(".BTF", &blob.to_bytes());
            let bytes = elf.to_bytes();
            let object = ctxgen::object::ObjectFile::parse(&bytes).unwrap();
            let sections: Vec<&str> = object.programs().iter().map(|it| &*it.section).collect();
            assert_eq!(sections, ["fentry/takes_all"]);
        }
    }
}
