//! Compiled objects held against kernels: the sample that every kernel takes otherwise, built with a
//! fixed context and with a relocatable one.

mod asked;
mod members;
mod ready;
mod untyped;
mod within;

use std::path::Path;

use ctxgen::CompareError;
use ctxgen::KernelBtf;
use ctxgen::TargetError;
use ctxgen::check::Checked;
use ctxgen::check::Unchecked;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::drift::Change;
use ctxgen::drift::Move;
use ctxgen::drift::Place;
use ctxgen_build::Builder;
use ctxgen_tests::Kernel;
use ctxgen_tests::fixture;
use ctxgen_tests::full;
use ctxgen_tests::workspace;

use self::asked::prev_state;

const KERNELS: [&str; 3] = ["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"];

fn kernel(name: &str) -> KernelBtf {
    KernelBtf::from_path(&fixture(name).btf).unwrap()
}

/// What the fixtures, which have little more than hooks, are enough for.
const TOP: &str = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
                   #define SEC(name) __attribute__((section(name), used))\n";

const UNLINKS: &str = "SEC(\"fentry/vfs_unlink\")\n\
                       int unlink_enter(struct btf_fentry_vfs_unlink_ctx *ctx) { return !ctx->dentry; }\n\
                       SEC(\"fexit/vfs_unlink\")\n\
                       int unlink_exit(struct btf_fexit_vfs_unlink_ctx *ctx) { return ctx_get(ctx, ret); }\n";

/// The bytes of a source's object, built for a kernel.
fn build(source: &Path, btf: &Path, relocatable: bool) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let arch = KernelBtf::from_path(btf).unwrap().arch().unwrap();
    let artifacts = Builder::new()
        .source(source)
        .btf(btf)
        .target(format!("{}-unknown-linux-gnu", arch.rust_name()))
        .out_dir(out.path())
        .relocatable(relocatable)
        .generate()
        .unwrap();
    std::fs::read(&artifacts.objects[0].object).unwrap()
}

/// The same of a source's text, for a fixture.
fn build_text(text: &str, kernel: &str, relocatable: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("prog.bpf.c");
    std::fs::write(&source, format!("{TOP}{text}")).unwrap();
    build(&source, &fixture(kernel).btf, relocatable)
}

fn of<'a>(all: &'a [Checked], program: &str) -> &'a Checked {
    let is_it = |checked: &&Checked| checked.program == program;
    all.iter().find(is_it).expect("the program")
}

fn moved(moves: &[(&str, u32, u32)]) -> Change {
    let to_move = |&(name, from, to): &(&str, u32, u32)| Move {
        name: name.to_owned(),
        from: Place::Slot(from),
        to: Place::Slot(to),
    };
    Change::Moved(moves.iter().map(to_move).collect())
}

#[test]
fn a_fixed_context_is_wrong_where_it_is_wrong() {
    let object = build_text(UNLINKS, "6.1-x86_64", false);
    let agrees = check(&object, &kernel("6.1-x86_64")).unwrap();
    assert_eq!(agrees.len(), 2);
    for checked in &agrees {
        assert_eq!(checked.verdict, Verdict::Agrees, "{checked}");
        assert!(checked.is_fine());
    }
    assert_eq!(
        of(&agrees, "unlink_exit").r#struct.as_deref(),
        Some("btf_fexit_vfs_unlink_ctx")
    );

    let before = check(&object, &kernel("5.10-x86_64")).unwrap();
    assert_eq!(
        of(&before, "unlink_exit").verdict,
        Verdict::Differs(vec![
            Change::Removed {
                declaration: "struct user_namespace *mnt_userns".to_owned(),
                place: Place::Slot(0)
            },
            moved(&[
                ("dir", 1, 0),
                ("dentry", 2, 1),
                ("delegated_inode", 3, 2),
                ("ret", 4, 3)
            ]),
        ])
    );
    let after = check(&object, &kernel("7.2-x86_64")).unwrap();
    let differs = &of(&after, "unlink_enter").verdict;
    assert_eq!(
        *differs,
        Verdict::Differs(vec![
            Change::Removed {
                declaration: "struct user_namespace *mnt_userns".to_owned(),
                place: Place::Slot(0)
            },
            Change::Retyped {
                name: "delegated_inode".to_owned(),
                from: "struct inode **".to_owned(),
                to: "struct delegated_inode *".to_owned()
            },
            Change::Added {
                declaration: "struct mnt_idmap *idmap".to_owned(),
                place: Place::Slot(0)
            },
        ])
    );
    assert!(!of(&after, "unlink_enter").is_fine());
}

