//! What of an object the kernel loads only under a license that is compatible with the GPL.
//!
//! Helpers have `gpl_only` in their `struct bpf_func_proto`, which `check_helper_call` of
//! `kernel/bpf/verifier.c` looks at; kfuncs all need it (`check_kfunc_call`), and so do programs of LSM
//! hooks (`bpf_lsm_verify_prog` of `kernel/bpf/bpf_lsm.c`) and of `struct_ops`
//! (`check_struct_ops_btf_id`).

use std::collections::HashMap;
use std::fmt;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol;
use object::SymbolKind;

use super::code::relocations;
use super::elf;
use super::elf::CodeSection;
use super::elf::Elf;
use super::elf::byte_order;
use super::elf::code_sections;
use super::elf::limited;
use super::error::ObjectError;
use super::instruction::CALL;
use super::instruction::Instruction;
use super::instruction::LEN;
use super::instruction::Raw;
use super::names::MAX_FUNCTION;
use crate::text::name;

/// The section with the license, and the variable that is usually in it.
const SECTION: &str = "license";

/// `license_is_gpl_compatible` of `include/linux/license.h`.
const COMPATIBLE: &[&str] = &[
    "GPL",
    "GPL v2",
    "GPL and additional rights",
    "Dual BSD/GPL",
    "Dual MIT/GPL",
    "Dual MPL/GPL",
];

/// How much of a license the kernel reads, in bytes (`license` of `bpf_prog_load`).
const MAX_LICENSE: usize = 127;

/// The helpers that are for such programs only, by number, sorted. Asked of a 6.18 for each number and
/// kind of program; those that this kernel was built without, or has for `iter` programs only, are from
/// its source.
const HELPERS: &[(i32, &str)] = &[
    (4, "bpf_probe_read"),
    (6, "bpf_trace_printk"),
    (22, "bpf_perf_event_read"),
    (25, "bpf_perf_event_output"),
    (27, "bpf_get_stackid"),
    (35, "bpf_get_current_task"),
    (36, "bpf_probe_write_user"),
    (45, "bpf_probe_read_str"),
    (55, "bpf_perf_event_read_value"),
    (56, "bpf_perf_prog_read_value"),
    (58, "bpf_override_return"),
    (67, "bpf_get_stack"),
    (69, "bpf_fib_lookup"),
    (100, "bpf_tcp_check_syncookie"),
    (110, "bpf_tcp_gen_syncookie"),
    (111, "bpf_skb_output"),
    (112, "bpf_probe_read_user"),
    (113, "bpf_probe_read_kernel"),
    (114, "bpf_probe_read_user_str"),
    (115, "bpf_probe_read_kernel_str"),
    (119, "bpf_read_branch_records"),
    (121, "bpf_xdp_output"),
    (126, "bpf_seq_printf"),
    (127, "bpf_seq_write"),
    (150, "bpf_seq_printf_btf"),
    (158, "bpf_get_current_task_btf"),
    (163, "bpf_check_mtu"),
    (165, "bpf_snprintf"),
    (169, "bpf_timer_init"),
    (170, "bpf_timer_set_callback"),
    (171, "bpf_timer_start"),
    (172, "bpf_timer_cancel"),
    (173, "bpf_get_func_ip"),
    (175, "bpf_task_pt_regs"),
    (176, "bpf_get_branch_snapshot"),
    (177, "bpf_trace_vprintk"),
    (191, "bpf_copy_from_user_task"),
    (204, "bpf_tcp_raw_gen_syncookie_ipv4"),
    (205, "bpf_tcp_raw_gen_syncookie_ipv6"),
    (206, "bpf_tcp_raw_check_syncookie_ipv4"),
    (207, "bpf_tcp_raw_check_syncookie_ipv6"),
];

/// The name of a helper by its number (`enum bpf_func_id`), if only programs under a license that is
/// compatible with the GPL may call it.
pub fn gpl_only_helper(number: i32) -> Option<&'static str> {
    let place = HELPERS.binary_search_by_key(&number, |(number, _)| *number);
    place.ok().map(|place| HELPERS[place].1)
}

/// The sections whose programs are.
const PROGRAMS: &[(&str, &str)] = &[
    ("lsm", "a program of an LSM hook"),
    ("lsm_cgroup", "a program of an LSM hook"),
    ("struct_ops", "a struct_ops program"),
];

/// Why the kernel does not load an object under its license.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlicensed {
    /// The license; `None` where the object has no section with one.
    pub license: Option<String>,
    /// The function, a program or what programs call.
    pub function: String,
    /// What it does.
    pub does: GplOnly,
}

/// What only programs under a license that is compatible with the GPL may do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GplOnly {
    /// Call this helper.
    Helper(&'static str),
    /// Call this function of the kernel.
    Kfunc(String),
    /// Be a program of that kind at all.
    Program(&'static str),
}

impl fmt::Display for Unlicensed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            license,
            function,
            does,
        } = self;
        let function = name(function);
        match does {
            GplOnly::Helper(name) => write!(f, "{function} calls {name}, which")?,
            GplOnly::Kfunc(kfunc) => {
                write!(f, "{function} calls the kernel's {}, which", name(kfunc))?;
            }
            GplOnly::Program(kind) => write!(f, "{function} is {kind}, which")?,
        }
        f.write_str(" needs a license that is compatible with the GPL, and the object has ")?;
        match license {
            Some(license) => write!(f, "{license:?}")?,
            None => f.write_str("none")?,
        }
        f.write_str(
            ". The kernel will not load it. Write char LICENSE[] SEC(\"license\") = \"GPL\"; or \
             another that it takes as such, such as \"Dual BSD/GPL\" or \"Dual MIT/GPL\"",
        )
    }
}

