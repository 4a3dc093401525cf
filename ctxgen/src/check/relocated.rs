//! Relocatable contexts, by the loader's own decisions.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use super::Verdict;
use super::local::argument;
use super::local::slots;
use crate::Error;
use crate::btf::TypeId;
use crate::drift::Change;
use crate::drift::Slot;
use crate::drift::Slots;
use crate::drift::absence;
use crate::drift::changes;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::load::access::first_field;
use crate::load::targets::Lack;
use crate::load::targets::Target;
use crate::load::targets::targets;
use crate::object::ObjectFile;
use crate::object::context_fields;
use crate::render::declared;

/// An object's relocated contexts, on a kernel.
pub(super) struct Relocated<'s> {
    object: &'s ObjectFile,
    kernel: &'s KernelBtf,
    /// What the loader makes of them, or why it refuses to.
    targets: Result<Vec<Target>, String>,
    /// The structs that relocations are against.
    structs: HashSet<TypeId>,
    /// The fields that programs cannot do without, if they do not ask first, with the number of the
    /// target. Those under `None` are of functions that programs call, which may be any program's.
    reads: HashMap<Option<usize>, BTreeSet<(usize, &'s str)>>,
}

impl<'s> Relocated<'s> {
    pub(super) fn new(object: &'s ObjectFile, kernel: &'s KernelBtf) -> Self {
        let targets = targets(object, kernel).map_err(|error| error.to_string());
        Self {
            object,
            kernel,
            reads: reads(object, targets.as_deref().unwrap_or_default()),
            targets,
            structs: object.relocated_contexts().into_iter().collect(),
        }
    }

    /// The verdict on the program in that place, which takes this struct of that hook; `None` where the
    /// struct is not relocated and its flavours lack nothing, so that its own fields have to be right.
    pub(super) fn verdict(
        &self,
        place: usize,
        id: TypeId,
        hook: &Hook,
    ) -> Result<Option<Verdict>, Error> {
        let is_relocated = self.structs.contains(&id);
        let targets = match &self.targets {
            Ok(targets) => targets,
            Err(why) => return Ok(is_relocated.then(|| Verdict::Refused(why.clone()))),
        };
        let name = hook.struct_name();
        let of_hook = |target: &Target| target.has(id) || target.hook.struct_name() == name;
        let Some(number) = targets.iter().position(of_hook) else {
            return Ok(None);
        };
        let target = &targets[number];
        if let Err(error) = &target.context {
            return Ok(Some(Verdict::Absent(absence(error))));
        }
        let own = [Some(place), None].into_iter();
        let fields: BTreeSet<&str> = own
            .filter_map(|place| self.reads.get(&place))
            .flatten()
            .filter_map(|&(of, field)| (of == number).then_some(field))
            .collect();
        let lacks = self.lacks(target, fields)?;
        Ok(match lacks.is_empty() {
            true => is_relocated.then_some(Verdict::Relocatable),
            false => Some(Verdict::Lacks(lacks)),
        })
    }

    /// What the kernel does not have of these fields: what is gone, and then what is of another type.
    fn lacks(&self, target: &Target, fields: BTreeSet<&str>) -> Result<Vec<Change>, Error> {
        let Ok(context) = &target.context else {
            return Ok(Vec::new());
        };
        let mut lacking = Vec::new();
        for field in fields {
            if let Some(lack) = target.lack(self.object, self.kernel, field)
                && let Some(local) = self.local(target, field, lack)
            {
                lacking.push((local, lack));
            }
        }
        lacking.sort_by_key(|(local, _)| local.offset);
        let (gone, other): (Vec<_>, Vec<_>) = lacking
            .into_iter()
            .partition(|(_, lack)| *lack == Lack::Absent);
        let gone = gone.into_iter().map(|(local, _)| local).collect();
        let theirs = Slots::of_context(self.kernel, context);
        let mut lacks = changes(&slots(self.object.btf(), gone), &theirs)?;
        lacks.retain(|change| matches!(change, Change::Removed { .. }));
        for (local, lack) in other {
            let Some(found) = target.argument(&local.name) else {
                continue;
            };
            let to = declared(self.kernel.btf(), found.type_id, "");
            lacks.push(Change::Retyped {
                name: found.name.clone(),
                from: declared(self.object.btf(), local.type_id, ""),
                to: match lack {
                    Lack::Slot => format!("{to} in a whole slot"),
                    _ => to,
                },
            });
        }
        Ok(lacks)
    }

    /// A field as the object has it: where flavours differ, the one that is wrong.
    fn local(&self, target: &Target, field: &str, lack: Lack) -> Option<Slot> {
        let btf = self.object.btf();
        let local = target.locals.iter().find_map(|of| {
            let member = context_fields(btf, *of).find(|member| member.name == field)?;
            Some(argument(btf, *of, member))
        })?;
        Some(match lack {
            Lack::Retyped { local: type_id, .. } => Slot { type_id, ..local },
            _ => local,
        })
    }
}

fn reads<'o>(
    object: &'o ObjectFile,
    targets: &[Target],
) -> HashMap<Option<usize>, BTreeSet<(usize, &'o str)>> {
    let numbers: HashMap<TypeId, usize> = targets
        .iter()
        .enumerate()
        .flat_map(|(number, target)| target.locals.iter().map(move |id| (*id, number)))
        .collect();
    let mut reads: HashMap<_, BTreeSet<_>> = HashMap::new();
    for relocation in object.relocations() {
        if let Some(number) = numbers.get(&relocation.type_id)
            && relocation.kind.needs_target()
            && let Some(steps) = object.steps(relocation)
            && let Some(field) = first_field(&steps)
        {
            let of_place = reads.entry(object.place_of(relocation)).or_default();
            of_place.insert((*number, field));
        }
    }
    reads
}
