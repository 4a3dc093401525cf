//! Finding a kernel's BTF in bytes that have no table of contents.
//!
//! BTF starts with a header that says how long everything is, and every type in it says how long it
//! is itself: only real BTF can be walked from its first type to the very end of the last. A kernel
//! may contain smaller BTFs of BPF programs that are built in, but they have no `task_struct`.

use std::ops::Range;

use libbpf_rs::libbpf_sys;

use super::Trail;
use super::error::ImageError;
use super::search::find_all;
use crate::btf::Sections;
use crate::btf::kind_number;
use crate::btf::steps;
use crate::btf::vlen;

/// `BTF_MAGIC`, version 1 and no flags, in either byte order.
const STARTS: [&[u8]; 2] = [b"\x9f\xeb\x01\0", b"\xeb\x9f\x01\0"];

/// Every kernel has this struct, and no BPF program that comes with one.
const KERNEL_STRUCT: &[u8] = b"task_struct\0";

/// Where the one kernel BTF is; `None` where there is none.
pub(super) fn kernel_btf(bytes: &[u8], trail: &Trail) -> Result<Option<Range<usize>>, ImageError> {
    let mut scan = Scan {
        bytes,
        // Real BTF is walked once. Bytes that are made to look like BTF again and again could
        // take the square of their length.
        fuel: bytes.len().saturating_mul(4),
    };
    let mut hits = Vec::new();
    for start in STARTS {
        let mut end = 0;
        for at in find_all(bytes, start) {
            if at < end {
                continue;
            }
            match scan.blob(at) {
                Ok(Some(blob)) => {
                    end = blob.end;
                    hits.push(blob);
                }
                Ok(None) => {}
                Err(OutOfFuel) => {
                    return Err(ImageError::TooManyCandidates {
                        file: trail.clone(),
                    });
                }
            }
        }
    }
    if hits.len() > 1 {
        hits.sort_by_key(|blob| blob.start);
        return Err(ImageError::AmbiguousBtf {
            file: trail.clone(),
            places: hits,
        });
    }
    Ok(hits.pop())
}

struct OutOfFuel;

struct Scan<'b> {
    bytes: &'b [u8],
    /// How many more bytes of types may be walked.
    fuel: usize,
}

impl Scan<'_> {
    /// The kernel BTF that starts here, if one does.
    fn blob(&mut self, at: usize) -> Result<Option<Range<usize>>, OutOfFuel> {
        let bytes = &self.bytes[at..];
        let Some((sections, end)) = outline(bytes) else {
            return Ok(None);
        };
        let walked = walk(bytes, &sections);
        self.fuel = self.fuel.checked_sub(walked.bytes).ok_or(OutOfFuel)?;
        Ok((walked.to_end && walked.kernel).then_some(at..at + end))
    }
}

/// The sections of what starts like BTF, and where all of it ends; `None` where they cannot be.
fn outline(bytes: &[u8]) -> Option<(Sections, usize)> {
    let sections = Sections::parse(bytes).ok()?;
    let strings = &bytes[sections.strings.clone()];
    // The first string is the empty one, and the last ends too.
    if strings.first() != Some(&0) || strings.last() != Some(&0) {
        return None;
    }
    let end = sections.end();
    Some((sections, end))
}

/// How far types could be walked.
struct Walked {
    bytes: usize,
    to_end: bool,
    /// A kernel's own struct was among them.
    kernel: bool,
}

