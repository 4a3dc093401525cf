use super::*;

fn read(text: &str) -> Names<'_> {
    let mut names = Names::new();
    names.add_preprocessed(text, &["/out/include"]);
    names
}

fn words<'s>(set: &BTreeSet<&'s str>) -> Vec<&'s str> {
    set.iter().copied().collect()
}

#[test]
fn by_where_they_stand() {
    let names = read("struct a *b = &c->d[E].f; enum g h; union __attribute__((i)) j k;");
    assert_eq!(words(&names.tags), ["a", "g", "j"]);
    assert_eq!(words(&names.members), ["d", "f"]);
    // What the source declares itself is none of the kernel's.
    assert_eq!(words(&names.identifiers), ["E", "c", "i"]);
}

#[test]
fn what_is_no_name() {
    let names = read("char *a = \"b->c\"; int d = 0x1eUL + 'e' - 1.0f; f > g; h - i;");
    assert!(names.members.is_empty());
    assert_eq!(words(&names.identifiers), ["char", "f", "h", "int"]);
}

#[test]
fn numbered_namesakes() {
    let names = read("struct a___2 b; struct c___old d; e___3;");
    assert_eq!(words(&names.tags), ["a", "a___2", "c___old"]);
    assert_eq!(words(&names.identifiers), ["e", "e___3"]);
}

#[test]
fn headers_only_mention() {
    let header = "# 1 \"/out/include/ctx.h\" 1 3\n\
        struct task; struct file; enum e { X };\n\
        struct ctx { struct task *p; struct file *f; u32 n __attribute__((aligned(8))); };\n\
        static struct sock *(* const find_sock)(struct tuple *t) = (void *) 1;\n\
        static long (* const find_inode)(struct inode *p) = (void *) 2;\n\
        _Static_assert(sizeof(struct whole) == 8, \"\");\n\
        # 2 \"prog.bpf.c\" 2\n";
    assert_eq!(words(&read(header).tags), ["whole"]);
    assert!(read(header).identifiers.is_empty());
    assert!(read(header).mentions.contains("u32"));
    let text = format!("{header}int f(struct ctx *c) {{ return c->p->pid; }}");
    assert_eq!(words(&read(&text).tags), ["ctx", "task", "whole"]);
    let text = format!("{header}int f(struct ctx *p) {{ return find_sock(sizeof(long))->x; }}");
    assert_eq!(words(&read(&text).tags), ["ctx", "sock", "tuple", "whole"]);
}

#[test]
fn functions_of_headers_compile() {
    for (function, expected) in [
        (
            "static int f(struct a *a) { return ((const struct c *)(a))->d; }",
            &["a", "c"][..],
        ),
        // The argument may be what has the member, behind any number of braces.
        (
            "static int f(struct a *a) { if (g()) { long ip = a->ip; } return 0; }",
            &["a"],
        ),
        (
            "static int f(void) { struct b *b; for (;;) { { } b->x = 1; } }",
            &["b"],
        ),
        ("static int f(struct a *a) { return g(a); }", &[]),
        (
            "static int f(struct a *a) { return g(a); } static int h(void) { return k.x; }",
            &[],
        ),
        (
            "static int h(void) { return k.x; } static int f(struct a *a) { return g(a); }",
            &[],
        ),
        (
            "struct own { struct a *a; struct { struct b *b; } inner; };",
            &[],
        ),
    ] {
        let text = format!("# 1 \"bpf/usdt.bpf.h\" 1\n{function}\n");
        assert_eq!(words(&read(&text).tags), expected, "{function}");
    }
}

#[test]
fn libbpfs_headers_wherever_they_are() {
    for (path, counts) in [
        ("/usr/include/bpf/bpf_helper_defs.h", false),
        ("third/bpf/usdt.bpf.h", false),
        ("third/bpf/own.h", true),
        ("third/bpf_helpers.h", true),
        ("/out/includes/a.h", true),
    ] {
        let text = format!("# 1 \"{path}\" 1\nstruct a *f(struct b *b);\n");
        let expected: &[&str] = if counts { &["a", "b"] } else { &[] };
        assert_eq!(words(&read(&text).tags), expected, "{path}");
    }
}

#[test]
fn a_full_header_does_not_count() {
    for (header, guard, expected) in [
        ("/out/include/vmlinux.h", "", &["d"][..]),
        ("src/vmlinux.h", "#define __VMLINUX_H__ \n", &["d"]),
        // It may be anything, and what it defines is its own.
        ("src/vmlinux.h", "", &["b", "d"]),
    ] {
        let text = format!(
            "# 1 \"x.c\"\n# 1 \"{header}\" 1\n{guard}struct a {{ struct b c; }};\n\
             # 3 \"x.c\" 2\nstruct d e;"
        );
        assert_eq!(words(&read(&text).tags), expected, "{header} {guard}");
    }
}

#[test]
fn words_count_everywhere() {
    let mut names = Names::new();
    names.add_words("#define A(b) ((b)->c___2) // 1d");
    let expected = ["A", "b", "c", "c___2", "define"];
    assert_eq!(words(&names.tags), expected);
    assert_eq!(words(&names.identifiers), expected);
    assert!(names.members.contains("b"));
}

#[test]
fn kernel_symbols_of_the_sources_own() {
    let names = read(
        "extern struct task *find(int pid) __attribute__((section(\".ksyms\")));\n\
         void forget(struct task *) __attribute__((section(\".ksyms\"))); int other(void);",
    );
    assert!(names.declares("find") && names.declares("forget"));
    assert!(!names.declares("other"));
    assert!(names.calls("other") && !names.calls("find"));
}

#[test]
fn one_source_declares_and_another_does_not() {
    let mut names = read("extern int find(void) __attribute__((section(\".ksyms\")));");
    names.add_preprocessed("int f(void) { return find(); }", &[]);
    assert!(names.declares("find") && names.calls("find"));
}
