//! The generated headers beside what a source and its headers define themselves.
//!
//! The kernel is `beside.h` and `kernel.c`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Vmlinux;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

/// Includes of a source that has no definitions before them.
const ALL: &str = "\
#include \"vmlinux.h\"
#include \"ctx.h\"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
";

/// A program that reads of the kernel's types what is held by value and what is pointed to.
const READS: &str = "
char LICENSE[] SEC(\"license\") = \"GPL\";
long hits;
SEC(\"fentry/sock_open\")
int opened(struct btf_fentry_sock_open_ctx *ctx)
{
	struct sock *sk = ctx->sk;

	hits += ctx->mask + ctx->state + ctx->refs->counter;
	hits += sk->refs.counter + sk->state + sk->u8 + sk->u32 + sk->parent->pid + sk->letter;
	hits += (long)sk->node.next + sk->key.bytes[3] + sk->header.seq + sk->when + sk->is_open;
	return BPF_CORE_READ(sk, parent, refs.counter);
}
";

/// The clangs of this machine that tests name.
pub(crate) fn clangs() -> &'static [&'static str] {
    static CLANGS: LazyLock<Vec<&str>> = LazyLock::new(found_clangs);
    &CLANGS
}

fn found_clangs() -> Vec<&'static str> {
    let all = ["clang-14", "clang-19", "clang-22"];
    let is_there = |clang: &&str| {
        let is_there = Command::new(clang).arg("--version").output().is_ok();
        if !is_there {
            println!("skipped: there is no {clang}");
        }
        is_there
    };
    let found: Vec<_> = all.into_iter().filter(is_there).collect();
    match found.is_empty() {
        true => vec!["clang"],
        false => found,
    }
}

fn kernel() -> PathBuf {
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/build/beside.h");
    kernel_with("beside", Order::Little, &["-include", header])
}

/// A build of this source as it stands.
fn builder(project: &Project, text: &str) -> Builder {
    let path = project.file("src/prog.bpf.c", text);
    project.builder().btf(kernel()).source(path)
}

/// Builds a source with each clang, and with the last of them in all other ways that there are.
fn builds(what: &str, text: &str, args: &[&str]) {
    let clangs = clangs();
    let last = *clangs.last().unwrap();
    let trimmed = clangs.iter().map(|clang| (*clang, Vmlinux::Trimmed, false));
    let others = [(last, Vmlinux::Full, false), (last, Vmlinux::Trimmed, true)];
    for (clang, vmlinux, relocatable) in trimmed.chain(others) {
        let project = Project::new();
        let how = format!("{what}, {clang}, {vmlinux:?}, {relocatable}");
        let built = builder(&project, text)
            .clang(clang)
            .clang_args(args)
            .vmlinux(vmlinux)
            .relocatable(relocatable)
            .generate();
        let Artifacts { warnings, .. } = built.unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(warnings, [""; 0], "{how}");
    }
}

/// Definitions of a source's own, which differ from the kernel's, and what proves that they are meant.
const OWN: [(&str, &str); 12] = [
    ("enum { TCP_ESTABLISHED = 7 };", "TCP_ESTABLISHED == 7"),
    (
        "enum state___new { TCP_SYN_SENT = 8, TCP_NEW = 9 };",
        "TCP_SYN_SENT + TCP_NEW == 17",
    ),
    (
        "enum tcp_state { TCP_LISTEN = 3 };",
        "TCP_LISTEN == 3 && sizeof(enum tcp_state) == 4",
    ),
    ("enum { PF_EXITING = 1 };", "PF_EXITING == 1"),
    (
        "struct list_head { char short_one; } __attribute__((preserve_access_index));",
        "sizeof(struct list_head) == 1",
    ),
    (
        "typedef struct { char c; } atomic_t;",
        "sizeof(atomic_t) == 1",
    ),
    (
        "typedef __u64 stack_trace_t[3];",
        "sizeof(stack_trace_t) == 24",
    ),
    ("typedef int wchar_t;", "sizeof(wchar_t) == 4"),
    ("union key { char c; };", "sizeof(union key) == 1"),
    (
        "struct tcphdr { struct lock { int k; } lock; enum { PF_KTHREAD = 5 } e; };",
        "sizeof(struct tcphdr) == 8 && PF_KTHREAD == 5",
    ),
    (
        "static int PIDTYPE_PID; int filter_t(int u32) { return u32 + PIDTYPE_PID; }",
        "sizeof(PIDTYPE_PID) == 4",
    ),
    (
        "static int bpf_sock_parent(void) { return 1; } int x(void) { return bpf_sock_parent(); }",
        "sizeof(bpf_sock_parent()) == 4",
    ),
];

