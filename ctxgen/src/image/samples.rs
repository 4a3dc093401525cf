//! Small kernels for the tests of this folder, made by hand.

use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::TypeId;

/// What the files in `decode/testdata` hold, all made from the bytes of this function:
///
/// ```sh
/// gzip -9n < plain > plain.gz
/// xz --check=crc32 < plain > plain.xz
/// xz --check=crc32 --x86 --lzma2=dict=128MiB < plain > plain-bcj-x86.xz
/// zstd < plain > plain.zst
/// zstd --ultra -22 --long=27 < plain > plain-ultra.zst
/// lz4 < plain > plain.lz4
/// lz4 -l < plain > plain-legacy.lz4
/// bzip2 < plain > plain.bz2
/// xz --format=lzma < plain > plain.lzma
/// lzop -9 < plain > plain.lzo
/// ```
///
/// `plain-stored.lzo` is `plain.lzo` with its block exchanged for one that is not compressed, as
/// `lzop` writes it where compressing gains nothing. There are x86 calls in the bytes, which the
/// filter of xz makes absolute.
#[cfg(feature = "images")]
pub(super) fn plain() -> Vec<u8> {
    let mut plain = Vec::new();
    for call in 0..24u8 {
        plain.extend_from_slice(&[0xe8, call.wrapping_mul(37), call, 0, 0, 0x90, 0x0f, 0x1f]);
        plain.extend_from_slice(b"kernel");
    }
    plain
}

/// Bytes that no compression makes shorter.
#[cfg(feature = "images")]
pub(super) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(len)
    .collect()
}

#[cfg(feature = "images")]
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A kernel's BTF, as far as anyone looks.
pub(super) fn btf(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    writer.structure("list_head", 8, &[("next", TypeId(0), 0)]);
    writer.structure("task_struct", 8, &[("tasks", TypeId(1), 0)]);
    writer.finish()
}

/// The same with a longer header and a third section behind the strings.
pub(super) fn btf_with_layout(order: ByteOrder) -> Vec<u8> {
    let plain = btf(order);
    let word = |at: usize| order.u32(plain[at..at + 4].try_into().unwrap());
    let mut btf = plain[..4].to_vec();
    let layout_at = word(16) + word(20);
    for word in [32, word(8), word(12), word(16), word(20), layout_at, 4] {
        order.put_u32(&mut btf, word);
    }
    btf.extend_from_slice(&plain[24..]);
    btf.extend_from_slice(&[1, 2, 3, 4]);
    btf
}

/// A 64-bit ELF file with one section besides that of the names.
pub(super) fn elf(order: ByteOrder, name: &str, data: &[u8]) -> Vec<u8> {
    elf_of(order, &[(name, data)])
}

/// A 64-bit ELF file with these sections and that of the names.
pub(super) fn elf_of(order: ByteOrder, sections: &[(&str, &[u8])]) -> Vec<u8> {
    const HEADER: u32 = 64;
    let len = |len: usize| u32::try_from(len).unwrap();
    let mut contents = Vec::new();
    let mut names = vec![0];
    let mut headers = vec![(0, 0, 0, 0)];
    for (name, data) in sections {
        headers.push((
            names.len(),
            1,
            HEADER + len(contents.len()),
            len(data.len()),
        ));
        contents.extend_from_slice(data);
        names.extend_from_slice(name.as_bytes());
        names.push(0);
    }
    let own_name = names.len();
    names.extend_from_slice(b".shstrtab\0");
    let names_at = HEADER + len(contents.len());
    headers.push((own_name, 3, names_at, len(names.len())));
    let table_at = names_at + len(names.len());
    // Everything is below 4 GiB.
    let long = |out: &mut Vec<u8>, value: u32| match order {
        ByteOrder::Little => out.extend_from_slice(&u64::from(value).to_le_bytes()),
        ByteOrder::Big => out.extend_from_slice(&u64::from(value).to_be_bytes()),
    };
    let short = |out: &mut Vec<u8>, value: u16| match order {
        ByteOrder::Little => out.extend_from_slice(&value.to_le_bytes()),
        ByteOrder::Big => out.extend_from_slice(&value.to_be_bytes()),
    };

    let mut elf = b"\x7fELF\x02".to_vec();
    elf.push(if order == ByteOrder::Big { 2 } else { 1 });
    elf.push(1);
    elf.resize(16, 0);
    short(&mut elf, 2);
    short(&mut elf, 62);
    order.put_u32(&mut elf, 1);
    long(&mut elf, 0);
    long(&mut elf, 0);
    long(&mut elf, table_at);
    order.put_u32(&mut elf, 0);
    let count = u16::try_from(headers.len()).unwrap();
    for half in [64, 0, 0, 64, count, count - 1] {
        short(&mut elf, half);
    }
    elf.extend_from_slice(&contents);
    elf.extend_from_slice(&names);
    for (name, ty, at, size) in headers {
        order.put_u32(&mut elf, len(name));
        order.put_u32(&mut elf, ty);
        for word in [0, 0, at, size] {
            long(&mut elf, word);
        }
        order.put_u32(&mut elf, 0);
        order.put_u32(&mut elf, 0);
        for word in [1, 0] {
            long(&mut elf, word);
        }
    }
    elf
}

/// A tar archive with these files, as `tar --format=ustar` makes it.
pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, data) in files {
        let mut header = vec![0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(data);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

/// An x86 kernel image.
pub(super) fn bzimage(payload: &[u8]) -> Vec<u8> {
    const SETUP_SECTS: u8 = 2;
    const PAYLOAD_OFFSET: u32 = 16;
    let mut image = vec![0; (usize::from(SETUP_SECTS) + 1) * 512 + PAYLOAD_OFFSET as usize];
    image[0x1f1] = SETUP_SECTS;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x020fu16.to_le_bytes());
    image[0x248..0x24c].copy_from_slice(&PAYLOAD_OFFSET.to_le_bytes());
    let len = u32::try_from(payload.len()).unwrap();
    image[0x24c..0x250].copy_from_slice(&len.to_le_bytes());
    image.extend_from_slice(payload);
    image
}

/// An EFI zboot image.
pub(super) fn zboot(payload: &[u8]) -> Vec<u8> {
    const HEADER: u32 = 64;
    let mut image = b"MZ\0\0zimg".to_vec();
    image.extend_from_slice(&HEADER.to_le_bytes());
    image.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    image.resize(HEADER as usize, 0);
    image.extend_from_slice(payload);
    image
}

/// An arm64 or riscv64 kernel image.
pub(super) fn flat(magic: [u8; 4], kernel: &[u8]) -> Vec<u8> {
    let mut image = b"MZ".to_vec();
    image.resize(56, 0);
    image.extend_from_slice(&magic);
    image.resize(4096, 0);
    image.extend_from_slice(kernel);
    image
}

/// An s390x kernel image.
pub(super) fn s390(kernel: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 0x10008];
    image.extend_from_slice(b"S390EP");
    image.resize(0x11000, 0);
    image.extend_from_slice(kernel);
    image
}