/// What an object's license does not permit, of several the first: in the order of the object's
/// functions, and of its instructions.
///
/// # Errors
/// [`ObjectError`], where the bytes are no object or are damaged.
pub fn unlicensed(bytes: &[u8]) -> Result<Option<Unlicensed>, ObjectError> {
    let elf = elf::parse(bytes)?;
    let license = license(&elf)?;
    if license
        .as_deref()
        .is_some_and(|name| COMPATIBLE.contains(&name))
    {
        return Ok(None);
    }
    let (sections, _) = code_sections(&elf)?;
    let by_index: HashMap<usize, &CodeSection<'_>> = sections
        .iter()
        .map(|section| (section.index.0, section))
        .collect();
    let calls = Calls::of(&elf, &sections)?;
    for symbol in elf.symbols() {
        let section = symbol
            .section_index()
            .and_then(|index| by_index.get(&index.0));
        let (Some(section), SymbolKind::Text) = (section, symbol.kind()) else {
            continue;
        };
        let range = symbol.address()..symbol.address().saturating_add(symbol.size());
        let kind = PROGRAMS
            .iter()
            .find(|(name, _)| *name == family(&section.name));
        let does = match kind {
            Some((_, kind)) => Some(GplOnly::Program(kind)),
            None => calls.first(section.index.0, range),
        };
        if let (Some(does), Ok(name)) = (does, symbol.name()) {
            return Ok(Some(Unlicensed {
                license,
                function: limited(name, MAX_FUNCTION)?.to_owned(),
                does,
            }));
        }
    }
    Ok(None)
}

/// The part of a SEC name that tells the kind of program.
fn family(section: &str) -> &str {
    let name = section.trim_start_matches('?');
    let name = name.split_once('/').map_or(name, |(name, _)| name);
    name.strip_suffix(".s").unwrap_or(name)
}

fn license(elf: &Elf<'_>) -> Result<Option<String>, ObjectError> {
    let Some(section) = elf.section_by_name(SECTION) else {
        return Ok(None);
    };
    let data = section.data()?;
    let end = data
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(data.len());
    let text = &data[..end.min(MAX_LICENSE)];
    Ok(Some(String::from_utf8_lossy(text).into_owned()))
}

/// The calls of an object that need such a license: section, offset, and what is called. Sorted.
struct Calls(Vec<(usize, u64, GplOnly)>);

impl Calls {
    fn of(elf: &Elf<'_>, sections: &[CodeSection<'_>]) -> Result<Self, ObjectError> {
        let order = byte_order(elf);
        let mut calls = Vec::new();
        for section in sections {
            let kfuncs = kfuncs(elf, section)?;
            let mut index = 0;
            while let Some(raw) = Raw::at(section.code, index, order) {
                let at = (index * LEN) as u64;
                let does = match kfuncs.get(&at).filter(|_| raw.opcode == CALL) {
                    Some(name) => Some(GplOnly::Kfunc(name.clone())),
                    None => helper(Instruction::decode(raw)).map(GplOnly::Helper),
                };
                calls.extend(does.map(|does| (section.index.0, at, does)));
                index += raw.places();
            }
        }
        Ok(Self(calls))
    }

    /// The first in a function.
    fn first(&self, section: usize, range: std::ops::Range<u64>) -> Option<GplOnly> {
        let before = |call: &(usize, u64, GplOnly)| (call.0, call.1) < (section, range.start);
        let first = self.0.get(self.0.partition_point(before))?;
        (first.0 == section && range.contains(&first.1)).then(|| first.2.clone())
    }
}

/// The helper that an instruction calls, if it is one of these.
fn helper(instruction: Instruction) -> Option<&'static str> {
    match instruction {
        Instruction::Helper { number } => gpl_only_helper(number),
        _ => None,
    }
}

/// Where a section refers to functions that the object does not have.
fn kfuncs(elf: &Elf<'_>, section: &CodeSection<'_>) -> Result<HashMap<u64, String>, ObjectError> {
    let mut kfuncs = HashMap::new();
    for (at, symbol) in relocations(elf, section.index)? {
        if let Some(symbol) = symbol.filter(ObjectSymbol::is_undefined)
            && let Ok(name) = symbol.name()
        {
            kfuncs.insert(at, limited(name, MAX_FUNCTION)?.to_owned());
        }
    }
    Ok(kfuncs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::ByteOrder;

    #[test]
    fn tables_are_sorted() {
        assert!(HELPERS.is_sorted());
    }

    #[test]
    fn families() {
        for (section, expected) in [
            ("lsm.s/file_open", "lsm"),
            ("?lsm_cgroup/x", "lsm_cgroup"),
            ("struct_ops", "struct_ops"),
            ("kprobe/lsm", "kprobe"),
        ] {
            assert_eq!(family(section), expected);
        }
    }

    #[test]
    fn helpers_in_either_byte_order() {
        let helper = |bytes: [u8; LEN], order| {
            let raw = Raw::at(&bytes, 0, order).unwrap();
            helper(Instruction::decode(raw))
        };
        let little = [CALL, 0, 0, 0, 6, 0, 0, 0];
        assert_eq!(helper(little, ByteOrder::Little), Some("bpf_trace_printk"));
        assert_eq!(helper(little, ByteOrder::Big), None);
        let big = [CALL, 0, 0, 0, 0, 0, 0, 6];
        assert_eq!(helper(big, ByteOrder::Big), Some("bpf_trace_printk"));
        // A function of the object's own.
        let own = [CALL, 0x10, 0, 0, 6, 0, 0, 0];
        assert_eq!(helper(own, ByteOrder::Little), None);
        let other = [CALL, 0, 0, 0, 5, 0, 0, 0];
        assert_eq!(helper(other, ByteOrder::Little), None);
    }
}
