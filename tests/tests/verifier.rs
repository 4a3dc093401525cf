//! The running kernel's verifier about every field of every tracepoint; and whether it would say so
//! if a layout were wrong.

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Access;
use ctxgen::layout::Field;
use ctxgen::layout::Layout;
use ctxgen::layout::SLOT;
use ctxgen_tests::is_root;
use ctxgen_tests::skip;
use ctxgen_tests::verify::Plan;
use ctxgen_tests::verify::Report;
use ctxgen_tests::verify::Selection;
use ctxgen_tests::verify::Subject;
use ctxgen_tests::verify::ask;
use ctxgen_tests::verify::compare;
use ctxgen_tests::verify::subjects;

/// The running kernel, where it can be asked.
fn running(what: &str) -> Option<KernelBtf> {
    if !is_root() {
        skip(what, "loading programs takes root");
        return None;
    }
    match KernelBtf::running() {
        Ok(kernel) => Some(kernel),
        Err(error) => {
            skip(what, &error.to_string());
            None
        }
    }
}

fn report(kernel: &KernelBtf, subjects: &[Subject]) -> Report {
    let scratch = tempfile::tempdir().unwrap();
    let plan = Plan::new(kernel, subjects);
    let answers = ask(&plan, scratch.path()).unwrap();
    compare(kernel, &plan, answers.lines())
}

#[test]
fn every_field_is_what_the_verifier_says() {
    let Some(kernel) = running("every field against the running kernel's verifier") else {
        return;
    };
    let subjects = subjects(&kernel, Selection::NoFunctions).unwrap();
    let report = report(&kernel, &subjects);
    assert!(report.wrong.is_empty(), "{:#?}", report.wrong);
    assert!(report.trouble.is_empty(), "{:#?}", report.trouble);
    let tracepoints = report.rows["tp_btf"];
    assert!(tracepoints.hooks > 300 && tracepoints.confirmed > 500);
    // Refusals of the whole family would leave nothing that could be wrong.
    assert_eq!(tracepoints.outside, 0);
    assert!(tracepoints.refused >= tracepoints.hooks);
}

/// What is changed in a layout; whether it could be.
type Change = fn(&KernelBtf, &mut Layout) -> bool;

/// Changes the layouts of as many tracepoints as allow it, and expects every single one to be found
/// out.
fn is_found_out(what: &str, change: Change) {
    let Some(kernel) = running(what) else { return };
    let mut changed = Vec::new();
    for subject in subjects(&kernel, Selection::NoFunctions).unwrap() {
        if subject.hook.family().name() != "tp_btf" || changed.len() == 50 {
            continue;
        }
        let Ok(Context {
            shape:
                Shape::Generated {
                    mut layout,
                    names_from,
                },
            ..
        }) = subject.context.clone()
        else {
            continue;
        };
        if change(&kernel, &mut layout) {
            let context = Context {
                shape: Shape::Generated { layout, names_from },
                ..subject.context.unwrap()
            };
            changed.push(Subject {
                hook: subject.hook,
                context: Ok(context),
            });
        }
    }
    assert!(changed.len() >= 10, "{what}: {} tracepoints", changed.len());
    let report = report(&kernel, &changed);
    for subject in &changed {
        let hook = subject.hook.to_string();
        let found = report.wrong.iter().any(|wrong| wrong.hook == hook);
        assert!(found, "{what}: {hook} was not found out");
    }
}

/// The name of the struct that a field points to.
fn pointee<'k>(kernel: &'k KernelBtf, field: &Field) -> Option<&'k str> {
    let Kind::Ptr(to) = kernel.btf().resolve(field.type_id)?.kind() else {
        return None;
    };
    let to = kernel.btf().resolve(to)?;
    matches!(to.kind(), Kind::Struct(_)).then(|| to.name())
}

fn struct_pointers(kernel: &KernelBtf, layout: &Layout) -> Vec<usize> {
    (0..layout.fields.len())
        .filter(|&at| layout.fields[at].access == Access::Always)
        .filter(|&at| pointee(kernel, &layout.fields[at]).is_some())
        .collect()
}

#[test]
fn a_swapped_argument() {
    is_found_out("a swapped argument", |kernel, layout| {
        let [a, b, ..] = struct_pointers(kernel, layout)[..] else {
            return false;
        };
        let differ = pointee(kernel, &layout.fields[a]) != pointee(kernel, &layout.fields[b]);
        let type_id = layout.fields[a].type_id;
        layout.fields[a].type_id = layout.fields[b].type_id;
        layout.fields[b].type_id = type_id;
        differ
    });
}

#[test]
fn a_field_too_narrow() {
    is_found_out("a pointer too narrow", |kernel, layout| {
        let at = struct_pointers(kernel, layout).first().copied();
        at.map(|at| layout.fields[at].size = SLOT / 2).is_some()
    });
    is_found_out("a number too narrow", |kernel, layout| {
        let is_number = |id: TypeId| {
            let ty = kernel.btf().resolve(id);
            ty.is_some_and(|ty| matches!(ty.kind(), Kind::Int { .. }))
        };
        let field = layout
            .fields
            .iter_mut()
            .find(|field| is_number(field.type_id) && (2..=SLOT).contains(&field.size));
        field.map(|field| field.size /= 2).is_some()
    });
}

#[test]
fn a_missing_last_argument() {
    is_found_out("a missing last argument", |_, layout| {
        let last = layout.fields.pop();
        last.map(|field| layout.size = field.offset).is_some()
    });
}

#[test]
fn a_pointer_to_another_struct() {
    is_found_out("a pointer to another struct", |kernel, layout| {
        let Some(&at) = struct_pointers(kernel, layout).first() else {
            return false;
        };
        let own = pointee(kernel, &layout.fields[at]).map(str::to_owned);
        let other = kernel.btf().types().find(|ty| {
            let Kind::Ptr(to) = ty.kind() else {
                return false;
            };
            let to = kernel.btf().get(to);
            to.is_some_and(|to| {
                matches!(to.kind(), Kind::Struct(_)) && Some(to.name()) != own.as_deref()
            })
        });
        let Some(other) = other else { return false };
        layout.fields[at].type_id = other.id();
        true
    });
}
