use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::kernel::Origin;
use crate::render;

const PTR: u32 = libbpf_sys::BTF_KIND_PTR << 24;
const ENUM: u32 = libbpf_sys::BTF_KIND_ENUM << 24;
const ARRAY: u32 = libbpf_sys::BTF_KIND_ARRAY << 24;
const TYPEDEF: u32 = libbpf_sys::BTF_KIND_TYPEDEF << 24;
const FUNC: u32 = libbpf_sys::BTF_KIND_FUNC << 24;
const FUNC_PROTO: u32 = libbpf_sys::BTF_KIND_FUNC_PROTO << 24;
const DECL_TAG: u32 = libbpf_sys::BTF_KIND_DECL_TAG << 24;

fn kernel(writer: BtfWriter) -> KernelBtf {
    KernelBtf::from_bytes(&writer.finish(), Origin::Memory("test".into())).unwrap()
}

/// The header without what it begins and ends with.
fn header(kernel: &KernelBtf, source: &str) -> String {
    let mut names = Names::new();
    names.add_preprocessed(source, &[]);
    let text = render::vmlinux_for(kernel, &names).unwrap();
    let (_, rest) = text
        .split_once("#define __ctx_part_end\n#endif\n\n")
        .unwrap();
    rest.split_once("#ifndef BPF_NO_PRESERVE")
        .unwrap()
        .0
        .to_owned()
}

/// `struct inner { int y; }`, `struct far { int x; }`,
/// `struct outer { struct inner in; struct far *p[1]; }`, `struct unrelated { int z; }`.
fn structs() -> KernelBtf {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.unsigned("unsigned int", 4);
    let inner = writer.structure("inner", 4, &[("y", int, 0)]);
    let far = writer.structure("far", 4, &[("x", int, 0)]);
    let ptr = writer.raw(&[0, PTR, far.0]);
    let ptrs = writer.array(ptr, int, 1);
    writer.structure("outer", 16, &[("in", inner, 0), ("p", ptrs, 8)]);
    writer.structure("unrelated", 4, &[("z", int, 0)]);
    kernel(writer)
}

const INNER: &str = "struct inner {\n\tunsigned int y;\n};\n\n";
const OUTER: &str = "struct outer {\n\tstruct inner in;\n\tstruct far *p[1];\n};\n\n";

#[test]
fn what_is_held_by_value_comes_along() {
    assert_eq!(
        header(&structs(), "struct outer *o;"),
        format!(
            "{INNER}struct far;\n\n{OUTER}\
             _Static_assert(sizeof(struct inner) == 4, \"struct inner\");\n\
             _Static_assert(sizeof(struct outer) == 16, \"struct outer\");\n\n"
        )
    );
}

#[test]
fn what_a_named_member_points_to_is_defined() {
    let far = "struct far {\n\tunsigned int x;\n};\n\n";
    let text = header(&structs(), "int f(struct outer *o) { return o->p[0]->x; }");
    assert!(text.starts_with(&format!("{far}{INNER}{OUTER}")), "{text}");
    // A variable of that name is no member.
    let text = header(&structs(), "int f(struct outer *p) { return !p; }");
    assert!(!text.contains(far), "{text}");
}

#[test]
fn variables_are_no_tags() {
    assert_eq!(header(&structs(), "int unrelated, outer;"), "");
}

/// `enum { FREE }`, `struct user { enum { HELD } state[1]; }`, `typedef enum { NAMED } name_t`.
#[test]
fn values_of_enums_without_a_name() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.unsigned("unsigned int", 4);
    let mut enums = ["FREE", "HELD", "NAMED"].map(|value| {
        let value = writer.string(value);
        writer.raw(&[0, ENUM | 1, 4, value, 1])
    });
    enums.reverse();
    let [named, held, _] = enums;
    let array = writer.raw(&[0, ARRAY, 0, held.0, int.0, 1]);
    writer.structure("user", 4, &[("state", array, 0)]);
    let name = writer.string("name_t");
    writer.raw(&[name, TYPEDEF, named.0]);
    let kernel = kernel(writer);
    assert_eq!(
        header(&kernel, "int i = FREE;"),
        "enum {\n\tFREE = 1,\n};\n\n"
    );
    assert_eq!(
        header(&kernel, "int i = NAMED;"),
        "typedef enum {\n\tNAMED = 1,\n} name_t;\n\n"
    );
    let text = header(&kernel, "int i = HELD;");
    assert!(text.starts_with("struct user {\n\tenum {\n\t\tHELD = 1,\n\t} state[1];\n};\n"));
}