#[test]
fn a_relocatable_context_serves_all() {
    let object = build_text(UNLINKS, "6.1-x86_64", true);
    for name in KERNELS {
        for checked in check(&object, &kernel(name)).unwrap() {
            assert_eq!(checked.verdict, Verdict::Relocatable, "{name}: {checked}");
        }
    }
}

/// The sample itself, on all kernels that there are.
#[test]
fn unlinksnoop() {
    let source = workspace().join("example-bpf/src/bpf/unlinksnoop.bpf.c");
    let kernels = full("a sample's contexts on every kernel");
    let is_x86 = |kernel: &&Kernel| kernel.name.contains("amd64-cloud");
    let kernels: Vec<&Kernel> = kernels.iter().filter(is_x86).collect();
    let Some(first) = kernels.first() else { return };
    let [fixed, relocatable] = [false, true].map(|form| build(&source, &first.btf, form));
    for kernel in &kernels {
        let btf = KernelBtf::from_path(&kernel.btf).unwrap();
        for checked in check(&relocatable, &btf).unwrap() {
            assert_eq!(
                checked.verdict,
                Verdict::Relocatable,
                "{}: {checked}",
                kernel.name
            );
        }
        let same = kernel.name == first.name;
        for checked in check(&fixed, &btf).unwrap() {
            assert_eq!(checked.is_fine(), same, "{}: {checked}", kernel.name);
        }
    }
}

/// Nothing of what the object reads has moved: that the kernel passes more is no difference.
#[test]
fn more_arguments_are_no_difference() {
    let text = "SEC(\"tp_btf/sched_switch\")\n\
                int switched(struct btf_trace_sched_switch_ctx *ctx) { return !ctx->next; }\n";
    let object = |kernel| build_text(text, kernel, false);
    let old = check(&object("5.10-x86_64"), &kernel("7.2-x86_64")).unwrap();
    assert_eq!(old[0].verdict, Verdict::Agrees);
    let new = check(&object("7.2-x86_64"), &kernel("5.10-x86_64")).unwrap();
    let lacks = Change::Removed {
        declaration: "unsigned int prev_state".to_owned(),
        place: Place::Slot(3),
    };
    assert_eq!(new[0].verdict, Verdict::Differs(vec![lacks]));
    assert_eq!(
        new[0].to_string(),
        "switched, SEC(\"tp_btf/sched_switch\"): DIFFERS: these arguments would be misread:\n    removed: unsigned int prev_state, was in slot 3"
    );
}

/// That a program asks first counts: see `asked`.
#[test]
fn what_a_relocatable_context_lacks_is_told() {
    let text = "SEC(\"tp_btf/sched_switch\")\n\
                int state(struct btf_trace_sched_switch_ctx *ctx) { return ctx->prev_state; }\n\
                SEC(\"tp_btf/block_rq_complete\")\n\
                int error(struct btf_trace_block_rq_complete_ctx *ctx) { return ctx->error; }\n\
                SEC(\"lsm/file_mprotect\")\n\
                int fine(struct btf_lsm_file_mprotect_ctx *ctx) { return ctx->ret; }\n\
                SEC(\"xdp\")\n\
                int other(void *ctx) { return 2; }\n";
    let object = build_text(text, "7.2-x86_64", true);
    let all = check(&object, &kernel("5.10-x86_64")).unwrap();
    assert_eq!(
        of(&all, "state").verdict,
        Verdict::Lacks(vec![Change::Removed {
            declaration: "unsigned int prev_state".to_owned(),
            place: Place::Slot(3)
        }])
    );
    assert_eq!(
        of(&all, "error").verdict,
        Verdict::Lacks(vec![Change::Retyped {
            name: "error".to_owned(),
            from: "blk_status_t".to_owned(),
            to: "int".to_owned()
        }])
    );
    assert_eq!(of(&all, "fine").verdict, Verdict::Relocatable);
    assert_eq!(
        of(&all, "other").verdict,
        Verdict::NotChecked(Unchecked::NoStruct)
    );
}

