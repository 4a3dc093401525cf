//! BTF that was made to hurt: whatever is in it, there is an error or an answer, soon, and nothing
//! in the answer that is no C.
//!
//! `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::CDump;
use ctxgen::btf::TypeId;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen::render::RenderError;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::blob::INFO;
use ctxgen_tests::blob::NAME;
use ctxgen_tests::blob::TARGET;
use ctxgen_tests::fixture;
use ctxgen_tests::fixtures;
use ctxgen_tests::prng::Prng;
use ctxgen_tests::workspace;
use libbpf_rs::libbpf_sys as sys;

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
        let _ = CDump::new(&small).and_then(|mut dump| dump.define_all());
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

/// Every kind of type and of hook in a few kilobytes.
fn seed(order: ByteOrder) -> Blob {
    let mut blob = Blob::new(order);
    let int = blob.add("int", sys::BTF_KIND_INT, 0, 4, &[1 << 24 | 32]);
    let u64 = blob.int("long unsigned int", 8);
    let bool_ = blob.add("_Bool", sys::BTF_KIND_INT, 0, 1, &[4 << 24 | 8]);
    let u8 = blob.int("unsigned char", 1);
    let wide = blob.int("unsigned __int128", 16);
    let name = blob.string("VALUE");
    let e = blob.add("e", sys::BTF_KIND_ENUM, 1, 4, &[name, 7]);
    let name = blob.string("VALUE64");
    let e64 = blob.add("e64", sys::BTF_KIND_ENUM64, 1, 8, &[name, 7, 7]);
    let inner = blob.structure("inner", 8, &[("a", int, 0), ("b", bool_, 32)]);
    let anonymous = blob.union("", 8, &[("x", u64), ("y", inner)]);
    let array = blob.array(u8, 16);
    let declared = blob.add("declared", sys::BTF_KIND_FWD, 0, 0, &[]);
    let to_declared = blob.ptr(declared);
    let task = blob.structure(
        "task_struct",
        64,
        &[
            ("pid", int, 0),
            ("", anonymous, 64),
            ("comm", array, 128),
            ("far", to_declared, 256),
            ("last", u8, 384),
        ],
    );
    let to_task = blob.ptr(task);
    let constant = blob.add("", sys::BTF_KIND_CONST, 0, int, &[]);
    let volatile = blob.add("", sys::BTF_KIND_VOLATILE, 0, constant, &[]);
    let to_volatile = blob.ptr(volatile);
    let restrict = blob.add("", sys::BTF_KIND_RESTRICT, 0, to_volatile, &[]);
    let tag = blob.add("rcu", sys::BTF_KIND_TYPE_TAG, 0, task, &[]);
    let to_tag = blob.ptr(tag);
    let float = blob.add("double", sys::BTF_KIND_FLOAT, 0, 8, &[]);
    let proto = blob.proto(int, &[("a", to_task), ("", e)]);
    let function = blob.ptr(proto);
    let named = blob.typedef("callback_t", function);
    let kuid = blob.structure("", 4, &[("val", int, 0)]);
    let kuid = blob.typedef("kuid_t", kuid);

    for (tp, params) in [
        ("first", &[bool_, to_task, e][..]),
        ("second", &[to_task]),
        ("third", &[u8, kuid, e64, named]),
    ] {
        blob.tracepoint(tp, params);
    }
    let data = blob.ptr(0);
    blob.func(
        "__probestub_first",
        0,
        &[
            ("__data", data),
            ("flag", bool_),
            ("task", to_task),
            ("e", e),
        ],
    );
    blob.func("__bpf_trace_class", 0, &[("__data", data), ("p", to_task)]);
    blob.func("__traceiter_lost", int, &[("__data", data), ("p", to_tag)]);
    let all = [
        ("a", int),
        ("b", bool_),
        ("c", to_task),
        ("d", to_volatile),
        ("e", restrict),
        ("f", to_tag),
        ("g", named),
        ("h", kuid),
        ("i", inner),
        ("j", e64),
    ];
    blob.func("takes_all", int, &all);
    blob.func("twice", int, &all[..1]);
    blob.func("twice", int, &all[1..2]);
    blob.func("variadic", 0, &[("a", int), ("", 0)]);
    blob.func("floats", float, &[("a", float), ("b", wide)]);
    let security = blob.func("security_file_open", int, &[("file", to_task)]);
    let hook = blob.func("bpf_lsm_file_open", int, &[("file", to_task)]);
    let member = blob.ptr(blob.get(hook).words[TARGET]);
    blob.union("security_list_options", 8, &[("file_open", member)]);
    blob.structure(
        "bpf_iter__task",
        16,
        &[("meta", to_task, 0), ("", anonymous, 64)],
    );
    blob.func("bpf_iter_task", int, &[("meta", to_task)]);
    let open = blob.proto(int, &[("", to_task), ("", e)]);
    let close = blob.proto(0, &[("", to_task)]);
    let members = [blob.ptr(open), blob.ptr(close)];
    let ops = blob.structure(
        "game_ops",
        24,
        &[
            ("open", members[0], 0),
            ("close", members[1], 64),
            ("flags", int, 128),
        ],
    );
    let common = blob.structure("bpf_struct_ops_common_value", 4, &[("refcnt", int, 0)]);
    blob.structure(
        "bpf_struct_ops_game_ops",
        88,
        &[("common", common, 0), ("data", ops, 512)],
    );
    blob.func(
        "game_ops__open",
        int,
        &[("player__nullable", to_task), ("kind", e)],
    );
    blob.func("bpf_game_close", 0, &[("player", to_task)]);
    blob.structure("pt_regs", 16, &[("orig_ax", u64, 0), ("ip", u64, 64)]);
    blob.structure("inner", 4, &[("other", int, 0)]);
    blob.add("tagged", sys::BTF_KIND_DECL_TAG, 0, security, &[u32::MAX]);
    let variable = blob.add("jiffies", sys::BTF_KIND_VAR, 0, u64, &[1]);
    blob.add(".data", sys::BTF_KIND_DATASEC, 1, 8, &[variable, 0, 8]);
    blob
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

/// Ids, sizes, offsets, names and kinds are changed so that most of it still is BTF.
#[test]
fn changed_types() {
    let rounds = rounds(3000);
    let start = Instant::now();
    let mut tally = Tally::default();
    for round in 0..rounds {
        let mut prng = Prng::new(round as u64);
        let order = *prng.pick(&[ByteOrder::Little, ByteOrder::Big]);
        let mut blob = seed(order);
        for _ in 0..=prng.below(4) {
            change(&mut blob, &mut prng);
        }
        said_by_round(round, || exercise(&blob.to_bytes(), &mut tally));
    }
    println!("{rounds} rounds: {tally:?}, {:.1?}", start.elapsed());
    assert!(tally.accepted > rounds / 2, "{tally:?}");
    assert!(tally.with_header > rounds / 8, "{tally:?}");
}

/// Runs a round, and says which one it was if it panics.
fn said_by_round(round: usize, run: impl FnOnce()) {
    struct Said(usize);
    impl Drop for Said {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("that was round {}", self.0);
            }
        }
    }
    let said = Said(round);
    run();
    drop(said);
}

