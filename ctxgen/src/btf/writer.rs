//! Writes a BTF blob, alone or as a split on top of a base.

use std::collections::HashMap;

use super::Btf;
use super::ByteOrder;
use super::IntEncoding;
use super::TypeId;
use super::header::assemble;
use super::type_layout::narrowed;

use libbpf_rs::libbpf_sys;

/// Collects types and strings and makes a blob of them in the target's byte order.
///
/// libbpf's own writer (`btf__add_*`) hashes the whole string table of the base first, which costs
/// more than all the rest on a kernel's BTF; a split BTF written straight needs no more of its base
/// than two numbers.
#[derive(Debug)]
pub struct BtfWriter {
    order: ByteOrder,
    next_id: u32,
    first_string: u32,
    types: Vec<u8>,
    strings: Vec<u8>,
    offsets: HashMap<String, u32>,
}

impl BtfWriter {
    /// A blob of its own.
    pub fn new(order: ByteOrder) -> Self {
        Self {
            order,
            next_id: 1,
            first_string: 0,
            types: Vec::new(),
            // Offset 0 is the empty string, the name of whatever has none.
            strings: vec![0],
            offsets: HashMap::new(),
        }
    }

    /// A split blob that continues the type ids and string offsets of `base`.
    pub fn split(base: &Btf<'_>) -> Self {
        Self {
            order: base.byte_order(),
            next_id: base.type_count(),
            first_string: base.string_end(),
            types: Vec::new(),
            strings: Vec::new(),
            offsets: HashMap::new(),
        }
    }

    /// A split blob on top of a base of so many types, void included, and so many bytes of strings.
    pub(crate) fn after(order: ByteOrder, next_id: u32, first_string: u32) -> Self {
        Self {
            order,
            next_id,
            first_string,
            types: Vec::new(),
            strings: Vec::new(),
            offsets: HashMap::new(),
        }
    }

    /// The id that the next type gets.
    pub fn next_id(&self) -> TypeId {
        TypeId(self.next_id)
    }

    /// The offset of a string, which is added where it is not there yet.
    pub fn string(&mut self, string: &str) -> u32 {
        if string.is_empty() {
            return 0;
        }
        if let Some(&offset) = self.offsets.get(string) {
            return offset;
        }
        let own = u32::try_from(self.strings.len()).unwrap_or(u32::MAX);
        let offset = self.first_string.saturating_add(own);
        self.strings.extend_from_slice(string.as_bytes());
        self.strings.push(0);
        self.offsets.insert(string.to_owned(), offset);
        offset
    }

    /// How many bytes of strings were added.
    pub(crate) fn string_len(&self) -> usize {
        self.strings.len()
    }

    /// Adds a type as the words of its `btf_type` and what follows that. Of more records than libbpf 1.7
    /// can count, none is written.
    pub(crate) fn raw(&mut self, words: &[u32]) -> TypeId {
        let narrow = narrowed(words);
        for &word in narrow.as_deref().unwrap_or(words) {
            self.order.put_u32(&mut self.types, word);
        }
        let id = TypeId(self.next_id);
        self.next_id += 1;
        id
    }

    /// Adds an unsigned integer of `size` bytes.
    pub fn unsigned(&mut self, name: &str, size: u32) -> TypeId {
        self.int(name, size, IntEncoding::Unsigned)
    }

    /// Adds an integer of `size` bytes.
    pub fn int(&mut self, name: &str, size: u32, encoding: IntEncoding) -> TypeId {
        let encoding = match encoding {
            IntEncoding::Unsigned => 0,
            IntEncoding::Signed => libbpf_sys::BTF_INT_SIGNED,
            IntEncoding::Char => libbpf_sys::BTF_INT_CHAR,
            IntEncoding::Bool => libbpf_sys::BTF_INT_BOOL,
        };
        let name = self.string(name);
        let detail = encoding << 24 | size.saturating_mul(8);
        self.raw(&[name, info(libbpf_sys::BTF_KIND_INT, 0), size, detail])
    }

    /// Adds a floating point number.
    pub fn float(&mut self, name: &str, size: u32) -> TypeId {
        let name = self.string(name);
        self.raw(&[name, info(libbpf_sys::BTF_KIND_FLOAT, 0), size])
    }

    /// Adds a pointer.
    pub fn pointer(&mut self, to: TypeId) -> TypeId {
        self.raw(&[0, info(libbpf_sys::BTF_KIND_PTR, 0), to.0])
    }

    /// Adds `const` in front of a type.
    pub fn constant(&mut self, of: TypeId) -> TypeId {
        self.raw(&[0, info(libbpf_sys::BTF_KIND_CONST, 0), of.0])
    }

    /// Adds `volatile` in front of a type.
    pub(crate) fn volatile(&mut self, of: TypeId) -> TypeId {
        self.raw(&[0, info(libbpf_sys::BTF_KIND_VOLATILE, 0), of.0])
    }

