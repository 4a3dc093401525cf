//! The attributes of aya's macros, and the SEC names that they give programs.

use ctxgen::Family;
use ctxgen::SecName;
use syn::Attribute;
use syn::Expr;
use syn::Lit;
use syn::Meta;
use syn::MetaNameValue;
use syn::Token;
use syn::punctuated::Punctuated;

/// One of the macros of `aya_ebpf::macros`.
#[derive(Debug)]
struct Macro {
    /// The attribute.
    name: &'static str,
    /// The section of its programs.
    section: &'static str,
    /// The arguments that make up the target, in order, and what is between them.
    target: &'static [&'static str],
    between: &'static str,
}

/// The macros whose programs get a context that ctxgen makes a struct of (`expand` of each file of
/// `aya-ebpf-macros`).
const MACROS: &[Macro] = &[
    of("btf_tracepoint", "tp_btf", &["function"]),
    of("raw_tracepoint", "raw_tp", &["tracepoint"]),
    of("fentry", "fentry", &["function"]),
    of("fexit", "fexit", &["function"]),
    of("lsm", "lsm", &["hook"]),
    of("lsm_cgroup", "lsm_cgroup", &["hook"]),
    of("kprobe", "kprobe", &["function"]),
    of("kretprobe", "kretprobe", &["function"]),
    Macro {
        between: "/",
        ..of("tracepoint", "tp", &["category", "name"])
    },
    Macro {
        between: ":",
        ..of("uprobe", "uprobe", &["path", "function"])
    },
    Macro {
        between: ":",
        ..of("uretprobe", "uretprobe", &["path", "function"])
    },
];

const fn of(name: &'static str, section: &'static str, target: &'static [&'static str]) -> Macro {
    Macro {
        name,
        section,
        target,
        between: "",
    }
}

/// What an attribute says of a program.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) family: Family,
    /// `None` where the attribute names no hook: the loader says then what the program is attached to.
    pub(super) sec: Option<SecName>,
}

/// What the attributes of a function say, where one of them makes a BPF program of it.
pub(super) fn attached(attributes: &[Attribute]) -> Option<Attached> {
    attributes.iter().find_map(|attribute| {
        let name = attribute.path().segments.last()?.ident.to_string();
        let known = MACROS.iter().find(|known| known.name == name)?;
        let arguments = arguments(attribute);
        let value = |name: &&str| {
            let mut arguments = arguments.iter();
            let argument = arguments.find(|(argument, _)| argument == name);
            argument.map(|(_, value)| value.as_str())
        };
        let target: Option<Vec<&str>> = known.target.iter().map(value).collect();
        // A place within the function, whose registers are not those of its arguments.
        let is_within = arguments.iter().any(|(name, _)| name == "offset");
        let sec = target.filter(|_| !is_within).and_then(|target| {
            let target = target.join(known.between);
            SecName::parse(&format!("{}/{target}", known.section)).ok()
        });
        let family = Family::by_name(known.section)?;
        Some(Attached { family, sec })
    })
}

/// The arguments that have a text, by name. What is written otherwise, aya's macro reports.
fn arguments(attribute: &Attribute) -> Vec<(String, String)> {
    let Meta::List(list) = &attribute.meta else {
        return Vec::new();
    };
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let Ok(metas) = list.parse_args_with(parser) else {
        return Vec::new();
    };
    let text = |meta: &Meta| {
        let Meta::NameValue(MetaNameValue {
            path,
            value: Expr::Lit(value),
            ..
        }) = meta
        else {
            return None;
        };
        let Lit::Str(text) = &value.lit else {
            return None;
        };
        Some((path.get_ident()?.to_string(), text.value()))
    };
    metas.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use syn::ItemFn;

    use super::*;

    #[test]
    fn sections() {
        for (attribute, expected) in [
            (
                r#"#[btf_tracepoint(function = "sched_switch")]"#,
                "tp_btf/sched_switch",
            ),
            (
                r#"#[raw_tracepoint(tracepoint = "sched_switch")]"#,
                "raw_tp/sched_switch",
            ),
            (
                r#"#[fentry(function = "vfs_unlink", sleepable)]"#,
                "fentry/vfs_unlink",
            ),
            (
                r#"#[aya_ebpf::macros::fexit(function = "vfs_unlink")]"#,
                "fexit/vfs_unlink",
            ),
            (r#"#[lsm(hook = "file_open")]"#, "lsm/file_open"),
            (
                r#"#[tracepoint(name = "sched_switch", category = "sched")]"#,
                "tp/sched/sched_switch",
            ),
            (
                r#"#[uprobe(path = "/bin/sh", function = "main")]"#,
                "uprobe//bin/sh:main",
            ),
            (r#"#[kprobe]"#, "kprobe"),
            (
                r#"#[kprobe(function = "vfs_unlink", offset = "8")]"#,
                "kprobe",
            ),
            (r#"#[fentry(function = "no function")]"#, "fentry"),
            (r#"#[inline]"#, ""),
        ] {
            let function: ItemFn = syn::parse_str(&format!("{attribute} fn f() {{}}")).unwrap();
            let found = attached(&function.attrs);
            let found = found.map_or(String::new(), |found| match found.sec {
                Some(sec) => sec.hook.to_string(),
                None => found.family.name().to_owned(),
            });
            assert_eq!(found, expected, "{attribute}");
        }
    }
}