/// Changes one thing.
fn change(blob: &mut Blob, prng: &mut Prng) {
    let id = u32::try_from(prng.below(blob.types.len()) + 1).unwrap();
    let any_id = u32::try_from(prng.below(blob.types.len() + 1)).unwrap();
    let last = blob.get(id).words.len() - 1;
    match prng.below(12) {
        // A reference to any other type, even itself.
        0..=3 => {
            let mut places = blob.get(id).id_places();
            places.retain(|place| *place <= last);
            if !places.is_empty() {
                let place = *prng.pick(&places);
                blob.get_mut(id).words[place] = any_id;
            }
        }
        // A name that is no identifier.
        4 | 5 => {
            let name = *prng.pick(EVIL_NAMES);
            let offset = blob.string(name);
            blob.get_mut(id).words[NAME] = offset;
        }
        // The same for a member, a parameter or a value.
        6 => {
            let name = *prng.pick(EVIL_NAMES);
            let names = match blob.get(id).kind() {
                sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
                sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
                _ => return,
            };
            let records = (last - TARGET) / names;
            if records > 0 {
                let place = 3 + names * prng.below(records);
                let offset = blob.string(name);
                blob.get_mut(id).words[place] = offset;
            }
        }
        // A size, or what stands in its place.
        7 => blob.get_mut(id).words[TARGET] = number(prng),
        // Whatever is in a word.
        8 => {
            let place = prng.below(last + 1);
            blob.get_mut(id).words[place] = number(prng);
        }
        // Another kind with as much behind it.
        9 => {
            let kind = u32::try_from(prng.below(20)).unwrap();
            let words = &mut blob.get_mut(id).words;
            words[INFO] = words[INFO] & !(0x1f << 24) | kind << 24;
        }
        // The flag.
        10 => blob.get_mut(id).words[INFO] ^= 1 << 31,
        // One type instead of another.
        _ => {
            if any_id != 0 {
                *blob.get_mut(id) = blob.get(any_id).clone();
            }
        }
    }
}

