//! Kernels by hand: system calls without arguments, and those that have no events.

use crate::Context;
use crate::PrototypeError;
use crate::Shape;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::hook::Family;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::prototype;

/// The registers that tell an architecture, and those that a call's arguments and result are in.
const X86: [&str; 3] = ["orig_ax", "di", "ax"];
const S390: [&str; 2] = ["psw", "gprs"];

/// A kernel with these functions: each with its parameters' names, which are all pointers to registers.
fn kernel(registers: &[&str], funcs: &[(&str, &[&str])]) -> KernelBtf {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.int("int", 4, IntEncoding::Signed);
    let long = writer.int("long int", 8, IntEncoding::Signed);
    let members: Vec<_> = (0..)
        .zip(registers)
        .map(|(at, name)| (*name, long, at * 8))
        .collect();
    let size = members.len() as u32 * 8;
    let registers = writer.structure("pt_regs", size, &members);
    let registers = writer.pointer(registers);
    let args = writer.array(long, int, 6);
    let entered = [("syscall_nr", int, 8), ("args", args, 16)];
    writer.structure("syscall_tp_t", 64, &entered);
    let left = [("syscall_nr", int, 8), ("ret", long, 16)];
    writer.structure("syscall_tp_t", 24, &left);
    for (name, params) in funcs {
        let params: Vec<(&str, TypeId)> = params.iter().map(|name| (*name, registers)).collect();
        let proto = writer.prototype(&params, long);
        writer.function(name, proto);
    }
    let origin = Origin::Memory("test".to_owned());
    KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
}

fn context(kernel: &KernelBtf, hook: &str) -> Result<Vec<String>, PrototypeError> {
    let context = Context::of_hook(kernel, &hook.parse().unwrap())?;
    let Shape::Generated { layout, .. } = context.shape else {
        panic!("{hook}");
    };
    Ok(layout.fields.into_iter().map(|field| field.name).collect())
}

fn refusal(kernel: &KernelBtf, hook: &str) -> String {
    match context(kernel, hook) {
        Err(error @ PrototypeError::UnknownHook { .. }) => error.to_string(),
        other => panic!("{hook}: {other:?}"),
    }
}

fn listed(kernel: &KernelBtf, family: &str) -> Vec<String> {
    let family = Family::by_name(family).unwrap();
    let hooks = prototype::hooks(kernel, family);
    hooks.map(|hook| hook.target().to_owned()).collect()
}

#[test]
fn an_alias_is_a_hook_where_breakpoints_are_set() {
    let funcs: &[(&str, &[&str])] = &[
        ("__do_sys_getuid16", &["__unused"]),
        ("__do_sys_setsid", &["__unused"]),
        ("__do_sys_openat", &["dfd", "filename"]),
        ("__x64_sys_openat", &["regs"]),
        ("__ia32_sys_read", &["regs"]),
    ];
    let with_32_bits = kernel(&X86, funcs);
    for hook in ["ksyscall/setsid", "kprobe/__x64_sys_setsid"] {
        assert_eq!(context(&with_32_bits, hook).unwrap(), [""; 0], "{hook}");
    }
    for hook in ["kretsyscall/setsid", "kretprobe/__ia32_sys_setsid"] {
        assert_eq!(context(&with_32_bits, hook).unwrap(), ["ret"], "{hook}");
    }
    let calls = listed(&with_32_bits, "kretsyscall");
    for name in ["getuid16", "openat", "setsid"] {
        assert!(calls.iter().any(|call| call == name), "{calls:?}");
    }
    let functions = listed(&with_32_bits, "kprobe");
    for name in ["__x64_sys_setsid", "__ia32_sys_setsid", "__do_sys_setsid"] {
        assert!(functions.iter().any(|func| func == name), "{functions:?}");
    }
    // A trampoline is made for what BTF has.
    assert!(!listed(&with_32_bits, "fentry").contains(&"__x64_sys_setsid".to_owned()));
    let said = refusal(&with_32_bits, "fentry/__x64_sys_setsid");
    assert!(said.contains("alias of __do_sys_setsid"), "{said}");
    assert!(said.contains("names: fentry/__do_sys_setsid"), "{said}");

    let of_64_bits = kernel(&X86, &funcs[..funcs.len() - 1]);
    assert!(context(&of_64_bits, "kprobe/__x64_sys_setsid").is_ok());
    refusal(&of_64_bits, "kprobe/__ia32_sys_setsid");
    refusal(&of_64_bits, "ksyscall/no_such_call");
    refusal(&of_64_bits, "kprobe/__x64_sys_dup");
}