/// A program whose argument is no struct may read contexts all the same.
#[test]
fn what_a_program_reads_counts_whatever_it_takes() {
    let text = "SEC(\"tp_btf/sched_switch\") int prog(void *any)\n\
                { struct btf_trace_sched_switch_ctx *ctx = any; return ctx->prev_state; }\n\
                SEC(\"tc\") int packets(struct __sk_buff *skb) { return skb->len; }\n";
    let object = build_text(text, "7.2-x86_64", true);
    let all = check(&object, &kernel("5.10-x86_64")).unwrap();
    assert_eq!(of(&all, "prog").verdict, Verdict::Lacks(vec![prev_state()]));
    let packets = of(&all, "packets");
    let own = Unchecked::KernelStruct("__sk_buff".to_owned());
    assert_eq!(packets.verdict, Verdict::NotChecked(own));
    assert!(packets.is_fine() && !packets.is_examined());
    assert!(packets.to_string().contains("NOT CHECKED"), "{packets}");
}

/// A fixed context that is another one on the kernel does no harm where nothing is read of it.
#[test]
fn a_context_that_is_not_read() {
    let text = "static long (*const ktime)(void) = (void *)5;\n\
                SEC(\"fexit/vfs_unlink\") int unread(struct btf_fexit_vfs_unlink_ctx *ctx) { return ktime(); }\n\
                SEC(\"fexit/vfs_unlink\") int read(struct btf_fexit_vfs_unlink_ctx *ctx) { return ctx->ret; }\n";
    let object = build_text(text, "6.1-x86_64", false);
    let all = check(&object, &kernel("7.2-x86_64")).unwrap();
    assert_eq!(of(&all, "unread").verdict, Verdict::Unread);
    assert!(matches!(of(&all, "read").verdict, Verdict::Differs(_)));
}

/// Where narrow arguments are whole slots, it is the arguments' own types that count.
#[test]
fn big_endian() {
    let text = "SEC(\"tp_btf/block_rq_complete\")\n\
                int prog(struct btf_trace_block_rq_complete_ctx *ctx) { return ctx_get(ctx, error); }\n";
    for (relocatable, verdict) in [(false, Verdict::Agrees), (true, Verdict::Relocatable)] {
        let object = build_text(text, "6.12-s390x", relocatable);
        let all = check(&object, &kernel("6.12-s390x")).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].verdict, verdict);
    }
}

/// Unsigned integers with fewer bytes than the object takes them to have are loaded as such, and a field
/// that is told from others by its type is the argument without that.
#[test]
fn what_the_loader_resolves_is_not_told() {
    let text = "struct btf_trace_sched_switch_ctx___wide { unsigned long prev_state; }\n\
                    __attribute__((preserve_access_index));\n\
                struct btf_trace_block_rq_complete_ctx___old { int error___int; }\n\
                    __attribute__((preserve_access_index));\n\
                SEC(\"tp_btf/sched_switch\")\n\
                int wide(struct btf_trace_sched_switch_ctx *ctx)\n\
                { return ctx->preempt + (((struct btf_trace_sched_switch_ctx___wide *)ctx)->prev_state > 1); }\n\
                SEC(\"tp_btf/block_rq_complete\")\n\
                int variant(struct btf_trace_block_rq_complete_ctx *ctx)\n\
                { return ctx->nr_bytes + ((struct btf_trace_block_rq_complete_ctx___old *)ctx)->error___int; }\n";
    let object = build_text(text, "7.2-x86_64", true);
    let new = check(&object, &kernel("7.2-x86_64")).unwrap();
    assert_eq!(of(&new, "wide").verdict, Verdict::Relocatable);
    assert_eq!(
        of(&new, "variant").verdict,
        Verdict::Lacks(vec![Change::Retyped {
            name: "error".to_owned(),
            from: "int".to_owned(),
            to: "blk_status_t".to_owned()
        }])
    );
    let old = check(&object, &kernel("5.10-x86_64")).unwrap();
    assert_eq!(of(&old, "variant").verdict, Verdict::Relocatable);
}

