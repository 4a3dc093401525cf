//! What a program reads only where it is there.

use ctxgen::check::Note;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::drift::Change;
use ctxgen::drift::Place;

use super::build_text;
use super::kernel;
use super::of;

/// What `bpf_core_read.h` has of what is used here.
const QUESTIONS: &str = "#define field_exists(field) __builtin_preserve_field_info(field, 2)\n\
                         #define type_exists(type) __builtin_preserve_type_info(*(type *)0, 0)\n\
                         static long (*const ktime)(void) = (void *)5;\n\
                         u64 out;\n";

/// A program of `sched_switch` with that body, beside that function.
fn asking(function: &str, body: &str) -> String {
    format!(
        "{QUESTIONS}struct btf_trace_no_such_hook_ctx {{ u64 argument; }} \
         __attribute__((preserve_access_index));\n{function}\n\
         SEC(\"tp_btf/sched_switch\")\n\
         int prog(struct btf_trace_sched_switch_ctx *ctx)\n\
         {{ u64 other = ctx->preempt; {body} return out + other; }}\n"
    )
}

pub(super) fn prev_state() -> Change {
    Change::Removed {
        declaration: "unsigned int prev_state".to_owned(),
        place: Place::Slot(3),
    }
}

/// A branch on what user space sets before the program is loaded is no fault, and is named: nothing tells which
/// value it will have, whatever the object has for a default.
#[test]
fn what_user_space_decides() {
    let variables = "const volatile int has_state = 1; const volatile int minor; int plain;";
    for (condition, on) in [
        ("has_state", &["has_state"][..]),
        ("!minor", &["minor"]),
        ("minor >= 4 && has_state", &["has_state", "minor"]),
        ("has_state && plain", &["has_state"]),
    ] {
        let body = format!("if ({condition}) other += ctx->prev_state;");
        let object = build_text(&asking(variables, &body), "7.2-x86_64", true);
        let all = check(&object, &kernel("5.10-x86_64")).unwrap();
        let prog = of(&all, "prog");
        assert_eq!(prog.verdict, Verdict::Relocatable, "{condition}");
        let change = prev_state();
        let on = on.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(prog.notes, [Note::Depends { change, on }], "{condition}");
        assert!(prog.is_fine());
    }
    // What changes later keeps no verifier from anything.
    for condition in ["plain", "plain || has_state"] {
        let body = format!("if ({condition}) other += ctx->prev_state;");
        let object = build_text(&asking(variables, &body), "7.2-x86_64", true);
        let all = check(&object, &kernel("5.10-x86_64")).unwrap();
        assert_eq!(of(&all, "prog").verdict, Verdict::Lacks(vec![prev_state()]));
    }
}

/// An argument that is read only where it is there is no fault where it is not, and is named.
#[test]
fn what_is_asked_for_first() {
    let callee = "static __attribute__((noinline)) u64 state(struct btf_trace_sched_switch_ctx *ctx)\n\
                  { out++; return ctx->prev_state + ktime(); }\n";
    let has = "static __attribute__((noinline)) int has(struct btf_trace_sched_switch_ctx *ctx)\n\
               { out++; return field_exists(ctx->prev_state); }\n";
    for (function, body) in [
        (
            "",
            "if (field_exists(ctx->prev_state)) other += ctx->prev_state;",
        ),
        (
            "",
            "if (!field_exists(ctx->prev_state)) return 1; other += ctx->prev_state;",
        ),
        (
            "",
            "if (field_exists(ctx->prev_state) && ktime() > 7) other += ctx->prev_state;",
        ),
        // Asked once, and needed twice, with calls between.
        (
            "",
            "int has = field_exists(ctx->prev_state); if (has) out = ctx->prev_state; \
             other += ktime(); if (has) other += ctx->prev_state;",
        ),
        (
            "",
            "other += field_exists(ctx->prev_state) ? ctx->prev_state : ktime();",
        ),
        (
            callee,
            "if (field_exists(ctx->prev_state)) other += state(ctx);",
        ),
        (has, "if (has(ctx)) other += ctx->prev_state;"),
    ] {
        let object = build_text(&asking(function, body), "7.2-x86_64", true);
        let all = check(&object, &kernel("5.10-x86_64")).unwrap();
        let prog = of(&all, "prog");
        assert_eq!(prog.verdict, Verdict::Relocatable, "{body}");
        assert_eq!(prog.notes, [Note::Guarded(prev_state())], "{body}");
        assert_eq!(
            prog.to_string().split_once('\n').unwrap().1,
            "    guarded, and not read on this kernel: removed: unsigned int prev_state, was in slot 3"
        );
        // Where it is there, there is nothing to say.
        let all = check(&object, &kernel("7.2-x86_64")).unwrap();
        let prog = of(&all, "prog");
        assert_eq!(
            (&prog.verdict, &prog.notes[..]),
            (&Verdict::Relocatable, &[][..])
        );
    }
}

