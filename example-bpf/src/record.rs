//! Reading C structs from the bytes that a program handed over.

use std::ptr;

/// A C struct that a BPF program writes as it is.
///
/// # Safety
/// Every bit pattern has to be a valid value of the type.
pub unsafe trait Record: Copy {}

/// The record that `bytes` begin with, or `None` if they are too few.
pub fn read_record<R: Record>(bytes: &[u8]) -> Option<R> {
    if bytes.len() < size_of::<R>() {
        return None;
    }
    // SAFETY: There are enough bytes for an `R`, `R` allows any content, and its alignment does not
    //         matter to `read_unaligned`.
    Some(unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    // SAFETY: Any four bytes are an integer.
    unsafe impl Record for u32 {}

    #[test]
    fn records_need_no_alignment_but_all_bytes() {
        let mut bytes = vec![0xff];
        bytes.extend(7u32.to_ne_bytes());
        assert_eq!(read_record::<u32>(&bytes[1..]), Some(7));
        assert_eq!(read_record::<u32>(&bytes[2..]), None);
    }
}
