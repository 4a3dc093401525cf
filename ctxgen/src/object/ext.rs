//! `.BTF.ext`: the CO-RE relocations in it, and the records that source lines are made of.
//!
//! The layout is that of `struct btf_ext_header`, `struct btf_ext_info_sec` and `struct
//! bpf_core_relo` in libbpf and `include/uapi/linux/bpf.h`.

use std::sync::Arc;

use super::names::SectionNames;
use super::names::shown;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::TypeId;

/// The header with the two words about relocations; older compilers write a shorter one.
const WITH_RELOCATIONS: u32 = 32;
/// `sizeof(struct bpf_core_relo)`, and of `struct bpf_line_info`.
const RECORD: u32 = 16;
/// The longest access string in bytes: libbpf takes no more than 64 indices
/// (`BPF_CORE_SPEC_MAX_LEN`), and each has no more than ten digits and a colon.
const MAX_ACCESS: usize = 64 * 11;

/// Why a `.BTF.ext` section is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtError {
    /// It does not start with the BTF magic.
    #[error("it does not start with the BTF magic")]
    Magic,
    /// The version is not 1, the only one there is.
    #[error("its version is {0}, and 1 is the only one known")]
    Version(u8),
    /// It ends before what is announced.
    #[error("it is cut short at byte {0}")]
    Truncated(usize),
    /// Records that are smaller than any.
    #[error("its records claim a length of {0} bytes, less than {RECORD}")]
    ShortRecord(u32),
    /// An access string that is longer than any that libbpf takes.
    #[error(
        "the access string of a relocation is {len} bytes long, and none has more than {MAX_ACCESS}"
    )]
    LongAccess {
        /// Its length in bytes.
        len: usize,
    },
    /// Relocations in a section that the object does not have.
    #[error("it has relocations in a section {0:?}, and the object has no section of that name")]
    UnknownSection(String),
}

/// What a relocation asks of the target (`enum bpf_core_relo_kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RelocationKind {
    /// A field's offset in bytes.
    FieldByteOffset,
    /// A field's size in bytes.
    FieldByteSize,
    /// Whether a field is there.
    FieldExists,
    /// Whether a field is signed.
    FieldSigned,
    /// How far a bitfield is shifted to the left.
    FieldLeftShift,
    /// And back to the right.
    FieldRightShift,
    /// A type's id in the object's BTF.
    TypeIdLocal,
    /// A type's id in the kernel's BTF.
    TypeIdTarget,
    /// Whether a type is there.
    TypeExists,
    /// A type's size in bytes.
    TypeSize,
    /// Whether an enum has a value of that name.
    EnumValueExists,
    /// An enum's value.
    EnumValue,
    /// Whether a type is there and all that the local one has is in it.
    TypeMatches,
    /// Of this number, which is not known here.
    Unknown(u32),
}

impl RelocationKind {
    fn new(number: u32) -> Self {
        match number {
            0 => Self::FieldByteOffset,
            1 => Self::FieldByteSize,
            2 => Self::FieldExists,
            3 => Self::FieldSigned,
            4 => Self::FieldLeftShift,
            5 => Self::FieldRightShift,
            6 => Self::TypeIdLocal,
            7 => Self::TypeIdTarget,
            8 => Self::TypeExists,
            9 => Self::TypeSize,
            10 => Self::EnumValueExists,
            11 => Self::EnumValue,
            12 => Self::TypeMatches,
            other => Self::Unknown(other),
        }
    }

    /// Whether it is about a field of a struct or union.
    pub fn is_of_field(self) -> bool {
        matches!(
            self,
            Self::FieldByteOffset
                | Self::FieldByteSize
                | Self::FieldExists
                | Self::FieldSigned
                | Self::FieldLeftShift
                | Self::FieldRightShift
        )
    }

    /// Whether libbpf makes the instruction one that the verifier refuses where the target lacks
    /// what is asked for. The other kinds are answered with 0 then.
    pub fn needs_target(self) -> bool {
        self == Self::EnumValue || self.is_of_field() && self != Self::FieldExists
    }
}

