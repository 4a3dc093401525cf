//! Types that are written once each, so that equal ones have equal numbers.

use std::collections::HashMap;

use libbpf_rs::libbpf_sys;

use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::user::spelling::integer;

pub(super) struct Interned {
    writer: BtfWriter,
    known: HashMap<Vec<u32>, TypeId>,
}

impl Interned {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self {
            writer: BtfWriter::new(order),
            known: HashMap::new(),
        }
    }

    fn add(&mut self, name: &str, kind: u32, vlen: usize, third: u32, rest: &[u32]) -> TypeId {
        let name = self.writer.string(name);
        let mut words = vec![name, kind << 24 | vlen as u32, third];
        words.extend_from_slice(rest);
        if let Some(known) = self.known.get(&words) {
            return *known;
        }
        let id = self.writer.raw(&words);
        self.known.insert(words, id);
        id
    }

    /// How many bytes of strings there are.
    pub(super) fn string_len(&self) -> usize {
        self.writer.string_len()
    }

    /// An integer as C calls it.
    pub(super) fn int(&mut self, size: u32, encoding: IntEncoding) -> TypeId {
        self.named_int(integer(size, encoding), size, encoding)
    }

    pub(super) fn named_int(&mut self, name: &str, size: u32, encoding: IntEncoding) -> TypeId {
        let encoding = match encoding {
            IntEncoding::Unsigned => 0,
            IntEncoding::Signed => libbpf_sys::BTF_INT_SIGNED,
            IntEncoding::Char => libbpf_sys::BTF_INT_CHAR,
            IntEncoding::Bool => libbpf_sys::BTF_INT_BOOL,
        };
        let detail = encoding << 24 | size.saturating_mul(8);
        self.add(name, libbpf_sys::BTF_KIND_INT, 0, size, &[detail])
    }

    pub(super) fn float(&mut self, size: u32) -> TypeId {
        let name = match size {
            4 => "float",
            8 => "double",
            _ => "long double",
        };
        self.add(name, libbpf_sys::BTF_KIND_FLOAT, 0, size, &[])
    }

    pub(super) fn pointer(&mut self, to: TypeId) -> TypeId {
        self.add("", libbpf_sys::BTF_KIND_PTR, 0, to.0, &[])
    }

    pub(super) fn constant(&mut self, of: TypeId) -> TypeId {
        self.add("", libbpf_sys::BTF_KIND_CONST, 0, of.0, &[])
    }

    pub(super) fn typedef(&mut self, name: &str, of: TypeId) -> TypeId {
        self.add(name, libbpf_sys::BTF_KIND_TYPEDEF, 0, of.0, &[])
    }

    pub(super) fn forward(&mut self, name: &str, is_union: bool) -> TypeId {
        let kind = libbpf_sys::BTF_KIND_FWD | u32::from(is_union) << 7;
        self.add(name, kind, 0, 0, &[])
    }

    pub(super) fn array(&mut self, element: TypeId, len: u32) -> TypeId {
        let index = self.int(4, IntEncoding::Unsigned);
        let rest = [element.0, index.0, len];
        self.add("", libbpf_sys::BTF_KIND_ARRAY, 0, 0, &rest)
    }

    /// A struct or union of members without names, each of a type and at an offset in bytes.
    pub(super) fn composite(
        &mut self,
        name: &str,
        is_union: bool,
        size: u32,
        members: &[(TypeId, u32)],
    ) -> TypeId {
        let kind = match is_union {
            true => libbpf_sys::BTF_KIND_UNION,
            false => libbpf_sys::BTF_KIND_STRUCT,
        };
        let rest: Vec<u32> = members
            .iter()
            .flat_map(|(id, offset)| [0, id.0, offset.saturating_mul(8)])
            .collect();
        self.add(name, kind, members.len(), size, &rest)
    }

    /// A prototype; a last parameter of no type stands for all that may follow.
    pub(super) fn prototype(&mut self, params: &[(String, TypeId)], ret: TypeId) -> TypeId {
        let mut rest = Vec::new();
        for (name, id) in params {
            rest.extend([self.writer.string(name), id.0]);
        }
        let kind = libbpf_sys::BTF_KIND_FUNC_PROTO;
        self.add("", kind, params.len(), ret.0, &rest)
    }

    pub(super) fn function(&mut self, name: &str, prototype: TypeId) {
        const GLOBAL: usize = 1;
        let kind = libbpf_sys::BTF_KIND_FUNC;
        self.add(name, kind, GLOBAL, prototype.0, &[]);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }
}
