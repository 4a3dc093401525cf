use super::*;

/// A source with one definition of each kind.
const SOURCE: &str = "#define MACRO 1\nstruct tag { int x; };\nenum color { RED };\ntypedef int word;\n\
                      static int packed;\n";

fn names() -> Names<'static> {
    let mut names = Names::new();
    names.add_preprocessed(SOURCE, &[]);
    names
}

/// Each piece of a header, and what it becomes.
#[test]
fn declarations() {
    for (text, expected) in [
        (
            "struct tag {\n\tint a;\n};",
            "struct CTXGEN_TAG_tag {\n\tint a;\n};",
        ),
        ("struct tag;", "struct tag;"),
        (
            "struct a {\n\tstruct tag *b;\n};",
            "struct a {\n\tstruct tag *b;\n};",
        ),
        (
            "struct a {\n\tstruct tag b[2];\n};",
            "struct a {\n\tstruct CTXGEN_TAG_tag b[2];\n};",
        ),
        (
            "struct a {\n\tconst struct tag tag;\n};",
            "struct a {\n\tconst struct CTXGEN_TAG_tag tag;\n};",
        ),
        (
            "enum color {\n\tRED = 0,\n\tBLUE = 1,\n};",
            "enum CTXGEN_TAG_color {\n\tCTXGEN_NAME_RED = 0,\n\tBLUE = 1,\n};",
        ),
        (
            "enum {\n\tBLUE = 1,\n\tRED = 0,\n};",
            "enum {\n\tBLUE = 1,\n\tCTXGEN_NAME_RED = 0,\n};",
        ),
        (
            "typedef unsigned int word;",
            "typedef unsigned int CTXGEN_NAME_word;",
        ),
        (
            "typedef word (*word_fn)(word word);",
            "typedef CTXGEN_NAME_word (*word_fn)(CTXGEN_NAME_word word);",
        ),
        (
            "typedef struct {\n\tint word;\n} word;",
            "typedef struct {\n\tint word;\n} CTXGEN_NAME_word;",
        ),
        (
            "typedef word words[2];",
            "typedef CTXGEN_NAME_word words[2];",
        ),
        (
            "struct a {\n\tword word;\n\tint RED: 3;\n};",
            "struct a {\n\tCTXGEN_NAME_word word;\n\tint RED: 3;\n};",
        ),
        (
            "struct a {\n\tvoid (*word)(word, struct tag *);\n};",
            "struct a {\n\tvoid (*word)(CTXGEN_NAME_word, struct tag *);\n};",
        ),
        (
            "struct a {\n\tint x;\n} __attribute__((packed));",
            "struct a {\n\tint x;\n} __attribute__((packed));",
        ),
        (
            "_Static_assert(sizeof(struct tag) == 4, \"struct tag\");",
            "_Static_assert(sizeof(struct CTXGEN_TAG_tag) == 4, \"struct tag\");",
        ),
        (
            "enum {\n\tfalse = 0,\n};",
            "enum {\n\tCTXGEN_NAME_false = 0,\n};",
        ),
        (
            "typedef _Bool bool;\nstruct a {\n\tbool b;\n};",
            "typedef _Bool CTXGEN_NAME_bool;\nstruct a {\n\tbool b;\n};",
        ),
    ] {
        let names = names();
        assert_eq!(
            Renamed::new(text, &names.own, true).text(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn macros_are_put_aside() {
    let names = names();
    assert_eq!(
        types_for("struct a {\n\tint MACRO;\n};\n", &names),
        "#pragma push_macro(\"MACRO\")\n#undef MACRO\n\nstruct a {\n\tint MACRO;\n};\n\
         #pragma pop_macro(\"MACRO\")\n\n"
    );
    // What none of the names is in is left alone.
    assert_eq!(
        types_for("struct b {\n\tint x;\n};\n", &names),
        "struct b {\n\tint x;\n};\n"
    );
}

#[test]
fn macros_of_a_source() {
    let names = names();
    let header = types_for(
        "enum {\n\tRED = 0,\n};\nstruct tag {\n\tint a;\n};\n",
        &names,
    );
    assert_eq!(
        own_macros(&header, &names),
        ["CTXGEN_OWNTAG_tag", "CTXGEN_OWN_RED"]
    );
    assert_eq!(own_macros(&header, &Names::new()), [""; 0]);
}

#[test]
fn contexts() {
    let names = names();
    let types = types_for("struct tag {\n\tint a;\n};\ntypedef int word;\n", &names);
    let header =
        |fields: &str| format!("#ifndef A\n{INCLUDED}\nstruct c {{\n{fields}}};\n#endif\n");
    let same = header("\tstruct tag *p;\n\tint word;\n");
    assert_eq!(header_for(&same, &types, &names), same);
    let changed = header_for(&header("\tstruct tag t;\n\tword w;\n"), &types, &names);
    assert!(
        changed.contains("\tstruct CTXGEN_TAG_tag t;\n\tCTXGEN_NAME_word w;\n"),
        "{changed}"
    );
    let alias = "#ifndef CTXGEN_TAG_tag\n#define CTXGEN_TAG_tag tag\n#endif\n";
    assert!(changed.contains(alias), "{changed}");
}
