//! The plan: what the judge is asked, and what the layouts promise about it.

use std::collections::HashMap;
use std::fmt::Write;

use ctxgen::Context;
use ctxgen::Error;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Passing;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Layout;
use ctxgen::layout::SLOT;
use ctxgen::layout::Unsupported;

use super::expect;
use super::expect::Expected;
use super::expect::Whole;
use super::program::Load;
use super::program::program;
use super::program::types;
use super::select::Selection;
use super::select::hooks;

/// `BTF_KIND_STRUCT`.
const KIND_STRUCT: u32 = 4;

/// `MAX_BPF_FUNC_ARGS` slots, the size of any context that is an array of slots.
const WHOLE_CONTEXT: u32 = 12 * SLOT;

/// A hook, and what ctxgen says about it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The hook.
    pub hook: Hook,
    /// Its context, or why there is none.
    pub context: Result<Context, Unsupported>,
}

/// The hooks of a kernel that are judged. Of a name with several prototypes nothing is promised, and
/// nothing asked.
///
/// # Errors
/// Whatever [`Context::of_hook_alone`] fails with, other than that nothing can be attached.
pub fn subjects(kernel: &KernelBtf, selection: Selection) -> Result<Vec<Subject>, Error> {
    let mut subjects = Vec::new();
    for family in Family::all() {
        // Records of trace events are held against tracefs too: see [`super::event_cases`].
        if family.prototypes() == Prototypes::Event {
            continue;
        }
        for hook in hooks(kernel, family, selection) {
            let context = match Context::of_hook_alone(kernel, &hook) {
                Ok(context) => Ok(context),
                Err(PrototypeError::Unsupported { reason, .. }) => Err(reason),
                Err(PrototypeError::AmbiguousFunction { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            subjects.push(Subject { hook, context });
        }
    }
    Ok(subjects)
}

/// One program of a plan.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about.
    pub hook: Hook,
    pub(super) number: usize,
    /// What becomes of the program as a whole.
    pub(super) whole: Whole,
    /// What becomes of each of its loads.
    pub(super) loads: Vec<(Load, Expected)>,
    /// Whether it is attached, and whether that has to be refused.
    pub(super) attach: Option<bool>,
    attach_to: AttachTo,
}

/// Programs for the judge.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In their order.
    pub cases: Vec<Case>,
}

impl Plan {
    /// A plan about these hooks of a kernel.
    pub fn new(kernel: &KernelBtf, subjects: &[Subject]) -> Self {
        let ids = AttachIds::new(kernel);
        let mut cases = Vec::new();
        for subject in subjects {
            let Some(attach_to) = ids.of(&subject.hook) else {
                continue;
            };
            let mut case = |whole, loads, attach| {
                cases.push(Case {
                    hook: subject.hook.clone(),
                    number: cases.len(),
                    whole,
                    loads,
                    attach,
                    attach_to,
                });
            };
            let context = match &subject.context {
                Ok(context) => context,
                Err(reason) => {
                    case(expect::refused(reason), Vec::new(), None);
                    continue;
                }
            };
            let fields = loads(kernel, &subject.hook, context);
            let end = Load {
                offset: end(kernel, context),
                size: SLOT,
            };
            if subject.hook.family().name() == "raw_tp" {
                // The verifier knows nothing of the tracepoint; attaching compares how far the
                // program reads with how many arguments there are.
                case(Whole::Accepted, fields, Some(true));
                if end.offset < WHOLE_CONTEXT {
                    case(Whole::Accepted, vec![(end, Expected::Scalar)], Some(false));
                }
            } else {
                let mut loads = fields;
                loads.push((end, Expected::PastEnd));
                let whole = whole(&subject.hook, context);
                case(whole, loads, None);
            }
        }
        Self { cases }
    }

    /// In the judge's format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for case in &self.cases {
            let Some((prog, attach)) = types(case.hook.family()) else {
                continue;
            };
            let AttachTo { btf_id, member } = case.attach_to;
            let attach = member.unwrap_or(attach);
            let loads: Vec<Load> = case.loads.iter().map(|(load, _)| *load).collect();
            let _ = write!(
                text,
                "p {} {prog} {attach} 0 {btf_id} {}",
                case.id(),
                program(case.hook.family(), &loads)
            );
            if case.attach.is_some() {
                let _ = write!(text, " {}", case.hook.target());
            }
            text.push('\n');
        }
        text
    }
}

impl Case {
    /// Its name in the plan: the hook and a number, since a hook may have several.
    pub fn id(&self) -> String {
        format!("{}:{}", self.hook, self.number)
    }
}

/// Where a program may not load any more, in bytes.
fn end(kernel: &KernelBtf, context: &Context) -> u32 {
    match &context.shape {
        // Programs may read all that the kernel saves, and not only what it shows.
        Shape::Generated { layout, .. } if layout.passing == Passing::Registers => {
            let saved = kernel.btf().find(c"pt_regs", KIND_STRUCT);
            match saved.map(|ty| ty.kind()) {
                Some(Kind::Struct(composite)) => composite.size,
                _ => layout.size,
            }
        }
        _ => context.size(kernel),
    }
}

/// The loads that a program makes to read each field.
fn loads(kernel: &KernelBtf, hook: &Hook, context: &Context) -> Vec<(Load, Expected)> {
    match &context.shape {
        Shape::Generated { layout, .. } if layout.passing == Passing::Registers => {
            let fields = layout.fields.iter();
            let loads = fields.map(|field| {
                let load = Load {
                    offset: field.offset,
                    size: field.size,
                };
                (load, Expected::Scalar)
            });
            loads.collect()
        }
        Shape::Generated { layout, .. } => slot_loads(kernel, hook, layout),
        Shape::Kernel { type_id } => match kernel.btf().get(*type_id).map(|ty| ty.kind()) {
            // Each member of an iterator's context is a pointer in a union that is 8 bytes wide, or
            // a number (`__bpf_md_ptr` and its users in the kernel).
            Some(Kind::Struct(composite)) => composite
                .members()
                .map(|member| {
                    let load = Load {
                        offset: member.bit_offset / 8,
                        size: expect::size_of(kernel, member.type_id).unwrap_or(SLOT),
                    };
                    (load, Expected::Anything)
                })
                .collect(),
            _ => Vec::new(),
        },
        Shape::Other { .. } => Vec::new(),
    }
}

