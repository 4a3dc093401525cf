//! Relocatable contexts, by the loader's own decisions.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use super::Note;
use super::Unchecked;
use super::Verdict;
use super::local::argument;
use super::local::slots;
use crate::btf::TypeId;
use crate::compare::CompareError;
use crate::compare::drift::Change;
use crate::compare::drift::Slot;
use crate::compare::drift::Slots;
use crate::compare::drift::absence;
use crate::compare::drift::removed;
use crate::compare::targets::Lack;
use crate::compare::targets::Target;
use crate::compare::targets::targets;
use crate::declaration::declared;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::object::Flow;
use crate::object::ObjectFile;
use crate::object::Place;
use crate::object::Relocation;
use crate::object::RelocationKind;
use crate::object::accesses::branches;
use crate::object::accesses::closing;
use crate::object::context_fields;
use crate::object::first_field;

/// An object's relocated contexts, on a kernel.
pub(super) struct Relocated<'s> {
    object: &'s ObjectFile,
    kernel: &'s KernelBtf,
    /// What the loader makes of them, or why it refuses to.
    targets: Result<Vec<Target>, String>,
    /// The numbers of the targets, by the structs that relocations are against.
    numbers: HashMap<TypeId, usize>,
    /// And by their hooks' structs.
    by_name: HashMap<String, usize>,
    flow: Flow<'s>,
}

/// Something that a program accesses in a context: the target's number, and the field.
type Access<'s> = (usize, &'s str);

/// Whether a program gets to an access.
enum Reached {
    Always,
    /// What it asks before is answered, and keeps it from that.
    Never,
    /// One of these variables can keep it from that.
    If(Vec<String>),
}

impl Reached {
    fn of(variables: BTreeSet<Arc<str>>) -> Self {
        match variables.is_empty() {
            true => Self::Always,
            false => Self::If(variables.iter().map(ToString::to_string).collect()),
        }
    }
}

impl<'s> Relocated<'s> {
    pub(super) fn new(object: &'s ObjectFile, kernel: &'s KernelBtf) -> Self {
        let targets = targets(object, kernel).map_err(|error| error.to_string());
        let numbers = targets.iter().flatten().enumerate();
        let numbers = numbers
            .flat_map(|(number, target)| target.locals.iter().map(move |id| (*id, number)))
            .collect();
        let names = targets.iter().flatten().enumerate();
        let names = names.map(|(number, target)| (target.hook.struct_name(), number));
        Self {
            object,
            kernel,
            by_name: names.collect(),
            targets,
            numbers,
            flow: Flow::new(object),
        }
    }

    /// The verdict on the program in that place, which takes this struct of that hook, if any; `None` where
    /// nothing that it accesses in a context is relocated, so that the struct's own fields have to be right.
    pub(super) fn verdict(
        &mut self,
        place: usize,
        own: Option<&(TypeId, Hook)>,
        notes: &mut Vec<Note>,
    ) -> Result<Option<Verdict>, CompareError> {
        let targets = match &self.targets {
            Ok(targets) => targets,
            Err(why) => {
                let structs = self.object.relocated_contexts();
                let is_relocated = own.is_some_and(|(id, _)| structs.contains(id));
                return Ok(is_relocated.then(|| Verdict::Refused(why.clone())));
            }
        };
        if targets.is_empty() {
            return Ok(None);
        }
        let own_target = own.and_then(|(id, hook)| {
            let number = self.numbers.get(id);
            number.or_else(|| self.by_name.get(&hook.struct_name()))
        });
        let own_target = own_target.map(|number| &targets[*number]);
        if let Some(Err(error)) = own_target.map(|target| &target.context) {
            return Ok(Some(Verdict::Absent(absence(error))));
        }
        let Some(accesses) = self.accesses(place) else {
            return Ok(Some(Verdict::NotChecked(Unchecked::TooLong)));
        };
        // The struct may be one that another program alone has relocated.
        let is_own = own.is_some_and(|(id, _)| self.numbers.contains_key(id));
        if accesses.is_empty() && !is_own {
            return Ok(None);
        }
        let lacking = self.lacking(place, &accesses);
        let mut faults = Vec::new();
        for (access, lack, reached) in lacking {
            match reached {
                Reached::Always => faults.push((access, lack)),
                Reached::Never => {
                    let changes = self.changes(&[(access, lack)])?;
                    notes.extend(changes.into_iter().map(Note::Guarded));
                }
                Reached::If(on) => {
                    let changes = self.changes(&[(access, lack)])?;
                    let note = |change| Note::Depends {
                        change,
                        on: on.clone(),
                    };
                    notes.extend(changes.into_iter().map(note));
                }
            }
        }
        let faults = self.changes(&faults)?;
        notes.extend(self.renamed(&accesses));
        Ok(match (faults.is_empty(), is_own || own.is_none()) {
            (false, _) => Some(Verdict::Lacks(faults)),
            (true, true) => Some(Verdict::Relocatable),
            (true, false) => None,
        })
    }

    /// Whether the program in that place may read or write its context at offsets that are fixed.
    pub(super) fn uses_context(&mut self, place: usize) -> bool {
        self.flow.live(place, |_| None).uses_context
    }

    /// What a program and the functions that it calls access in contexts, and where.
    fn accesses(&mut self, place: usize) -> Option<Vec<(Place, &'s Relocation, usize)>> {
        let found = self.flow.relocations_of(place)?.into_iter();
        let of_context = found.filter_map(|(at, relocation)| {
            let relocation = &self.object.relocations()[relocation];
            let is_asked = relocation.kind != RelocationKind::TypeIdLocal;
            let number = self.numbers.get(&relocation.type_id).filter(|_| is_asked)?;
            Some((at, relocation, *number))
        });
        Some(of_context.collect())
    }

