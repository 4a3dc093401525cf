//! Small BTF that asks for much, and files that something stumbled over.

use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ctxgen::ByteOrder;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::blob::TARGET;
use ctxgen_tests::workspace;
use libbpf_rs::libbpf_sys as sys;

use super::Tally;
use super::exercise;

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

/// How much processor time the answer to a small BTF may take, in a debug build.
const PATIENCE: Duration = Duration::from_secs(20);

/// Exercises a blob, and does not wait for ever.
#[track_caller]
fn is_soon_done_with(what: &str, bytes: Vec<u8>) {
    let (done, wait) = mpsc::channel();
    let worker = thread::spawn(move || {
        exercise(&bytes, &mut Tally::default());
        // SAFETY: it asks for nothing but the caller's own thread.
        let _ = done.send(thread_time(unsafe { libc::pthread_self() }));
    });
    let thread = worker.as_pthread_t();
    let took = loop {
        match wait.recv_timeout(Duration::from_secs(1)) {
            Ok(took) => break took,
            Err(mpsc::RecvTimeoutError::Disconnected) => break Duration::ZERO,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                assert!(
                    thread_time(thread) < PATIENCE,
                    "{what} takes longer than {PATIENCE:?}"
                );
            }
        }
    };
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
    println!("{what}: {took:.1?}");
}

/// How much processor time a thread has taken that has not been joined; none where it has ended.
fn thread_time(thread: libc::pthread_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut clock = 0;
    // SAFETY: the thread is there until it is joined, and both are written to.
    let is_known = unsafe {
        libc::pthread_getcpuclockid(thread, &mut clock) == 0
            && libc::clock_gettime(clock, &mut time) == 0
    };
    match is_known {
        true => Duration::new(time.tv_sec as u64, time.tv_nsec as u32),
        false => Duration::ZERO,
    }
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