/// As those that clang has built.
#[test]
fn calls_that_leave_nothing_in_btf() {
    let kernel = kernel(&X86, &[("__x64_sys_read", &["regs"])]);
    assert_eq!(context(&kernel, "ksyscall/fork").unwrap(), [""; 0]);
    assert_eq!(
        context(&kernel, "tp/syscalls/sys_enter_fork").unwrap(),
        ["syscall_nr"]
    );
    assert_eq!(
        context(&kernel, "tp/syscalls/sys_exit_sync").unwrap(),
        ["syscall_nr", "ret"]
    );
    // Not every kernel has it.
    refusal(&kernel, "ksyscall/munlockall");
    let said = refusal(&kernel, "fentry/__x64_sys_fork");
    assert!(!said.contains("alias"), "{said}");
}

#[test]
fn wrappers_of_other_architectures_are_functions() {
    let kernel = kernel(&S390, &[("__s390x_sys_fork", &["__unused"])]);
    refusal(&kernel, "ksyscall/setsid");
    refusal(&kernel, "kprobe/__x64_sys_fork");
    assert_eq!(listed(&kernel, "ksyscall"), ["fork"]);
}

#[test]
fn events_are_of_native_calls() {
    let calls = [
        "stat",
        "newstat",
        "chown",
        "chown16",
        "socketcall",
        "futex_time32",
        "futex",
        "a_call_to_come",
    ];
    let funcs: Vec<String> = calls
        .iter()
        .map(|name| format!("__x64_sys_{name}"))
        .collect();
    let funcs: Vec<(&str, &[&str])> = funcs
        .iter()
        .map(|name| (name.as_str(), &["regs"][..]))
        .collect();
    let kernel = kernel(&X86, &funcs);
    for name in ["newstat", "chown", "futex", "a_call_to_come"] {
        for side in ["enter", "exit"] {
            let hook = format!("tp/syscalls/sys_{side}_{name}");
            assert!(context(&kernel, &hook).is_ok(), "{hook}");
        }
    }
    for (name, meant) in [
        ("stat", "newstat"),
        ("chown16", "chown"),
        ("futex_time32", "futex"),
    ] {
        for side in ["enter", "exit"] {
            for hook in [
                format!("tp/syscalls/sys_{side}_{name}"),
                format!("btf_tp_syscalls_sys_{side}_{name}_ctx"),
            ] {
                let said = refusal(&kernel, &hook);
                let nearest = format!("Similar names: tp/syscalls/sys_{side}_{meant}");
                assert!(said.contains(&nearest), "{said}");
                assert!(said.contains("programs of another ABI"), "{said}");
            }
        }
    }
    refusal(&kernel, "tp/syscalls/sys_enter_socketcall");
    let said = refusal(&kernel, "tp/syscalls/newstat");
    assert!(
        said.contains("tp/syscalls/sys_enter_newstat, tp/syscalls/sys_exit_newstat"),
        "{said}"
    );
    let listed = listed(&kernel, "tp");
    for (name, is_listed) in [("newstat", true), ("a_call_to_come", true), ("stat", false)] {
        let target = format!("syscalls/sys_enter_{name}");
        assert_eq!(listed.contains(&target), is_listed, "{listed:?}");
    }
}

/// Of a category that is known as a whole, what is not in it does not exist.
#[test]
fn formats_are_authoritative() {
    let folder = tempfile::tempdir().unwrap();
    let category = folder.path().join("syscalls");
    let event = category.join("sys_enter_read");
    std::fs::create_dir_all(&event).unwrap();
    let text = "name: sys_enter_read\nformat:\nfield:int __syscall_nr;offset:8;size:4;signed:1;\n";
    std::fs::write(event.join("format"), text).unwrap();
    let funcs: &[(&str, &[&str])] = &[
        ("__x64_sys_read", &["regs"]),
        ("__x64_sys_init_module", &["__unused"]),
        ("__x64_sys_write", &["regs"]),
    ];
    let with_formats = || kernel(&X86, funcs).with_formats(folder.path()).unwrap();
    // A part of them says nothing of the others.
    let hook = "tp/syscalls/sys_enter_init_module";
    assert!(context(&with_formats(), hook).is_ok());
    std::fs::write(category.join("enable"), "0\n").unwrap();
    let kernel = with_formats();
    let said = refusal(&kernel, hook);
    assert!(said.contains("which are all known"), "{said}");
    assert!(context(&kernel, "tp/syscalls/sys_enter_read").is_ok());
    let listed = listed(&kernel, "tp");
    assert!(listed.contains(&"syscalls/sys_enter_read".to_owned()));
    assert!(!listed.contains(&"syscalls/sys_enter_write".to_owned()));
}