#[test]
fn own_definitions_behind() {
    for (own, proof) in OWN {
        let text = format!("{ALL}{own}\n_Static_assert({proof}, \"\");\n");
        builds(own, &text, &[]);
    }
}

/// All at once, in each place where they can stand; beside a source that has none of them.
#[test]
fn own_definitions_anywhere() {
    let all: String = OWN.map(|(own, _)| format!("{own}\n")).concat();
    let proofs: String = OWN
        .map(|(_, proof)| format!("_Static_assert({proof}, \"\");\n"))
        .concat();
    let own = format!("typedef unsigned long long __u64;\n{all}{proofs}");
    let contexts = "#include \"ctx.h\"\n";
    let rest = "#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n";
    // A program's context reaches what it points to by the source's own types.
    let reads = READS.replace("ctx->refs->counter", "!!ctx->refs + ctx->list->short_one");
    for text in [
        format!("{own}{ALL}{reads}"),
        format!("{own}{contexts}{rest}{reads}"),
        format!("#include \"vmlinux.h\"\n{own}{contexts}{rest}{reads}"),
        format!("{contexts}{own}{rest}{reads}"),
        format!("{ALL}{own}{reads}"),
    ] {
        builds(&text, &text, &[]);
    }
    for order in [["own", "none"], ["none", "own"]] {
        let project = Project::new();
        let sources = order.map(|name| {
            let text = match name {
                "own" => format!("{ALL}{own}{reads}"),
                _ => format!("{ALL}_Static_assert(TCP_ESTABLISHED == 1, \"\");\n{READS}"),
            };
            project.file(&format!("src/{name}.bpf.c"), &text)
        });
        let builder = project.builder().btf(kernel()).sources(sources);
        let artifacts = builder.generate().unwrap();
        assert_eq!(artifacts.warnings, [""; 0]);
    }
}

/// The context's pointer leads to the definition of the source's own.
#[test]
fn an_own_struct_behind_a_context() {
    let own = "struct task_struct { int tgid; } __attribute__((preserve_access_index));\n";
    let program = "SEC(\"tp_btf/sched_wakeup\")\nint woken(struct btf_trace_sched_wakeup_ctx *ctx)\n{\n\
                   \treturn ctx->p->tgid;\n}\n";
    for text in [
        format!("{ALL}{own}{program}"),
        format!("{own}{ALL}{program}"),
    ] {
        builds(&text, &text, &[]);
        let project = Project::new();
        builder(&project, &text).generate().unwrap();
        let header = project.made("include/vmlinux.h");
        assert!(!header.contains("task_struct {"), "{header}");
    }
}

#[test]
fn own_macros() {
    let macros = "#define TCP_ESTABLISHED 1\n#define pid process\n#define u32 unsigned int\n\
                  #define list_head(x) x\n#define PF_KTHREAD (8)\n#define node knot\n#define key 5\n";
    let reads = READS.replace("sk->u32 + ", "");
    let after = "#undef pid\n#undef node\n#undef key\n";
    let text = format!(
        "{macros}#include \"vmlinux.h\"\n{after}{ALL}\
         _Static_assert(TCP_ESTABLISHED + TCP_SYN_SENT + PF_KTHREAD + PF_EXITING == 15, \"\");\n{reads}"
    );
    builds("before", &text, &[]);
    let text = format!("{ALL}{macros}{after}{reads}");
    builds("behind", &text, &[]);
    let text = format!("{ALL}{reads}");
    builds(
        "on the command line",
        &text,
        &["-DTCP_LISTEN=1", "-DPF_EXITING=2"],
    );
}