/// A guard counts only for what its branch skips.
#[test]
fn guards_of_something_else() {
    for body in [
        // Another field.
        "if (field_exists(ctx->next)) other += ctx->prev_state;",
        // The other way round.
        "if (!field_exists(ctx->prev_state)) other += ctx->prev_state;",
        // Only once.
        "if (field_exists(ctx->prev_state)) out = ctx->prev_state; ktime(); other += ctx->prev_state;",
        // Or something else.
        "if (field_exists(ctx->prev_state) || ktime() > 7) other += ctx->prev_state;",
        // Asked, and nothing made of it.
        "out = field_exists(ctx->prev_state); other += ctx->prev_state;",
    ] {
        let object = build_text(&asking("", body), "7.2-x86_64", true);
        let all = check(&object, &kernel("5.10-x86_64")).unwrap();
        let prog = of(&all, "prog");
        assert_eq!(prog.verdict, Verdict::Lacks(vec![prev_state()]), "{body}");
    }
}

/// Instructions after a call of a kernel function are reached.
#[test]
fn reads_after_a_call_of_a_kernel_function() {
    let function = "extern void bpf_rcu_read_unlock(void) __attribute__((section(\".ksyms\")));\n\
                    static __attribute__((noinline)) u64 state(struct btf_trace_sched_switch_ctx *ctx)\n\
                    { out++; bpf_rcu_read_unlock(); return ctx->prev_state + ktime(); }\n";
    let source = asking(function, "other += state(ctx);");
    let object = build_text(&source, "7.2-x86_64", true);
    let all = check(&object, &kernel("5.10-x86_64")).unwrap();
    let prog = of(&all, "prog");
    assert_eq!(prog.verdict, Verdict::Lacks(vec![prev_state()]));
}

/// The same of whole contexts.
#[test]
fn hooks_that_are_asked_for_first() {
    let read = "other += ((struct btf_trace_no_such_hook_ctx *)ctx)->argument;";
    let absent = Change::Absent {
        why: "struct btf_trace_no_such_hook_ctx: the kernel does not have it".to_owned(),
    };
    let asked = format!("if (type_exists(struct btf_trace_no_such_hook_ctx)) {read}");
    let by_field =
        format!("if (field_exists(((struct btf_trace_no_such_hook_ctx *)ctx)->argument)) {read}");
    for (body, verdict, notes) in [
        (
            asked,
            Verdict::Relocatable,
            vec![Note::Guarded(absent.clone())],
        ),
        (
            by_field,
            Verdict::Relocatable,
            vec![Note::Guarded(absent.clone())],
        ),
        (read.to_owned(), Verdict::Lacks(vec![absent]), vec![]),
    ] {
        let object = build_text(&asking("", &body), "7.2-x86_64", true);
        let all = check(&object, &kernel("7.2-x86_64")).unwrap();
        let prog = of(&all, "prog");
        assert_eq!((&prog.verdict, &prog.notes), (&verdict, &notes), "{body}");
    }
}