    fn targets(&self) -> &[Target] {
        self.targets.as_deref().unwrap_or_default()
    }

    fn field(&self, relocation: &'s Relocation) -> Option<&'s str> {
        first_field(&self.object.steps(relocation)?)
    }

    /// Why the kernel does not have what a relocation is of.
    fn lack(&self, relocation: &'s Relocation, number: usize) -> Option<Lack> {
        let target = &self.targets()[number];
        match self.field(relocation) {
            _ if target.context.is_err() => Some(Lack::Absent),
            Some(field) => target.lack(self.object, self.kernel, field),
            None => None,
        }
    }

    /// What the kernel does not have of what a program cannot do without, and whether the program gets there
    /// all the same.
    fn lacking(
        &mut self,
        place: usize,
        accesses: &[(Place, &'s Relocation, usize)],
    ) -> Vec<(Access<'s>, Lack, Reached)> {
        let mut lacking: BTreeMap<Access<'s>, (Lack, Vec<Place>)> = BTreeMap::new();
        for &(at, relocation, number) in accesses {
            if relocation.kind.needs_target()
                && let Some(lack) = self.lack(relocation, number)
            {
                let field = self.field(relocation).unwrap_or_default();
                let entry = lacking.entry((number, field));
                entry.or_insert_with(|| (lack, Vec::new())).1.push(at);
            }
        }
        if lacking.is_empty() {
            return Vec::new();
        }
        let mut answers: HashMap<(TypeId, &str, RelocationKind), Option<u32>> = HashMap::new();
        for &(_, relocation, number) in accesses {
            answers
                .entry((relocation.type_id, &relocation.access, relocation.kind))
                .or_insert_with(|| self.answer(relocation, number));
        }
        let answer = |relocation: &Relocation| {
            let question = (relocation.type_id, &*relocation.access, relocation.kind);
            answers.get(&question).copied().flatten()
        };
        let live = self.flow.live(place, answer);
        let branches = branches(self.object, place);
        let mut found = Vec::new();
        for (access, (lack, places)) in lacking {
            let reached = match places.iter().any(|at| live.has(*at)) {
                false => Reached::Never,
                true => Reached::of(closing(&mut self.flow, &branches, place, answer, &places)),
            };
            found.push((access, lack, reached));
        }
        found
    }

    /// What libbpf puts in place of a question, where that is known.
    fn answer(&self, relocation: &'s Relocation, number: usize) -> Option<u32> {
        let is_there = self.targets()[number].context.is_ok();
        match relocation.kind {
            RelocationKind::FieldExists => {
                let has = is_there && self.lack(relocation, number).is_none();
                Some(u32::from(has))
            }
            RelocationKind::TypeExists => Some(u32::from(is_there)),
            RelocationKind::TypeSize | RelocationKind::TypeMatches if !is_there => Some(0),
            _ => None,
        }
    }

    /// What is different: what is gone, and then what is of another type.
    fn changes(&self, lacking: &[(Access<'_>, Lack)]) -> Result<Vec<Change>, CompareError> {
        let mut absent = Vec::new();
        let mut gone = Vec::new();
        let mut other = Vec::new();
        for &((number, field), lack) in lacking {
            let target = &self.targets()[number];
            let context = match &target.context {
                Ok(context) => context,
                Err(error) => {
                    let name = target.hook.struct_name();
                    let why = format!("struct {name}: {}", absence(error));
                    absent.push(Change::Absent { why });
                    continue;
                }
            };
            let Some(local) = self.local(target, field, lack) else {
                continue;
            };
            let found = target.argument(&local.name);
            match found.filter(|_| lack != Lack::Absent) {
                Some(found) => other.push((local, lack, found)),
                None => gone.push((local, context)),
            }
        }
        absent.dedup();
        gone.sort_by_key(|(local, _)| local.offset);
        other.sort_by_key(|(local, ..)| local.offset);
        let mut changes = absent;
        for (local, context) in gone {
            let ours = slots(self.object.btf(), Vec::new());
            let theirs = Slots::of_context(self.kernel, context);
            changes.push(removed(&ours, &local, &theirs)?);
        }
        for (local, lack, found) in other {
            let to = declared(self.kernel.btf(), found.type_id, "");
            changes.push(Change::Retyped {
                name: found.name.clone(),
                from: declared(self.object.btf(), local.type_id, ""),
                to: match lack {
                    Lack::Slot => format!("{to} in a whole slot"),
                    _ => to,
                },
            });
        }
        Ok(changes)
    }

    /// The fields that the kernel has other names for.
    fn renamed(&self, accesses: &[(Place, &'s Relocation, usize)]) -> Vec<Note> {
        let fields: BTreeSet<Access<'s>> = accesses
            .iter()
            .filter_map(|&(_, relocation, number)| Some((number, self.field(relocation)?)))
            .collect();
        let notes = fields.into_iter().filter_map(|(number, field)| {
            let target = &self.targets()[number];
            let (found, by) = target.renamed(field)?;
            let is_there = target.lack(self.object, self.kernel, field).is_none();
            is_there.then(|| Note::Renamed {
                field: field.to_owned(),
                kernel: found.name.clone(),
                by,
            })
        });
        notes.collect()
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