/// A number that somebody might stumble over.
fn number(prng: &mut Prng) -> u32 {
    const ODD: &[u32] = &[
        0,
        1,
        3,
        8,
        12,
        17,
        63,
        64,
        65,
        0x7f,
        0xff,
        0xffff,
        0x1_0000,
        0x0fff_ffff,
        0x1fff_ffff,
        0x2000_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff8,
        0xffff_ffff,
    ];
    match prng.once_in(4) {
        true => u32::try_from(prng.next_u64() >> 32).unwrap(),
        false => *prng.pick(ODD),
    }
}

/// Bytes are flipped, set and cut off anywhere.
#[test]
fn changed_bytes() {
    let rounds = rounds(3000);
    let start = Instant::now();
    let mut tally = Tally::default();
    let seeds = [ByteOrder::Little, ByteOrder::Big].map(|order| seed(order).to_bytes());
    for round in 0..rounds {
        let mut prng = Prng::new(1 << 32 | round as u64);
        let mut bytes = prng.pick(&seeds).clone();
        for _ in 0..=prng.below(6) {
            let at = prng.below(bytes.len());
            match prng.below(8) {
                0..=4 => bytes[at] ^= 1 << prng.below(8),
                5 | 6 => bytes[at] = u8::try_from(prng.below(256)).unwrap(),
                _ => {
                    // The header is hit often enough to matter.
                    let at = prng.below(24);
                    bytes[at] ^= 1 << prng.below(8);
                }
            }
        }
        if prng.once_in(16) {
            bytes.truncate(prng.below(bytes.len()));
        }
        said_by_round(round, || exercise(&bytes, &mut tally));
    }
    println!("{rounds} rounds: {tally:?}, {:.1?}", start.elapsed());
    assert!(tally.accepted > rounds / 8, "{tally:?}");
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

/// Real kernels' types, changed.
#[test]
fn changed_fixtures() {
    let rounds = rounds(12);
    let start = Instant::now();
    let mut tally = Tally::default();
    for (number, name) in ["5.10-x86_64", "6.12-s390x"].into_iter().enumerate() {
        let whole = Blob::parse(&std::fs::read(fixture(name).btf).unwrap());
        for round in 0..rounds {
            let mut prng = Prng::new((2 + number as u64) << 32 | round as u64);
            let mut blob = whole.clone();
            for _ in 0..=prng.below(3) {
                change(&mut blob, &mut prng);
            }
            said_by_round(round, || exercise(&blob.to_bytes(), &mut tally));
        }
    }
    println!("{tally:?}, {:.1?}", start.elapsed());
}

/// Files that something stumbled over once.
#[test]
fn kept_files() {
    let folder = workspace().join("tests/fixtures/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        is_soon_done_with(&name, std::fs::read(&path).unwrap());
    }
}

/// How long the answer to a small BTF may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Exercises a blob, and does not wait for ever.
#[track_caller]
fn is_soon_done_with(what: &str, bytes: Vec<u8>) {
    let (done, wait) = mpsc::channel();
    let start = Instant::now();
    let worker = thread::spawn(move || {
        exercise(&bytes, &mut Tally::default());
        let _ = done.send(());
    });
    if wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("{what} takes longer than {PATIENCE:?}");
    }
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
    println!("{what}: {:.1?}", start.elapsed());
}