#[test]
fn compilers_headers() {
    for header in ["stddef.h", "stdint.h", "stdbool.h", "stdarg.h", "limits.h"] {
        let include = format!("#include <{header}>\n");
        let own = "bool b = true; uint64_t number; int64_t other;\n";
        for text in [
            format!("{include}{ALL}{own}{READS}"),
            format!("{ALL}{include}{own}{READS}"),
            format!("#include \"vmlinux.h\"\n{include}{ALL}{own}{READS}"),
        ] {
            builds(&text, &text, &[]);
        }
    }
    let all = "#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n";
    let sizes = "_Static_assert(sizeof(uintptr_t) == 8 && sizeof(wchar_t) == 4, \"\");\n";
    builds("all", &format!("{all}{ALL}{sizes}{READS}"), &[]);
}

/// Each standard that clang has, by the name that it has had for longest.
#[test]
fn standards() {
    let text = format!("{ALL}bool b = true;\n{READS}");
    for standard in ["gnu99", "gnu11", "gnu17", "gnu2x"] {
        builds(standard, &text, &[&format!("-std={standard}")]);
    }
    // libbpf's headers take GNU's keywords.
    let text = "#include \"vmlinux.h\"\n#include \"ctx.h\"\nbool b = true;\n\
                int f(struct btf_fentry_sock_open_ctx *ctx) { return ctx->mask; }\n";
    for standard in ["gnu89", "c99", "c11", "c17", "c2x"] {
        builds(standard, text, &[&format!("-std={standard}")]);
    }
    let text = format!(
        "#include <stdbool.h>\n{ALL}static_assert(true, \"\");\nbool b = true; typeof(b) c; \
         int *p = nullptr;\n{READS}"
    );
    for &clang in clangs().iter().filter(|clang| **clang != "clang-14") {
        let project = Project::new();
        let builder = builder(&project, &text).clang(clang);
        builder.clang_args(["-std=gnu23"]).generate().unwrap();
    }
}

/// The headers of the machine are those of its own architecture, or of the one that a build is for.
#[test]
fn system_headers() {
    if !std::path::Path::new("/usr/include/linux/bpf.h").exists() {
        println!("skipped: there is no <linux/bpf.h>");
        return;
    }
    for header in [
        "linux/bpf.h",
        "linux/types.h",
        "linux/tcp.h",
        "linux/in.h",
        "linux/if_ether.h",
        "linux/if.h",
        "linux/icmp.h",
        "linux/netfilter_bridge.h",
        "linux/errno.h",
        "asm/types.h",
        "asm/posix_types.h",
    ] {
        let include = format!("#include <{header}>\n");
        for text in [
            format!("{include}{ALL}{READS}"),
            format!("{ALL}{include}{READS}"),
            format!("#include \"vmlinux.h\"\n{include}{ALL}{READS}"),
        ] {
            builds(&text, &text, &[]);
        }
    }
}

/// The system's headers are searched last, do not count as the source's own, and can be turned off.
#[test]
fn system_headers_come_last() {
    let project = Project::new();
    project.file("own/linux/errno.h", "#define EPERM 77\n");
    let text = format!("{ALL}#include <linux/errno.h>\n_Static_assert(EPERM == 77, \"\");\n");
    let own = project.path("own");
    for option in ["-I", "-isystem"] {
        let builder = builder(&project, &text).clang_args([option.into(), own.clone()]);
        builder.generate().unwrap();
    }
    if std::path::Path::new("/usr/include/linux/errno.h").exists() {
        let text = format!("{ALL}#include <linux/errno.h>\n");
        let artifacts = builder(&project, &text).generate().unwrap();
        let is_system = |path: &PathBuf| path.starts_with("/usr/include");
        assert!(!artifacts.depends_on.iter().any(is_system), "{artifacts:?}");
    }
    for option in ["-nostdinc", "-nostdlibinc"] {
        let text = format!("{ALL}#include <asm/errno.h>\n");
        let error = builder(&project, &text).clang_args([option]).generate();
        let error = error.unwrap_err().to_string();
        assert!(error.contains("'asm/errno.h' file not found"), "{error}");
        assert!(
            error.contains("<asm/errno.h> is a header of the system for x86_64"),
            "{error}"
        );
    }
}

