//! From layer to layer, until BTF is reached.

use std::ops::Range;

use super::Found;
use super::Trail;
use super::archive;
use super::bzimage;
use super::elf;
use super::error::ImageError;
use super::kind::Format;
use super::room::Room;
use super::s390;
use super::scan;
use super::zboot;

/// How many things may be in each other. Four are known to happen: a compressed zboot image, in
/// that a compressed kernel image.
pub(super) const MAX_LAYERS: usize = 8;

/// The raw BTF in a file of these bytes.
pub(super) fn btf(bytes: Vec<u8>, trail: Trail) -> Result<Found, ImageError> {
    let room = Room::for_file(bytes.len());
    extract(bytes, trail, room)
}

/// `room` is how much may be decompressed on the way.
pub(super) fn extract(
    mut bytes: Vec<u8>,
    mut trail: Trail,
    mut room: Room,
) -> Result<Found, ImageError> {
    let plain = |btf| Found {
        btf,
        ..Found::default()
    };
    for _ in 0..MAX_LAYERS {
        let Some(format) = Format::of(&bytes) else {
            return Err(ImageError::UnknownFormat {
                file: trail,
                start: bytes.iter().take(8).copied().collect(),
            });
        };
        trail.push(format.name());
        bytes = match format {
            Format::Btf => return Ok(plain(bytes)),
            Format::Elf => return elf::btf(&*bytes, &trail),
            Format::Arm64 | Format::Riscv64 => return flat(bytes, trail).map(plain),
            Format::S390 => return s390::btf(&bytes, &trail, &mut room).map(plain),
            Format::Tar => archive::btf(&bytes, &trail)?,
            Format::BzImage => cut(bytes, bzimage::payload, &trail)?,
            Format::Zboot => cut(bytes, zboot::payload, &trail)?,
            Format::Compressed(compression) => compression.decompress(&bytes, &trail, &mut room)?,
        };
    }
    Err(ImageError::NestedTooDeep {
        file: trail,
        max: MAX_LAYERS,
    })
}

/// The BTF in an image that is the kernel's memory as it is.
fn flat(bytes: Vec<u8>, trail: Trail) -> Result<Vec<u8>, ImageError> {
    match scan::kernel_btf(&bytes, &trail)? {
        Some(range) => Ok(keep(bytes, range)),
        None => Err(ImageError::NoBtfInImage {
            file: trail,
            tried: Vec::new(),
        }),
    }
}

/// What is where `payload` says, which answers with a range inside the bytes.
fn cut(
    bytes: Vec<u8>,
    payload: fn(&[u8], &Trail) -> Result<Range<usize>, ImageError>,
    trail: &Trail,
) -> Result<Vec<u8>, ImageError> {
    let range = payload(&bytes, trail)?;
    Ok(keep(bytes, range))
}

fn keep(mut bytes: Vec<u8>, range: Range<usize>) -> Vec<u8> {
    bytes.truncate(range.end);
    bytes.drain(..range.start.min(bytes.len()));
    bytes
}