    /// Adds an array; `index` is the id of an integer type.
    pub fn array(&mut self, element: TypeId, index: TypeId, len: u32) -> TypeId {
        self.raw(&[
            0,
            info(libbpf_sys::BTF_KIND_ARRAY, 0),
            0,
            element.0,
            index.0,
            len,
        ])
    }

    /// Adds a struct of `size` bytes. Members are a name, a type and an offset in bytes; at most
    /// 65,535 of them.
    pub fn structure(&mut self, name: &str, size: u32, members: &[(&str, TypeId, u32)]) -> TypeId {
        self.composite(libbpf_sys::BTF_KIND_STRUCT, name, size, members)
    }

    /// Adds a union of `size` bytes. Members are a name and a type; at most 65,535 of them.
    pub fn union(&mut self, name: &str, size: u32, members: &[(&str, TypeId)]) -> TypeId {
        let members: Vec<_> = members.iter().map(|(name, id)| (*name, *id, 0)).collect();
        self.composite(libbpf_sys::BTF_KIND_UNION, name, size, &members)
    }

    fn composite(
        &mut self,
        kind: u32,
        name: &str,
        size: u32,
        members: &[(&str, TypeId, u32)],
    ) -> TypeId {
        let vlen = u16::try_from(members.len()).unwrap_or(u16::MAX);
        let name = self.string(name);
        let mut words = vec![name, info(kind, vlen), size];
        for &(name, type_id, offset) in members.iter().take(vlen.into()) {
            let name = self.string(name);
            words.extend_from_slice(&[name, type_id.0, offset * 8]);
        }
        self.raw(&words)
    }

    /// Adds another name for a type.
    pub fn typedef(&mut self, name: &str, of: TypeId) -> TypeId {
        let name = self.string(name);
        self.raw(&[name, info(libbpf_sys::BTF_KIND_TYPEDEF, 0), of.0])
    }

    /// Adds a function's prototype. Parameters are a name and a type; at most 65,535 of them.
    pub fn prototype(&mut self, params: &[(&str, TypeId)], ret: TypeId) -> TypeId {
        let vlen = u16::try_from(params.len()).unwrap_or(u16::MAX);
        let mut words = vec![0, info(libbpf_sys::BTF_KIND_FUNC_PROTO, vlen), ret.0];
        for (name, type_id) in params.iter().take(vlen.into()) {
            words.extend([self.string(name), type_id.0]);
        }
        self.raw(&words)
    }

    /// Adds a function of the prototype with that id, as one that other files can call.
    pub fn function(&mut self, name: &str, prototype: TypeId) -> TypeId {
        // `BTF_FUNC_GLOBAL`, in place of a number of members.
        const GLOBAL: u16 = 1;
        let name = self.string(name);
        let info = info(libbpf_sys::BTF_KIND_FUNC, GLOBAL);
        self.raw(&[name, info, prototype.0])
    }

    /// Adds a declaration of a struct or union.
    pub fn forward(&mut self, name: &str, is_union: bool) -> TypeId {
        let name = self.string(name);
        let flag = u32::from(is_union) << 31;
        self.raw(&[name, info(libbpf_sys::BTF_KIND_FWD, 0) | flag, 0])
    }

    /// The blob.
    pub fn finish(self) -> Vec<u8> {
        assemble(self.order, &self.types, &self.strings)
    }
}

/// A `btf_type`'s second word.
fn info(kind: u32, vlen: u16) -> u32 {
    kind << 24 | u32::from(vlen)
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut writer = BtfWriter::new(order);
            let int = writer.unsigned("u64", 8);
            let pair = writer.array(int, int, 2);
            writer.structure("s", 24, &[("a", int, 0), ("b", pair, 8)]);
            writer.forward("u", true);
            let blob = writer.finish();

            let btf = Btf::parse(&blob).unwrap();
            assert_eq!(btf.byte_order(), order);
            assert_eq!(btf.type_count(), 5);
            let Kind::Struct(s) = btf.get(TypeId(3)).unwrap().kind() else {
                panic!("no struct");
            };
            let members: Vec<_> = s.members().map(|m| (m.name, m.bit_offset)).collect();
            assert_eq!(members, [("a", 0), ("b", 64)]);
            assert!(matches!(
                btf.get(TypeId(4)).unwrap().kind(),
                Kind::Fwd { is_union: true }
            ));
            assert_eq!(btf.to_bytes(), blob);
        }
    }

    #[test]
    fn a_split_continues_its_base() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut writer = BtfWriter::new(order);
            let int = writer.unsigned("u64", 8);
            let base_bytes = writer.finish();
            let base = Btf::parse(&base_bytes).unwrap();

            let mut writer = BtfWriter::split(&base);
            assert_eq!(writer.next_id(), TypeId(2));
            writer.structure("s", 8, &[("a", int, 0)]);
            let split = writer.finish();
            let split = Btf::parse_split(&split, &base).unwrap();
            assert_eq!(split.get(TypeId(2)).unwrap().name(), "s");
            assert_eq!(split.string_end(), base.string_end() + 4);
            assert_eq!(split.get(TypeId(1)).unwrap().name(), "u64");
        }
    }
}
