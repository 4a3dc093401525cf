//! Values in registers: calls are made whose arguments are known, and programs have to see these.

use std::ffi::c_int;
use std::ffi::c_void;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process;

use ctxgen::Loader;
use libbpf_rs::Link;
use libbpf_rs::MapCore as _;
use libbpf_rs::MapFlags;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;

/// Makes calls and holds what the programs of an object have seen against them; how many differ.
pub(crate) fn check(path: &Path, relocate: bool) -> Result<usize, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let contexts = if relocate { "relocatable" } else { "fixed" };
    let what = format!("{}, {contexts} contexts", name.trim_end_matches(".bpf.o"));
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut object = load(&bytes, relocate)?;
    let links = attach(&mut object)?;
    let expected = match name.starts_with("registers") {
        true => in_registers(),
        false => of_system_calls(),
    };
    drop(links);
    let seen = seen(&object, expected.len())?;
    let mut wrong = 0;
    for ((field, expected), seen) in expected.into_iter().zip(seen) {
        if expected == seen {
            println!("ok {what}: {field} is {expected:#x}");
        } else {
            wrong += 1;
            println!("FAILED {what}: {field}: expected {expected:#x}, and {seen:#x} came");
        }
    }
    Ok(wrong)
}

fn load(bytes: &[u8], relocate: bool) -> Result<Object, String> {
    let text = |error: libbpf_rs::Error| format!("{error:#}");
    let ours = |error: Box<ctxgen::LoadError>| error.to_string();
    let mut builder = ObjectBuilder::default();
    let loader = match relocate {
        true => Some(Loader::new(bytes).map_err(ours)?),
        false => None,
    };
    let mut object = match &loader {
        Some(loader) => loader.open_object(&mut builder).map_err(ours)?,
        None => builder.open_memory(bytes).map_err(text)?,
    };
    for mut map in object.maps_mut() {
        if map.name().to_string_lossy().ends_with(".rodata") {
            map.set_initial_value(&process::id().to_ne_bytes())
                .map_err(text)?;
        }
    }
    match loader {
        Some(loader) => loader.load_object(object).map_err(ours),
        None => object.load().map_err(text),
    }
}

fn attach(object: &mut Object) -> Result<Vec<Link>, String> {
    let offset = file_offset(handle as *const () as usize)?;
    let mut links = Vec::new();
    for program in object.progs_mut() {
        let section = program.section().to_string_lossy().into_owned();
        let pid = process::id().cast_signed();
        let link = match section.as_str() {
            "uprobe" => program.attach_uprobe(false, pid, "/proc/self/exe", offset),
            "uretprobe" => program.attach_uprobe(true, pid, "/proc/self/exe", offset),
            _ => program.attach(),
        };
        links.push(link.map_err(|error| format!("cannot attach {section}: {error:#}"))?);
    }
    Ok(links)
}

/// Where an address of this program is in its file.
fn file_offset(address: usize) -> Result<usize, String> {
    let maps = fs::read_to_string("/proc/self/maps").map_err(|error| error.to_string())?;
    let found = maps.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let hex = |text| usize::from_str_radix(text, 16).ok();
        let (start, end, offset) = (hex(start)?, hex(end)?, hex(words.nth(1)?)?);
        (start..end)
            .contains(&address)
            .then(|| address - start + offset)
    });
    found.ok_or_else(|| "this program's own function is nowhere in its memory".to_owned())
}

fn seen(object: &Object, count: usize) -> Result<Vec<u64>, String> {
    let map = object
        .maps()
        .find(|map| map.name().to_string_lossy().ends_with(".bss"));
    let map = map.ok_or("the object has no global variables")?;
    let value = map.lookup(&0_u32.to_ne_bytes(), MapFlags::ANY);
    let value = value
        .map_err(|error| format!("{error:#}"))?
        .unwrap_or_default();
    let words = value.chunks_exact(8).take(count);
    Ok(words
        .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()))
        .collect())
}

/// A number as the programs note it.
fn wide(number: i64) -> u64 {
    number.cast_unsigned()
}

/// Narrow numbers, negative ones, pointers, and what is returned. In the order of
/// `tests/families/values/registers.bpf.c`.
fn in_registers() -> Vec<(&'static str, u64)> {
    let name = c"nowhere";
    // SAFETY: The name is a C string; the call fails as there is no such folder.
    unsafe { libc::openat(-77, name.as_ptr(), libc::O_RDONLY | libc::O_NOFOLLOW) };
    let address = [0_u8; 28];
    // SAFETY: The address is as long as said; the call fails as there is no such socket.
    unsafe { libc::connect(-5, address.as_ptr().cast(), 28) };
    let request = [7_u8; 4];
    let deadline = -0x1234_5678_9abc;
    let ret = black_box(handle)(request.as_ptr().cast(), -300, 0x85, deadline);
    vec![
        ("calls of do_sys_openat2", 1),
        ("dfd", wide(-77)),
        // The kernel adds O_LARGEFILE for programs of 64 bits.
        ("how->flags", open_flags()),
        ("filename", name.as_ptr().addr() as u64),
        ("ret of do_sys_openat2", wide(-i64::from(libc::EBADF))),
        ("calls of __sys_connect", 1),
        ("fd", wide(-5)),
        ("uservaddr", address.as_ptr().addr() as u64),
        ("addrlen", 28),
        ("ret of __sys_connect", wide(-i64::from(libc::EBADF))),
        ("calls of handle", 1),
        ("request", request.as_ptr().addr() as u64),
        ("priority", wide(-300)),
        ("flags", 0x85),
        ("deadline", wide(deadline)),
        ("ret of handle", wide(ret.into())),
    ]
}

/// `O_LARGEFILE`, which the kernel adds for programs of 64 bits, is 0 to the C library for these.
fn open_flags() -> u64 {
    let large = if cfg!(target_arch = "aarch64") {
        0o400_000
    } else {
        0o100_000
    };
    wide((libc::O_RDONLY | libc::O_NOFOLLOW | large).into())
}

/// In the order of `tests/families/values/system_calls.bpf.c`.
fn of_system_calls() -> Vec<(&'static str, u64)> {
    let name = c"nowhere";
    let flags = libc::O_RDONLY | libc::O_CREAT;
    // SAFETY: As above.
    unsafe { libc::syscall(libc::SYS_openat, -77, name.as_ptr(), flags, 0o640) };
    vec![
        ("dfd", wide(-77)),
        ("filename", name.as_ptr().addr() as u64),
        ("flags", wide(flags.into())),
        ("mode", 0o640),
        ("ret of openat", wide(-i64::from(libc::EBADF))),
    ]
}

/// A function that probes are set on, with the prototype that `tests/families/user.c` has for it.
#[inline(never)]
extern "C" fn handle(request: *const c_void, priority: i16, flags: u8, deadline: i64) -> c_int {
    black_box((request, deadline));
    c_int::from(black_box(priority)) - c_int::from(black_box(flags))
}
