//! Maps, as libbpf and aya read them of an object's BTF: a number is the length of an array that a member
//! points to, and a type is what a member points to.

use core::cell::UnsafeCell;
use core::ptr::null;
use core::ptr::read_volatile;

use aya_ebpf::helpers::generated::bpf_map_delete_elem;
use aya_ebpf::helpers::generated::bpf_map_lookup_elem;
use aya_ebpf::helpers::generated::bpf_map_update_elem;
use aya_ebpf::helpers::generated::bpf_ringbuf_reserve;
use aya_ebpf::helpers::generated::bpf_ringbuf_submit;

const HASH: usize = 1;
const PERCPU_ARRAY: usize = 6;
const RINGBUF: usize = 27;

/// A hash of at most `N` entries.
#[repr(C)]
pub struct Hash<K, V, const N: usize> {
    r#type: *const [u8; HASH],
    max_entries: *const [u8; N],
    key: *const K,
    value: *const V,
}

// SAFETY: the kernel guards what the helpers do, and nothing else looks at the pointers.
unsafe impl<K, V, const N: usize> Sync for Hash<K, V, N> {}

impl<K, V: Copy, const N: usize> Hash<K, V, N> {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Self {
            r#type: null(),
            max_entries: null(),
            key: null(),
            value: null(),
        }
    }

    /// Notes a value. It is left out where the map is full.
    #[inline(always)]
    pub fn insert(&self, key: &K, value: &V) {
        // SAFETY: key and value are of the map's types.
        unsafe {
            let map = (&raw const *self).cast_mut().cast();
            let (key, value) = ((&raw const *key).cast(), (&raw const *value).cast());
            bpf_map_update_elem(map, key, value, 0);
        }
    }

    /// The value of a key, if there is one.
    #[inline(always)]
    pub fn get(&self, key: &K) -> Option<V> {
        // SAFETY: the key is of the map's type, and so is what the helper finds.
        unsafe {
            let map = (&raw const *self).cast_mut().cast();
            let found = bpf_map_lookup_elem(map, (&raw const *key).cast());
            found.cast::<V>().as_ref().copied()
        }
    }

    /// Forgets a key.
    #[inline(always)]
    pub fn remove(&self, key: &K) {
        // SAFETY: the key is of the map's type.
        unsafe {
            let map = (&raw const *self).cast_mut().cast();
            bpf_map_delete_elem(map, (&raw const *key).cast());
        }
    }
}

/// A ring buffer of `N` bytes.
#[repr(C)]
pub struct Ring<const N: usize> {
    r#type: *const [u8; RINGBUF],
    max_entries: *const [u8; N],
}

// SAFETY: the kernel guards what the helpers do, and nothing else looks at the pointers.
unsafe impl<const N: usize> Sync for Ring<N> {}

impl<const N: usize> Ring<N> {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Self {
            r#type: null(),
            max_entries: null(),
        }
    }

    /// Has `fill` write a record where user space will read it. Whether there was room.
    #[inline(always)]
    pub fn send<T>(&self, fill: impl FnOnce(*mut T)) -> bool {
        // SAFETY: the helper reserves as many bytes as it is told, aligned to 8.
        unsafe {
            let map = (&raw const *self).cast_mut().cast();
            let record = bpf_ringbuf_reserve(map, size_of::<T>() as u64, 0);
            if record.is_null() {
                return false;
            }
            fill(record.cast());
            bpf_ringbuf_submit(record, 0);
        }
        true
    }
}

/// A count on each CPU: the target has no atomic addition.
#[repr(C)]
pub struct Counter {
    r#type: *const [u8; PERCPU_ARRAY],
    max_entries: *const [u8; 1],
    key: *const u32,
    value: *const u64,
}

// SAFETY: each CPU has a number of its own, and nothing looks at the pointers.
unsafe impl Sync for Counter {}

impl Counter {
    /// From 0.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Self {
            r#type: null(),
            max_entries: null(),
            key: null(),
            value: null(),
        }
    }

    /// One more.
    #[inline(always)]
    pub fn increment(&self) {
        let first = 0u32;
        // SAFETY: the key is of the map's type, and so is what the helper finds.
        unsafe {
            let map = (&raw const *self).cast_mut().cast();
            let found = bpf_map_lookup_elem(map, (&raw const first).cast());
            if let Some(count) = found.cast::<u64>().as_mut() {
                *count += 1;
            }
        }
    }
}

/// What user space writes before a program is loaded, in a section of its own.
#[repr(transparent)]
pub struct Settings<T>(UnsafeCell<T>);

// SAFETY: nothing writes to it once programs run.
unsafe impl<T> Sync for Settings<T> {}

impl<T: Copy> Settings<T> {
    /// As they are if user space says nothing.
    pub const fn new(settings: T) -> Self {
        Self(UnsafeCell::new(settings))
    }

    /// As they are now.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: it is ours. Volatile, as the compiler knows nothing of user space.
        unsafe { read_volatile(self.0.get()) }
    }
}
