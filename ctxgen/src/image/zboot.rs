//! EFI zboot images: a compressed kernel image in an EFI program, on arm64, riscv64 and loongarch64.
//! The header is that of `drivers/firmware/efi/libstub/zboot-header.S`.

use std::ops::Range;

use super::Trail;
use super::error::ImageError;
use super::within;

const IMAGE_TYPE: usize = 4;
const PAYLOAD_OFFSET: usize = 8;
const PAYLOAD_SIZE: usize = 12;

pub(super) fn is_zboot(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MZ")
        && bytes
            .get(IMAGE_TYPE..)
            .is_some_and(|ty| ty.starts_with(b"zimg"))
}

/// Where the compressed image is. The header names its compression too, but that shows anyway.
pub(super) fn payload(bytes: &[u8], trail: &Trail) -> Result<Range<usize>, ImageError> {
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let (Some(start), Some(len)) = (word(PAYLOAD_OFFSET), word(PAYLOAD_SIZE)) else {
        return Err(ImageError::ImageCutShort {
            file: trail.clone(),
            range: PAYLOAD_OFFSET as u64..PAYLOAD_SIZE as u64 + 4,
            have: bytes.len(),
        });
    };
    within(start.into(), len.into(), bytes.len(), trail)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn payload_and_nothing_else() {
        let mut image = samples::zboot(b"payload");
        image.extend_from_slice(b"the program that unpacks it");
        let range = payload(&image, &Trail::new("image")).unwrap();
        assert_eq!(&image[range], b"payload");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let image = samples::zboot(b"payload");
        for len in 0..image.len() {
            let error = payload(&image[..len], &Trail::new("image")).unwrap_err();
            assert!(
                matches!(error, ImageError::ImageCutShort { .. }),
                "{len}: {error}"
            );
        }
    }

    #[test]
    fn offsets_beyond_everything() {
        let mut image = samples::zboot(b"payload");
        for at in [PAYLOAD_OFFSET, PAYLOAD_SIZE] {
            image[at..][..4].copy_from_slice(&[0xff; 4]);
            assert!(payload(&image, &Trail::new("image")).is_err());
        }
    }
}
