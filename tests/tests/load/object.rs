//! BPF objects out of C, without headers.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use libbpf_rs::AsRawLibbpf;
use libbpf_rs::OpenObject;
use libbpf_rs::libbpf_sys;

/// What `bpf_helpers.h` and `bpf_core_read.h` have of what is used here.
pub(crate) const HEAD: &str = r#"
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define RELOCATED __attribute__((preserve_access_index))
#define field_exists(field) __builtin_preserve_field_info(field, 2)
#define field_size(field) __builtin_preserve_field_info(field, 1)
#define type_exists(type) __builtin_preserve_type_info(*(type *)0, 0)
#define type_size(type) __builtin_preserve_type_info(*(type *)0, 1)
#define type_matches(type) __builtin_preserve_type_info(*(type *)0, 2)
#define type_id_local(type) __builtin_btf_type_id(*(type *)0, 0)
#define type_id_kernel(type) __builtin_btf_type_id(*(type *)0, 1)
#define value_exists(type, value) __builtin_preserve_enum_value(*(type *)value, 0)
#define value_of(type, value) __builtin_preserve_enum_value(*(type *)value, 1)
static long (*const probe_read_kernel)(void *, u32, const void *) = (void *)113;
static u64 (*const current_pid_tgid)(void) = (void *)14;
char LICENSE[] SEC("license") = "GPL";
"#;

/// Compiles a program for machines of this byte order.
pub(crate) fn compile(source: &str) -> Vec<u8> {
    compile_for("bpf", source)
}

/// Compiles a program for a target of clang's.
pub(crate) fn compile_for(target: &str, source: &str) -> Vec<u8> {
    compile_with(target, &format!("{HEAD}{source}"), &[])
}

/// The same of a whole source, with headers beside it.
pub(crate) fn compile_with(target: &str, source: &str, headers: &[(&str, String)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [c, o] = ["prog.bpf.c", "prog.bpf.o"].map(|name| folder.path().join(name));
    std::fs::write(&c, source).unwrap();
    for (name, text) in headers {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let clang = env::var_os("CLANG").unwrap_or_else(|| OsString::from("clang"));
    let output = Command::new(clang)
        .args([
            "-g", "-O2", "-mcpu=v3", "-Wall", "-Werror", "-target", target,
        ])
        .args([
            "-Wno-unused-const-variable",
            "-fms-extensions",
            "-Wno-microsoft-anon-tag",
            "-c",
        ])
        .arg(&c)
        .arg("-o")
        .arg(&o)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{source}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(o).unwrap()
}

/// An instruction's bytes, without the descriptor of a map, which differs from one object to the
/// next.
fn bytes(instruction: &libbpf_sys::bpf_insn) -> [u8; 8] {
    // SAFETY: an instruction is eight bytes, any of which are fine.
    let mut bytes: [u8; 8] = unsafe { std::mem::transmute_copy(instruction) };
    let is_map = bytes[0] == 0x18 && bytes[1] >> 4 != 0;
    if is_map {
        bytes[4..].fill(0);
    }
    bytes
}

/// The instructions of all programs, as they are when they have been relocated and nothing has been
/// loaded yet.
pub(crate) fn relocated(object: &mut OpenObject) -> Vec<(String, Vec<[u8; 8]>)> {
    let raw = object.as_libbpf_object().as_ptr();
    // SAFETY: a live object that is not loaded.
    let error = unsafe { libbpf_sys::bpf_object__prepare(raw) };
    assert_eq!(error, 0);
    object
        .progs()
        .map(|program| {
            let name = program.name().to_string_lossy().into_owned();
            (name, program.insns().iter().map(bytes).collect())
        })
        .collect()
}
