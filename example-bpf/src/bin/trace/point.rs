//! How programs of each family are attached.

use ctxgen::Hook;
use libbpf_rs::Link;
use libbpf_rs::ProgramMut;
use libbpf_rs::Result;
use libbpf_rs::TracepointCategory;

/// How a program is attached to a hook of a family.
#[derive(Debug)]
pub(crate) struct Point {
    /// The family, after which the program in `trace.bpf.c` is called.
    pub(crate) family: &'static str,
    /// Whether the verifier has to know the hook, and so libbpf before it loads the program.
    pub(crate) is_loaded_for_hook: bool,
    pub(crate) attach: fn(&ProgramMut<'_>, &Hook) -> Result<Link>,
}

const POINTS: [Point; 7] = [
    Point {
        family: "fentry",
        is_loaded_for_hook: true,
        attach: |program, _| program.attach_trace(),
    },
    Point {
        family: "fexit",
        is_loaded_for_hook: true,
        attach: |program, _| program.attach_trace(),
    },
    Point {
        family: "tp_btf",
        is_loaded_for_hook: true,
        attach: |program, _| program.attach_trace(),
    },
    Point {
        family: "raw_tp",
        is_loaded_for_hook: false,
        attach: |program, hook| program.attach_raw_tracepoint(name(hook)),
    },
    Point {
        family: "tp",
        is_loaded_for_hook: false,
        attach: |program, hook| {
            let (category, event) = hook.target().split_once('/').unwrap_or_default();
            program.attach_tracepoint(TracepointCategory::Custom(category.to_owned()), event)
        },
    },
    Point {
        family: "kprobe",
        is_loaded_for_hook: false,
        attach: |program, hook| program.attach_kprobe(false, name(hook)),
    },
    Point {
        family: "kretprobe",
        is_loaded_for_hook: false,
        attach: |program, hook| program.attach_kprobe(true, name(hook)),
    },
];

/// How programs of a hook's family are attached, or `None` where they cannot be here.
pub(crate) fn point(hook: &Hook) -> Option<&'static Point> {
    let family = hook.family().name();
    POINTS.iter().find(|point| point.family == family)
}

/// The families that there are.
pub(crate) fn families() -> String {
    POINTS.map(|point| point.family).join(", ")
}

/// A target without its module.
fn name(hook: &Hook) -> &str {
    let target = hook.target();
    target.rsplit_once(':').map_or(target, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_is_one_of_ctxgens() {
        for family in POINTS.map(|point| point.family) {
            let known = ctxgen::Family::by_name(family).map(ctxgen::Family::name);
            assert_eq!(known, Some(family));
        }
        assert!(point(&"lsm/file_open".parse().unwrap()).is_none());
        let point = point(&"fentry.s/vfs_unlink".parse().unwrap()).unwrap();
        assert_eq!(point.family, "fentry");
    }

    #[test]
    fn a_kprobe_is_attached_without_its_module() {
        assert_eq!(name(&"kprobe/xfs:xfs_read".parse().unwrap()), "xfs_read");
        assert_eq!(name(&"kprobe/vfs_read".parse().unwrap()), "vfs_read");
    }
}