/// An instruction that CO-RE relocates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relocation {
    /// The ELF section that the instruction is in: the SEC name, or `.text`.
    pub section: Arc<str>,
    /// Where in that, in bytes.
    pub instruction_offset: u32,
    /// The type in the object's BTF that it is about.
    pub type_id: TypeId,
    /// Which part of the type: indices with colons between them.
    pub access: String,
    /// What it asks.
    pub kind: RelocationKind,
    /// The instruction's opcode (`code` of `struct bpf_insn`); `None` where no instruction is there.
    pub opcode: Option<u8>,
}

/// The relocations in a `.BTF.ext` section, whose strings and types are in `btf`, of an object with
/// these sections.
pub(super) fn relocations(
    bytes: &[u8],
    btf: &Btf<'_>,
    sections: &SectionNames,
) -> Result<Vec<Relocation>, ExtError> {
    let mut relocations = Vec::new();
    each_record(bytes, Part::Relocations, |section, record| {
        let name = btf.string(section);
        let section = sections
            .get(name)
            .ok_or_else(|| ExtError::UnknownSection(shown(name)))?;
        let [instruction_offset, type_id, string, kind] = record;
        relocations.push(Relocation {
            section: Arc::clone(section),
            instruction_offset,
            type_id: TypeId(type_id),
            access: access(btf.text(string))?,
            kind: RelocationKind::new(kind),
            opcode: None,
        });
        Ok(())
    })?;
    Ok(relocations)
}

/// A part of the section. The records of both are four words at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `struct bpf_line_info`.
    Lines,
    /// `struct bpf_core_relo`.
    Relocations,
}

impl Part {
    /// How long the header is that says where the part is, in bytes, and where it says so.
    fn in_header(self) -> (u32, usize) {
        match self {
            Self::Lines => (24, 16),
            Self::Relocations => (WITH_RELOCATIONS, 24),
        }
    }
}

/// Goes through the records of one part: where the name of the section is in the strings, and the first
/// four words.
pub(super) fn each_record(
    bytes: &[u8],
    part: Part,
    mut each: impl FnMut(u32, [u32; 4]) -> Result<(), ExtError>,
) -> Result<(), ExtError> {
    let &[m0, m1, version, ..] = bytes else {
        return Err(ExtError::Magic);
    };
    let order = ByteOrder::of_magic([m0, m1]).ok_or(ExtError::Magic)?;
    if version != 1 {
        return Err(ExtError::Version(version));
    }
    let mut header = Words {
        bytes,
        at: 4,
        order,
    };
    let header_len = header.next()?;
    let (needed, at) = part.in_header();
    if header_len < needed {
        return Ok(());
    }
    header.at = at;
    let (offset, len) = (header.next()?, header.next()?);
    if len == 0 {
        return Ok(());
    }
    let start = header_len as usize + offset as usize;
    let end = start.saturating_add(len as usize);
    let mut words = Words {
        bytes: bytes.get(..end).ok_or(ExtError::Truncated(bytes.len()))?,
        at: start,
        order,
    };
    let record = words.next()?;
    if record < RECORD {
        return Err(ExtError::ShortRecord(record));
    }
    while words.at < end {
        let section = words.next()?;
        for _ in 0..words.next()? {
            let after = words.at.saturating_add(record as usize);
            let words_of = [words.next()?, words.next()?, words.next()?, words.next()?];
            each(section, words_of)?;
            words.at = after;
        }
    }
    Ok(())
}

fn access(string: &str) -> Result<String, ExtError> {
    match string.len() {
        ..=MAX_ACCESS => Ok(string.to_owned()),
        len => Err(ExtError::LongAccess { len }),
    }
}

/// Reads 32-bit words one after the other.
struct Words<'b> {
    bytes: &'b [u8],
    at: usize,
    order: ByteOrder,
}

