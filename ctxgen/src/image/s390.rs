//! s390x kernel images: a decompressor, and somewhere behind it the kernel, compressed or not.
//!
//! Nothing in the file says where, and the decompressor's own code and tables contain what looks
//! like the start of compressed data. The right one is that which a kernel's BTF is in.

use super::Room;
use super::Trail;
use super::compression::Compression;
use super::error::ImageError;
use super::scan;

/// Where the boot code has its magic, `EP_OFFSET` and `EP_STRING` of `arch/s390/include/asm/setup.h`.
const MAGIC_AT: usize = 0x10008;
const MAGIC: &[u8] = b"S390EP";

/// No kernel is smaller. Where decompression of something else succeeds, it ends soon.
const MIN_KERNEL: usize = 1 << 20;

/// How many places are tried. In known kernels it was never later than the fifth.
const MAX_TRIES: usize = 64;

pub(super) fn is_image(bytes: &[u8]) -> bool {
    bytes
        .get(MAGIC_AT..)
        .is_some_and(|magic| magic.starts_with(MAGIC))
}

/// The BTF in the compressed kernel; where there is none, in the image as it is.
pub(super) fn btf(bytes: &[u8], trail: &Trail, room: &mut Room) -> Result<Vec<u8>, ImageError> {
    let mut tried = Vec::new();
    for (at, compression) in candidates(bytes) {
        let name = compression.data();
        let why = match compression.decompress(&bytes[at..], trail, room) {
            Ok(kernel) if kernel.len() > MIN_KERNEL => match scan::kernel_btf(&kernel, trail)? {
                Some(range) => return Ok(kernel[range].to_vec()),
                None => format!("no BTF in its {} bytes", kernel.len()),
            },
            Ok(small) => format!("no kernel in its {} bytes", small.len()),
            Err(ImageError::Decompress { error, .. }) => error.to_string(),
            Err(error) => return Err(error),
        };
        tried.push(format!("{name} at {at:#x}: {why}"));
    }
    match scan::kernel_btf(bytes, trail)? {
        Some(range) => Ok(bytes[range].to_vec()),
        None => Err(ImageError::NoBtfInImage {
            file: trail.clone(),
            tried,
        }),
    }
}

/// Where compressed data seem to start, the first ones.
fn candidates(bytes: &[u8]) -> Vec<(usize, Compression)> {
    let mut candidates: Vec<_> = Compression::ALL
        .into_iter()
        .flat_map(|compression| {
            compression
                .starts_in(bytes)
                .map(move |at| (at, compression))
                .take(MAX_TRIES)
        })
        .collect();
    candidates.sort_by_key(|&(at, _)| at);
    candidates.truncate(MAX_TRIES);
    candidates
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::btf::ByteOrder;

    fn read(image: &[u8]) -> Result<Vec<u8>, ImageError> {
        btf(image, &Trail::new("image"), &mut Room::of(1 << 30))
    }

    #[test]
    fn not_compressed() {
        let btf = samples::btf(ByteOrder::Big);
        let image = samples::s390(&btf);
        assert!(is_image(&image));
        assert_eq!(read(&image).unwrap(), btf);
    }

    #[test]
    fn nothing_in_it() {
        let error = read(&samples::s390(b"")).unwrap_err();
        assert!(matches!(error, ImageError::NoBtfInImage { .. }), "{error}");
    }

    #[test]
    fn the_first_places_in_order() {
        let mut image = samples::s390(b"");
        for _ in 0..MAX_TRIES {
            image.extend_from_slice(b"\x28\xb5\x2f\xfd");
        }
        image.extend_from_slice(b"\x1f\x8b\x08\0");
        let places = candidates(&image);
        assert_eq!(places.len(), MAX_TRIES);
        assert!(places.is_sorted_by_key(|&(at, _)| at));
        image[0x8000..0x8004].copy_from_slice(b"\x1f\x8b\x08\0");
        assert_eq!(candidates(&image)[0], (0x8000, Compression::Gzip));
    }

    #[cfg(feature = "images")]
    mod decompressed {
        use super::*;

        /// After false ones: such that cannot be decompressed, and such that can.
        fn image(kernel: &[u8]) -> Vec<u8> {
            let mut rest = b"\x28\xb5\x2f\xfd, and not zstd; \xfd7zXZ\0, and not xz".to_vec();
            let zeroes = vec![0; MIN_KERNEL + 1];
            for data in [b"gzip, and no kernel", &*zeroes, kernel] {
                rest.extend_from_slice(&samples::gzip(data));
                rest.extend_from_slice(b"what follows");
            }
            samples::s390(&rest)
        }

        #[test]
        fn after_false_magics() {
            let btf = samples::btf(ByteOrder::Big);
            let mut kernel = vec![0; MIN_KERNEL];
            kernel.extend_from_slice(&btf);
            assert_eq!(read(&image(&kernel)).unwrap(), btf);
        }

        #[test]
        fn what_was_tried() {
            let error = read(&image(b"too small")).unwrap_err();
            let ImageError::NoBtfInImage { tried, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(tried.len(), 5, "{error}");
            assert!(tried[0].starts_with("zstd data at 0x11000: "), "{error}");
            assert!(tried[2].ends_with("no kernel in its 19 bytes"), "{error}");
            assert!(tried[3].ends_with("no BTF in its 1048577 bytes"), "{error}");
        }

        #[test]
        fn room_is_shared_by_all_tries() {
            let image = image(b"too small");
            let error = btf(&image, &Trail::new("image"), &mut Room::of(1 << 20)).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
        }
    }
}
