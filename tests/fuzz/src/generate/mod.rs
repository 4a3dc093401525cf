//! Valid BTF of any bytes.
//!
//! What is made is what a compiler could have written: every type has the size and the members the places that C
//! gives them, natural or packed, with bitfields, gaps and forward references. Names are shared where BTF may
//! have them shared: between structs, between a typedef and a value, between parameters. Bytes that end early
//! give the simplest of all that is left, so that any bytes are some BTF.

mod composite;
mod functions;
mod types;

use arbitrary::Unstructured;
use ctxgen::ByteOrder;
use libbpf_rs::libbpf_sys as sys;

use crate::blob::Blob;
use crate::blob::TARGET;

/// The fewest types beside numbers, and how many more there may be.
const TYPES: (usize, usize) = (4, 40);

/// The largest type, in bytes: places of bitfields have 24 bits.
const MAX_SIZE: u32 = 1 << 16;

/// A kernel's BTF of these bytes. The same bytes are the same types in either byte order.
pub fn kernel(data: &[u8], order: ByteOrder) -> Blob {
    let mut maker = Maker::new(data, order);
    maker.numbers();
    for _ in 0..TYPES.0 + maker.below(TYPES.1) {
        maker.any_type();
    }
    maker.functions();
    maker.close_pointers();
    maker.blob
}

/// A type that something can be of: that has a size.
#[derive(Clone, Copy, Debug)]
struct Object {
    id: u32,
    /// In bytes.
    size: u32,
    /// In bytes.
    align: u32,
    /// The most bits of a bitfield of it; 0 where it cannot have one.
    bits: u32,
    is_array: bool,
    /// Whether it points to something with a size, which `restrict` asks for.
    points_to_object: bool,
}

struct Maker<'d> {
    bytes: Unstructured<'d>,
    blob: Blob,
    objects: Vec<Object>,
    /// What pointers may point to, and whether that has a size.
    targets: Vec<(u32, bool)>,
    /// Structs and unions with names, and typedefs of those.
    tags: Vec<u32>,
    /// Pointers that are going to point to one of those.
    open: Vec<u32>,
    /// Structs and unions without names that are members without names of nothing so far.
    nameless: Vec<Object>,
    /// Names that types, values and functions have.
    names: Vec<String>,
    count: u32,
}

impl<'d> Maker<'d> {
    fn new(data: &'d [u8], order: ByteOrder) -> Self {
        Self {
            bytes: Unstructured::new(data),
            blob: Blob::new(order),
            objects: Vec::new(),
            targets: vec![(0, false)],
            tags: Vec::new(),
            open: Vec::new(),
            nameless: Vec::new(),
            names: Vec::new(),
            count: 0,
        }
    }

    /// A number below `end`, 0 where the bytes have ended.
    fn below(&mut self, end: usize) -> usize {
        let last = end.saturating_sub(1);
        self.bytes.int_in_range(0..=last).unwrap_or(0)
    }

    fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn object(&mut self) -> Object {
        let at = self.below(self.objects.len());
        self.objects[at]
    }

    /// One that functions take and return.
    fn value(&mut self) -> Object {
        match self.object() {
            object if object.is_array => self.objects[0],
            object => object,
        }
    }

    /// A name that nothing else has.
    fn fresh(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count)
    }

    /// A name, now and then one that something else has too.
    fn name(&mut self, prefix: &str) -> String {
        if !self.names.is_empty() && self.once_in(10) {
            let at = self.below(self.names.len());
            return self.names[at].clone();
        }
        let name = self.fresh(prefix);
        self.names.push(name.clone());
        name
    }

    fn add_object(&mut self, object: Object) {
        self.objects.push(object);
        self.targets.push((object.id, true));
    }

    fn numbers(&mut self) {
        const SIGNED: u32 = sys::BTF_INT_SIGNED;
        for (name, size, encoding) in [
            ("int", 4, SIGNED),
            ("unsigned char", 1, 0),
            ("short", 2, SIGNED),
            ("unsigned int", 4, 0),
            ("long long", 8, SIGNED),
            ("unsigned long", 8, 0),
            ("_Bool", 1, sys::BTF_INT_BOOL),
            ("unsigned __int128", 16, 0),
        ] {
            let words = [(encoding << 24) | (size * 8)];
            let id = self.blob.add(name, sys::BTF_KIND_INT, 0, size, &words);
            let bits = match (encoding, size) {
                (sys::BTF_INT_BOOL, _) => 1,
                (_, 16) => 0,
                _ => size * 8,
            };
            self.add_number(id, size, bits);
        }
        for (name, size) in [("float", 4), ("double", 8)] {
            let id = self.blob.add(name, sys::BTF_KIND_FLOAT, 0, size, &[]);
            self.add_number(id, size, 0);
        }
    }

    fn add_number(&mut self, id: u32, size: u32, bits: u32) {
        self.add_object(Object {
            id,
            size,
            align: size,
            bits,
            is_array: false,
            points_to_object: false,
        });
    }

    fn close_pointers(&mut self) {
        for pointer in std::mem::take(&mut self.open) {
            if !self.tags.is_empty() {
                let tags = self.tags.clone();
                let target = self.pick(&tags);
                self.blob.get_mut(pointer).words[TARGET] = target;
            }
        }
    }
}
