//! What compilers make of context structs, as numbers that they put into an object file.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use ctxgen::CtxBtf;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use object::Object;
use object::ObjectSection;

use crate::tools::run;
use crate::tools::write;

/// The section that the numbers are in.
const SECTION: &str = "ctxgen_facts";

/// Words that bindgen gives an underscore.
const RUST_WORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "crate", "dyn", "final", "fn", "gen",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
    "proc", "pub", "pure", "ref", "self", "str", "super", "trait", "try", "type", "unsafe",
    "unsized", "use", "virtual", "where", "yield", "u64", "u32", "u16", "u8",
];

/// A size or an offset.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// In C.
    c: String,
    /// In Rust, with the structs in a module `ctx`.
    rust: String,
    /// What ctxgen says.
    expected: u64,
}

/// The size of each struct, and offset and size of each field.
pub(crate) fn of(ctx: &CtxBtf<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    for ctx_struct in ctx.structs() {
        let name = &ctx_struct.context.struct_name;
        facts.push(Fact {
            c: format!("sizeof(struct {name})"),
            rust: format!("size_of::<ctx::{name}>()"),
            expected: ctx_struct.context.size(ctx.kernel()).into(),
        });
        match &ctx_struct.context.shape {
            Shape::Generated { layout, .. } => {
                for field in &layout.fields {
                    facts.push(offset(name, &field.name, field.offset.into()));
                    facts.push(size(name, &field.name, field.size.into()));
                }
            }
            Shape::Other { .. } => panic!("{name} is no struct"),
            Shape::Kernel { type_id } => {
                let Kind::Struct(composite) = ctx.btf().get(*type_id).expect("a type").kind()
                else {
                    panic!("{name} is no struct");
                };
                let named = composite.members().filter(|member| {
                    assert_eq!(member.bits, 0, "{name}.{} is a bitfield", member.name);
                    !member.name.is_empty()
                });
                facts.extend(
                    named.map(|member| offset(name, member.name, (member.bit_offset / 8).into())),
                );
            }
        }
    }
    facts
}

fn offset(name: &str, field: &str, expected: u64) -> Fact {
    Fact {
        c: format!("__builtin_offsetof(struct {name}, {field})"),
        rust: format!("std::mem::offset_of!(ctx::{name}, {})", in_rust(field)),
        expected,
    }
}

fn size(name: &str, field: &str, expected: u64) -> Fact {
    Fact {
        c: format!("sizeof(((struct {name} *)0)->{field})"),
        rust: format!("size(|ctx: &ctx::{name}| &ctx.{})", in_rust(field)),
        expected,
    }
}

fn in_rust(field: &str) -> String {
    match RUST_WORDS.contains(&field) {
        true => format!("{field}_"),
        false => field.to_owned(),
    }
}

/// Has a C compiler say the facts, with `vmlinux.h` from where it looks for system headers and
/// `ctx.h` from the folder, and holds them against ctxgen's.
pub(crate) fn check_c(mut compiler: Command, folder: &Path, facts: &[Fact]) {
    let mut source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\n".to_owned();
    let _ = writeln!(
        source,
        "extern const unsigned long long facts[];\n\
         const unsigned long long facts[] __attribute__((section(\"{SECTION}\"), used)) = {{"
    );
    for fact in facts {
        let _ = writeln!(source, "\t{},", fact.c);
    }
    source.push_str("};\n");
    let source = write(folder, "facts.c", source);
    let object = folder.join("facts.o");
    run(compiler
        .arg("-I")
        .arg(folder)
        .arg("-c")
        .arg(source)
        .arg("-o")
        .arg(&object));
    check(&object, facts, |fact| &fact.c);
}

/// Has a Rust compiler say the facts, with the structs that are in the file `ctx`.
pub(crate) fn check_rust(mut compiler: Command, folder: &Path, ctx: &Path, facts: &[Fact]) {
    let mut source = format!(
        "#[allow(warnings)]\npub mod ctx {{\n    include!({ctx:?});\n}}\n\n\
         const fn size<T, F>(_: fn(&T) -> &F) -> usize {{\n    size_of::<F>()\n}}\n\n\
         #[used]\n#[unsafe(link_section = \"{SECTION}\")]\n\
         pub static FACTS: [u64; {}] = [\n",
        facts.len()
    );
    for fact in facts {
        let _ = writeln!(source, "    {} as u64,", fact.rust);
    }
    source.push_str("];\n");
    let source = write(folder, "facts.rs", source);
    let object = folder.join("facts.rs.o");
    compiler.args(["--crate-type", "lib", "--emit", "obj", "-D", "warnings"]);
    run(compiler.arg(source).arg("-o").arg(&object));
    check(&object, facts, |fact| &fact.rust);
}

fn check(object: &Path, facts: &[Fact], text: impl Fn(&Fact) -> &String) {
    let bytes = std::fs::read(object).unwrap_or_else(|error| panic!("{error}"));
    let elf = object::File::parse(&*bytes).unwrap_or_else(|error| panic!("{error}"));
    let section = elf.section_by_name(SECTION).expect("the section");
    let data = section.data().unwrap_or_else(|error| panic!("{error}"));
    let (numbers, rest) = data.as_chunks();
    assert!(rest.is_empty(), "the section is cut off");
    assert_eq!(numbers.len(), facts.len(), "as many numbers as facts");
    let wrong: Vec<String> = facts
        .iter()
        .zip(numbers)
        .filter_map(|(fact, number)| {
            let said = match elf.is_little_endian() {
                true => u64::from_le_bytes(*number),
                false => u64::from_be_bytes(*number),
            };
            (said != fact.expected)
                .then(|| format!("{} is {said}, not {}", text(fact), fact.expected))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
