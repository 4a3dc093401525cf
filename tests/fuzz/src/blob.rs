//! BTF blobs taken apart, changed or made from nothing, and put together again.
//!
//! It reads and writes BTF by itself, with neither libbpf nor ctxgen, so that it can say what those
//! should find, and can make what no compiler would.

use std::collections::HashMap;

use ctxgen::ByteOrder;
use libbpf_rs::libbpf_sys as sys;

/// `BTF_MAGIC`.
const MAGIC: u16 = 0xeb9f;
/// The length of the header, in bytes.
const HEADER: usize = 24;

/// The name's place among a type's words.
pub const NAME: usize = 0;
/// Kind and count among a type's words.
pub const INFO: usize = 1;
/// The size, or the type that is referred to, among a type's words.
pub const TARGET: usize = 2;

/// A BTF blob as lists of words.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The target's byte order.
    pub order: ByteOrder,
    /// The types, that with id 1 first.
    pub types: Vec<RawType>,
    /// The string table.
    pub strings: Vec<u8>,
}

/// The words of a `btf_type` and of what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawType {
    /// At least three.
    pub words: Vec<u32>,
}

impl RawType {
    /// Its `BTF_KIND_*`.
    pub fn kind(&self) -> u32 {
        self.words[INFO] >> 24 & 0x1f
    }

    /// How many members, parameters or values it has.
    pub fn vlen(&self) -> usize {
        (self.words[INFO] & 0xffff) as usize
    }

    /// The words of each record behind the first three, and how many records there are.
    fn records(kind: u32, vlen: usize) -> (usize, usize) {
        match kind {
            sys::BTF_KIND_INT | sys::BTF_KIND_VAR | sys::BTF_KIND_DECL_TAG => (1, 1),
            sys::BTF_KIND_ARRAY => (3, 1),
            sys::BTF_KIND_STRUCT
            | sys::BTF_KIND_UNION
            | sys::BTF_KIND_ENUM64
            | sys::BTF_KIND_DATASEC => (3, vlen),
            sys::BTF_KIND_ENUM | sys::BTF_KIND_FUNC_PROTO => (2, vlen),
            _ => (0, 0),
        }
    }

    /// Parameters, members and the like: a name and a type each, as far as the kind has both.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let (width, _) = Self::records(self.kind(), self.vlen());
        self.words[3..]
            .chunks(width.max(2))
            .map(|record| (record[0], record[1]))
    }

    /// Where among its words the ids of other types are.
    pub fn id_places(&self) -> Vec<usize> {
        match self.kind() {
            sys::BTF_KIND_ARRAY => vec![3, 4],
            sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION => {
                (0..self.vlen()).map(|at| 4 + 3 * at).collect()
            }
            sys::BTF_KIND_FUNC_PROTO => {
                let params = (0..self.vlen()).map(|at| 4 + 2 * at);
                [TARGET].into_iter().chain(params).collect()
            }
            sys::BTF_KIND_INT
            | sys::BTF_KIND_ENUM
            | sys::BTF_KIND_ENUM64
            | sys::BTF_KIND_FLOAT
            | sys::BTF_KIND_FWD
            | sys::BTF_KIND_DATASEC => Vec::new(),
            _ => vec![TARGET],
        }
    }
}

impl Blob {
    /// No types at all.
    pub fn new(order: ByteOrder) -> Self {
        Self {
            order,
            types: Vec::new(),
            strings: vec![0],
        }
    }

