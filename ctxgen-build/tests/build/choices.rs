//! What programs do only where a variable says so that user space sets before they are loaded.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

fn build(text: &str) -> Result<Vec<String>, Error> {
    let project = Project::with(&format!("const volatile bool legacy;\nint plain;\n{text}"));
    let built = project.prog().btf(kernel(Order::Little)).generate();
    built.map(|made| made.warnings)
}

/// What is asked of the kernel is answered before the program is verified, and what the answer closes is not.
#[test]
fn a_question_of_the_kernel() {
    let own = "struct task_struct___own { int none; } __attribute__((preserve_access_index));\n\
               struct none___own { int none; } __attribute__((preserve_access_index));\n";
    let field = |field: &str| {
        format!("__builtin_preserve_field_info(((struct task_struct___own *)0)->{field}, 2)")
    };
    let of_type = "__builtin_preserve_type_info(*(struct none___own *)0, 0)";
    for (condition, is_taken) in [
        (field("none"), true),
        (of_type.to_owned(), true),
        (format!("{of_type} || legacy"), true),
        (format!("!{of_type}"), false),
        (format!("!{of_type} || legacy"), false),
        ("legacy || other".to_owned(), true),
        ("legacy || other || plain".to_owned(), false),
    ] {
        let variable = "const volatile bool other;\n";
        let built = build(&format!("{variable}{own}{}", stores(&condition)));
        match (built, is_taken) {
            (Ok(warnings), true) => {
                let is_of_variable = condition.contains("legacy");
                assert_eq!(
                    warnings.len(),
                    usize::from(is_of_variable),
                    "{condition}: {warnings:?}"
                );
            }
            (Err(Error::Refused(_)), false) => {}
            (built, _) => panic!("{condition}: {built:?}"),
        }
    }
}

/// A store that no verifier takes.
fn stores(condition: &str) -> String {
    format!(
        "SEC(\"tp_btf/sched_switch\") int p(unsigned long long *ctx)\n{{\n\
         \tif ({condition})\n\t\tctx[1] = 0;\n\treturn 0;\n}}\n"
    )
}

#[test]
fn a_constant_of_user_spaces() {
    let warnings = build(&stores("legacy")).unwrap();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    for part in [
        "stores to",
        "That is so only where the variable legacy has the program get there",
    ] {
        assert!(warning.contains(part), "{warning}");
    }
    // What can change later keeps no verifier from anything.
    for condition in ["plain", "!legacy || plain"] {
        let error = build(&stores(condition)).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{condition}: {error}");
    }
}
