//! x86 kernel images, by the boot protocol of `Documentation/arch/x86/boot.rst`.

use std::ops::Range;

use super::Trail;
use super::error::ImageError;
use super::within;

const SETUP_SECTS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
const HEADER: usize = 0x202;
const VERSION: usize = 0x206;
const KERNEL_VERSION: usize = 0x20e;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;

/// The first version of the boot protocol that says where the compressed kernel is.
const PAYLOAD_SINCE: u16 = 0x0208;

pub(super) fn is_bzimage(bytes: &[u8]) -> bool {
    let at = |at: usize| bytes.get(at..).unwrap_or_default();
    at(HEADER).starts_with(b"HdrS") && at(BOOT_FLAG).starts_with(&[0x55, 0xaa])
}

/// What starts with the kernel's release; its place is so many bytes behind the first sector.
pub(super) fn version_text(bytes: &[u8]) -> Option<&[u8]> {
    match u16::from_le_bytes(field(bytes, KERNEL_VERSION)?) {
        0 => None,
        at => bytes.get(0x200 + usize::from(at)..),
    }
}

/// Where the compressed kernel is.
pub(super) fn payload(bytes: &[u8], trail: &Trail) -> Result<Range<usize>, ImageError> {
    let header = || {
        let version = u16::from_le_bytes(field(bytes, VERSION)?);
        let sectors = match field::<1>(bytes, SETUP_SECTS)? {
            // "For backwards compatibility, if the setup_sects field contains 0, the real value
            // is 4."
            [0] => 4,
            [sectors] => u64::from(sectors),
        };
        let offset = u32::from_le_bytes(field(bytes, PAYLOAD_OFFSET)?);
        let len = u32::from_le_bytes(field(bytes, PAYLOAD_LENGTH)?);
        Some((version, sectors, offset, len))
    };
    let (version, sectors, offset, len) = header().ok_or_else(|| ImageError::ImageCutShort {
        file: trail.clone(),
        range: PAYLOAD_OFFSET as u64..PAYLOAD_LENGTH as u64 + 4,
        have: bytes.len(),
    })?;
    if version < PAYLOAD_SINCE {
        return Err(ImageError::OldBootProtocol {
            file: trail.clone(),
            version,
        });
    }
    let start = (sectors + 1) * 512 + u64::from(offset);
    within(start, len.into(), bytes.len(), trail)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn payload_of(image: &[u8]) -> Result<&[u8], ImageError> {
        payload(image, &Trail::new("image")).map(|range| &image[range])
    }

    #[test]
    fn payload_and_nothing_else() {
        let mut image = samples::bzimage(b"payload");
        image.extend_from_slice(b"what follows");
        assert_eq!(payload_of(&image).unwrap(), b"payload");
    }

    #[test]
    fn no_sectors_means_four() {
        let mut image = samples::bzimage(b"");
        image[SETUP_SECTS] = 0;
        image[PAYLOAD_OFFSET..][..4].copy_from_slice(&[0; 4]);
        image[PAYLOAD_LENGTH..][..4].copy_from_slice(&3u32.to_le_bytes());
        image.resize(5 * 512, 0);
        image.extend_from_slice(b"abc");
        assert_eq!(payload_of(&image).unwrap(), b"abc");
    }

    #[test]
    fn before_2_08() {
        let mut image = samples::bzimage(b"payload");
        image[VERSION..][..2].copy_from_slice(&0x0207u16.to_le_bytes());
        let error = payload_of(&image).unwrap_err();
        assert!(
            matches!(error, ImageError::OldBootProtocol { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("2.07"), "{error}");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let image = samples::bzimage(b"payload");
        for len in 0..image.len() {
            let error = payload_of(&image[..len]).unwrap_err();
            assert!(
                matches!(error, ImageError::ImageCutShort { .. }),
                "{len}: {error}"
            );
        }
    }

    #[test]
    fn offsets_beyond_everything() {
        let mut image = samples::bzimage(b"payload");
        for at in [PAYLOAD_OFFSET, PAYLOAD_LENGTH] {
            image[at..][..4].copy_from_slice(&[0xff; 4]);
            assert!(payload_of(&image).is_err());
        }
    }
}