    /// The parts of a blob.
    ///
    /// # Panics
    /// If it is not well formed.
    pub fn parse(bytes: &[u8]) -> Self {
        let order = [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find(|order| match order {
                ByteOrder::Little => u16::from_le_bytes([bytes[0], bytes[1]]) == MAGIC,
                ByteOrder::Big => u16::from_be_bytes([bytes[0], bytes[1]]) == MAGIC,
            })
            .expect("the blob has no BTF magic");
        let word = |at: usize| {
            let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            match order {
                ByteOrder::Little => u32::from_le_bytes(word),
                ByteOrder::Big => u32::from_be_bytes(word),
            }
        };
        let field = |number: usize| word(4 * number) as usize;
        let (header, types_at, types_len, strings_at, strings_len) =
            (field(1), field(2), field(3), field(4), field(5));

        let mut types = Vec::new();
        let mut at = header + types_at;
        let end = at + types_len;
        while at < end {
            let info = word(at + 4);
            let (width, count) = RawType::records(info >> 24 & 0x1f, (info & 0xffff) as usize);
            let len = 3 + width * count;
            types.push(RawType {
                words: (0..len).map(|number| word(at + 4 * number)).collect(),
            });
            at += 4 * len;
        }
        assert_eq!(at, end, "the last type is cut off");
        let strings_at = header + strings_at;
        Self {
            order,
            types,
            strings: bytes[strings_at..strings_at + strings_len].to_vec(),
        }
    }

    /// The whole, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let words: usize = self.types.iter().map(|ty| ty.words.len()).sum();
        let types_len = 4 * words;
        let mut bytes = Vec::with_capacity(HEADER + types_len + self.strings.len());
        let magic = match self.order {
            ByteOrder::Little => MAGIC.to_le_bytes(),
            ByteOrder::Big => MAGIC.to_be_bytes(),
        };
        bytes.extend_from_slice(&[magic[0], magic[1], 1, 0]);
        let header = [HEADER, 0, types_len, types_len, self.strings.len()];
        let header = header.map(|word| u32::try_from(word).expect("less than 4 GiB"));
        let types = self.types.iter().flat_map(|ty| &ty.words);
        for word in header.iter().chain(types) {
            bytes.extend_from_slice(&match self.order {
                ByteOrder::Little => word.to_le_bytes(),
                ByteOrder::Big => word.to_be_bytes(),
            });
        }
        bytes.extend_from_slice(&self.strings);
        bytes
    }

    /// The type with that id.
    pub fn get(&self, id: u32) -> &RawType {
        &self.types[id as usize - 1]
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: u32) -> &mut RawType {
        &mut self.types[id as usize - 1]
    }

    /// All types with their ids.
    pub fn with_ids(&self) -> impl Iterator<Item = (u32, &RawType)> {
        (1..).zip(&self.types)
    }

    /// The string at that offset.
    pub fn str(&self, offset: u32) -> &str {
        let rest = &self.strings[offset as usize..];
        let end = rest
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(rest.len());
        std::str::from_utf8(&rest[..end]).unwrap_or("\u{fffd}")
    }

    /// A type's name.
    pub fn name(&self, ty: &RawType) -> &str {
        self.str(ty.words[NAME])
    }

    /// The ids of the types of that kind and name.
    pub fn find(&self, kind: u32, name: &str) -> Vec<u32> {
        self.with_ids()
            .filter(|(_, ty)| ty.kind() == kind && self.name(ty) == name)
            .map(|(id, _)| id)
            .collect()
    }

    /// The ids of all named types, by kind and by name.
    pub fn by_name(&self) -> HashMap<u32, HashMap<&str, Vec<u32>>> {
        let mut by_name: HashMap<u32, HashMap<&str, Vec<u32>>> = HashMap::new();
        for (id, ty) in self.with_ids().filter(|(_, ty)| ty.words[NAME] != 0) {
            let of_kind = by_name.entry(ty.kind()).or_default();
            of_kind.entry(self.name(ty)).or_default().push(id);
        }
        by_name
    }

