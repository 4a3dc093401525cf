//! The ctx BTF is one that others can read on top of its base.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::fixtures;
use libbpf_rs::btf::HasSize;
use libbpf_rs::btf::types::Struct;
use libbpf_rs::libbpf_sys as sys;

use crate::hooks::contexts;
use crate::hooks::open;
use crate::tools::bpftool;
use crate::tools::run;
use crate::tools::text;
use crate::tools::write;

/// A struct's size, and its members' names and offsets in bytes.
type Layout = (u32, Vec<(String, u32)>);

/// The layouts as ctxgen has them, of what it makes itself.
fn expected(ctx: &CtxBtf<'_>) -> BTreeMap<String, Layout> {
    ctx.structs()
        .iter()
        .flat_map(|ctx_struct| match &ctx_struct.context.shape {
            Shape::Generated { layout, .. } => {
                let call = layout.system_call.as_ref();
                let call = call.map(|call| named(&call.struct_name, &call.layout));
                let own = named(&ctx_struct.context.struct_name, layout);
                call.into_iter().chain([own]).collect()
            }
            Shape::Kernel { .. } | Shape::Other { .. } => Vec::new(),
        })
        .collect()
}

fn named(name: &str, layout: &ctxgen::layout::Layout) -> (String, Layout) {
    let fields = layout.fields.iter();
    let fields = fields.map(|field| (field.name.clone(), field.offset));
    (name.to_owned(), (layout.size, fields.collect()))
}

#[test]
fn it_has_the_target_s_byte_order() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let all = contexts(&kernel, Family::all());
        let ctx = CtxBtf::new(&kernel, all).unwrap();
        let magic = match kernel.byte_order() {
            ByteOrder::Little => [0x9f, 0xeb],
            ByteOrder::Big => [0xeb, 0x9f],
        };
        assert_eq!(ctx.bytes()[..2], magic);
        // The base's ids and strings are continued: all that it names of its own is behind them.
        let own = Blob::parse(ctx.bytes());
        assert_eq!(own.order, kernel.byte_order());
        let base_strings = kernel.btf().string_end();
        assert!(
            own.types
                .iter()
                .all(|ty| ty.words[0] == 0 || ty.words[0] >= base_strings)
        );
    }
}

/// The same hooks in any order, and again, are the same bytes.
#[test]
fn it_is_deterministic() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let all = contexts(&kernel, Family::all());
        let mut backwards: Vec<Context> = all.iter().rev().cloned().collect();
        backwards.extend(all.iter().take(3).cloned());
        let first = CtxBtf::new(&kernel, all).unwrap();
        // From another parse of the same file, too.
        let again = open(&fixture);
        let second = CtxBtf::new(&again, backwards).unwrap();
        assert!(first.bytes() == second.bytes(), "{}", fixture.name);
        let texts = [&first, &second].map(|ctx| ctxgen::render::header(ctx).unwrap());
        assert!(texts[0] == texts[1], "{}", fixture.name);
    }
}

/// Each struct of the split BTF can be written in C.
#[test]
fn each_struct_has_a_definition() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let ctx = CtxBtf::new(&kernel, contexts(&kernel, Family::all())).unwrap();
        let base = Btf::parse(&std::fs::read(&fixture.btf).unwrap()).unwrap();
        let split = Btf::parse_split(ctx.bytes(), &base).unwrap();
        let mut definitions = CPrinter::new(&split).definitions();
        for (name, (_, fields)) in expected(&ctx) {
            let ty = split.types().find(|ty| ty.name() == name).expect("a type");
            let text = definitions.define(ty.id()).unwrap();
            // What it needs comes first; of a struct without fields nothing more is there.
            let own = text.split(&format!("struct {name} {{")).nth(1);
            let own = own.unwrap_or_else(|| panic!("{text}"));
            for (field, _) in fields {
                assert!(own.contains(&field), "{field} is not in {own}");
            }
        }
    }
}

/// Appended to its base, as for load time, it is one BTF, which libbpf-rs reads.
#[test]
fn it_can_be_appended_to_its_base() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let ctx = CtxBtf::new(&kernel, contexts(&kernel, Family::all())).unwrap();
        let mut whole = Blob::parse(&std::fs::read(&fixture.btf).unwrap());
        let own = Blob::parse(ctx.bytes());
        whole.types.extend(own.types);
        whole.strings.extend(own.strings);

        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "whole.btf", whole.to_bytes());
        let btf = libbpf_rs::btf::Btf::from_path(&path).unwrap();
        let all = expected(&ctx);
        assert!(all.len() > 100);
        for (name, (size, fields)) in all {
            let ty: Struct<'_> = btf.type_by_name(&name).expect("the struct");
            let members = ty.iter().map(|member| {
                let name = member.name.map(|name| name.to_string_lossy().into_owned());
                let offset = match member.attr {
                    libbpf_rs::btf::types::MemberAttr::Normal { offset } => offset / 8,
                    libbpf_rs::btf::types::MemberAttr::BitField { .. } => panic!("a bitfield"),
                };
                (name.unwrap_or_default(), offset)
            });
            assert_eq!(members.collect::<Vec<_>>(), fields, "{name}");
            assert_eq!(ty.size(), size as usize, "{name}");
        }
    }
}

