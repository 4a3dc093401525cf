//! BTF whose parts are shared by as many others as there is room for.

const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
pub(crate) const STRUCT: u32 = 4;
const UNION: u32 = 5;
pub(crate) const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;

/// BTF by hand: writers have each string once.
struct Blob {
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

impl Blob {
    fn new() -> Self {
        let mut blob = Self {
            types: Vec::new(),
            strings: vec![0],
            count: 0,
        };
        let name = blob.string("int");
        assert_eq!(blob.ty(name, INT, 0, 4, &[1 << 24 | 32]), 1);
        blob
    }

    fn string(&mut self, string: &str) -> u32 {
        let at = self.strings.len() as u32;
        self.strings.extend_from_slice(string.as_bytes());
        self.strings.push(0);
        at
    }

    fn ty(&mut self, name: u32, kind: u32, vlen: usize, size: u32, rest: &[u32]) -> u32 {
        let info = kind << 24 | vlen as u32;
        for word in [name, info, size].iter().chain(rest) {
            self.types.extend_from_slice(&word.to_le_bytes());
        }
        self.count += 1;
        self.count
    }

    fn proto(&mut self, params: usize) -> u32 {
        let rest: Vec<u32> = (0..params).flat_map(|_| [0, 1]).collect();
        self.ty(0, FUNC_PROTO, params, 1, &rest)
    }

    fn func(&mut self, name: u32, proto: u32) {
        self.ty(name, FUNC, 0, proto, &[]);
    }

    fn bytes(self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, types, types, strings] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend(self.types);
        bytes.extend(self.strings);
        bytes
    }
}

/// Functions whose names start at each `step`th byte of one string.
pub(crate) fn functions(length: usize, count: usize, step: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(1);
    let name = blob.string(&"x".repeat(length));
    for number in 0..count {
        blob.func(name + (number * step % length) as u32, proto);
    }
    let name = blob.string("takes_all");
    blob.func(name, proto);
    blob.bytes()
}

/// A struct with such members, or an enum with such values.
pub(crate) fn records(kind: u32, length: usize, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string(&"x".repeat(length));
    let rest = (0..count as u32).flat_map(|number| match kind {
        STRUCT => vec![name + number % length as u32, 1, 32 * number],
        _ => vec![name + number % length as u32, number],
    });
    let rest: Vec<u32> = rest.collect();
    let size = if kind == STRUCT { 4 * count as u32 } else { 4 };
    let own = blob.string("wide");
    blob.ty(own, kind, count, size, &rest);
    takes_all(blob)
}

/// Types that share their name with another one, each a new end of one string.
pub(crate) fn namesakes(length: usize, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string(&"x".repeat(length));
    for number in 0..count {
        let name = name + (number / 2 % length) as u32;
        blob.ty(name, TYPEDEF, 0, 1, &[]);
    }
    takes_all(blob)
}

fn takes_all(mut blob: Blob) -> Vec<u8> {
    let proto = blob.proto(1);
    let name = blob.string("takes_all");
    blob.func(name, proto);
    blob.bytes()
}

/// Functions that share a prototype of many parameters.
pub(crate) fn wide(params: usize, count: usize, prefix: &str) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(params);
    for number in 0..count {
        let name = blob.string(&format!("{prefix}f{number}"));
        blob.func(name, proto);
    }
    takes_all(blob)
}

/// Functions that share a prototype, each of whose parameters is of this type.
fn functions_of(mut blob: Blob, ty: u32, params: usize, count: usize) -> Vec<u8> {
    let rest: Vec<u32> = (0..params).flat_map(|_| [0, ty]).collect();
    let proto = blob.ty(0, FUNC_PROTO, params, 1, &rest);
    for number in 0..count {
        let name = blob.string(&format!("f{number}"));
        blob.func(name, proto);
    }
    takes_all(blob)
}

/// Functions with a pointer to a struct that has no name, and is written out wherever it stands.
pub(crate) fn written_out(members: u32, params: usize, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string("member");
    let rest = (0..members).flat_map(|number| [name, 1, 32 * number]);
    let rest: Vec<u32> = rest.collect();
    let own = blob.ty(0, STRUCT, members as usize, 4 * members, &rest);
    let pointer = blob.ty(0, PTR, 0, own, &[]);
    functions_of(blob, pointer, params, count)
}

