//! Contexts for `BPF_PROG_TEST_RUN`.

use std::fmt;
use std::marker::PhantomData;
use std::slice;

/// Memory for a context of which `C` is the generated struct.
pub struct Slots<C> {
    slots: Vec<u64>,
    context: PhantomData<C>,
}

impl<C> Slots<C> {
    /// A context with `slot` in each slot.
    ///
    /// The kernel passes arguments in registers of which it leaves the unused part as it is: any
    /// other slot than 0 shows whether a program minds.
    pub fn filled_with(slot: u64) -> Self {
        Self {
            slots: vec![slot; size_of::<C>().div_ceil(size_of::<u64>())],
            context: PhantomData,
        }
    }

    /// Where the fields can be written, each through a raw pointer of its own: as a whole it may
    /// not be a valid `C` yet.
    pub fn as_mut_ptr(&mut self) -> *mut C {
        const {
            assert!(align_of::<C>() <= align_of::<u64>());
        }
        self.slots.as_mut_ptr().cast()
    }

    /// The context as the kernel takes it.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        // SAFETY: The slots are initialized, and a `u64` consists of 8 bytes of any content.
        unsafe {
            slice::from_raw_parts_mut(
                self.slots.as_mut_ptr().cast(),
                self.slots.len() * size_of::<u64>(),
            )
        }
    }
}

/// An argument that can be stored in a context's field of type `F`.
///
/// That is the argument's own type where a program can load a part of a slot, and the whole slot on
/// big-endian targets, where it cannot.
pub trait IntoField<F> {
    /// The field for this argument.
    fn into_field(self) -> F;
}

impl<T> IntoField<T> for T {
    fn into_field(self) -> T {
        self
    }
}

macro_rules! widen {
    ($($narrow:ty),+) => {
        $(impl IntoField<u64> for $narrow {
            fn into_field(self) -> u64 {
                self as u64
            }
        })+
    };
}

widen!(bool, u8, u16, u32, i8, i16, i32);

impl<C> fmt::Debug for Slots<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slots").field(&self.slots).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C, align(8))]
    struct Context {
        flag: bool,
    }

    #[test]
    fn signs_reach_through_the_slot() {
        let (field, slot): (i32, u64) = ((-2i32).into_field(), (-2i32).into_field());
        assert_eq!(field, -2);
        assert_eq!(slot, 0xffff_ffff_ffff_fffe);
    }

    #[test]
    fn what_is_no_field_keeps_its_filling() {
        let mut slots = Slots::<Context>::filled_with(u64::MAX);
        // SAFETY: The memory is large enough for a `Context`, and aligned.
        unsafe { (&raw mut (*slots.as_mut_ptr()).flag).write(false) };
        assert_eq!(
            slots.as_mut_bytes(),
            [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        );
    }
}
