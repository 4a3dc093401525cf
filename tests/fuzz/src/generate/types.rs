//! Types but for structs and unions.

use libbpf_rs::libbpf_sys as sys;

use super::MAX_SIZE;
use super::Maker;
use super::Object;
use crate::blob::INFO;

/// The flag of a type's second word: signed values, a declaration of a union, bitfields.
const FLAG: u32 = 1 << 31;

/// Numbers that values of enums have.
const VALUES: [u32; 6] = [0, 1, 7, 100, 0x7fff_ffff, 0xffff_fffe];

impl Maker<'_> {
    pub(super) fn any_type(&mut self) {
        match self.below(15) {
            0 | 1 => self.structure(),
            2 => self.union(),
            3 => self.nameless(),
            4 => self.pointer(),
            5 | 6 => self.open_pointer(),
            7 => self.array(),
            8 => self.typedef(),
            9 => self.enumeration(),
            10 => self.wide_enumeration(),
            11 => self.qualified(),
            12 => self.forward(),
            13 => self.prototype_type(),
            _ => self.tagged_pointer(),
        }
    }

    fn add_pointer(&mut self, to: u32, points_to_object: bool) -> u32 {
        let id = self.blob.ptr(to);
        self.add_object(Object {
            id,
            size: 8,
            align: 8,
            bits: 0,
            is_array: false,
            points_to_object,
        });
        id
    }

    fn pointer(&mut self) {
        let targets = self.targets.clone();
        let (to, is_object) = self.pick(&targets);
        self.add_pointer(to, is_object);
    }

    fn open_pointer(&mut self) {
        let id = self.add_pointer(0, false);
        self.open.push(id);
    }

    fn tagged_pointer(&mut self) {
        let object = self.object();
        let tag = self.pick(&["rcu", "user", "percpu"]);
        let tagged = self
            .blob
            .add(tag, sys::BTF_KIND_TYPE_TAG, 0, object.id, &[]);
        self.add_pointer(tagged, true);
    }

    fn array(&mut self) {
        let element = self.object();
        let len = u32::try_from(self.below(6)).unwrap_or(0);
        let size = element.size * len;
        if size > MAX_SIZE {
            return;
        }
        let id = self.blob.array(element.id, len);
        self.add_object(Object {
            id,
            size,
            bits: 0,
            is_array: true,
            points_to_object: false,
            ..element
        });
    }

    fn typedef(&mut self) {
        let name = self.name("t");
        match self.below(6) {
            0 => {
                let targets = self.targets.clone();
                let (of, is_object) = self.pick(&targets);
                let id = self.blob.typedef(&name, of);
                if !is_object {
                    self.targets.push((id, false));
                }
            }
            1 if !self.tags.is_empty() => {
                let tags = self.tags.clone();
                let of = self.pick(&tags);
                let id = self.blob.typedef(&name, of);
                self.tags.push(id);
            }
            _ => {
                let object = self.object();
                let id = self.blob.typedef(&name, object.id);
                self.add_object(Object { id, ..object });
            }
        }
    }

    fn qualified(&mut self) {
        let object = self.object();
        let kind = match self.below(3) {
            0 => sys::BTF_KIND_CONST,
            1 => sys::BTF_KIND_VOLATILE,
            _ if object.points_to_object => sys::BTF_KIND_RESTRICT,
            _ => sys::BTF_KIND_CONST,
        };
        let id = self.blob.add("", kind, 0, object.id, &[]);
        self.add_object(Object { id, ..object });
    }

    fn enumeration(&mut self) {
        let size = self.pick(&[4, 4, 1, 2, 8]);
        let is_signed = self.once_in(3);
        let most = if size < 4 {
            (1u32 << (8 * size - 1)) - 1
        } else {
            u32::MAX
        };
        let mut words = Vec::new();
        for _ in 0..=self.below(4) {
            let name = self.name("E");
            let value = self.pick(&VALUES);
            let name = self.blob.string(&name);
            words.extend([name, value & most]);
        }
        self.add_enumeration(sys::BTF_KIND_ENUM, size, is_signed, &words, 2);
    }

    fn wide_enumeration(&mut self) {
        let is_signed = self.once_in(3);
        let mut words = Vec::new();
        for _ in 0..=self.below(4) {
            let name = self.name("W");
            let (low, high) = (self.pick(&VALUES), self.pick(&VALUES));
            let name = self.blob.string(&name);
            words.extend([name, low, high]);
        }
        self.add_enumeration(sys::BTF_KIND_ENUM64, 8, is_signed, &words, 3);
    }

    fn add_enumeration(
        &mut self,
        kind: u32,
        size: u32,
        is_signed: bool,
        words: &[u32],
        width: usize,
    ) {
        let name = match self.once_in(4) {
            true => String::new(),
            false => self.name("e"),
        };
        let id = self.blob.add(&name, kind, words.len() / width, size, words);
        if is_signed {
            self.blob.get_mut(id).words[INFO] |= FLAG;
        }
        self.add_number(id, size, size * 8);
    }

    /// A declaration, of something that is also defined or of nothing else.
    fn forward(&mut self) {
        let (mut name, mut is_union) = (self.fresh("d"), self.once_in(2));
        if self.once_in(2) && !self.tags.is_empty() {
            let tags = self.tags.clone();
            let tag = self.pick(&tags);
            let ty = self.blob.get(tag);
            if ty.kind() != sys::BTF_KIND_TYPEDEF {
                is_union = ty.kind() == sys::BTF_KIND_UNION;
                self.blob.name(ty).clone_into(&mut name);
            }
        }
        let id = self.blob.add(&name, sys::BTF_KIND_FWD, 0, 0, &[]);
        if is_union {
            self.blob.get_mut(id).words[INFO] |= FLAG;
        }
        self.targets.push((id, false));
    }

    fn prototype_type(&mut self) {
        let id = self.prototype(&[]);
        self.targets.push((id, false));
    }
}
