//! The table of families, held against libbpf's own and against what kernels say programs get.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::ffi::CString;
use std::sync::Mutex;

use ctxgen::Family;
use ctxgen::Generic;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::btf::Kind;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;
use ctxgen_tests::running;
use libbpf_rs::PrintLevel;
use libbpf_rs::libbpf_sys;

/// Of a program type, what libbpf calls it.
fn program_type(section: &str) -> Option<String> {
    let section = CString::new(section).unwrap();
    let (mut prog, mut attach) = (0, 0);
    // SAFETY: a C string, and two places that live as long as the call.
    let found =
        unsafe { libbpf_sys::libbpf_prog_type_by_name(section.as_ptr(), &mut prog, &mut attach) };
    if found != 0 {
        return None;
    }
    // SAFETY: the answer is a string that is there as long as the program runs, or null.
    let name = unsafe { libbpf_sys::libbpf_bpf_prog_type_str(prog) };
    assert!(!name.is_null(), "{section:?}");
    // SAFETY: it is not null.
    let name = unsafe { CStr::from_ptr(name) };
    Some(name.to_str().unwrap().to_owned())
}

/// The section prefixes that libbpf has from 1.8 on.
const OF_1_8: [&str; 11] = [
    "fentry.multi",
    "fentry.multi.s",
    "fexit.multi",
    "fexit.multi.s",
    "fsession.multi",
    "fsession.multi.s",
    "raw_tp.s",
    "raw_tracepoint.s",
    "tp.s",
    "tp_btf.s",
    "tracepoint.s",
];

/// Whether the libbpf that is linked here may be too old for a section.
fn is_later(section: &str) -> bool {
    OF_1_8.contains(&section)
}

/// What libbpf says at its most talkative.
static SAID: Mutex<String> = Mutex::new(String::new());

/// All section prefixes that libbpf knows: it lists them when it is asked about another.
fn libbpfs_sections() -> BTreeSet<String> {
    fn keep(_: PrintLevel, text: String) {
        SAID.lock().unwrap().push_str(&text);
    }
    libbpf_rs::set_print(Some((PrintLevel::Debug, keep)));
    assert_eq!(program_type("no such section"), None);
    libbpf_rs::set_print(None);
    let said = SAID.lock().unwrap();
    let (_, list) = said
        .split_once("supported section(type) names are:")
        .unwrap_or_else(|| panic!("{said}"));
    list.split_whitespace()
        .map(|name| name.trim_end_matches(['+', '/']).to_owned())
        .collect()
}

#[test]
fn no_section_of_libbpfs_is_forgotten() {
    let sections = libbpfs_sections();
    assert!(sections.len() > 80, "{sections:?}");
    let mut known = BTreeSet::new();
    for family in Family::all() {
        for section in family.sections() {
            assert!(
                known.insert((*section).to_owned()),
                "{section} is there twice"
            );
        }
    }
    let later: BTreeSet<String> = OF_1_8.iter().map(|name| (*name).to_owned()).collect();
    assert!(later.is_subset(&known), "{later:?}");
    let needed = &known - &later;
    assert_eq!(needed, &sections - &later);
    // What stands behind a slash is for those that have something there.
    for family in Family::all() {
        for section in family.sections() {
            let name = format!("{section}/x");
            let is_known = is_later(section) || program_type(&name).is_some();
            let takes_target = match SecName::parse(&name) {
                Ok(sec) => sec.section == *section,
                Err(ctxgen::HookError::UnknownFamily { .. }) => false,
                // `tp/x` has no category, and a target all the same.
                Err(_) => true,
            };
            assert_eq!(takes_target, is_known, "{name}");
        }
    }
}

/// The struct that programs of each type get, as the kernel's `struct bpf_ctx_convert` has it.
fn contexts(kernel: &KernelBtf) -> BTreeMap<String, String> {
    let mut contexts = BTreeMap::new();
    for ty in kernel
        .btf()
        .types()
        .filter(|ty| ty.name() == "bpf_ctx_convert")
    {
        let Kind::Struct(composite) = ty.kind() else {
            continue;
        };
        for member in composite.members() {
            let name = member.name.strip_prefix("BPF_PROG_TYPE_");
            let Some(name) = name.and_then(|name| name.strip_suffix("_prog")) else {
                continue;
            };
            let context = match kernel.btf().resolve(member.type_id) {
                Some(ty) if matches!(ty.kind(), Kind::Struct(_)) => ty.name().to_owned(),
                _ => String::new(),
            };
            contexts.insert(name.to_lowercase(), context);
        }
    }
    contexts
}

/// Of how many program types the kernel says the same as the table.
fn check(kernel: &KernelBtf, what: &str) -> usize {
    let contexts = contexts(kernel);
    let mut checked = BTreeSet::new();
    for family in Family::all() {
        for section in family.sections() {
            let name = match family.has_targets() {
                true => format!("{section}/x"),
                false => (*section).to_owned(),
            };
            let program = match program_type(&name) {
                Some(program) => program,
                None if is_later(section) => continue,
                None => panic!("{name}"),
            };
            let Some(context) = contexts.get(&program) else {
                continue;
            };
            match family.generic() {
                Generic::Struct(name) => assert_eq!(context, name, "{what}: {section}"),
                Generic::Registers => {
                    let hook = family.sections()[0].parse().unwrap();
                    let found = ctxgen::Context::of_hook(kernel, &hook).unwrap();
                    // That of s390 has no name of its own.
                    let is_it = *context == found.struct_name || context.is_empty();
                    assert!(is_it, "{what}: {section}: {context}");
                }
                Generic::Unknown | Generic::Other(..) => {
                    assert_eq!(context, "", "{what}: {section}");
                }
            }
            checked.insert(program);
        }
    }
    checked.len()
}

#[test]
fn programs_get_what_kernels_say() {
    let mut kernels = full("what programs get, on full kernels");
    kernels.extend(running("what programs get, on the running kernel"));
    for kernel in kernels {
        let btf = KernelBtf::from_path(&kernel.btf).unwrap();
        let checked = check(&btf, &kernel.name);
        assert!(checked > 20, "{}: {checked}", kernel.name);
    }
    for kernel in fixtures() {
        let btf = KernelBtf::from_path(&kernel.btf).unwrap();
        check(&btf, &kernel.name);
    }
}
