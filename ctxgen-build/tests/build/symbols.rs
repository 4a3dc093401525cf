//! Symbols that an object's sources declare otherwise than each other, and such that nobody defines.

use ctxgen_build::Builder;
use ctxgen_build::Error;

use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

/// A program with these lines before it, which returns that.
fn source(before: &str, returned: &str) -> String {
    format!(
        "{INCLUDES}{LICENSE}{before}\nSEC(\"tp_btf/sched_wakeup\")\n\
         int prog(unsigned long long *ctx)\n{{\n\treturn {returned};\n}}\n"
    )
}

fn error(project: &Project) -> Error {
    let builder: Builder = project
        .builder_for(Order::Little)
        .btf(kernel(Order::Little));
    let sources = ["src/a.bpf.c", "src/b.bpf.c"].map(|name| project.path(name));
    builder.object("tool", sources).generate().unwrap_err()
}

#[test]
fn are_said_with_both_types_and_files() {
    for (a, returned, b, lines) in [
        (
            "extern int shared;",
            "shared",
            "u64 shared = 3;",
            ["a.bpf.c: extern int shared;", "b.bpf.c: u64 shared;"],
        ),
        (
            "extern unsigned char list[4];",
            "list[1]",
            "int list = 3;",
            [
                "a.bpf.c: extern unsigned char list[4];",
                "b.bpf.c: int list;",
            ],
        ),
        (
            "int half(int a);",
            "half(1)",
            "__attribute__((noinline)) long half(long a) { return a + 2; }",
            [
                "a.bpf.c: extern int half(int);",
                "b.bpf.c: long half(long a);",
            ],
        ),
    ] {
        let project = Project::new();
        project.file("src/a.bpf.c", &source(a, returned));
        project.file("src/b.bpf.c", &format!("{INCLUDES}{b}\n"));
        let error = error(&project);
        assert!(matches!(error, Error::Link { .. }), "{error}");
        let said = error.to_string();
        for line in lines {
            assert!(said.contains(line), "{said}");
        }
        assert!(!said.contains("(null)"), "{said}");
    }
}

#[test]
fn that_nobody_defines() {
    for (declared, returned, lines) in [
        (
            "extern int nobody;",
            "nobody",
            ["`extern int nobody;`", "`extern int nobody __kconfig;`"],
        ),
        (
            "int nobody(int a);",
            "nobody(1)",
            [
                "`extern int nobody(int);`",
                "`extern int nobody(int) __ksym;`",
            ],
        ),
    ] {
        let project = Project::new();
        project.file("src/a.bpf.c", &source(declared, returned));
        project.file("src/b.bpf.c", &format!("{INCLUDES}int other = 1;\n"));
        let said = error(&project).to_string();
        assert!(
            said.contains("nothing defines nobody, which is declared as"),
            "{said}"
        );
        assert!(said.contains("a.bpf.c)"), "{said}");
        assert!(!said.contains("b.bpf.c)"), "{said}");
        for line in lines {
            assert!(said.contains(line), "{said}");
        }
    }
}
