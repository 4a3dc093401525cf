//! Kernel BTF out of whatever holds it: an ELF vmlinux, a kernel image, or either of them compressed.
//!
//! Files are recognised by their content alone. What is found in a file is looked at as a file of its
//! own, until BTF is reached: a gzipped arm64 image is gzip data, in it a kernel image, in it BTF.
//! Nothing in here trusts the bytes: what they may make it allocate and do is bounded.

mod archive;
mod bzimage;
mod compression;
#[cfg(feature = "images")]
mod decode;
mod decompress;
mod elf;
mod error;
mod extract;
mod file;
mod found;
mod kind;
mod raw;
mod release;
mod room;
mod s390;
#[cfg(test)]
mod samples;
mod scan;
mod search;
mod trail;
mod zboot;

pub use self::error::ImageError;
pub(crate) use self::file::read_btf;
use self::found::Found;
use self::found::LIMIT;
use self::found::within;
pub(crate) use self::release::release_in;
use self::room::Room;
pub use self::trail::Trail;

#[cfg(test)]
mod tests {
    #[cfg(feature = "images")]
    use super::extract::MAX_LAYERS;
    use super::extract::btf;
    #[cfg(feature = "images")]
    use super::extract::extract;
    use super::*;
    use crate::btf::ByteOrder;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, ImageError> {
        btf(bytes.to_vec(), Trail::new("file")).map(|found| found.btf)
    }