#[test]
fn bpftool_dumps_it() {
    let Some(bpftool) = bpftool("bpftool's dumps of ctx BTFs") else {
        return;
    };
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let all = contexts(&kernel, Family::all());
        let structs = check_with_bpftool(&bpftool, &fixture.btf, &kernel, all);
        println!("{}: {structs} structs", fixture.name);
    }
}

/// Holds what bpftool finds in the ctx BTF of these contexts against their layouts; how many
/// structs it were.
pub(crate) fn check_with_bpftool(
    bpftool: &Path,
    base: &Path,
    kernel: &KernelBtf,
    contexts: Vec<Context>,
) -> usize {
    let ctx = CtxBtf::new(kernel, contexts).unwrap();
    let expected = expected(&ctx);
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "ctx.btf", ctx.bytes());
    let dump = |format: &str| {
        let mut command = Command::new(bpftool);
        command
            .args(["btf", "dump", "-B"])
            .arg(base)
            .arg("file")
            .arg(&path);
        text(&run(command.args(["format", format])).stdout)
    };
    let raw = raw_layouts(&dump("raw"));
    assert_eq!(raw, expected);

    let c = dump("c");
    let definitions = definitions(&c);
    for (name, (_, fields)) in &expected {
        let definition = definitions.get(name.as_str());
        let definition = definition.unwrap_or_else(|| panic!("bpftool prints no {name}"));
        for (field, _) in fields {
            assert!(definition.contains(field.as_str()), "{name}: {definition}");
        }
    }
    expected.len()
}

/// The bodies of the structs in a C header, by name.
fn definitions(text: &str) -> HashMap<&str, &str> {
    let mut definitions = HashMap::new();
    for part in text.split("\n\n") {
        let Some((name, body)) = part
            .trim_start()
            .strip_prefix("struct ")
            .and_then(|rest| rest.split_once(" {"))
        else {
            continue;
        };
        definitions.insert(name, body);
    }
    definitions
}

/// The structs in bpftool's raw format.
fn raw_layouts(text: &str) -> BTreeMap<String, Layout> {
    let mut layouts: BTreeMap<String, Layout> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        let mut quoted = line.split('\'');
        let (before, name, rest) = (quoted.next(), quoted.next(), quoted.next());
        let (Some(before), Some(name), Some(rest)) = (before, name, rest) else {
            current = None;
            continue;
        };
        let number = |key: &str| -> u32 {
            let mut words = rest.split_whitespace();
            let word = words.find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            let word = word.unwrap_or_else(|| panic!("no {key} in {line}"));
            word.parse()
                .unwrap_or_else(|error| panic!("{line}: {error}"))
        };
        if before.starts_with('[') {
            current = before.contains("] STRUCT ").then(|| name.to_owned());
            if let Some(name) = &current {
                layouts.insert(name.clone(), (number("size"), Vec::new()));
            }
        } else if let Some(layout) = current.as_ref().and_then(|name| layouts.get_mut(name)) {
            layout.1.push((name.to_owned(), number("bits_offset") / 8));
        }
    }
    layouts
}

/// A kernel that has no type of a slot's size gets one.
#[test]
fn a_missing_slot_type_is_added() {
    let mut blob = Blob::new(ByteOrder::Big);
    let int = blob.int("int", 4);
    blob.func("f", int, &[("a", int)]);
    let origin = ctxgen::Origin::Memory("one function".to_owned());
    let kernel = KernelBtf::from_bytes(&blob.to_bytes(), origin).unwrap();
    let ctx = CtxBtf::new(&kernel, contexts(&kernel, Family::all())).unwrap();
    let own = Blob::parse(ctx.bytes());
    let ints = own.types.iter().filter(|ty| ty.kind() == sys::BTF_KIND_INT);
    assert_eq!(ints.count(), 1);
    let header = ctxgen::render::header(&ctx).unwrap();
    assert!(header.contains("unsigned long long a;"), "{header}");
}
