//! Decompression, where ctxgen is built with it.

use super::Room;
use super::Trail;
use super::compression::Compression;
#[cfg(feature = "images")]
use super::decode::Failure;
#[cfg(feature = "images")]
use super::decode::decode;
use super::error::ImageError;

impl Compression {
    /// What these data hold. Whatever follows them is not looked at: behind the compressed kernel
    /// in an image stands its size.
    ///
    /// `room` is how much it may be, and is less by as much then.
    #[cfg(feature = "images")]
    pub(super) fn decompress(
        self,
        bytes: &[u8],
        trail: &Trail,
        room: &mut Room,
    ) -> Result<Vec<u8>, ImageError> {
        decode(self, bytes, room).map_err(|failure| match failure {
            Failure::TooLarge => ImageError::TooLarge {
                file: trail.clone(),
                limit: room.limit(),
            },
            Failure::Corrupt(error) => ImageError::Decompress {
                file: trail.clone(),
                error,
            },
        })
    }

    #[cfg(not(feature = "images"))]
    pub(super) fn decompress(
        self,
        _bytes: &[u8],
        trail: &Trail,
        _room: &mut Room,
    ) -> Result<Vec<u8>, ImageError> {
        Err(ImageError::NoDecompression {
            file: trail.clone(),
        })
    }
}