/// Each prototype takes the one before it twice: few types, and more text than there is memory.
#[test]
fn prototypes_that_double() {
    let mut blob = Blob::new(ByteOrder::Little);
    let mut id = blob.int("int", 4);
    for _ in 0..60 {
        let proto = blob.proto(id, &[("a", id), ("b", id)]);
        id = blob.ptr(proto);
    }
    blob.func("f", id, &[("a", id)]);
    blob.tracepoint("tp", &[id]);
    blob.typedef("t", id);
    blob.structure("bpf_iter__x", 8, &[("a", id, 0)]);
    blob.func("bpf_iter_x", 0, &[]);
    is_soon_done_with("prototypes that double", blob.to_bytes());
}

/// The same with anonymous unions, which are written out where they are used.
#[test]
fn unions_that_double() {
    for levels in [6, 60] {
        let mut blob = Blob::new(ByteOrder::Little);
        let mut id = blob.int("int", 4);
        for _ in 0..levels {
            let members = vec![("", id); if levels == 6 { 20 } else { 2 }];
            id = blob.union("", 4, &members);
        }
        blob.structure("bpf_iter__x", 8, &[("", id, 0), ("last", id, 32)]);
        blob.func("bpf_iter_x", 0, &[]);
        blob.func("f", 0, &[("a", id)]);
        let to = blob.ptr(id);
        blob.tracepoint("tp", &[to]);
        blob.structure("pt_regs", 8, &[("", id, 0)]);
        blob.structure("user_pt_regs", 8, &[("", id, 0)]);
        is_soon_done_with("unions that multiply", blob.to_bytes());
    }
}

/// Padding is written out, 8 bytes a line.
#[test]
fn gaps() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for size in [0x0fff_ffff, 0x1fff_fff8, 0x7fff_ffff, u32::MAX] {
            let mut blob = Blob::new(order);
            let int = blob.int("int", 4);
            blob.structure("end", size, &[("a", int, 0)]);
            blob.structure("empty", size, &[]);
            blob.structure("start", 8, &[("a", int, size)]);
            blob.structure("bpf_iter__x", size, &[("a", int, size)]);
            blob.func("bpf_iter_x", 0, &[]);
            let end = blob.structure("", size, &[("a", int, 0)]);
            let to = blob.ptr(end);
            blob.func("f", 0, &[("a", to)]);
            is_soon_done_with(&format!("gaps of {size:#x}"), blob.to_bytes());
        }
    }
}

/// Alignment is a divisor.
#[test]
fn types_without_size() {
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let nothings = [
        blob.int("nothing", 0),
        blob.add("e", sys::BTF_KIND_ENUM, 0, 0, &[]),
        blob.add("f", sys::BTF_KIND_FLOAT, 0, 0, &[]),
        blob.add("e64", sys::BTF_KIND_ENUM64, 0, 0, &[]),
        blob.structure("empty", 0, &[]),
        blob.array(int, 0),
        blob.func("func", 0, &[]),
    ];
    for (number, nothing) in nothings.into_iter().enumerate() {
        for offset in [0, 8, 32, 64, 96] {
            let name = format!("s_{number}_{offset}");
            blob.structure(&name, 24, &[("a", int, 0), ("b", nothing, offset)]);
            let anonymous = blob.structure("", 24, &[("a", int, 0), ("b", nothing, offset)]);
            let to = blob.ptr(anonymous);
            blob.func(&format!("f_{number}_{offset}"), 0, &[("a", to)]);
            blob.structure(
                &format!("t_{name}"),
                24,
                &[("a", nothing, 0), ("b", int, 64)],
            );
        }
    }
    is_soon_done_with("types without size", blob.to_bytes());
}