/// `struct far *find(struct near *n)`.
fn functions() -> KernelBtf {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.unsigned("unsigned int", 4);
    let far = writer.structure("far", 4, &[("x", int, 0)]);
    let near = writer.structure("near", 4, &[("x", int, 0)]);
    let [far, near] = [far, near].map(|to| writer.raw(&[0, PTR, to.0]));
    let name = writer.string("n");
    let proto = writer.raw(&[0, FUNC_PROTO | 1, far.0, name, near.0]);
    let name = writer.string("find");
    let func = writer.raw(&[name, FUNC, proto.0]);
    for tag in ["bpf_kfunc", "bpf_fastcall"] {
        let name = writer.string(tag);
        writer.raw(&[name, DECL_TAG, func.0, u32::MAX]);
    }
    kernel(writer)
}

#[test]
fn kernel_functions() {
    let declaration = "#ifndef BPF_NO_KFUNC_PROTOTYPES\n\
         extern __bpf_fastcall struct far *find(struct near *n) __weak __ksym;\n#endif\n\n";
    let text = header(&functions(), "int f(void) { return find(0)->x; }");
    // libbpf compares the prototypes: declared structs would not do.
    for defined in ["struct far {", "struct near {", declaration] {
        assert!(text.contains(defined), "{text}");
    }
    let all = render::vmlinux(&functions()).unwrap();
    assert!(all.contains(declaration), "{all}");
    assert_eq!(header(&functions(), "int f(void);"), "");
}

#[test]
fn kernel_functions_that_sources_declare() {
    let own = "int find(int) __attribute__((section(\".ksyms\"))); int f() { return find(1); }";
    assert_eq!(header(&functions(), own), "");
    let mut names = Names::new();
    names.add_preprocessed(own, &[]);
    let all = render::vmlinux_with_all(&functions(), &names).unwrap();
    assert!(!all.contains("find"), "{all}");
    names.add_preprocessed("int g(void) { return !find(0); }", &[]);
    let both = render::vmlinux_for(&functions(), &names).unwrap();
    assert!(
        both.contains("#ifndef CTXGEN_OWN_find\nextern __bpf_fastcall struct far *find("),
        "{both}"
    );
}

#[test]
fn types_in_circles_end() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let name = writer.string("t");
    writer.raw(&[name, TYPEDEF, 1]);
    writer.raw(&[0, PTR, 2]);
    writer.structure("s", 8, &[("s", TypeId(3), 0), ("p", TypeId(2), 0)]);
    let kernel = kernel(writer);
    let mut names = Names::new();
    names.add_words("t s p");
    Reach::new(&kernel, &names);
    assert!(render::vmlinux_for(&kernel, &names).is_err());
}

/// Each type in front of what it uses.
#[test]
fn users_of_enums_in_any_order() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let ids = [2, 3, 4, 5].map(TypeId);
    writer.structure("user", 8, &[("states", ids[0], 0)]);
    writer.array(ids[1], ids[3], 2);
    writer.structure("", 4, &[("state", ids[2], 0)]);
    let held = writer.string("HELD");
    writer.raw(&[0, ENUM | 1, 4, held, 1]);
    writer.unsigned("unsigned int", 4);
    let text = header(&kernel(writer), "int x = HELD;");
    assert!(text.starts_with("struct user {\n"), "{text}");
}

/// What would be gone through once for each.
#[test]
fn a_long_chain_without_names_ends() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let count = 20_000;
    for id in 2..=count {
        writer.raw(&[0, PTR, id]);
    }
    let held = writer.string("HELD");
    writer.raw(&[0, ENUM | 1, 4, held, 1]);
    let kernel = kernel(writer);
    let mut names = Names::new();
    names.add_preprocessed("int x = HELD;", &[]);
    let reach = Reach::new(&kernel, &names);
    assert_eq!(reach.roots, BTreeSet::from([TypeId(count)]));
}
