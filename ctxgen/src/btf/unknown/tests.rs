//! Blobs as tools to come write them, of both byte orders, alone and split.

use libbpf_rs::libbpf_sys;

use super::super::Btf;
use super::super::BtfError;
use super::super::BtfWriter;
use super::super::ByteOrder;
use super::super::CPrinter;
use super::super::Kind;
use super::super::Sections;
use super::super::TypeId;
use super::super::assemble;
use crate::Context;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::layout::Unsupported;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// A kind that no release knows: 8 bytes, and 12 more for each record.
const LATER: u32 = 45;

/// Types and names in the order in which they are added.
struct Later {
    order: ByteOrder,
    next: u32,
    first_string: u32,
    types: Vec<u8>,
    strings: Vec<u8>,
}

impl Later {
    fn new(order: ByteOrder) -> Self {
        Self {
            order,
            next: 1,
            first_string: 0,
            types: Vec::new(),
            strings: vec![0],
        }
    }

    fn after(base: &Btf<'_>) -> Self {
        Self {
            order: base.byte_order(),
            next: base.type_count(),
            first_string: base.string_end(),
            types: Vec::new(),
            strings: Vec::new(),
        }
    }

    fn name(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let offset = self.first_string + self.strings.len() as u32;
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        offset
    }

    fn add(&mut self, name: &str, kind: u32, vlen: u32, third: u32, rest: &[u32]) -> u32 {
        let name = self.name(name);
        for word in [name, kind << 24 | vlen, third].iter().chain(rest).copied() {
            self.order.put_u32(&mut self.types, word);
        }
        self.next += 1;
        self.next - 1
    }

    fn later(&mut self, name: &str, records: u32) -> u32 {
        let rest = vec![0xffff_fff0; 2 + 3 * records as usize];
        self.add(name, LATER, records, 77, &rest)
    }

    fn int(&mut self) -> u32 {
        self.add("int", libbpf_sys::BTF_KIND_INT, 0, 4, &[0x0100_0020])
    }

    fn ptr(&mut self, to: u32) -> u32 {
        self.add("", libbpf_sys::BTF_KIND_PTR, 0, to, &[])
    }

    fn func(&mut self, name: &str, ret: u32, params: &[(&str, u32)]) -> u32 {
        let mut rest = Vec::new();
        for (name, id) in params {
            rest.extend([self.name(name), *id]);
        }
        let vlen = params.len() as u32;
        let proto = self.add("", libbpf_sys::BTF_KIND_FUNC_PROTO, vlen, ret, &rest);
        self.add(name, libbpf_sys::BTF_KIND_FUNC, 1, proto, &[])
    }

    fn plain(&self) -> Vec<u8> {
        assemble(self.order, &self.types, &self.strings)
    }

    /// With a header of 32 bytes, and the layout section between types and strings, as pahole has it.
    fn with_layout(&self) -> Vec<u8> {
        let plain = self.plain();
        let mut layout = vec![0; 4 * (LATER as usize + 1)];
        layout[4 * LATER as usize..][..2].copy_from_slice(&[8, 12]);
        let types = self.types.len() as u32;
        let (layout_len, strings) = (layout.len() as u32, self.strings.len() as u32);
        let mut bytes = plain[..4].to_vec();
        for word in [32, 0, types, types + layout_len, strings, types, layout_len] {
            self.order.put_u32(&mut bytes, word);
        }
        bytes.extend_from_slice(&self.types);
        bytes.extend_from_slice(&layout);
        bytes.extend_from_slice(&self.strings);
        bytes
    }
}

/// A kernel with a type of an unknown kind in the midst, and all that may refer to it.
fn kernel(order: ByteOrder) -> Later {
    let mut later = Later::new(order);
    let int = later.int();
    // Before and behind what refers to it: 7 is the type itself.
    let (unknown, behind) = (7, later.ptr(7));
    let alias = later.add("alias_t", libbpf_sys::BTF_KIND_TYPEDEF, 0, unknown, &[]);
    later.func("by_value", int, &[("a", int), ("x", alias)]);
    let mut rest = vec![later.name("first"), int, 0];
    rest.extend([later.name("lost"), alias, 64]);
    rest.extend([later.name("last"), behind, 128]);
    later.add("holder", libbpf_sys::BTF_KIND_STRUCT, 3, 24, &rest);
    assert_eq!(later.later("novelty", 2), unknown);
    later.add("", libbpf_sys::BTF_KIND_ARRAY, 0, 0, &[alias, int, 4]);
    later.func("behind_pointer", int, &[("a", int), ("p", behind)]);
    later.func("returns", 8, &[]);
    let holder = later.ptr(6);
    later.func("fine", int, &[("holder", holder)]);
    later
}