/// Functions with an enum that has no name.
pub(crate) fn values_written_out(values: u32, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string("value");
    let rest: Vec<u32> = (0..values).flat_map(|number| [name, number]).collect();
    let own = blob.ty(0, ENUM, values as usize, 4, &rest);
    functions_of(blob, own, 1, count)
}

/// Functions of one name, each with another prototype.
pub(crate) fn of_one_name(count: u32) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string("same");
    for number in 0..count {
        let array = blob.ty(0, ARRAY, 0, 0, &[1, 1, number + 1]);
        let pointer = blob.ty(0, PTR, 0, array, &[]);
        let proto = blob.ty(0, FUNC_PROTO, 1, 1, &[0, pointer]);
        blob.func(name, proto);
    }
    takes_all(blob)
}

/// Iterators and hooks of one name.
pub(crate) fn iterators_of_one_name(count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let (context, func) = (blob.string("bpf_iter__x"), blob.string("bpf_iter_x"));
    let proto = blob.proto(1);
    for _ in 0..count {
        blob.ty(context, STRUCT, 0, 0, &[]);
        blob.func(func, proto);
    }
    takes_all(blob)
}

/// Tracepoints that may be of any of as many classes.
pub(crate) fn events_and_classes(count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let params = [0, 1, 0, 1];
    for number in 0..count {
        let proto = blob.ty(0, FUNC_PROTO, 2, 0, &params);
        let pointer = blob.ty(0, PTR, 0, proto, &[]);
        let name = blob.string(&format!("btf_trace_e{number}"));
        blob.ty(name, TYPEDEF, 0, pointer, &[]);
        for class in ["__bpf_trace_c", "trace_event_raw_event_c"] {
            let name = blob.string(&format!("{class}{number}"));
            blob.func(name, proto);
        }
    }
    takes_all(blob)
}

/// LSM hooks, each a member of one union.
pub(crate) fn lsm_hooks(count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(1);
    let mut members = Vec::new();
    for number in 0..count {
        members.extend([blob.string(&format!("h{number}")), 1, 0]);
        let name = blob.string(&format!("bpf_lsm_h{number}"));
        blob.func(name, proto);
    }
    let name = blob.string("security_list_options");
    blob.ty(name, UNION, count, 4, &members);
    takes_all(blob)
}

/// Structs of pointers to functions that the kernel lets programs implement.
pub(crate) fn struct_ops(structs: usize, members: u32) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(12);
    let pointer = blob.ty(0, PTR, 0, proto, &[]);
    let names: Vec<u32> = (0..members)
        .map(|number| blob.string(&format!("m{number}")))
        .collect();
    let rest = (0..members).flat_map(|number| [names[number as usize], pointer, 64 * number]);
    let rest: Vec<u32> = rest.collect();
    let (common, data) = (blob.string("common"), blob.string("data"));
    for number in 0..structs {
        let name = blob.string(&format!("ops{number}"));
        let ops = blob.ty(name, STRUCT, members as usize, 8 * members, &rest);
        let name = blob.string(&format!("bpf_struct_ops_ops{number}"));
        blob.ty(
            name,
            STRUCT,
            2,
            8 * members + 64,
            &[common, 1, 0, data, ops, 512],
        );
    }
    takes_all(blob)
}

/// Functions of one name, and no more of each than that.
pub(crate) fn repeated(count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(1);
    let name = blob.string("f");
    for _ in 0..count {
        blob.func(name, proto);
    }
    takes_all(blob)
}

/// Types, members and functions of these names, and a function `fine`, whose argument points to one of the types.
pub(crate) fn named(names: &[&str]) -> Vec<u8> {
    let mut blob = Blob::new();
    let mut last = 1;
    for text in names {
        let name = blob.string(text);
        let own = blob.ty(name, STRUCT, 1, 4, &[name, last, 0]);
        last = blob.ty(0, PTR, 0, own, &[]);
        let proto = blob.ty(0, FUNC_PROTO, 1, 1, &[name, last]);
        blob.func(name, proto);
    }
    let argument = blob.string("argument");
    let proto = blob.ty(0, FUNC_PROTO, 1, 1, &[argument, 1]);
    let name = blob.string("fine");
    blob.func(name, proto);
    takes_all(blob)
}
