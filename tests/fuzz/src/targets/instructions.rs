//! Instructions and `.BTF.ext` of any content, in an object that gets them to where they are looked at.

use super::order;
use super::parted;
use crate::elf::Elf;
use crate::seed::seed;

/// Sections whose programs are looked at in different ways.
const SECTIONS: [&str; 8] = [
    "fentry/takes_all",
    "fexit/takes_all",
    "tp_btf/first",
    "lsm/file_open",
    "kprobe/takes_all",
    "tp/category/event",
    "struct_ops/open",
    "iter/task",
];

/// The length of the header of `.BTF.ext`.
const HEADER: u32 = 32;

pub(super) fn run(data: &[u8]) {
    let (order, data) = order(data);
    let (&which, data) = data.split_first().unwrap_or((&0, &[]));
    let (instructions, data) = parted(data);
    let section = SECTIONS[usize::from(which) % SECTIONS.len()];
    let mut blob = seed(order);
    // The program, with a context that is the struct of a hook.
    let number = blob.find(libbpf_rs::libbpf_sys::BTF_KIND_INT, "long unsigned int")[0];
    let context = blob.structure("btf_fentry_takes_all_ctx", 8, &[("a", number, 0)]);
    let pointer = blob.ptr(context);
    let program = blob.func("prog", number, &[("ctx", pointer)]);
    blob.get_mut(program).words[crate::blob::INFO] |= 1;
    let [section_name, path] = [section, "0:0"].map(|name| blob.string(name));

    let mut elf = Elf::new(order);
    let len = instructions.len().next_multiple_of(8).max(16);
    let mut code = instructions.to_vec();
    code.resize(len, 0);
    elf.program(section, "prog", &code);
    elf.section("license", &b"GPL\0"[..]);
    elf.section(".BTF", &blob.to_bytes());
    let relocations = [16, section_name, 1, 0, context, path, u32::from(which) >> 4];
    let lines = match data.len() % 4 {
        0 => data.to_vec(),
        over => data[..data.len() - over].to_vec(),
    };
    let info = u32::try_from(lines.len()).unwrap_or(0);
    let mut ext = match order {
        ctxgen::ByteOrder::Little => vec![0x9f, 0xeb, 1, 0],
        ctxgen::ByteOrder::Big => vec![0xeb, 0x9f, 1, 0],
    };
    let own = 4 * 7;
    for word in [HEADER, 0, 0, 0, info, info, own] {
        elf.put(&mut ext, word);
    }
    ext.extend(lines);
    for word in relocations {
        elf.put(&mut ext, word);
    }
    elf.section(".BTF.ext", &ext);
    super::objects::run(&elf.to_bytes());
}