/// clang's error is reported at once, and quotes the header that there is.
#[test]
fn errors_are_found_with_the_trimmed_header() {
    for (text, message) in [
        (
            "int f(struct sock *sk) { return sk->nothing; }",
            "no member named 'nothing'",
        ),
        (
            "int f(void) { return nothing; }",
            "undeclared identifier 'nothing'",
        ),
        ("nothing_t x;", "unknown type name 'nothing_t'"),
        (
            "int f(struct nothing *n) { return n->x; }",
            "incomplete definition of type",
        ),
        (
            "int f(struct sock *sk) { struct list_head *l = sk; return !l; }\nint g(void) { return }",
            "expected expression",
        ),
        ("int f(void) { return f(1, 2); }", "too many arguments"),
        ("int f(void) { return sock_opn(); }", "function"),
    ] {
        for &clang in clangs() {
            let project = Project::new();
            let log = project.path("runs");
            let wrapper = crate::clang::fake(
                &project,
                &format!("echo \"$*\" >> {}; exec {clang} \"$@\"", log.display()),
            );
            let error = builder(&project, &format!("{ALL}{text}\n"))
                .clang(wrapper)
                .generate();
            let error = error.unwrap_err().to_string();
            assert!(error.contains(message), "{clang}: {error}");
            let runs = std::fs::read_to_string(&log).unwrap();
            let compiled = runs.lines().filter(|line| line.contains(" -c ")).count();
            assert_eq!(compiled, 1, "{runs}");
            let header = project.made("include/vmlinux.h");
            assert!(!header.contains("struct xdp_md {"), "{text}");
        }
    }
}

#[test]
fn functions_that_nothing_declares() {
    let call = |name: &str| format!("{ALL}int f(void *p) {{ return !!{name}(p, 1); }}\n");
    for &clang in clangs() {
        for vmlinux in [Vmlinux::Trimmed, Vmlinux::Full] {
            let error = |text: &str| {
                let project = Project::new();
                let builder = builder(&project, text)
                    .clang(clang)
                    .vmlinux(vmlinux.clone());
                builder.generate().unwrap_err().to_string()
            };
            let text = error(&call("bpf_sock_parent"));
            assert!(text.contains("prog.bpf.c:5:"), "{text}");
            let end = "declare it in the source: extern struct sock *bpf_sock_parent(struct sock *sk, \
                       u32 depth) __ksym;";
            assert!(text.ends_with(end), "{text}");
            // What it says to do works.
            let declared =
                "extern struct sock *bpf_sock_parent(struct sock *sk, u32 depth) __ksym;\n";
            let project = Project::new();
            let text = call("bpf_sock_parent").replacen("int f", &format!("{declared}int f"), 1);
            builder(&project, &text).clang(clang).generate().unwrap();

            let text =
                error("#include \"vmlinux.h\"\nint f(void) { return bpf_ktime_get_ns(); }\n");
            let end = "bpf_ktime_get_ns is declared in <bpf/bpf_helpers.h>: include that";
            assert!(text.ends_with(end), "{text}");
            let text = error(&call("bpf_sock_parnt"));
            assert!(text.contains("'bpf_sock_parnt'"), "{text}");
            assert!(!text.contains("declare it"), "{text}");
        }
    }
}

#[test]
fn warnings_are_shown_where_a_later_step_fails() {
    let unused = "static int unused(void) { return 0; }\n";
    for (text, message) in [
        (
            "extern int nowhere(void); int f(void) { return nowhere(); }\n\
             struct { int wrong; } map SEC(\".maps\");\n\
             SEC(\"xdp\") int prog(void *ctx) { return map.wrong; }\n",
            "cannot ",
        ),
        (
            "SEC(\"fentry/sock_open\") int prog(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n",
            "should be struct btf_fentry_sock_open_ctx",
        ),
    ] {
        let project = Project::new();
        let error = builder(&project, &format!("{ALL}{unused}{text}")).generate();
        let error = error.unwrap_err().to_string();
        let (first, rest) = error.split_once("\n\nclang had warned:\n").unwrap();
        assert!(first.contains(message), "{error}");
        assert!(
            rest.contains("prog.bpf.c:5:12: warning: unused function"),
            "{error}"
        );
    }
    let project = Project::new();
    let error = builder(
        &project,
        &format!("{ALL}{unused}int f(void) {{ return 1; }}\n"),
    )
    .clang_args(["-g0"])
    .generate();
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("libbpf cannot link"), "{error}");
    assert!(error.contains("clang had warned:\n"), "{error}");
}
