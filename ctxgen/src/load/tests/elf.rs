//! A BPF object by hand: one program with two relocations.

use libbpf_rs::libbpf_sys;

use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::TypeId;

const FUNC: u32 = libbpf_sys::BTF_KIND_FUNC << 24;
const FUNC_PROTO: u32 = libbpf_sys::BTF_KIND_FUNC_PROTO << 24;

/// `FIELD_EXISTS`.
const EXISTS: u32 = 2;

/// An object of this byte order whose only program, `prog` in that section, takes a pointer to a
/// struct of that name with one field, a `u64`, and asks whether that exists.
pub(super) fn object(order: ByteOrder, section: &str, context: &str, field: &str) -> Vec<u8> {
    object_with(order, section, (context, field), ("other", "other"))
}

/// As [`object`], and it asks for the same of another struct too.
pub(super) fn object_with(
    order: ByteOrder,
    section: &str,
    (context, field): (&str, &str),
    (other, other_field): (&str, &str),
) -> Vec<u8> {
    let mut btf = BtfWriter::new(order);
    let u64 = btf.unsigned("unsigned long long", 8);
    let context = btf.structure(context, 8, &[(field, u64, 0)]);
    let other = btf.structure(other, 8, &[(other_field, u64, 0)]);
    let pointer = btf.pointer(context);
    let param = btf.string("ctx");
    let proto = btf.raw(&[0, FUNC_PROTO | 1, u64.0, param, pointer.0]);
    let name = btf.string("prog");
    // Global linkage.
    btf.raw(&[name, FUNC | 1, proto.0]);
    let strings = [btf.string(section), btf.string("0:0")];
    elf(
        order,
        section,
        &btf.finish(),
        &ext(order, [context, other], strings),
    )
}

/// `.BTF.ext` with these relocations at the program's two instructions.
fn ext(order: ByteOrder, [context, other]: [TypeId; 2], [section, access]: [u32; 2]) -> Vec<u8> {
    let mut ext = match order {
        ByteOrder::Little => vec![0x9f, 0xeb, 1, 0],
        ByteOrder::Big => vec![0xeb, 0x9f, 1, 0],
    };
    let header = [32, 0, 0, 0, 0, 0, 44];
    let first = [16, section, 2, 0, context.0, access, EXISTS];
    let second = [8, other.0, access, EXISTS];
    for word in header.into_iter().chain(first).chain(second) {
        order.put_u32(&mut ext, word);
    }
    ext
}

/// A section header's words: type, flags, what it links to, and the size of its entries.
struct Section<'s> {
    name: &'s str,
    kind: u32,
    flags: u32,
    link: u32,
    entry: u32,
    data: &'s [u8],
}

fn elf(order: ByteOrder, section: &str, btf: &[u8], ext: &[u8]) -> Vec<u8> {
    let of = |name, kind, flags, data| Section {
        name,
        kind,
        flags,
        link: 0,
        entry: 0,
        data,
    };
    // A null symbol, and the program as a global function in section 1.
    let mut symbols = vec![0; 24];
    order.put_u32(&mut symbols, 1);
    symbols.extend([0x12, 0]);
    symbols.extend(half(order, 1));
    for word in [0, 16] {
        wide(order, &mut symbols, word);
    }
    let sections = [
        of("", 0, 0, &[]),
        of(section, 1, 6, &[0; 16]),
        of(".BTF", 1, 0, btf),
        of(".BTF.ext", 1, 0, ext),
        Section {
            link: 5,
            entry: 24,
            ..of(".symtab", 2, 0, &symbols)
        },
        of(".strtab", 3, 0, b"\0prog\0"),
        of(".shstrtab", 3, 0, b""),
    ];
    let mut names = vec![0];
    let mut headers = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    for section in &sections {
        let name = names.len() as u32;
        names.extend(section.name.bytes());
        names.push(0);
        let content = match section.name {
            ".shstrtab" => {
                data.extend(&names);
                &names[..]
            }
            _ => {
                data.extend(section.data);
                section.data
            }
        };
        let start = 64 + data.len() - content.len();
        for word in [name, section.kind] {
            order.put_u32(&mut headers, word);
        }
        for word in [section.flags as usize, 0, start, content.len()] {
            wide(order, &mut headers, word as u64);
        }
        // All symbols behind the first are global.
        for word in [section.link, 1] {
            order.put_u32(&mut headers, word);
        }
        for word in [1, section.entry.into()] {
            wide(order, &mut headers, word);
        }
    }
    let count = sections.len() as u16;
    let mut elf = b"\x7fELF\x02".to_vec();
    elf.extend([if order == ByteOrder::Big { 2 } else { 1 }, 1]);
    elf.resize(16, 0);
    // Relocatable, for BPF.
    elf.extend([half(order, 1), half(order, 247)].concat());
    order.put_u32(&mut elf, 1);
    for word in [0, 0, 64 + data.len()] {
        wide(order, &mut elf, word as u64);
    }
    order.put_u32(&mut elf, 0);
    for word in [64, 0, 0, 64, count, count - 1] {
        elf.extend(half(order, word));
    }
    elf.extend(data);
    elf.extend(headers);
    elf
}

fn half(order: ByteOrder, half: u16) -> [u8; 2] {
    match order {
        ByteOrder::Little => half.to_le_bytes(),
        ByteOrder::Big => half.to_be_bytes(),
    }
}

fn wide(order: ByteOrder, out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&match order {
        ByteOrder::Little => word.to_le_bytes(),
        ByteOrder::Big => word.to_be_bytes(),
    });
}