/// Anything may hold itself.
#[test]
fn circles() {
    for kind in [
        sys::BTF_KIND_PTR,
        sys::BTF_KIND_TYPEDEF,
        sys::BTF_KIND_CONST,
        sys::BTF_KIND_VOLATILE,
        sys::BTF_KIND_RESTRICT,
        sys::BTF_KIND_TYPE_TAG,
    ] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut blob = Blob::new(order);
            let int = blob.int("int", 4);
            let circle = blob.add("circle", kind, 0, 0, &[]);
            let back = blob.add("back", kind, 0, circle, &[]);
            blob.get_mut(circle).words[TARGET] = back;
            let array = blob.array(circle, 3);
            let to = blob.ptr(circle);
            let anonymous = blob.structure("", 8, &[("a", circle, 0)]);
            blob.get_mut(anonymous).words[4] = anonymous;
            let inner = blob.structure("", 8, &[("", circle, 0)]);
            blob.get_mut(inner).words[4] = inner;
            let itself = blob.array(int, 2);
            blob.get_mut(itself).words[3] = itself;
            for (number, id) in [circle, array, to, anonymous, inner, itself]
                .into_iter()
                .enumerate()
            {
                blob.func(&format!("f{number}"), id, &[("a", id)]);
                blob.tracepoint(&format!("tp{number}"), &[id]);
                let context = format!("bpf_iter__{number}x");
                blob.structure(&context, 8, &[("a", id, 0), ("", id, 0)]);
                blob.func(&format!("bpf_iter_{number}x"), 0, &[]);
                let context = format!("bpf_iter__x{number}");
                blob.structure(&context, 8, &[("", id, 0)]);
                blob.func(&format!("bpf_iter_x{number}"), 0, &[]);
            }
            blob.structure("pt_regs", 8, &[("", inner, 0)]);
            is_soon_done_with(&format!("circles of kind {kind}"), blob.to_bytes());
        }
    }
}

/// Offsets add up, too.
#[test]
fn offsets_that_add_up() {
    let mut blob = Blob::new(ByteOrder::Little);
    let mut id = blob.int("int", 4);
    for _ in 0..12 {
        id = blob.structure("", 4, &[("", id, 0xffff_fff8), ("a", 1, 0xffff_ffff)]);
    }
    blob.structure("bpf_iter__x", 8, &[("", id, 0xffff_ffff)]);
    blob.func("bpf_iter_x", 0, &[]);
    is_soon_done_with("offsets that add up", blob.to_bytes());
}

/// As much as there is room for.
#[test]
fn many() {
    const MANY: usize = 0xffff;
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    blob.func("unnamed", 0, &vec![("", int); MANY]);
    blob.func("named", 0, &vec![("a", int); MANY]);
    blob.tracepoint("tp", &vec![int; MANY - 1]);
    is_soon_done_with("many arguments", blob.to_bytes());

    let mut blob = Blob::new(ByteOrder::Little);
    let mut id = blob.int("int", 4);
    for number in 0..20_000u32 {
        id = match number % 4 {
            0 => blob.ptr(id),
            1 => blob.add("", sys::BTF_KIND_CONST, 0, id, &[]),
            2 => blob.array(id, 1),
            _ => blob.proto(id, &[]),
        };
    }
    blob.func("f", id, &[("a", id)]);
    blob.tracepoint("tp", &[id]);
    is_soon_done_with("a long chain", blob.to_bytes());

    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let proto = blob.proto(int, &[]);
    let to = blob.ptr(proto);
    let names: Vec<String> = (0..600).map(|number| format!("h{number}")).collect();
    for name in &names {
        blob.func(&format!("bpf_lsm_{name}"), int, &[]);
        blob.func(&format!("__bpf_trace_{name}"), int, &[("", int), ("x", to)]);
        blob.tracepoint(name, &[to]);
    }
    let members: Vec<_> = names.iter().map(|name| (name.as_str(), to)).collect();
    blob.union("security_list_options", 8, &members);
    is_soon_done_with("many hooks", blob.to_bytes());
}

