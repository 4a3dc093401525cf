//! ELF files whose parts lie on top of each other.

/// A section's header without its name: type, flags, where it is, what it is linked to.
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    at: (u64, u64),
    link: u32,
    info: u32,
    entry: u64,
}

const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
const REL: u32 = 9;
const CODE: u64 = 6;

const BPF: u16 = 247;
const X86_64: u16 = 62;
const RELOCATABLE: u16 = 1;
const DYNAMIC: u16 = 3;

/// `r1 = *(u64 *)(r1 + 0)` and `exit`.
const LOAD: [u8; 8] = [0x79, 0x11, 0, 0, 0, 0, 0, 0];
const EXIT: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

#[derive(Default)]
struct Elf {
    body: Vec<u8>,
    names: Vec<u8>,
    sections: Vec<Section>,
}

impl Elf {
    fn new() -> Self {
        Self {
            body: vec![0; 64],
            names: vec![0],
            sections: Vec::new(),
        }
    }

    fn data(&mut self, bytes: &[u8]) -> (u64, u64) {
        self.body.resize(self.body.len().next_multiple_of(8), 0);
        let at = self.body.len() as u64;
        self.body.extend_from_slice(bytes);
        (at, bytes.len() as u64)
    }

    fn section(&mut self, name: &str, kind: u32, flags: u64, at: (u64, u64)) -> &mut Section {
        let offset = self.names.len() as u32;
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(0);
        let (link, info, entry) = (0, 0, 0);
        self.sections.push(Section {
            name: offset,
            kind,
            flags,
            at,
            link,
            info,
            entry,
        });
        self.sections.last_mut().unwrap()
    }

    /// The number of the symbol table. Each symbol is a function: where its name is among `names`, its
    /// section, value and size.
    fn symbols(&mut self, names: &[u8], symbols: &[(u32, u16, u64, u64)]) -> u32 {
        let at = self.data(names);
        self.section(".strtab", STRTAB, 0, at);
        let strings = self.sections.len() as u32;
        let mut table = vec![0; 24];
        for (name, section, value, size) in symbols {
            table.extend(name.to_le_bytes());
            table.extend([0x12, 0]);
            table.extend(section.to_le_bytes());
            table.extend(value.to_le_bytes());
            table.extend(size.to_le_bytes());
        }
        let at = self.data(&table);
        let section = self.section(".symtab", SYMTAB, 0, at);
        (section.link, section.info, section.entry) = (strings, 1, 24);
        self.sections.len() as u32
    }

    fn finish(mut self, kind: u16, machine: u16) -> Vec<u8> {
        let names = self.names.clone();
        let at = self.data(&[&names[..], b".shstrtab\0"].concat());
        self.section(".shstrtab", STRTAB, 0, at);
        let count = self.sections.len() as u16 + 1;
        self.body.resize(self.body.len().next_multiple_of(8), 0);
        let header = header(kind, machine, self.body.len() as u64, count);
        self.body[..64].copy_from_slice(&header);
        self.body.extend([0; 64]);
        for section in self.sections {
            self.body.extend(section.name.to_le_bytes());
            self.body.extend(section.kind.to_le_bytes());
            for word in [section.flags, 0, section.at.0, section.at.1] {
                self.body.extend(word.to_le_bytes());
            }
            self.body.extend(section.link.to_le_bytes());
            self.body.extend(section.info.to_le_bytes());
            self.body.extend(8_u64.to_le_bytes());
            self.body.extend(section.entry.to_le_bytes());
        }
        self.body
    }
}

