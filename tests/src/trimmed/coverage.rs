//! Which hooks it takes to have every shape of argument.

use std::collections::BTreeSet;

use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::prototype;
use ctxgen::prototype::Prototype;

use super::OF_TRACEPOINT;

/// The families that the others have the prototypes of.
const FAMILIES: [&str; 4] = ["tp_btf", "fentry", "lsm", "iter"];

/// Arguments behind this one are like it.
const LAST_PLACE: usize = 3;

/// More arguments than these are like these: more than a context holds.
const MANY: usize = 13;

/// How many functions there are to choose from, of tens of thousands: every so manyth.
const EVERY: usize = 8;

/// The hooks that have something that neither `known` nor a hook before them in the alphabet has.
pub(super) fn hooks(kernel: &KernelBtf, known: &BTreeSet<Hook>) -> Vec<Hook> {
    let mut seen = BTreeSet::new();
    for hook in known {
        seen.extend(features(kernel, hook));
    }
    let mut hooks = Vec::new();
    for family in FAMILIES.into_iter().filter_map(Family::by_name) {
        let every = match family.name() {
            "fentry" => EVERY,
            _ => 1,
        };
        for hook in prototype::hooks(kernel, family).step_by(every) {
            // A tracepoint's functions go along with that or not at all.
            if OF_TRACEPOINT
                .iter()
                .any(|prefix| hook.target().starts_with(prefix))
            {
                continue;
            }
            let mut is_new = false;
            for feature in features(kernel, &hook) {
                is_new |= seen.insert(feature);
            }
            if is_new {
                hooks.push(hook);
            }
        }
    }
    hooks
}

/// What is to be said of a hook, in words that are compared and not read.
///
/// Nothing of it depends on ctxgen's rules for layouts, so that fixtures stay when those change.
fn features(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let family = hook.family().name();
    let Ok(Prototype::Function(signature)) = prototype::resolve(kernel, hook) else {
        return Vec::new();
    };
    let btf = kernel.btf();
    let mut features = vec![format!("{family} returns {}", class(btf, signature.ret))];
    for (place, arg) in signature.args.iter().enumerate() {
        let place = place.min(LAST_PLACE);
        let class = class(btf, arg.type_id);
        features.push(format!("{family} argument {place} {class}"));
    }
    let count = signature.args.len().min(MANY);
    features.push(format!("{family} of {count} arguments"));
    features
}

/// The kind of a type, as far as layouts and declarations depend on it.
fn class(btf: &Btf<'_>, id: TypeId) -> String {
    let Some(ty) = btf.resolve(id) else {
        return "odd".to_owned();
    };
    match ty.kind() {
        Kind::Void => "void".to_owned(),
        Kind::Int { size, encoding } => format!("{encoding:?} {size}"),
        Kind::Enum { size } | Kind::Enum64 { size } => format!("enum {size}"),
        Kind::Ptr(to) => format!("pointer to {}", pointee(btf, to)),
        Kind::Struct(composite) => format!("struct {}", composite.size.min(24)),
        Kind::Union(composite) => format!("union {}", composite.size.min(24)),
        Kind::Float { size } => format!("float {size}"),
        _ => "odd".to_owned(),
    }
}

fn pointee(btf: &Btf<'_>, id: TypeId) -> String {
    let mut words = String::new();
    let mut next = id;
    while let Some(ty) = btf.get(next) {
        let (word, to) = match ty.kind() {
            Kind::Const(to) => ("const ", to),
            Kind::TypeTag(to) => ("tagged ", to),
            Kind::Typedef(to) => ("named ", to),
            Kind::Volatile(to) | Kind::Restrict(to) => ("qualified ", to),
            _ => break,
        };
        if !words.contains(word) {
            words.push_str(word);
        }
        next = to;
    }
    words.push_str(match btf.resolve(id).map(|ty| ty.kind()) {
        Some(Kind::Void) => "void",
        Some(Kind::Int { size: 1, .. }) => "byte",
        Some(Kind::Int { .. }) => "integer",
        Some(Kind::Enum { .. } | Kind::Enum64 { .. }) => "enum",
        Some(Kind::Ptr(_)) => "pointer",
        Some(Kind::Array { .. }) => "array",
        Some(Kind::Struct(_)) => "struct",
        Some(Kind::Union(_)) => "union",
        Some(Kind::Fwd { .. }) => "declared",
        Some(Kind::FuncProto { .. }) => "function",
        _ => "odd",
    });
    words
}