/// What is read through a flavour of the context is read of the context.
#[test]
fn flavors_of_a_context() {
    let text = "struct btf_trace_sched_switch_ctx___f { int nosuch; bool preempt; }\n\
                    __attribute__((preserve_access_index));\n\
                SEC(\"tp_btf/sched_switch\")\n\
                int lacks(struct btf_trace_sched_switch_ctx *ctx)\n\
                { return ctx->preempt + ((struct btf_trace_sched_switch_ctx___f *)ctx)->nosuch; }\n\
                SEC(\"tp_btf/sched_switch\")\n\
                int fine(struct btf_trace_sched_switch_ctx *ctx)\n\
                { return ((struct btf_trace_sched_switch_ctx___f *)ctx)->preempt; }\n";
    let all = check(&build_text(text, "7.2-x86_64", true), &kernel("7.2-x86_64")).unwrap();
    assert_eq!(
        of(&all, "lacks").verdict,
        Verdict::Lacks(vec![Change::Removed {
            declaration: "int nosuch".to_owned(),
            place: Place::Slot(0)
        }])
    );
    assert_eq!(of(&all, "fine").verdict, Verdict::Relocatable);
}

/// Builds refuse this in a source; objects of other makes have it. The section is another one here after
/// the build.
#[test]
fn the_context_of_another_hook() {
    let text = "SEC(\"?tp_btf/sched_switch\")\n\
                int wrong(struct btf_trace_sched_switch_ctx *ctx) { return ctx->preempt; }\n\
                SEC(\"tp_btf/sched_switch\")\n\
                int right(struct btf_trace_sched_switch_ctx *ctx) { return ctx->preempt; }\n\
                SEC(\"lsm/file_mprotect\")\n\
                int other(void *ctx) { return 0; }\n";
    for relocatable in [false, true] {
        let mut object = build_text(text, "7.2-x86_64", relocatable);
        let (from, to) = (b"?tp_btf/sched_switch\0", b"?tp_btf/sched_wakeup\0");
        for at in 0..object.len() - from.len() {
            if object[at..].starts_with(from) {
                object[at..at + to.len()].copy_from_slice(to);
            }
        }
        let all = check(&object, &kernel("7.2-x86_64")).unwrap();
        let wrong = of(&all, "wrong");
        let should_be = "btf_trace_sched_wakeup_ctx".to_owned();
        assert_eq!(wrong.verdict, Verdict::WrongStruct { should_be });
        assert!(!wrong.is_fine());
        assert_eq!(
            of(&all, "other").verdict,
            Verdict::NotChecked(Unchecked::NoStruct)
        );
        let right = &of(&all, "right").verdict;
        match relocatable {
            // The loader refuses the whole object.
            true => assert!(matches!(right, Verdict::Refused(why) if why.contains("wrong"))),
            false => assert_eq!(*right, Verdict::Agrees),
        }
    }
}

#[test]
fn the_other_byte_order() {
    let object = build_text(UNLINKS, "6.1-x86_64", false);
    let error = check(&object, &kernel("6.12-s390x")).unwrap_err();
    let is_target = matches!(error, CompareError::Target(TargetError::ByteOrder { .. }));
    assert!(is_target, "{error}");
    let error = error.to_string();
    for order in ["little-endian", "big-endian"] {
        assert!(error.contains(order), "{error}");
    }
}

#[test]
fn hooks_that_are_not_there() {
    let text = "SEC(\"fentry/gone\") int gone(void *ctx) { return 0; }\n\
                SEC(\"fentry/vfs_unlink\")\n\
                int unlink(struct btf_fentry_vfs_unlink_ctx *ctx) { return !ctx->dir; }\n";
    let object = build_text(text, "7.2-x86_64", false);
    let all = check(&object, &kernel("7.2-x86_64")).unwrap();
    let absent = Verdict::Absent("the kernel does not have it".to_owned());
    assert_eq!(of(&all, "gone").verdict, absent);
    assert!(!of(&all, "gone").is_fine());
    assert_eq!(of(&all, "unlink").verdict, Verdict::Agrees);
}

#[test]
fn what_is_no_object() {
    let error = check(b"no ELF", &kernel("7.2-x86_64")).unwrap_err();
    let error = error.to_string();
    assert!(
        error.starts_with("the BPF object cannot be read: "),
        "{error}"
    );
}