/// What becomes of a program by what it is handed, whether or not it loads the argument.
fn whole(hook: &Hook, context: &Context) -> Whole {
    let fields = match &context.shape {
        // Whoever only looks on at such a call is handed nothing.
        Shape::Generated { layout, .. } if hook.family().prototypes() == Prototypes::StructOps => {
            &layout.fields[..]
        }
        _ => &[],
    };
    if fields.iter().any(expect::is_in_arena) {
        // The judge's programs have no maps.
        Whole::Refused(expect::NO_ARENA)
    } else if fields.iter().any(expect::is_reference) {
        Whole::Unreleased
    } else {
        Whole::Accepted
    }
}

fn slot_loads(kernel: &KernelBtf, hook: &Hook, layout: &Layout) -> Vec<(Load, Expected)> {
    let mut loads = Vec::new();
    for field in &layout.fields {
        let expected = expect::field(kernel, hook, field);
        // A struct is read slot by slot.
        let slots = field.size.div_ceil(SLOT);
        let is_number = matches!(expected, Expected::Number { .. });
        for slot in 0..slots {
            let load = Load {
                offset: field.offset + slot * SLOT,
                size: match is_number {
                    true => field.size,
                    false if field.size < SLOT && expect::is_pointer(kernel, field.type_id) => {
                        field.size
                    }
                    false => SLOT,
                },
            };
            loads.push((load, expected.clone()));
        }
    }
    loads
}

/// What the kernel calls a hook by.
#[derive(Clone, Copy, Debug)]
struct AttachTo {
    /// `attach_btf_id`.
    btf_id: u32,
    /// The place of a member in its struct, which is a `struct_ops` program's `expected_attach_type`.
    member: Option<u32>,
}

/// What the kernel calls its hooks by.
struct AttachIds<'k> {
    kernel: &'k KernelBtf,
    funcs: HashMap<&'k str, TypeId>,
    typedefs: HashMap<&'k str, TypeId>,
    structs: HashMap<&'k str, TypeId>,
}

impl<'k> AttachIds<'k> {
    fn new(kernel: &'k KernelBtf) -> Self {
        let mut ids = Self {
            kernel,
            funcs: HashMap::new(),
            typedefs: HashMap::new(),
            structs: HashMap::new(),
        };
        for ty in kernel.btf().types() {
            // Of several of one name, the kernel and libbpf take the first.
            match ty.kind() {
                Kind::Func(_) => ids.funcs.entry(ty.name()).or_insert(ty.id()),
                Kind::Struct(_) => ids.structs.entry(ty.name()).or_insert(ty.id()),
                Kind::Typedef(_) => ids.typedefs.entry(ty.name()).or_insert(ty.id()),
                _ => continue,
            };
        }
        ids
    }

    fn of(&self, hook: &Hook) -> Option<AttachTo> {
        if hook.family().name() == "struct_ops" {
            return self.of_member(hook);
        }
        let btf_id = self.btf_id(hook)?;
        Some(AttachTo {
            btf_id,
            member: None,
        })
    }

    fn of_member(&self, hook: &Hook) -> Option<AttachTo> {
        let (ops, member) = hook.target().split_once('/')?;
        let ops = self.kernel.btf().get(*self.structs.get(ops)?)?;
        let Kind::Struct(composite) = ops.kind() else {
            return None;
        };
        let mut members = composite.members();
        let place = members.position(|of_ops| of_ops.name == member)?;
        Some(AttachTo {
            btf_id: ops.id().0,
            member: Some(u32::try_from(place).ok()?),
        })
    }

    fn btf_id(&self, hook: &Hook) -> Option<u32> {
        let target = hook.target();
        let func = |name: String| self.funcs.get(name.as_str()).map(|id| id.0);
        if hook.family().passing() == Passing::Registers {
            // perf_event_open() names the function.
            return Some(0);
        }
        match hook.family().name() {
            "raw_tp" => Some(0),
            "tp_btf" => {
                let name = format!("btf_trace_{target}");
                self.typedefs.get(name.as_str()).map(|id| id.0)
            }
            "lsm" | "lsm_cgroup" => func(format!("bpf_lsm_{target}")),
            "iter" => func(format!("bpf_iter_{target}")),
            _ => func(target.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ctxgen::prototype;

    use super::*;
    use crate::workspace;

    #[test]
    fn no_family_is_left_out() {
        let btf = workspace().join("tests/fixtures/7.2-x86_64.btf");
        let kernel = KernelBtf::from_path(btf).unwrap();
        // Trace events are cases of their own.
        let judged_here = Family::all().filter(|family| family.prototypes() != Prototypes::Event);
        let with_hooks: BTreeSet<&str> = judged_here
            .filter(|family| prototype::hooks(&kernel, *family).next().is_some())
            .map(Family::name)
            .collect();
        for selection in [Selection::Sampled, Selection::Every] {
            let subjects = subjects(&kernel, selection).unwrap();
            let cases = Plan::new(&kernel, &subjects).cases;
            let asked = cases.iter().map(|case| case.hook.family().name());
            assert_eq!(asked.collect::<BTreeSet<_>>(), with_hooks);
        }
    }
}
