//! Functions of programs in user space.

use std::path::PathBuf;
use std::process::Command;

use ctxgen_build::Builder;

use crate::support::Order;
use crate::support::Project;

/// A program in user space with BTF, in the project.
fn user(project: &Project, name: &str, order: Order, arguments: &[&str]) -> PathBuf {
    let object = project.path(name);
    let target = match order {
        Order::Little => "bpfel",
        Order::Big => "bpfeb",
    };
    let status = Command::new("clang")
        .args(["-target", target, "-g", "-O2", "-c", "-o"])
        .arg(&object)
        .args(arguments)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/build/user.c"))
        .status()
        .unwrap();
    assert!(status.success(), "clang: {status}");
    object
}

fn builder(project: &Project, order: Order) -> Builder {
    let builder = project.builder_for(order);
    builder.source(project.path("src/prog.bpf.c"))
}

const HANDLE: &str = "
struct request_head {
	int id;
};

SEC(\"uprobe//usr/bin/app:handle\")
int enter(struct btf_uprobe_handle_ctx *ctx)
{
	struct request_head head = {};

	bpf_probe_read_user(&head, sizeof(head), (const void *)ctx->request);
	return head.id + ctx_get(ctx, priority) + ctx_get(ctx, flags) + ctx->deadline;
}

SEC(\"uretprobe.multi//usr/bin/app:handle\")
int leave(struct btf_uretprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, ret);
}

SEC(\"uprobe\")
int anywhere(struct btf_uprobe_finish_ctx *ctx)
{
	return 0;
}
";

#[test]
fn arguments_are_in_their_registers() {
    for order in Order::BOTH {
        let project = Project::with(HANDLE);
        let app = user(&project, "app", order, &[]);
        let built = builder(&project, order).user(app).generate().unwrap();
        assert_eq!(built.warnings, [""; 0]);
        assert_eq!(
            built.objects[0].structs,
            [
                "btf_uprobe_finish_ctx",
                "btf_uprobe_handle_ctx",
                "btf_uretprobe_handle_ctx"
            ]
        );
        let header = project.made("include/ctx.h");
        let registers = match order {
            Order::Little => ["di", "si", "dx", "cx", "ax"],
            Order::Big => ["gprs[2]", "gprs[3]", "gprs[4]", "gprs[5]", "gprs[2]"],
        };
        for (field, register) in [
            "struct request *request;",
            "short priority;",
            "unsigned char flags;",
            "deadline;",
            "int ret;",
        ]
        .into_iter()
        .zip(registers)
        {
            let line = header
                .lines()
                .find(|line| {
                    line.contains(field) || line.contains(&field.replace("short", "short int"))
                })
                .unwrap_or_else(|| panic!("no {field} in {header}"));
            assert!(line.contains(&format!("/* {register} */")), "{line}");
        }
    }
}

/// No kernel knows the program, so that its context is where the build says, also among relocatable
/// ones.
#[test]
fn they_are_never_relocatable() {
    let project = Project::with(HANDLE);
    let app = user(&project, "app", Order::Little, &[]);
    let builder = builder(&project, Order::Little).user(app);
    builder.relocatable(true).generate().unwrap();
    let header = project.made("include/ctx.h");
    let (_, of_handle) = header.split_once("struct btf_uprobe_handle_ctx {").unwrap();
    let (of_handle, _) = of_handle.split_once("\n}").unwrap();
    assert!(of_handle.contains("__reserved_0"), "{of_handle}");
    assert!(
        header.contains("sizeof(struct btf_uprobe_handle_ctx)"),
        "{header}"
    );
}

#[test]
fn a_build_depends_on_the_program() {
    let project = Project::with(HANDLE);
    let app = user(&project, "app", Order::Little, &[]);
    let built = builder(&project, Order::Little).user(&app).generate();
    assert!(built.unwrap().depends_on.contains(&app));
}

#[test]
fn a_function_that_no_program_has_is_said() {
    let project = Project::with(
        "
SEC(\"uprobe//usr/bin/app:handel\")
int enter(struct btf_uprobe_handel_ctx *ctx)
{
	return 0;
}
",
    );
    let error = builder(&project, Order::Little).generate().unwrap_err();
    assert!(
        error.to_string().contains("btf_uprobe_handel_ctx"),
        "{error}"
    );
    let app = user(&project, "app", Order::Little, &[]);
    let error = builder(&project, Order::Little).user(app).generate();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("the function handel in "), "{error}");
    assert!(error.contains("uprobe/"), "{error}");
}

#[test]
fn the_other_byte_order_is_an_error() {
    let project = Project::with(HANDLE);
    let app = user(&project, "app", Order::Big, &[]);
    let error = builder(&project, Order::Little).user(app).generate();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("app"), "{error}");
    assert!(error.contains("endian"), "{error}");
}

#[test]
fn what_has_no_btf_is_said() {
    let project = Project::with(HANDLE);
    let app = project.file("app", "no BTF");
    let error = builder(&project, Order::Little).user(app).generate();
    assert!(error.unwrap_err().to_string().contains("app"));
}

/// The first one that has the function is meant.
#[test]
fn several_programs() {
    let project = Project::with(
        "
SEC(\"uprobe\")
int enter(struct btf_uprobe_judge_ctx *ctx)
{
	return ctx_get(ctx, before);
}
",
    );
    let app = user(&project, "app", Order::Little, &[]);
    let other = user(&project, "other", Order::Little, &["-DOTHER"]);
    for (programs, declared) in [
        ([&app, &other], "int before;"),
        ([&other, &app], "long before;"),
    ] {
        let builder = programs
            .into_iter()
            .fold(builder(&project, Order::Little), Builder::user);
        builder.generate().unwrap();
        let header = project.made("include/ctx.h").replace("long int", "long");
        assert!(header.contains(declared), "{header}");
    }
}

#[test]
fn a_uprobe_takes_no_other_functions_context() {
    let project = Project::with(
        "
SEC(\"uprobe//usr/bin/app:judge\")
int enter(struct btf_uprobe_handle_ctx *ctx)
{
	return ctx->deadline;
}
",
    );
    let app = user(&project, "app", Order::Little, &[]);
    let error = builder(&project, Order::Little).user(app).generate();
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("should be struct btf_uprobe_judge_ctx"),
        "{error}"
    );
}

/// A struct's name has its function alone, and the section may name another program.
#[test]
fn a_function_of_another_program() {
    let program = |path: &str| {
        Project::with(&format!(
            "SEC(\"uprobe/{path}:handle\")\nint enter(struct btf_uprobe_handle_ctx *ctx)\n\
             {{\n\treturn ctx_get(ctx, priority);\n}}\n"
        ))
    };
    for (path, is_other) in [
        ("/usr/bin/app", false),
        ("/opt/app", false),
        ("/usr/bin/other", true),
    ] {
        let project = program(path);
        let app = user(&project, "app", Order::Little, &[]);
        let built = builder(&project, Order::Little)
            .user(app)
            .generate()
            .unwrap();
        match (is_other, &built.warnings[..]) {
            (false, []) => {}
            (true, [warning]) => assert!(
                warning.contains("none of the programs that were given is called other, and the fields of struct \
                                  btf_uprobe_handle_ctx are those of a function handle in another one"),
                "{warning}"
            ),
            (_, warnings) => panic!("{path}: {warnings:?}"),
        }
    }
}