fn named(btf: &Btf<'_>, name: &str) -> TypeId {
    btf.types().find(|ty| ty.name() == name).unwrap().id()
}

#[test]
fn unknown_kinds_are_stepped_over() {
    for order in ORDERS {
        let btf = Btf::parse(&kernel(order).with_layout()).unwrap();
        assert_eq!(btf.byte_order(), order);
        let novelty = btf.get(TypeId(7)).unwrap();
        assert_eq!(novelty.name(), "novelty");
        for name in ["novelty", "by_value", "returns"] {
            let kind = btf.get(named(&btf, name)).unwrap().kind();
            assert!(matches!(kind, Kind::Unknown { kind: LATER }), "{name}");
        }
        assert!(matches!(
            btf.get(named(&btf, "fine")).unwrap().kind(),
            Kind::Func(_)
        ));
        assert_eq!(btf.size_of(TypeId(7)), None);
        assert_eq!(btf.of_kinds(&[LATER]).len(), 6);
        let text = CPrinter::new(&btf).definitions().define_all().unwrap();
        assert!(text.contains("struct holder {\n\tint first;\n"), "{text}");
        assert!(text.contains("const void *last;"), "{text}");
        assert!(!text.contains("lost"), "{text}");
    }
}

/// What was parsed can be written, and read again by whatever reads plain BTF.
#[test]
fn what_is_written_of_it_is_plain() {
    for order in ORDERS {
        let btf = Btf::parse(&kernel(order).with_layout()).unwrap();
        let bytes = btf.to_bytes();
        let again = Btf::parse(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert!(matches!(
            again.get(TypeId(7)).unwrap().kind(),
            Kind::Unknown { kind: LATER }
        ));
    }
}

#[test]
fn without_a_layout_the_kind_is_named() {
    for order in ORDERS {
        let error = Btf::parse(&kernel(order).plain()).unwrap_err();
        assert!(
            matches!(
                error,
                BtfError::UnknownKind {
                    id: TypeId(7),
                    kind: LATER
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("kind 45"), "{error}");
    }
}

#[test]
fn a_split_has_its_bases_layout() {
    for order in ORDERS {
        let base = Btf::parse(&kernel(order).with_layout()).unwrap();
        let mut later = Later::after(&base);
        let own = later.later("own", 70_000);
        let array = later.add("", libbpf_sys::BTF_KIND_ARRAY, 0, 0, &[3, 1, 4]);
        let pointer = later.ptr(own);
        let rest = [0, 1, 0, 0, array, 32, 0, pointer, 64];
        later.add("s", libbpf_sys::BTF_KIND_STRUCT, 3, 16, &rest);
        for bytes in [later.plain(), later.with_layout()] {
            let split = Btf::parse_split(&bytes, &base).unwrap();
            for id in [own, array] {
                let kind = split.get(TypeId(id)).unwrap().kind();
                assert!(matches!(kind, Kind::Unknown { kind: LATER }));
            }
            let Kind::Struct(s) = split.get(named(&split, "s")).unwrap().kind() else {
                panic!("no struct");
            };
            let offsets: Vec<u32> = s.members().map(|member| member.bit_offset).collect();
            assert_eq!(offsets, [0, 64]);
        }
        let plain = Btf::parse(&BtfWriter::new(order).finish()).unwrap();
        let mut later = Later::after(&plain);
        later.later("own", 0);
        assert!(Btf::parse_split(&later.plain(), &plain).is_err());
        assert!(Btf::parse_split(&later.with_layout(), &plain).is_ok());
    }
}

/// The hook that needs the type is in error, and names the kind; others are as ever.
#[test]
fn the_hook_alone_is_in_error() {
    for order in ORDERS {
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&kernel(order).with_layout(), origin).unwrap();
        let context = |hook: &str| Context::of_hook(&kernel, &hook.parse().unwrap());
        assert!(context("fentry/fine").is_ok());
        assert!(context("fentry/behind_pointer").is_ok());
        for hook in ["fentry/by_value", "fexit/returns"] {
            let error = context(hook).unwrap_err();
            assert!(
                matches!(
                    &error,
                    crate::PrototypeError::Unsupported {
                        reason: Unsupported::UnknownKind(LATER),
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
}

#[test]
fn modules_with_unknown_kinds() {
    for order in ORDERS {
        let bytes = kernel(order).with_layout();
        let origin = Origin::Memory("test".to_owned());
        let vmlinux = Btf::parse(&bytes).unwrap();
        let mut later = Later::after(&vmlinux);
        later.later("of_module", 1);
        let pointer = later.ptr(7);
        later.func("in_module", 1, &[("p", pointer)]);
        later.func("not_in_module", 1, &[("x", later.next - 4)]);
        for module in [later.plain(), later.with_layout()] {
            let kernel = KernelBtf::from_bytes(&bytes, origin.clone()).unwrap();
            let kernel = kernel.with_module("m", &module).unwrap();
            let context = |hook: &str| Context::of_hook(&kernel, &hook.parse().unwrap());
            assert!(context("fentry/m:in_module").is_ok());
            let error = context("fentry/not_in_module").unwrap_err().to_string();
            assert!(error.contains("kind 45"), "{error}");
        }
    }
}

/// More than 16 bits count: read whole, and printed not at all rather than in part.
#[test]
fn more_records_than_libbpf_counts() {
    const MANY: u32 = 70_000;
    for order in ORDERS {
        let mut later = Later::new(order);
        let int = later.int();
        let mut members = Vec::new();
        for at in 0..MANY {
            members.extend([
                if at == MANY - 1 {
                    later.name("last")
                } else {
                    0
                },
                int,
                32 * at,
            ]);
        }
        later.add(
            "wide",
            libbpf_sys::BTF_KIND_STRUCT,
            MANY,
            4 * MANY,
            &members,
        );
        let values: Vec<u32> = (0..MANY).flat_map(|value| [0, value]).collect();
        later.add("many", libbpf_sys::BTF_KIND_ENUM, MANY, 4, &values);
        let variables = vec![0; 3 * MANY as usize];
        later.add(".data", libbpf_sys::BTF_KIND_DATASEC, MANY, 8, &variables);
        let params = vec![0; 2 * MANY as usize];
        later.add("", libbpf_sys::BTF_KIND_FUNC_PROTO, MANY, int, &params);
        later.add("after", libbpf_sys::BTF_KIND_TYPEDEF, 0, int, &[]);
        let btf = Btf::parse(&later.plain()).unwrap();
        assert_eq!(btf.get(TypeId(6)).unwrap().name(), "after");
        let Kind::Struct(wide) = btf.get(TypeId(2)).unwrap().kind() else {
            panic!("no struct");
        };
        let last = wide.members().last().unwrap();
        assert_eq!((last.name, last.bit_offset), ("last", 32 * (MANY - 1)));
        assert_eq!(btf.size_of(TypeId(2)), Some(4 * MANY));
        let enumerators = btf.get(TypeId(3)).unwrap().enumerators();
        assert_eq!(enumerators.len(), MANY as usize);
        assert_eq!(btf.get(TypeId(5)).unwrap().params().len(), MANY as usize);
        assert_eq!(btf.to_bytes(), later.plain());
        let mut definitions = CPrinter::new(&btf).definitions();
        for (id, last) in [(2, "\tint last;\n"), (3, " = 65536,\n")] {
            let text = definitions.define(TypeId(id)).unwrap();
            assert_eq!(text.lines().count(), MANY as usize + 3, "{id}");
            assert!(text.contains(last), "{id}");
        }

        let split = Later::after(&btf).plain();
        let split = Btf::parse_split(&split, &btf).unwrap();
        let enumerators = split.get(TypeId(3)).unwrap().enumerators();
        assert_eq!(enumerators.len(), MANY as usize);
    }
}

/// The writer leaves away what libbpf 1.7 would misread.
#[test]
fn the_writer_stays_with_what_libbpf_reads() {
    for order in ORDERS {
        let mut writer = BtfWriter::new(order);
        let mut words = vec![0, libbpf_sys::BTF_KIND_ENUM << 24 | 0x1_0000, 4];
        words.resize(3 + 2 * 0x1_0000, 0);
        writer.raw(&words);
        let int = writer.unsigned("int", 4);
        let bytes = writer.finish();
        assert_eq!(Sections::parse(&bytes).unwrap().types.len(), 12 + 16);
        let btf = Btf::parse(&bytes).unwrap();
        assert!(btf.get(TypeId(1)).unwrap().enumerators().is_empty());
        assert_eq!(btf.get(int).unwrap().name(), "int");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = kernel(ByteOrder::HOST).with_layout();
    let sections = Sections::parse(&bytes).unwrap();
    for len in 0..bytes.len() {
        assert!(Btf::parse(&bytes[..len]).is_err(), "{len}");
    }
    // Types that end in the midst of one.
    let types = &bytes[sections.types.clone()];
    let mut whole = 0;
    for len in (0..types.len()).step_by(4) {
        let mut later = kernel(ByteOrder::HOST);
        later.types.truncate(len);
        whole += u32::from(Btf::parse(&later.with_layout()).is_ok());
    }
    assert!(whole < 20, "{whole}");
}
