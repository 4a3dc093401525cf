//! LZ4, in the frames of today and in those of kernels.

use std::io;

use lz4_flex::block;
use lz4_flex::frame::FrameDecoder;

use super::corrupt;
use super::cut_short;
use super::output::Failure;
use super::output::Output;

/// The flag in a frame's fifth byte that a checksum stands behind its end mark.
const CONTENT_CHECKSUM: u8 = 1 << 2;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let frame = *input;
    output.read(&mut FrameDecoder::new(&mut *input))?;
    // To the decoder, data that end where a block might have followed are complete.
    let mut read = &frame[..frame.len() - input.len()];
    let checksum = frame
        .get(4)
        .is_some_and(|flags| flags & CONTENT_CHECKSUM != 0);
    if checksum {
        read = &read[..read.len().saturating_sub(4)];
    }
    if !read.ends_with(&[0; 4]) {
        return Err(cut_short().into());
    }
    Ok(())
}

const LEGACY_MAGIC_LEN: usize = 4;

/// What each block of a legacy frame holds, the last one excepted.
const LEGACY_BLOCK: usize = 8 << 20;

/// The legacy frame: blocks behind each other, each with the length of its compressed data before
/// it, and no mark at the end. In an image there may be anything behind it, so what is shorter than
/// a block is the last one. Where that has just the length of a block, the end of the input is the
/// end of the data, or the size of the whole, which kernels have there.
pub(super) fn decode_legacy(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let (_, mut rest) = input
        .split_at_checked(LEGACY_MAGIC_LEN)
        .ok_or_else(cut_short)?;
    // Not grown in the output, and shared by all streams: each would cost the time to clear 8 MiB.
    let mut block = output.room().borrow_scratch(LEGACY_BLOCK);
    let result = blocks(&mut rest, &mut block, output);
    output.room().return_scratch(block);
    result?;
    *input = rest;
    Ok(())
}

fn blocks(input: &mut &[u8], block: &mut [u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let mut rest = *input;
    let mut total: u32 = 0;
    loop {
        if total > 0 && (rest.is_empty() || rest == total.to_le_bytes()) {
            break;
        }
        let (&len, behind) = rest.split_first_chunk().ok_or_else(cut_short)?;
        let (data, behind) = usize::try_from(u32::from_le_bytes(len))
            .ok()
            .and_then(|len| behind.split_at_checked(len))
            .ok_or_else(cut_short)?;
        let len = block::decompress_into(data, block).map_err(io::Error::other)?;
        output.extend(&block[..len])?;
        total = u32::try_from(len)
            .ok()
            .and_then(|len| total.checked_add(len))
            .ok_or_else(|| corrupt("it is longer than 4 GiB"))?;
        rest = behind;
        if len < LEGACY_BLOCK {
            break;
        }
    }
    *input = rest;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::Room;
    use super::*;

    /// A legacy frame of blocks that are all literals of the same byte, but for the first few.
    fn legacy(lens: &[usize]) -> Vec<u8> {
        let mut frame = b"\x02\x21\x4c\x18".to_vec();
        for &len in lens {
            // One literal, a match that repeats it, and five literals that have to be the end.
            let matched = len - 6;
            let mut block = vec![0x1f, b'k', 1, 0];
            let mut more = matched - 19;
            while more >= 255 {
                block.push(255);
                more -= 255;
            }
            block.push(u8::try_from(more).unwrap());
            block.extend_from_slice(b"\x50kkkkk");
            frame.extend_from_slice(&u32::try_from(block.len()).unwrap().to_le_bytes());
            frame.extend_from_slice(&block);
        }
        frame
    }

    fn decode(mut frame: &[u8]) -> Result<(usize, usize), Failure> {
        let mut room = Room::of(1 << 30);
        let mut output = Output::new(&mut room);
        decode_legacy(&mut frame, &mut output)?;
        let bytes = output.into_bytes();
        assert!(bytes.iter().all(|&byte| byte == b'k'));
        Ok((bytes.len(), frame.len()))
    }

    #[test]
    fn a_short_block_is_the_last() {
        let mut frame = legacy(&[LEGACY_BLOCK, 100]);
        frame.extend_from_slice(b"something else");
        assert_eq!(decode(&frame).unwrap(), (LEGACY_BLOCK + 100, 14));
    }

    #[test]
    fn whole_blocks_only() {
        let mut frame = legacy(&[LEGACY_BLOCK]);
        assert_eq!(decode(&frame).unwrap(), (LEGACY_BLOCK, 0));
        frame.extend_from_slice(&u32::try_from(LEGACY_BLOCK).unwrap().to_le_bytes());
        assert_eq!(decode(&frame).unwrap(), (LEGACY_BLOCK, 4));
        frame.push(0);
        assert!(decode(&frame).is_err());
    }

    #[test]
    fn larger_than_a_block() {
        assert!(decode(&legacy(&[LEGACY_BLOCK + 1])).is_err());
    }
}
