use crate::usage::identifiers::Names;

fn own(text: &str) -> [Vec<String>; 3] {
    let text = format!("# 1 \"a.bpf.c\"\n{text}\n");
    let mut names = Names::new();
    names.add_preprocessed(&text, &["gen"]);
    let own = &names.own;
    [&own.tags, &own.ordinary, &own.macros]
        .map(|set| set.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn definitions() {
    for (text, tags, ordinary) in [
        ("struct a { int b; };", "a", ""),
        ("struct a;", "", ""),
        ("struct a *b(struct c *d);", "", ""),
        ("struct a *b(struct c *d) { }", "", "b"),
        ("static struct a *b(struct c *d);", "", "b"),
        ("extern int a, b[2]; extern int c(void) { }", "", "c"),
        (
            "union a { struct b { int c; } d; enum { E, F } g; };",
            "a b",
            "E F",
        ),
        ("struct __attribute__((packed)) a { int b; } c;", "a", "c"),
        (
            "struct { int a; } b __attribute__((section(\".maps\")));",
            "",
            "b",
        ),
        ("struct a { typeof(struct b { int c; }) *d; };", "a b", ""),
        (
            "enum a { A, B = 1, C = (2, 3), D = F(A, 4) + 1, };",
            "a",
            "A B C D",
        ),
        ("enum { A __attribute__((deprecated)) = 1, B };", "", "A B"),
        ("enum a : unsigned int { A };", "a", "A"),
        ("enum : u8 { A };", "", "A"),
        ("enum a b = A;", "", "b"),
        ("typedef unsigned int a;", "", "a"),
        ("typedef struct a { int b; } c, *d;", "a", "c d"),
        (
            "typedef struct { int a; } __attribute__((aligned(8))) b;",
            "",
            "b",
        ),
        ("typedef u64 __attribute__((aligned(8))) a;", "", "a"),
        ("typedef u64 a __attribute__((aligned(8)));", "", "a"),
        ("typedef int (*a)(int b, u32 c);", "", "a"),
        ("typedef u32 (*a)(int b);", "", "a"),
        ("typedef u32 a(int b);", "", "a"),
        ("typedef u64 a[N];", "", "a"),
        ("typedef __typeof__(b) a;", "", "a"),
        ("typedef __typeof__(*b) a;", "", "a"),
        ("_Atomic(u32) a;", "", "a"),
        ("__extension__ typedef unsigned __int128 a;", "", "a"),
        ("typedef __signed__ char a;", "", "a"),
        ("int a, *b, c[N], (*d)(void), e = f;", "", "a b c d e"),
        ("const volatile u32 a = 0, b = F(c, d), e;", "", "a b e"),
        ("u32 a[] = { b, c, }, d;", "", "a d"),
        (
            "static inline __attribute__((always_inline)) u32 a(u32 b) { u32 c; }\nu32 d;",
            "",
            "a d",
        ),
        ("static void *(* const a)(void *b) = (void *) 1;", "", "a"),
        (
            "extern int a(struct b *c) __attribute__((section(\".ksyms\")));",
            "",
            "",
        ),
        (
            "int a(void) { struct b { int c; }; enum { D }; typedef int e; return 0; }",
            "",
            "a",
        ),
        ("int a(void) { return (struct b){ .c = D }.c; }", "", "a"),
        ("_Static_assert(sizeof(struct a) == 4, \"x\");", "", ""),
        ("a;", "", ""),
        ("u32 a asm(\"b\");", "", "a"),
        ("void __attribute__((noinline)) *a(void) { }", "", "a"),
        ("struct a b[2], **c;", "", "b c"),
        ("[[gnu::packed]] int a;", "", "a"),
        ("int a(int (*b)(u32), u32) { }", "", "a"),
    ] {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let expected: [Vec<String>; 3] = [words(tags), words(ordinary), Vec::new()];
        assert_eq!(own(text), expected, "{text}");
    }
}

#[test]
fn a_typedef_that_was_used_is_the_kernels() {
    assert_eq!(own("u32 x; typedef unsigned int u32;")[1], ["x"]);
    assert_eq!(own("typedef unsigned int u32; u32 x;")[1], ["u32", "x"]);
    // The generated header says nothing of what the source has.
    let text = "# 1 \"gen/ctx.h\" 1\nstruct a { u32 x; };\n# 2 \"a.bpf.c\" 2\ntypedef int u32;";
    let [tags, ordinary, _] = own(text);
    assert_eq!((tags.len(), &*ordinary), (0, &["u32".to_owned()][..]));
}

#[test]
fn macros() {
    let text = "# 1 \"<built-in>\" 3\n#define __bpf__ 1\n# 1 \"<command line>\" 1\n#define A 1\n\
                # 1 \"a.bpf.c\" 2\n#define B(x) x\n#undef B\n#define C\n# 1 \"gen/vmlinux.h\" 1\n\
                #define D\n";
    assert_eq!(own(text)[2], ["A", "B", "C"]);
}

/// Whatever it is, it ends.
#[test]
fn broken_text() {
    for text in [
        "}",
        "{",
        "))))",
        "enum {",
        "struct",
        "typedef",
        "= {",
        "__attribute__",
        "asm;",
        "int (",
        "enum a :",
        "]]",
        "__attribute__((",
        ",,,",
        "typedef (*",
    ] {
        own(text);
    }
}