/// An ops type in its wrapper.
fn add_ops(blob: &mut Blob, name: &str, members: &[(&str, u32, u32)]) -> u32 {
    let ops = blob.structure(name, 8, members);
    let int = blob.int("int", 4);
    let wrapper = [("common", int, 0), ("data", ops, 64)];
    blob.structure(&format!("bpf_struct_ops_{name}"), 16, &wrapper);
    ops
}

/// Ops types that hold or return themselves, and whose members' types never end.
#[test]
fn ops_in_circles() {
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let ops = add_ops(&mut blob, "itself", &[("call", int, 0)]);
    blob.get_mut(ops).words[4] = ops;
    let wrapper = blob.structure(
        "bpf_struct_ops_holds",
        8,
        &[("common", int, 0), ("x", int, 64)],
    );
    blob.get_mut(wrapper).words[7] = wrapper;
    let pointer = blob.ptr(int);
    blob.get_mut(pointer).words[TARGET] = pointer;
    add_ops(&mut blob, "pointers", &[("call", pointer, 0)]);
    let typedef = blob.typedef("round", int);
    blob.get_mut(typedef).words[TARGET] = typedef;
    add_ops(&mut blob, "typedefs", &[("call", typedef, 0)]);
    let proto = blob.proto(int, &[("", int)]);
    let to = blob.ptr(proto);
    // It takes a pointer to itself, and returns its own ops type.
    let ops = add_ops(&mut blob, "protos", &[("call", to, 0), ("again", to, 64)]);
    blob.get_mut(proto).words[TARGET] = ops;
    blob.get_mut(proto).words[4] = to;
    blob.func("protos__call", ops, &[("x", to)]);
    blob.func("bpf_protos_again", ops, &[("x", proto)]);
    is_soon_done_with("ops in circles", blob.to_bytes());
}

/// Of one struct name, many readings; of one ops type, many members; of one member, many functions.
#[test]
fn many_ops() {
    const MANY: usize = 20_000;
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let proto = blob.proto(int, &[("", int)]);
    let to = blob.ptr(proto);
    let names: Vec<String> = (0..MANY).map(|number| format!("m_{number}")).collect();
    let members: Vec<_> = names.iter().map(|name| (name.as_str(), to, 0)).collect();
    add_ops(&mut blob, "large_ops", &members);
    for name in names.iter().take(200) {
        add_ops(&mut blob, name, &[("a_b_c", to, 0), ("c", to, 64)]);
        blob.func(&format!("{name}__c"), int, &[("x", int)]);
    }
    let underscores = format!("a{}", "_b".repeat(20_000));
    for name in ["x", &"a_".repeat(100), &underscores] {
        add_ops(&mut blob, name, &[(name, to, 0), (&underscores, to, 64)]);
    }
    is_soon_done_with("many ops", blob.to_bytes());

    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let proto = blob.proto(int, &[("", int)]);
    let to = blob.ptr(proto);
    let members: Vec<_> = names.iter().map(|name| (name.as_str(), to, 0)).collect();
    add_ops(&mut blob, "ops", &members);
    // Each is called like a tenth of the members.
    for number in 0..MANY / 10 {
        blob.func(&format!("f_{}", number % 10), int, &[("x", int)]);
    }
    is_soon_done_with("many functions of a member's types", blob.to_bytes());
}

/// A name as long as a file.
#[test]
fn long_names() {
    let long = "x".repeat(300_000);
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4);
    let s = blob.structure(&long, 4, &[(&long, int, 0)]);
    let to = blob.ptr(s);
    blob.func("f", int, &[(&long, to)]);
    blob.func(&long, int, &[("a", int)]);
    blob.tracepoint(&long, &[to]);
    let proto = blob.proto(int, &[("", to)]);
    let member = blob.ptr(proto);
    add_ops(&mut blob, &long, &[(&long, member, 0)]);
    is_soon_done_with("long names", blob.to_bytes());
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
