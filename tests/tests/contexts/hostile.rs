//! BTF that was made to hurt: whatever is in it, there is an error or an answer, soon, and nothing
//! in the answer that is no C.
//!
//! `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer.

mod changed;
mod seed;
mod small;

use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::TypeId;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen::render::RenderError;
use ctxgen_tests::blob::NAME;
use ctxgen_tests::fixtures;
use libbpf_rs::libbpf_sys as sys;

use self::seed::seed;

/// Is in names that are no identifiers, and in nothing else.
const EVIL: &str = "evil";

/// Names that are no identifiers, each with something that is in no type tag and no integer's name
/// either.
const EVIL_NAMES: &[&str] = &[
    "x; evil",
    "*/ evil /*",
    "/* evil",
    "// evil",
    "evil\n#define x",
    "\"); evil(\"",
    "}; struct evil {",
    "evil[1]",
    "x=evil",
    "\\evil",
    "évil evil",
    "evil%s%s%s%n",
    "?evil",
    "evil\u{7f}\u{1b}[0m",
    "evil..isra.0",
    ".evil",
    "#evil",
    "evil\t@",
];

/// So many contexts of a blob are also rendered alone.
const ONE_BY_ONE: usize = 300;

/// What became of a blob.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    refused: usize,
    accepted: usize,
    with_header: usize,
    with_vmlinux: usize,
}

/// Does with a blob all that is done with a kernel's BTF.
fn exercise(bytes: &[u8], tally: &mut Tally) {
    // What libbpf has to say is in the errors.
    libbpf_rs::set_print(None);
    let origin = Origin::Memory("a hostile BTF".to_owned());
    let kernel = match KernelBtf::from_bytes(bytes, origin) {
        Ok(kernel) => kernel,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            tally.refused += 1;
            return;
        }
    };
    tally.accepted += 1;
    let _ = kernel.arch();

    let mut contexts = Vec::new();
    for family in Family::all() {
        for hook in prototype::hooks(&kernel, family) {
            match Context::of_hook(&kernel, &hook) {
                Ok(context) => contexts.push(context),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    let ctx = CtxBtf::new(&kernel, contexts.clone()).unwrap();
    let whole = is_clean_or_error(render::header(&ctx)) && are_clean(&ctx);
    if !whole {
        // A bad one hides what is wrong with others.
        for context in contexts.into_iter().take(ONE_BY_ONE) {
            let ctx = CtxBtf::new(&kernel, [context]).unwrap();
            are_clean(&ctx);
            is_clean_or_error(render::header(&ctx));
        }
    }
    tally.with_header += usize::from(whole);
    tally.with_vmlinux += usize::from(is_clean_or_error(render::vmlinux(&kernel)));
    trim(&ctx);
}

/// Whether there are reports of all contexts.
fn are_clean(ctx: &CtxBtf<'_>) -> bool {
    let Ok(reports) = render::reports(ctx) else {
        return false;
    };
    let mut all = true;
    for report in reports {
        // A name that is refused is quoted, in a comment that it does not end.
        if report.unsupported.is_some() {
            let text = report.to_string();
            assert!(text.starts_with("/* ") && text.ends_with(" */\n"), "{text}");
            assert_eq!(text.matches("*/").count(), 1, "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            all = false;
            continue;
        }
        is_clean(&report.to_string());
        for field in &report.fields {
            is_clean(&field.name);
            is_clean(&field.r#type);
        }
    }
    all
}

/// Trims the types to every other one and what those need.
fn trim(ctx: &CtxBtf<'_>) {
    let mut trim = Trim::new(ctx.btf());
    for id in (1..ctx.btf().type_count()).step_by(2) {
        trim.define(TypeId(id));
    }
    let small = trim.finish();
    // Names that are too long, or not UTF-8, are all that can be in the way.
    if let Ok(small) = Btf::parse(&small) {
        let _ = CPrinter::new(&small).definitions().define_all();
    }
}

fn is_clean_or_error(result: Result<String, RenderError>) -> bool {
    match result {
        Ok(text) => {
            is_clean(&text);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// Whether nothing is in a text that does not belong into C.
#[track_caller]
fn is_clean(text: &str) {
    let line = |found: Option<&str>| found.map(str::to_owned);
    let evil = line(text.lines().find(|line| line.contains(EVIL)));
    assert_eq!(evil, None);
    let odd = |c: char| !(c.is_ascii_graphic() || " \t\n".contains(c));
    assert_eq!(line(text.lines().find(|line| line.contains(odd))), None);
}

/// How many rounds to go: so many, or that many times more that `CTXGEN_ROUNDS` says.
fn rounds(usual: usize) -> usize {
    let times = std::env::var("CTXGEN_ROUNDS").ok();
    usual * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// The seed is what it says.
#[test]
fn the_seed_is_sound() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut tally = Tally::default();
        exercise(&seed(order).to_bytes(), &mut tally);
        assert_eq!(
            (tally.accepted, tally.with_header, tally.with_vmlinux),
            (1, 1, 1)
        );
    }
}

/// No beginning of a file is taken for all of it.
#[test]
fn truncated() {
    let start = Instant::now();
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture.btf).unwrap();
        let mut tally = Tally::default();
        let step = bytes.len() / 199;
        for len in (0..64).chain((64..bytes.len()).step_by(step)) {
            exercise(&bytes[..len], &mut tally);
        }
        assert_eq!(tally.accepted, 0, "{}", fixture.name);
    }
    println!("{:.1?}", start.elapsed());
}

/// Each name of the seed in turn is one that is none.
#[test]
fn evil_names_are_never_emitted() {
    let start = Instant::now();
    let mut tally = Tally::default();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let whole = seed(order);
        for id in 1..=u32::try_from(whole.types.len()).unwrap() {
            let ty = whole.get(id);
            let names = match ty.kind() {
                sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
                sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
                _ => usize::MAX,
            };
            let places = [NAME].into_iter().chain((3..ty.words.len()).step_by(names));
            for (number, place) in places.enumerate() {
                if place != NAME && !matches!(names, 2 | 3) {
                    continue;
                }
                let mut blob = whole.clone();
                let old = blob.str(ty.words[place]).to_owned();
                let evil = EVIL_NAMES[(id as usize + number) % EVIL_NAMES.len()];
                // Behind the prefix that things are looked up by.
                let prefix = ["__probestub_", "__traceiter_", "__bpf_trace_", "btf_trace_"]
                    .into_iter()
                    .chain(["bpf_lsm_", "bpf_iter__", "bpf_iter_", "bpf_struct_ops_"])
                    .chain([""])
                    .find(|prefix| old.starts_with(prefix));
                let new = format!("{}{evil}", prefix.unwrap_or_default());
                let offset = blob.string(&new);
                blob.get_mut(id).words[place] = offset;
                exercise(&blob.to_bytes(), &mut tally);
            }
        }
    }
    println!("{tally:?}, {:.1?}", start.elapsed());
    assert_eq!(tally.refused, 0);
}
