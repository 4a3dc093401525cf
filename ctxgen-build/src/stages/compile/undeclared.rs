//! What to do about functions that a source calls and that nothing declares.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::render;
use libbpf_rs::libbpf_sys;

/// How clang says that a function is not declared.
const UNDECLARED: [&str; 3] = [
    "implicit declaration of function '",
    "call to undeclared function '",
    "call to undeclared library function '",
];

/// A sentence for each such function in what clang wrote that the kernel or libbpf has.
pub(crate) fn advice(kernel: &KernelBtf, stderr: &str) -> Vec<String> {
    let names: BTreeSet<&str> = stderr.lines().filter_map(undeclared).collect();
    names
        .into_iter()
        .filter_map(|name| of_function(kernel, name))
        .collect()
}

/// The function that a line of clang's is about.
fn undeclared(line: &str) -> Option<&str> {
    let (_, message) = line.split_once("error: ")?;
    let rest = UNDECLARED
        .iter()
        .find_map(|text| message.split_once(text))?
        .1;
    rest.split_once('\'').map(|(name, _)| name)
}

fn of_function(kernel: &KernelBtf, name: &str) -> Option<String> {
    if let Some(header) = header_with(name) {
        return Some(format!(
            "{name} is declared in <bpf/{header}>: include that"
        ));
    }
    let declaration = render::ksym(kernel, name)?;
    Some(format!(
        "{name} is a function of the kernel, whose BTF ({}) does not mark it as one that BPF programs \
         may call (kernels before 6.10 mark none). If they may (a kfunc), declare it in the source: \
         {declaration}",
        kernel.origin()
    ))
}

/// The header of libbpf's that declares a function or macro.
fn header_with(name: &str) -> Option<&'static str> {
    let helper = format!("(* const {name})(");
    let definition = format!("#define {name}(");
    let has = |text: &str| text.contains(&helper) || text.contains(&definition);
    let (header, _) = libbpf_sys::API_HEADERS.iter().find(|(_, text)| has(text))?;
    // It cannot be included alone.
    Some(match *header {
        "bpf_helper_defs.h" => "bpf_helpers.h",
        header => header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_in_messages() {
        for line in [
            "a.c:1:2: error: implicit declaration of function 'f' is invalid in C99 [-Werror,-W]",
            "a.c:1:2: error: call to undeclared function 'f'; ISO C99 and later do not support",
            "a.c:1:2: error: call to undeclared library function 'f' with type 'int (int)'",
        ] {
            assert_eq!(undeclared(line), Some("f"));
        }
        assert_eq!(
            undeclared("a.c:1:2: error: use of undeclared identifier 'f'"),
            None
        );
        assert_eq!(undeclared("note: call to undeclared function 'f'"), None);
    }

    #[test]
    fn headers_of_libbpf() {
        assert_eq!(
            header_with("bpf_get_current_pid_tgid"),
            Some("bpf_helpers.h")
        );
        assert_eq!(header_with("bpf_printk"), Some("bpf_helpers.h"));
        assert_eq!(header_with("BPF_CORE_READ"), Some("bpf_core_read.h"));
        assert_eq!(header_with("bpf_get_curent_pid_tgid"), None);
    }
}
