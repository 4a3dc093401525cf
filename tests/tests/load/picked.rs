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

/// A loader's structs of that name, on the kernel 7.2: what kind of type each field has, and its size.
fn structs_of(source: &str, name: &str) -> Vec<Vec<(String, String)>> {
    let object = compile_for("bpfel", source);
    let kernel = KernelBtf::from_path(fixture("7.2-x86_64").btf).unwrap();
    let loader = Loader::for_kernel(&object, &kernel).unwrap();
    let bytes = fs::read(loader.btf_path().unwrap()).unwrap();
    let btf = Btf::parse(&bytes).unwrap();
    let structs = btf.types().filter(|ty| ty.name().starts_with(name));
    let fields = |ty: ctxgen::btf::Type<'_>| match ty.kind() {
        Kind::Struct(composite) => composite
            .members()
            .map(|member| {
                let ty = btf.resolve(member.type_id).unwrap();
                assert_eq!(ty.name(), "", "{}", member.name);
                let kind = match ty.kind() {
                    Kind::Int { size, .. } => format!("int of {size}"),
                    Kind::Enum { size, .. } => format!("enum of {size}"),
                    kind => format!("{kind:?}"),
                };
                (member.name.to_owned(), kind)
            })
            .collect(),
        Kind::Fwd { .. } => vec![("declared".to_owned(), String::new())],
        kind => panic!("{kind:?}"),
    };
    let structs = structs.filter_map(|ty| btf.resolve(ty.id()));
    structs.map(fields).collect()
}

fn switched(declared: &str, statements: &str) -> String {
    format!(
        "struct btf_trace_sched_switch_ctx {{ {declared} }} RELOCATED;\nu64 out;\n\
         SEC(\"tp_btf/sched_switch\")\nint prog(struct btf_trace_sched_switch_ctx *ctx)\n\
         {{\n\t{statements}\n\treturn 0;\n}}\n"
    )
}

/// libbpf makes only loads narrower: who takes the field's address reads what is beside it.
#[test]
fn a_field_whose_address_is_taken_is_not_narrowed() {
    let name = "btf_trace_sched_switch_ctx";
    let loaded = switched("u32 preempt;", "out = ctx->preempt;");
    let field = ("preempt".to_owned(), "int of 1".to_owned());
    assert_eq!(structs_of(&loaded, name), [[field]]);
    let address = "u32 value = 0; probe_read_kernel(&value, 4, &ctx->preempt); out = value;";
    let read = switched("u32 preempt;", address);
    assert_eq!(structs_of(&read, name), [[]]);
}

/// The own types beside the slots are of all fields, those that are no slots included.
#[test]
fn a_number_of_eight_bytes_is_no_slot() {
    let declared = "u64 preempt; struct { u64 preempt; } __own[0];";
    let field = ("preempt".to_owned(), "int of 1".to_owned());
    assert_eq!(
        structs_of(
            &switched(declared, "out = ctx->preempt;"),
            "btf_trace_sched_switch_ctx"
        ),
        [[field]]
    );
}

/// A declaration is found where the kernel has the hook.
#[test]
fn a_struct_may_only_be_declared() {
    let asks = "struct btf_trace_sched_switch_ctx;\nu64 out;\nSEC(\"tp_btf/sched_switch\")\n\
        int prog(void *ctx)\n{\n\tout = type_exists(struct btf_trace_sched_switch_ctx);\n\
        \treturn 0;\n}\n";
    let found = structs_of(asks, "btf_trace_sched_switch_ctx");
    assert_eq!(
        found,
        [vec![], vec![("declared".to_owned(), String::new())]]
    );
}

/// What is accessed through a typedef is relocated against that: libbpf looks for one of its name.
#[test]
fn a_struct_may_have_other_names() {
    let source = switched(
        "u32 preempt; unsigned int prev_state;",
        "out = ctx->preempt; out += ((switch_t *)ctx)->prev_state + ((again_t *)ctx)->preempt;",
    );
    let source = source.replace(
        "RELOCATED;",
        "RELOCATED; typedef struct btf_trace_sched_switch_ctx switch_t; typedef const switch_t again_t;",
    );
    let all = structs_of(&source, "btf_trace_sched_switch_ctx");
    assert_eq!(all[0].len(), 2);
    for alias in ["switch_t", "again_t"] {
        assert_eq!(structs_of(&source, alias), all, "{alias}");
    }
}

/// To CO-RE, flavours of a name are one, and so are typedefs of one name in sources that are linked.
#[test]
fn a_name_is_of_one_struct() {
    let source = "struct btf_trace_sched_switch_ctx { u32 preempt; } RELOCATED;
typedef struct btf_trace_sched_switch_ctx ctx_t___switch;
struct btf_trace_sched_wakeup_ctx { void *p; } RELOCATED;
typedef struct btf_trace_sched_wakeup_ctx ctx_t___wakeup;
u64 out;
void *data;
void read(void)
{
	out = ((ctx_t___switch *)data)->preempt + (u64)((ctx_t___wakeup *)data)->p;
}
";
    let object = compile_for("bpfel", source);
    let kernel = KernelBtf::from_path(fixture("7.2-x86_64").btf).unwrap();
    let error = Loader::for_kernel(&object, &kernel).map(drop).unwrap_err();
    assert!(
        error.to_string().contains(
            "ctx_t is a typedef of struct btf_trace_sched_switch_ctx in one place and of struct \
             btf_trace_sched_wakeup_ctx in another"
        ),
        "{error}"
    );
}

/// The object's types are no candidates for its relocations against the kernel's.
#[test]
fn types_of_fields_have_no_names() {
    let source = switched(
        "struct task_struct *next; unsigned int prev_state;",
        "out = field_exists(ctx->next) + field_exists(ctx->prev_state);",
    );
    let found = structs_of(&source, "btf_trace_sched_switch_ctx");
    assert_eq!(found[0].len(), 2);
}

#[test]
fn a_program_takes_its_hooks_context() {
    let source = switched("u32 preempt;", "out = ctx->preempt;")
        .replace("tp_btf/sched_switch", "fexit/vfs_unlink");
    let object = compile_for("bpfel", &source);
    let kernel = KernelBtf::from_path(fixture("7.2-x86_64").btf).unwrap();
    let text = Loader::for_kernel(&object, &kernel)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("struct btf_trace_sched_switch_ctx, which is another hook's")
            && text.contains("should take struct btf_fexit_vfs_unlink_ctx"),
        "{text}"
    );
}

/// Each flavour finds a field of its own kind.
#[test]
fn enums_and_integers_are_apart() {
    let source = "enum state { NONE };
struct btf_trace_sched_switch_ctx { unsigned int prev_state; } RELOCATED;
struct btf_trace_sched_switch_ctx___e { enum state prev_state; } RELOCATED;
u64 out;
SEC(\"tp_btf/sched_switch\")
int prog(struct btf_trace_sched_switch_ctx *ctx)
{
	struct btf_trace_sched_switch_ctx___e *other = (void *)ctx;

	out = field_exists(ctx->prev_state) + field_exists(other->prev_state);
	return 0;
}
";
    let kinds: Vec<_> = structs_of(source, "btf_trace_sched_switch_ctx")
        .into_iter()
        .flatten()
        .map(|field| field.1)
        .collect();
    assert_eq!(kinds, ["int of 4", "enum of 4"]);
    assert!(structs_of(source, "state").is_empty());
}