fn header(kind: u16, machine: u16, table: u64, count: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    header.extend(kind.to_le_bytes());
    header.extend(machine.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    header.extend([0; 16]);
    header.extend(table.to_le_bytes());
    header.extend(0_u32.to_le_bytes());
    for half in [64, 0, 0, 64, count, count - 1] {
        header.extend(half.to_le_bytes());
    }
    header
}

fn code(len: usize) -> Vec<u8> {
    let mut code = LOAD.repeat(len / 8 - 1);
    code.extend(EXIT);
    code
}

/// The names of so many symbols, and where each is.
fn names(count: usize) -> (Vec<u8>, Vec<u32>) {
    let mut names = vec![0];
    let mut places = Vec::new();
    for number in 0..count {
        places.push(names.len() as u32);
        names.extend(format!("p{number}\0").into_bytes());
    }
    (names, places)
}

/// Headers of objects that share a section table, whose last entry is beyond the end of the file.
pub(crate) fn tables(headers: usize, entries: u16) -> Vec<u8> {
    let mut file = Vec::new();
    for number in 0..headers {
        let behind = (headers - number) * 64;
        file.extend(header(RELOCATABLE, BPF, behind as u64, entries));
    }
    file.resize(file.len() + 64 * (usize::from(entries) - 1), 0);
    let mut last = vec![0; 64];
    last[4] = 1;
    last[31] = 1;
    file.extend(last);
    file
}

/// An object with one program.
pub(crate) fn program(section: &str, name: &str) -> Vec<u8> {
    let mut elf = Elf::new();
    let at = elf.data(&code(16));
    elf.section(section, PROGBITS, CODE, at);
    let names = [b"\0", name.as_bytes(), b"\0"].concat();
    elf.symbols(&names, &[(1, 1, 0, 16)]);
    elf.finish(RELOCATABLE, BPF)
}

/// Sections with code that are all the same bytes.
pub(crate) fn sections(count: usize, len: usize) -> Vec<u8> {
    let mut elf = Elf::new();
    let at = elf.data(&code(len));
    for number in 0..count {
        elf.section(&format!("fentry/f{number}"), PROGBITS, CODE, at);
    }
    let (names, places) = names(count);
    let symbols = (1..)
        .zip(places)
        .map(|(at, name)| (name, at, 0, len as u64));
    let symbols: Vec<_> = symbols.collect();
    elf.symbols(&names, &symbols);
    elf.finish(RELOCATABLE, BPF)
}

/// Programs that each begin at another instruction and end where the section does.
pub(crate) fn functions(count: usize, len: usize) -> Vec<u8> {
    let mut elf = Elf::new();
    let at = elf.data(&code(len));
    elf.section("fentry/f", PROGBITS, CODE, at);
    let (names, places) = names(count);
    let symbols: Vec<_> = (0..)
        .zip(places)
        .map(|(number, name)| (name, 1, 8 * number, len as u64 - 8 * number))
        .collect();
    elf.symbols(&names, &symbols);
    elf.finish(RELOCATABLE, BPF)
}

/// Relocations of one section in many sections that are all the same bytes.
pub(crate) fn relocations(count: usize, entries: usize) -> Vec<u8> {
    let mut elf = Elf::new();
    let at = elf.data(&code(8_000));
    elf.section("fentry/f", PROGBITS, CODE, at);
    let (names, places) = names(1);
    let symbols = elf.symbols(&names, &[(places[0], 1, 0, 8_000)]);
    let entry = [8_u64.to_le_bytes(), (1_u64 << 32 | 1).to_le_bytes()].concat();
    let at = elf.data(&entry.repeat(entries));
    for _ in 0..count {
        let section = elf.section(".rel", REL, 0, at);
        (section.link, section.info, section.entry) = (symbols, 1, 16);
    }
    elf.finish(RELOCATABLE, BPF)
}

/// A program with DWARF of functions, whose names start at each byte of one string.
pub(crate) fn debug_information(count: usize, length: usize) -> Vec<u8> {
    // A unit of language 12 (C99); a function with a name of .debug_str, an address, a size, and flags.
    const ABBREVIATIONS: &[u8] = &[
        1, 0x11, 1, 0x13, 0x0b, 0, 0, 2, 0x2e, 0, 3, 0x0e, 0x11, 1, 0x12, 6, 0x3f, 0x19, 0x27,
        0x19, 0, 0, 0,
    ];
    let mut entries = vec![4, 0, 0, 0, 0, 0, 8, 1, 12];
    let mut symbols = Vec::new();
    for number in 0..count {
        let (name, address) = ((1 + number % length) as u32, 16 * (number as u64 + 1));
        entries.push(2);
        entries.extend(name.to_le_bytes());
        entries.extend(address.to_le_bytes());
        entries.extend(16_u32.to_le_bytes());
        symbols.push(((1 + number % length.min(511)) as u32, 1, address, 16));
    }
    entries.push(0);
    let info = [&(entries.len() as u32).to_le_bytes()[..], &entries].concat();
    let string = |length: usize| [&[0][..], &vec![b'x'; length], &[0]].concat();
    let mut elf = Elf::new();
    let at = elf.data(&[0; 4096]);
    elf.section(".text", PROGBITS, CODE, at);
    for (name, bytes) in [
        (".debug_info", info),
        (".debug_abbrev", ABBREVIATIONS.to_vec()),
        (".debug_str", string(length)),
    ] {
        let at = elf.data(&bytes);
        elf.section(name, PROGBITS, 0, at);
    }
    elf.symbols(&string(length.min(511)), &symbols);
    elf.finish(DYNAMIC, X86_64)
}
