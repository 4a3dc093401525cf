//! The context structs that libbpf gets: those of the object, with the fields that the kernel has.

use std::fs;

use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::btf::Btf;
use ctxgen::btf::IntEncoding;
use ctxgen::btf::Kind;
use ctxgen_tests::fixture;

use crate::object::compile_for;

/// Name, offset in bytes, and what kind of type it has.
type Field = (String, u32, &'static str);

/// A loader for a program with these context structs, for one of the kernels that are part of the
/// project; the program asks whether each field exists. And what libbpf gets of the first struct.
fn picked(kernel: &str, structs: &str, asks: &str) -> Option<Vec<Field>> {
    let target = match kernel.contains("s390x") {
        true => "bpfeb",
        false => "bpfel",
    };
    let source = format!(
        "{structs}\nu64 out;\nSEC(\"fexit/vfs_unlink\")\n\
         int prog(struct btf_fexit_vfs_unlink_ctx *ctx)\n{{\n\tout = {asks};\n\treturn 0;\n}}\n"
    );
    let object = compile_for(target, &source);
    let kernel = KernelBtf::from_path(fixture(kernel).btf).unwrap();
    let loader = Loader::for_kernel(&object, &kernel).unwrap();
    let bytes = fs::read(loader.btf_path().unwrap()).unwrap();
    let btf = Btf::parse(&bytes).unwrap();
    assert_eq!(btf.byte_order(), kernel.byte_order());
    let mut named = btf
        .types()
        .filter(|ty| ty.name() == "btf_fexit_vfs_unlink_ctx");
    let Kind::Struct(composite) = named.next()?.kind() else {
        panic!("no struct");
    };
    assert!(named.next().is_none());
    let fields = composite.members().map(|member| {
        let kind = match btf.resolve(member.type_id).unwrap().kind() {
            Kind::Ptr(_) => "pointer",
            Kind::Int {
                size: 8,
                encoding: IntEncoding::Unsigned,
            } => "u64",
            Kind::Int {
                size: 4,
                encoding: IntEncoding::Signed,
            } => "int",
            Kind::Int { size: 4, .. } => "unsigned int",
            kind => panic!("{kind:?}"),
        };
        (member.name.to_owned(), member.bit_offset / 8, kind)
    });
    Some(fields.collect())
}

fn is(fields: Option<Vec<Field>>, expected: &[(&str, u32, &str)]) {
    let fields = fields.expect("the struct");
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, at, kind)| (&**name, *at, *kind))
        .collect();
    assert_eq!(fields, expected);
}

/// All arguments of all kernels, in an order of their own.
const UNION: &str = "
struct btf_fexit_vfs_unlink_ctx {
	int ret;
	struct delegated_inode *delegated_inode___new;
	struct inode **delegated_inode;
	struct dentry *dentry;
	struct inode *dir;
	struct mnt_idmap *idmap;
	struct user_namespace *mnt_userns;
} RELOCATED;";

#[test]
fn arguments_are_where_the_kernel_has_them() {
    is(
        picked("5.10-x86_64", UNION, "field_exists(ctx->dir)"),
        &[
            ("dir", 0, "pointer"),
            ("dentry", 8, "pointer"),
            ("delegated_inode", 16, "pointer"),
            ("ret", 24, "int"),
        ],
    );
    is(
        picked("7.2-x86_64", UNION, "field_exists(ctx->dir)"),
        &[
            ("idmap", 0, "pointer"),
            ("dir", 8, "pointer"),
            ("dentry", 16, "pointer"),
            ("delegated_inode___new", 24, "pointer"),
            ("ret", 32, "int"),
        ],
    );
}

/// On big-endian targets a narrow argument is a whole slot, and its own type stands beside.
#[test]
fn slots_go_by_the_arguments_own_type() {
    let declared = |own: &str| {
        let structs = format!(
            "struct btf_fexit_vfs_unlink_ctx {{ u64 ret; struct inode *dir;\n\
             struct {{ {own} ret; struct inode *dir; }} __own[0]; }} RELOCATED;"
        );
        picked("6.12-s390x", &structs, "field_exists(ctx->ret)")
    };
    is(
        declared("int"),
        &[("dir", 8, "pointer"), ("ret", 32, "u64")],
    );
    is(declared("unsigned int"), &[("dir", 8, "pointer")]);
    is(declared("long long"), &[("dir", 8, "pointer")]);
}

/// libbpf takes a struct of any flavour for all, so that what one has wrong none may have.
#[test]
fn flavours_are_one_struct() {
    let flavours = "
struct btf_fexit_vfs_unlink_ctx { struct inode *dir; int ret; } RELOCATED;
struct btf_fexit_vfs_unlink_ctx___a { struct inode *dir; long ret; } RELOCATED;
struct btf_fexit_vfs_unlink_ctx___b { struct dentry *dentry; } RELOCATED;
#define AS(flavour) ((struct btf_fexit_vfs_unlink_ctx___##flavour *)ctx)";
    is(
        picked(
            "5.10-x86_64",
            flavours,
            "field_exists(ctx->ret) + field_exists(AS(a)->ret) + field_exists(AS(b)->dentry)",
        ),
        &[("dir", 0, "pointer"), ("dentry", 8, "pointer")],
    );
    // One that nothing is relocated against has no say.
    is(
        picked("5.10-x86_64", flavours, "field_exists(ctx->ret) + !AS(a)"),
        &[("dir", 0, "pointer"), ("ret", 24, "int")],
    );
}

/// Unsigned numbers may be narrower than the object has them: libbpf loads fewer bytes then.
#[test]
fn wider_unsigned_fields_are_narrowed() {
    let structs = |declared: &str| {
        format!(
            "struct btf_fexit_vfs_unlink_ctx {{ struct dentry *dentry; }} RELOCATED;\n\
             struct btf_trace_sched_switch_ctx {{ {declared} preempt; }} RELOCATED;"
        )
    };
    let asks = "field_exists(((struct btf_trace_sched_switch_ctx *)ctx)->preempt)";
    for (declared, size) in [
        ("u32", Some(1)),
        ("u8", Some(1)),
        ("_Bool", Some(1)),
        ("int", None),
    ] {
        let source = format!(
            "{}\nu64 out;\nSEC(\"tp_btf/sched_switch\")\nint prog(void *ctx)\n\
             {{\n\tout = {asks};\n\treturn 0;\n}}\n",
            structs(declared)
        );
        let object = compile_for("bpfel", &source);
        let kernel = KernelBtf::from_path(fixture("7.2-x86_64").btf).unwrap();
        let loader = Loader::for_kernel(&object, &kernel).unwrap();
        let bytes = fs::read(loader.btf_path().unwrap()).unwrap();
        let btf = Btf::parse(&bytes).unwrap();
        let found = btf
            .types()
            .find(|ty| ty.name() == "btf_trace_sched_switch_ctx");
        let Kind::Struct(composite) = found.unwrap().kind() else {
            panic!("no struct");
        };
        let found = composite
            .members()
            .next()
            .map(|member| btf.resolve(member.type_id).unwrap());
        let found = found.map(|ty| match ty.kind() {
            Kind::Int { size, .. } => size,
            kind => panic!("{kind:?}"),
        });
        assert_eq!(found, size, "{declared}");
    }
}