fn walk(bytes: &[u8], sections: &Sections) -> Walked {
    let types = &bytes[sections.types.clone()];
    let strings = &bytes[sections.strings.clone()];
    let lengths = sections.lengths(bytes, None);
    let (words, rest) = types.as_chunks::<4>();
    let word = |at: usize| sections.order.u32(words[at]);
    let mut walked = Walked {
        bytes: 0,
        to_end: false,
        kernel: false,
    };
    let mut has_names = true;
    let end = steps(words.len(), word, &lengths, 1, |step| {
        walked.bytes = 4 * step.at;
        let name = strings.get(step.name as usize..).unwrap_or_default();
        walked.kernel |= kind_number(step.info) == libbpf_sys::BTF_KIND_STRUCT
            && vlen(step.info) > 0
            && name.starts_with(KERNEL_STRUCT);
        has_names = !name.is_empty();
        has_names
    });
    walked.to_end = end.is_ok() && has_names && rest.is_empty();
    walked
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::btf::TypeId;

    const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

    fn scan(bytes: &[u8]) -> Result<Option<Range<usize>>, ImageError> {
        kernel_btf(bytes, &Trail::new("image"))
    }

    #[test]
    fn anywhere() {
        for order in ORDERS {
            let btf = samples::btf(order);
            for before in [0, 1, 2, 3, 1000] {
                let mut bytes = vec![0x9f; before];
                bytes.extend_from_slice(&btf);
                bytes.extend_from_slice(b"what follows");
                assert_eq!(scan(&bytes).unwrap(), Some(before..before + btf.len()));
            }
        }
    }

    #[test]
    fn with_a_layout_section() {
        for order in ORDERS {
            let btf = samples::btf_with_layout(order);
            let mut bytes = b"before".to_vec();
            bytes.extend_from_slice(&btf);
            bytes.extend_from_slice(b"behind");
            assert_eq!(scan(&bytes).unwrap(), Some(6..6 + btf.len()));
        }
    }

    #[test]
    fn every_truncation_is_none() {
        for order in ORDERS {
            for btf in [samples::btf(order), samples::btf_with_layout(order)] {
                for len in 0..btf.len() {
                    assert_eq!(scan(&btf[..len]).unwrap(), None, "{len}");
                }
            }
        }
    }

    #[test]
    fn broken_types_are_none() {
        let btf = samples::btf(ByteOrder::Little);
        // The first type's name offset, kind, and number of members.
        for at in [27, 31, 28] {
            let mut broken = btf.clone();
            broken[at] = 0xff;
            assert_eq!(scan(&broken).unwrap(), None, "{at}");
        }
    }

    #[test]
    fn two_of_them() {
        let btf = samples::btf(ByteOrder::Little);
        let other = samples::btf(ByteOrder::Big);
        for second in [&btf, &other] {
            let mut bytes = btf.clone();
            bytes.extend_from_slice(second);
            let error = scan(&bytes).unwrap_err();
            let ImageError::AmbiguousBtf { places, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(places, [0..btf.len(), btf.len()..bytes.len()]);
        }
    }

    #[test]
    fn a_programs_btf_is_not_the_kernels() {
        let mut program = BtfWriter::new(ByteOrder::Little);
        program.structure("event", 8, &[("pid", TypeId(0), 0)]);
        let mut bytes = program.finish();
        assert_eq!(scan(&bytes).unwrap(), None);
        let before = bytes.len();
        bytes.extend_from_slice(&samples::btf(ByteOrder::Little));
        assert_eq!(scan(&bytes).unwrap(), Some(before..bytes.len()));
    }

    #[test]
    fn inside_another_one() {
        // The strings of a kernel's BTF could spell anything.
        let inner = samples::btf(ByteOrder::Little);
        let mut bytes = samples::btf(ByteOrder::Little);
        let strings = u32::from_le_bytes(bytes[20..24].try_into().unwrap());
        let longer = strings + u32::try_from(inner.len()).unwrap();
        bytes[20..24].copy_from_slice(&longer.to_le_bytes());
        bytes.extend_from_slice(&inner);
        assert_eq!(scan(&bytes).unwrap(), Some(0..bytes.len()));
    }

    #[test]
    fn bytes_made_to_take_forever() {
        // Headers whose types are all that follows, each a long walk that fails at its end.
        let mut bytes = Vec::new();
        for _ in 0..64 {
            bytes.extend_from_slice(b"\x9f\xeb\x01\0");
            for word in [24u32, 0, 8 << 10, 8 << 10, 0] {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        let strings = bytes.len();
        for _ in 0..(10 << 10) / 12 {
            bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
        }
        bytes.resize(strings + (12 << 10), 0);
        for header in 0..64 {
            let at = header * 24;
            let types = u32::try_from(strings - at - 24).unwrap();
            bytes[at + 8..at + 12].copy_from_slice(&types.to_le_bytes());
            bytes[at + 16..at + 20].copy_from_slice(&(types + (11 << 10)).to_le_bytes());
            bytes[at + 20..at + 24].copy_from_slice(&8u32.to_le_bytes());
        }
        let error = scan(&bytes).unwrap_err();
        assert!(
            matches!(error, ImageError::TooManyCandidates { .. }),
            "{error}"
        );
    }
}