    #[test]
    fn raw_btf_is_left_as_it_is() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let btf = samples::btf(order);
            assert_eq!(read(&btf).unwrap(), btf);
        }
    }

    #[test]
    fn flat_images() {
        let btf = samples::btf(ByteOrder::Little);
        for magic in [b"ARM\x64", b"RSC\x05"] {
            let image = samples::flat(*magic, &btf);
            assert_eq!(read(&image).unwrap(), btf);
        }
    }

    #[test]
    fn flat_image_without_btf() {
        let image = samples::flat(*b"ARM\x64", b"no BTF in here");
        let error = read(&image).unwrap_err();
        assert!(matches!(error, ImageError::NoBtfInImage { .. }), "{error}");
        assert!(
            error.to_string().contains("an arm64 kernel image"),
            "{error}"
        );
    }

    #[test]
    fn nothing_that_is_known() {
        for bytes in [&b""[..], b"x", b"#!/bin/sh\n", &[0; 4096]] {
            let error = read(bytes).unwrap_err();
            assert!(matches!(error, ImageError::UnknownFormat { .. }), "{error}");
        }
    }

    #[cfg(not(feature = "images"))]
    #[test]
    fn without_decompressors() {
        let image = samples::bzimage(b"\x1f\x8b\x08\0 gzip data of some sort");
        let error = read(&image).unwrap_err();
        assert!(
            matches!(error, ImageError::NoDecompression { .. }),
            "{error}"
        );
    }

    /// A `.ko`, with what it needs of a kernel and what it says of itself.
    #[test]
    fn modules() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let elf = samples::elf_of(
                order,
                &[
                    (".text", b"code"),
                    (".modinfo", b"name=m\0"),
                    (".BTF", b"the BTF"),
                    (".BTF.base", b"the base"),
                ],
            );
            let found = btf(elf, Trail::new("m.ko")).unwrap();
            assert_eq!(found.btf, b"the BTF");
            assert_eq!(found.base.as_deref(), Some(&b"the base"[..]));
            assert_eq!(found.modinfo.as_deref(), Some(&b"name=m\0"[..]));
        }
    }

    #[cfg(not(feature = "images"))]
    #[test]
    fn archives_without_the_feature() {
        let error = read(&samples::tar(&[("a.btf", b"")])).unwrap_err();
        assert!(
            matches!(error, ImageError::NoDecompression { .. }),
            "{error}"
        );
    }

    #[cfg(feature = "images")]
    mod archives {
        use super::*;

        #[test]
        fn with_one_btf() {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let btf = samples::btf(order);
                for files in [
                    &[("5.4.0.btf", &*btf)][..],
                    &[("README", b"words"), ("x", b""), ("y", &btf)],
                ] {
                    let tar = samples::tar(files);
                    assert_eq!(read(&tar).unwrap(), btf);
                    assert_eq!(read(&samples::gzip(&tar)).unwrap(), btf);
                }
            }
        }

        #[test]
        fn with_none_or_several() {
            let btf = samples::btf(ByteOrder::Little);
            let error = read(&samples::tar(&[("a", b"words"), ("b", b"")])).unwrap_err();
            assert!(
                matches!(error, ImageError::NoBtfInArchive { files: 2, .. }),
                "{error}"
            );
            let error = read(&samples::tar(&[("a", &btf), ("b", &btf)])).unwrap_err();
            assert!(
                matches!(error, ImageError::SeveralInArchive { .. }),
                "{error}"
            );
        }

        #[test]
        fn every_truncation_and_every_changed_byte_end() {
            let btf = samples::btf(ByteOrder::Little);
            let mut tar = samples::tar(&[("a", b"words"), ("b.btf", &btf)]);
            for len in 0..tar.len() {
                let _ = read(&tar[..len]);
            }
            for at in 0..tar.len() {
                for bit in 0..8 {
                    tar[at] ^= 1 << bit;
                    let _ = read(&tar);
                    tar[at] ^= 1 << bit;
                }
            }
        }

        /// A header may claim any size, and one of an archive with holes much more than there is.
        #[test]
        fn claims_of_size() {
            let btf = samples::btf(ByteOrder::Little);
            let mut tar = samples::tar(&[("a", &btf)]);
            tar[124..135].copy_from_slice(b"77777777777");
            tar[148..156].fill(b' ');
            let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
            tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            let _ = read(&tar);
        }
    }

    #[cfg(feature = "images")]
    mod decompressed {
        use super::*;

        #[test]
        fn bzimage() {
            let btf = samples::btf(ByteOrder::Little);
            let elf = samples::elf(ByteOrder::Little, ".BTF", &btf);
            let image = samples::bzimage(&samples::gzip(&elf));
            assert_eq!(read(&image).unwrap(), btf);
        }

        #[test]
        fn zboot() {
            let btf = samples::btf(ByteOrder::Little);
            let flat = samples::flat(*b"RSC\x05", &btf);
            let image = samples::zboot(&samples::gzip(&flat));
            assert_eq!(read(&image).unwrap(), btf);
        }

        #[test]
        fn compressed_as_a_whole() {
            let btf = samples::btf(ByteOrder::Big);
            let elf = samples::elf(ByteOrder::Big, ".BTF", &btf);
            let flat = samples::flat(*b"ARM\x64", &samples::btf(ByteOrder::Little));
            assert_eq!(read(&samples::gzip(&btf)).unwrap(), btf);
            assert_eq!(read(&samples::gzip(&elf)).unwrap(), btf);
            assert_eq!(
                read(&samples::gzip(&samples::zboot(&samples::gzip(&flat)))).unwrap(),
                samples::btf(ByteOrder::Little)
            );
        }

        #[test]
        fn every_truncation_is_an_error() {
            let btf = samples::btf(ByteOrder::Little);
            let elf = samples::elf(ByteOrder::Little, ".BTF", &btf);
            let flat = samples::flat(*b"ARM\x64", &btf);
            for image in [
                samples::bzimage(&samples::gzip(&elf)),
                samples::zboot(&samples::gzip(&flat)),
                flat,
            ] {
                for len in 0..image.len() {
                    assert!(read(&image[..len]).is_err(), "{len}");
                }
            }
        }

        #[test]
        fn an_error_tells_the_way() {
            let image = samples::bzimage(&samples::gzip(b"no kernel"));
            let error = read(&image).unwrap_err().to_string();
            assert!(
                error.contains("file (an x86 kernel image, in it gzip data)"),
                "{error}"
            );
            assert!(error.contains("6e 6f 20 6b"), "{error}");
        }

        #[test]
        fn more_than_there_is_room_for() {
            let bomb = samples::gzip(&vec![0; 1 << 20]);
            let error = extract(bomb, Trail::new("bomb"), Room::of(1 << 16)).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
        }

        #[test]
        fn room_is_shared_by_all_layers() {
            let inner = samples::gzip(&samples::noise(1000));
            let outer = samples::gzip(&inner);
            let error = extract(outer.clone(), Trail::new("f"), Room::of(1900)).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
            let error = extract(outer, Trail::new("f"), Room::of(2100)).unwrap_err();
            assert!(matches!(error, ImageError::UnknownFormat { .. }), "{error}");
        }

        #[test]
        fn too_many_layers() {
            let mut bytes = samples::btf(ByteOrder::Little);
            for _ in 0..MAX_LAYERS {
                bytes = samples::gzip(&bytes);
            }
            let error = read(&bytes).unwrap_err();
            assert!(matches!(error, ImageError::NestedTooDeep { .. }), "{error}");
        }
    }
}