    /// The offset of a string, which is added.
    pub fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let offset = self.strings.len();
        self.strings.extend_from_slice(text.as_bytes());
        self.strings.push(0);
        u32::try_from(offset).expect("less than 4 GiB")
    }

    /// Gives the only type of that kind and name another name.
    ///
    /// # Panics
    /// If there is not exactly one.
    pub fn rename(&mut self, kind: u32, name: &str, new: &str) {
        let ids = self.find(kind, name);
        assert_eq!(ids.len(), 1, "types called {name}");
        let offset = self.string(new);
        self.get_mut(ids[0]).words[NAME] = offset;
    }

    /// Adds a type of that kind with any `info` and further words.
    pub fn add(&mut self, name: &str, kind: u32, vlen: usize, target: u32, rest: &[u32]) -> u32 {
        let vlen = u32::try_from(vlen).expect("few enough");
        assert!(vlen <= 0xffff, "a type has at most 65,535 records");
        let mut words = vec![self.string(name), kind << 24 | vlen, target];
        words.extend_from_slice(rest);
        self.types.push(RawType { words });
        u32::try_from(self.types.len()).expect("fewer than 2^32 types")
    }

    /// Adds an unsigned integer.
    pub fn int(&mut self, name: &str, size: u32) -> u32 {
        self.add(name, sys::BTF_KIND_INT, 0, size, &[size * 8])
    }

    /// Adds a pointer.
    pub fn ptr(&mut self, to: u32) -> u32 {
        self.add("", sys::BTF_KIND_PTR, 0, to, &[])
    }

    /// Adds a typedef.
    pub fn typedef(&mut self, name: &str, of: u32) -> u32 {
        self.add(name, sys::BTF_KIND_TYPEDEF, 0, of, &[])
    }

    /// Adds an array.
    pub fn array(&mut self, element: u32, len: u32) -> u32 {
        self.add(
            "",
            sys::BTF_KIND_ARRAY,
            0,
            0,
            &[element, element.max(1), len],
        )
    }

    /// Adds a struct, whose members are a name, a type and an offset in bits.
    pub fn structure(&mut self, name: &str, size: u32, members: &[(&str, u32, u32)]) -> u32 {
        self.composite(sys::BTF_KIND_STRUCT, name, size, members)
    }

    /// Adds a union.
    pub fn union(&mut self, name: &str, size: u32, members: &[(&str, u32)]) -> u32 {
        let members: Vec<_> = members.iter().map(|&(name, ty)| (name, ty, 0)).collect();
        self.composite(sys::BTF_KIND_UNION, name, size, &members)
    }

    fn composite(&mut self, kind: u32, name: &str, size: u32, members: &[(&str, u32, u32)]) -> u32 {
        let mut rest = Vec::new();
        for &(name, ty, offset) in members {
            rest.extend_from_slice(&[self.string(name), ty, offset]);
        }
        self.add(name, kind, members.len(), size, &rest)
    }

    /// Adds a prototype.
    pub fn proto(&mut self, ret: u32, params: &[(&str, u32)]) -> u32 {
        let mut rest = Vec::new();
        for &(name, ty) in params {
            rest.extend_from_slice(&[self.string(name), ty]);
        }
        self.add("", sys::BTF_KIND_FUNC_PROTO, params.len(), ret, &rest)
    }

    /// Adds a function with a prototype of its own.
    pub fn func(&mut self, name: &str, ret: u32, params: &[(&str, u32)]) -> u32 {
        let proto = self.proto(ret, params);
        self.add(name, sys::BTF_KIND_FUNC, 0, proto, &[])
    }

    /// Adds `typedef void (*btf_trace_<tp>)(void *__data, ...)`.
    pub fn tracepoint(&mut self, tp: &str, params: &[u32]) -> u32 {
        let data = self.ptr(0);
        let params: Vec<_> = [data].iter().chain(params).map(|&ty| ("", ty)).collect();
        let proto = self.proto(0, &params);
        let ptr = self.ptr(proto);
        self.typedef(&format!("btf_trace_{tp}"), ptr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut blob = Blob::new(order);
            let int = blob.int("int", 4);
            let array = blob.array(int, 3);
            blob.structure("s", 16, &[("a", int, 0), ("b", array, 32)]);
            blob.func("f", int, &[("x", int)]);
            blob.tracepoint("tp", &[int]);
            let again = Blob::parse(&blob.to_bytes());
            assert_eq!(again.order, order);
            assert_eq!(again.types, blob.types);
            assert_eq!(again.strings, blob.strings);
            assert_eq!(again.find(sys::BTF_KIND_STRUCT, "s"), [3]);
        }
    }

    #[test]
    fn libbpf_and_ctxgen_read_it_too() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut blob = Blob::new(order);
            let int = blob.int("int", 4);
            blob.func("f", int, &[("x", int)]);
            let btf = ctxgen::btf::Btf::parse(&blob.to_bytes()).unwrap();
            assert_eq!(btf.types().count(), blob.types.len());
            assert_eq!(btf.to_bytes(), blob.to_bytes());
        }
    }
}
