//! What every generated module begins with.

/// How memory of the kernel's is read.
pub(super) const PRELUDE: &str = r#"    use ::core::ffi::c_void;
    use ::core::marker::PhantomData;

    /// How what a pointer of a context points to is read.
    pub trait Read: Copy {
        /// A value; zeros where it cannot be read.
        ///
        /// # Safety
        /// Any bytes are a `T`, and `from` is a pointer that this way of reading is meant for.
        unsafe fn read<T: Copy>(from: *const T) -> T;
    }

    /// By loads: the verifier knows the pointer's type, as in `tp_btf`, `fentry`, `fexit` and `lsm`
    /// programs.
    #[derive(Clone, Copy, Debug)]
    pub enum Direct {}

    /// With `bpf_probe_read_kernel()`: to the verifier the pointer is a number, as in `raw_tp`, `kprobe`
    /// and `tp` programs.
    #[derive(Clone, Copy, Debug)]
    pub enum Probed {}

    /// With `bpf_probe_read_user()`: the pointer is user space's.
    #[derive(Clone, Copy, Debug)]
    pub enum User {}

    impl Read for Direct {
        #[inline(always)]
        unsafe fn read<T: Copy>(from: *const T) -> T {
            // SAFETY: the caller's; the verifier holds the load to it.
            unsafe { *from }
        }
    }

    impl Read for Probed {
        #[inline(always)]
        unsafe fn read<T: Copy>(from: *const T) -> T {
            // SAFETY: the caller's; bpf_probe_read_kernel() is helper 113.
            unsafe { read_helper::<T, 113>(from) }
        }
    }

    impl Read for User {
        #[inline(always)]
        unsafe fn read<T: Copy>(from: *const T) -> T {
            // SAFETY: the caller's; bpf_probe_read_user() is helper 112.
            unsafe { read_helper::<T, 112>(from) }
        }
    }

    #[inline(always)]
    unsafe fn read_helper<T: Copy, const HELPER: usize>(from: *const T) -> T {
        type Helper = unsafe extern "C" fn(*mut c_void, u32, *const c_void) -> i64;
        let mut value = ::core::mem::MaybeUninit::<T>::zeroed();
        let size = ::core::mem::size_of::<T>() as u32;
        // SAFETY: a call of this number is one of the helper, which fills the memory.
        unsafe {
            let helper: Helper = ::core::mem::transmute(HELPER);
            helper(value.as_mut_ptr().cast(), size, from.cast());
            value.assume_init()
        }
    }
"#;