impl Words<'_> {
    fn next(&mut self) -> Result<u32, ExtError> {
        let word = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk())
            .ok_or(ExtError::Truncated(self.bytes.len()))?;
        self.at += 4;
        Ok(self.order.u32(*word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;

    fn relocations(bytes: &[u8], btf: &Btf<'_>) -> Result<Vec<Relocation>, ExtError> {
        super::relocations(bytes, btf, &SectionNames::of(["lsm/a", "lsm/b"]))
    }

    /// A BTF with two strings, and a section with one relocation in each of two program sections.
    fn sample(order: ByteOrder, record: u32) -> (Vec<u8>, Vec<u8>) {
        sample_with(order, record, ["lsm/a", "lsm/b"], "0:1")
    }

    fn sample_with(
        order: ByteOrder,
        record: u32,
        sections: [&str; 2],
        access: &str,
    ) -> (Vec<u8>, Vec<u8>) {
        let mut writer = BtfWriter::new(order);
        let sections = sections.map(|section| writer.string(section));
        let access = writer.string(access);
        let mut info = Vec::new();
        order.put_u32(&mut info, record);
        for section in sections {
            for word in [section, 1, 16, 7, access, 2] {
                order.put_u32(&mut info, word);
            }
            info.resize(info.len() + record as usize - RECORD as usize, 0);
        }
        let mut ext = match order {
            ByteOrder::Little => vec![0x9f, 0xeb, 1, 0],
            ByteOrder::Big => vec![0xeb, 0x9f, 1, 0],
        };
        let len = u32::try_from(info.len()).unwrap();
        for word in [WITH_RELOCATIONS, 0, 0, 0, 0, 0, len] {
            order.put_u32(&mut ext, word);
        }
        ext.extend(info);
        (writer.finish(), ext)
    }

    #[test]
    fn either_byte_order_and_longer_records() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for record in [RECORD, RECORD + 8] {
                let (btf, ext) = sample(order, record);
                let found = relocations(&ext, &Btf::parse(&btf).unwrap()).unwrap();
                let expected = ["lsm/a", "lsm/b"].map(|section| Relocation {
                    section: section.into(),
                    instruction_offset: 16,
                    type_id: TypeId(7),
                    access: "0:1".to_owned(),
                    kind: RelocationKind::FieldExists,
                    opcode: None,
                });
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let (btf, ext) = sample(ByteOrder::Little, RECORD);
        let btf = Btf::parse(&btf).unwrap();
        for len in 0..ext.len() {
            assert!(relocations(&ext[..len], &btf).is_err(), "{len}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        let (btf, ext) = sample(ByteOrder::Little, RECORD);
        let btf = Btf::parse(&btf).unwrap();
        let with = |at: usize, word: u32| {
            let mut ext = ext.clone();
            ext[at..at + 4].copy_from_slice(&word.to_le_bytes());
            relocations(&ext, &btf)
        };
        assert_eq!(with(0, 0), Err(ExtError::Magic));
        assert_eq!(with(32, 4), Err(ExtError::ShortRecord(4)));
        for (at, word) in [
            (24, u32::MAX),
            (28, u32::MAX),
            (40, u32::MAX),
            (4, u32::MAX),
        ] {
            assert!(with(at, word).is_err(), "{at}");
        }
        assert_eq!(with(4, 24), Ok(Vec::new()));
    }

    #[test]
    fn what_would_be_copied_again_and_again_is_an_error() {
        let found = |sections, access: &str| {
            let (btf, ext) = sample_with(ByteOrder::Little, RECORD, sections, access);
            relocations(&ext, &Btf::parse(&btf).unwrap())
        };
        let known = ["lsm/a", "lsm/b"];
        let longest = "0".repeat(MAX_ACCESS);
        assert_eq!(found(known, &longest).unwrap().len(), 2);
        let longer = MAX_ACCESS + 1;
        assert_eq!(
            found(known, &"0".repeat(longer)),
            Err(ExtError::LongAccess { len: longer })
        );
        assert_eq!(
            found(["lsm/a", "lsm/c"], "0"),
            Err(ExtError::UnknownSection("lsm/c".to_owned()))
        );
    }
}
