//! The verdicts on an object's programs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::btf::compat::essential_name;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::kernel::KernelBtf;
use crate::layout::SLOT;
use crate::object::accesses::Extent;
use crate::object::meant::Meaning;
use crate::object::meant::PointsTo;
use crate::object::meant::Taken;
use crate::object::meant::tag;
use crate::object::reads::Examined;
use crate::object::reads::ProgramReads;
use crate::object::reads::Read;
use crate::object::reads::Spot;
use crate::object::reads::Use;
use crate::prototype::pairing::pair;
use crate::render::declared;

use super::Answer;
use super::Judged;
use super::JudgedRead;
use super::Reason;
use super::Remark;
use super::SourceLine;
use super::Unknown;
use super::Value;
use super::Verdict;
use super::arguments::Passed;
use super::core;
use super::core::Finds;
use super::externs;
use super::fits::Fit;
use super::fits::fit;
use super::guards;
use super::names;
use super::spot;
use super::spot::Here;
use super::spot::Registers;

/// How many of the hooks that a section lists are looked at.
const MAX_HOOKS: usize = 64;
/// How often programs of an object are followed again for a kernel, and how many instructions that may be.
const MAX_TRIES: usize = 1 << 9;
const MAX_FOLLOWED: usize = 8_000_000;

/// What becomes of each program of an object on a kernel, in the order of the programs. `built_for` is the
/// kernel that it was written for, where that is known: what it has there is what the author meant.
pub fn judge(object: &Examined, kernel: &KernelBtf, built_for: Option<&KernelBtf>) -> Vec<Judged> {
    let externs = externs::lacking(object.object(), kernel);
    let judge = Judge {
        object,
        kernel,
        built_for,
        registers: Registers::of(kernel),
        tries: Cell::new((MAX_FOLLOWED / object.instructions().max(1)).clamp(2, MAX_TRIES)),
    };
    let programs = object.programs().iter();
    programs
        .map(|program| judge.program(program, &externs))
        .collect()
}

pub(super) struct Judge<'j> {
    pub(super) object: &'j Examined,
    pub(super) kernel: &'j KernelBtf,
    built_for: Option<&'j KernelBtf>,
    registers: Option<Registers>,
    /// How often a program may still be followed again.
    tries: Cell<usize>,
}

/// Reads of one part of the context.
struct Group<'r> {
    /// Their places among the program's reads.
    numbers: Vec<usize>,
    first: &'r Read,
    width: Option<u32>,
    uses: BTreeSet<Use>,
}

impl Judge<'_> {
    /// Whether a program may be followed once more.
    pub(super) fn may_try(&self) -> bool {
        let left = self.tries.get().checked_sub(1);
        self.tries.set(left.unwrap_or(0));
        left.is_some()
    }

    fn program(&self, program: &ProgramReads, externs: &[Reason]) -> Judged {
        let object = self.object.object();
        let of_object = &object.programs()[program.program];
        let mut hooks = of_object.hooks();
        hooks.truncate(MAX_HOOKS);
        let mut reads: Vec<JudgedRead> = Vec::new();
        let mut unread = Vec::new();
        let mut reasons: BTreeSet<Reason> = externs.iter().cloned().collect();
        if hooks.is_empty() {
            reasons.insert(not_known(Unknown::NoHook));
        }
        let mut absent = BTreeSet::new();
        let mut is_there = false;
        for hook in &hooks {
            match Passed::of(self.kernel, hook) {
                Ok(passed) => {
                    is_there = true;
                    let (of_hook, not_read) = self.reads(program, hook, &passed);
                    reads.extend(
                        of_hook
                            .into_iter()
                            .filter(|read| !reads.contains(read))
                            .collect::<Vec<_>>(),
                    );
                    unread.extend(not_read);
                }
                Err(reason) => {
                    absent.insert(reason);
                }
            }
        }
        // Of several, those that are not there are left out.
        if !is_there {
            reasons.append(&mut absent);
        }
        reasons.extend(guards::unrelocated(self, program));
        if program.extent != Extent::Whole {
            reasons.insert(not_known(Unknown::NotFollowed));
        }
        for read in &reads {
            match &read.verdict {
                verdict if verdict.is_wrong() => {
                    reasons.insert(Reason::Reads);
                }
                Verdict::NotKnown { why } => {
                    reasons.insert(not_known(why.clone()));
                }
                Verdict::Guarded {
                    by, is_answered, ..
                } if !is_answered => {
                    let names: Vec<String> = by.iter().map(guards::name).collect();
                    reasons.insert(not_known(Unknown::Guard(names.join(", "))));
                }
                _ => {}
            }
        }
        Judged {
            program: of_object.name.clone(),
            section: of_object.section.to_string(),
            hooks: names(&hooks),
            answer: answer(&reasons, &reads),
            reasons: reasons.into_iter().collect(),
            source: program.meant.source,
            reads,
            unread,
        }
    }

    /// The verdicts on a program's reads on a hook, and on declared arguments that it does not read.
    fn reads(
        &self,
        program: &ProgramReads,
        hook: &Hook,
        passed: &Passed<'_>,
    ) -> (Vec<JudgedRead>, Vec<JudgedRead>) {
        let before = self
            .built_for
            .and_then(|kernel| Passed::of(kernel, hook).ok());
        let mut groups: BTreeMap<(Spot, Option<usize>), Group<'_>> = BTreeMap::new();
        for (number, read) in program.reads.iter().enumerate() {
            let entry = groups.entry((read.spot, read.relocation));
            let group = entry.or_insert_with(|| Group {
                numbers: Vec::new(),
                first: read,
                width: read.width,
                uses: BTreeSet::new(),
            });
            group.numbers.push(number);
            group.width = group.width.max(read.width);
            group.uses.extend(&read.uses);
        }
        let mut judged: Vec<(JudgedRead, Vec<usize>)> = Vec::new();
        for group in groups.values() {
            let read = self.group(program, group, passed, before.as_ref());
            judged.push((read, group.numbers.clone()));
        }
        guards::apply(self, program, &mut judged);
        let mut unread = Vec::new();
        if passed.passing == Passing::Slots && program.meant.context == Taken::Slots {
            let mut slot = 0;
            for argument in &program.meant.arguments {
                let spot = Spot::Bytes(slot * SLOT);
                let is_read = groups.keys().any(|(read, _)| {
                    spot::offset(*read, passed).is_some_and(|at| at / SLOT == slot)
                });
                slot += argument.meaning.slots();
                if !is_read {
                    let read = self.at(program, spot, &BTreeSet::new(), passed, before.as_ref());
                    unread.extend(Some(read).filter(|read| read.verdict.is_wrong()));
                }
            }
        }
        let judged = judged.into_iter().map(|(read, _)| read);
        (judged.collect(), unread)
    }

    fn group(
        &self,
        program: &ProgramReads,
        group: &Group<'_>,
        passed: &Passed<'_>,
        before: Option<&Passed<'_>>,
    ) -> JudgedRead {
        let object = self.object.object();
        let line = group.first.line.as_ref().map(|line| SourceLine {
            file: line.file.to_string(),
            number: line.number,
            text: line.text.to_string(),
        });
        let relocation = group
            .first
            .relocation
            .map(|place| &object.relocations()[place]);
        if let (Some(relocation), Taken::Struct(_)) = (relocation, program.meant.context) {
            let offset = spot::offset(group.first.spot, passed);
            let verdict = match core::finds(object, self.kernel, relocation) {
                Finds::Something => Verdict::Same,
                Finds::Nothing => Verdict::Gone,
                Finds::Unknown if object.context_hook(relocation.type_id).is_some() => {
                    unknown(Unknown::Relocatable)
                }
                Finds::Unknown => unknown(Unknown::NotDescribed),
            };
            return JudgedRead {
                place: spot::place(group.first.spot, offset, passed),
                width: group.width,
                meant: Some(Value {
                    name: Some(core::named(object, relocation)),
                    r#type: String::new(),
                    is_returned: false,
                }),
                found: None,
                remarks: match verdict {
                    Verdict::Gone => vec![Remark::Refused],
                    _ => Vec::new(),
                },
                verdict,
                line,
            };
        }
        let read = self.at(program, group.first.spot, &group.uses, passed, before);
        JudgedRead {
            width: group.width,
            line,
            ..read
        }
    }

    /// The verdict on a read of a part of the context.
    fn at(
        &self,
        program: &ProgramReads,
        spot: Spot,
        uses: &BTreeSet<Use>,
        passed: &Passed<'_>,
        before: Option<&Passed<'_>>,
    ) -> JudgedRead {
        let offset = spot::offset(spot, passed);
        let mut read = JudgedRead {
            place: spot::place(spot, offset, passed),
            width: None,
            meant: None,
            found: None,
            verdict: unknown(Unknown::Place),
            remarks: Vec::new(),
            line: None,
        };
        let Some(offset) = offset else {
            return read;
        };
        let object = self.object.object();
        let meant = &program.meant;
        let here = spot::here(object, meant, passed, self.registers.as_ref(), spot, offset);
        read.meant = here.as_ref().map(|here| Value {
            name: here.name.clone(),
            r#type: here.meaning.to_string(),
            is_returned: here.is_result,
        });
        let found = passed.at(offset);
        read.found = found.map(|place| {
            let argument = &passed.arguments[place];
            Value {
                name: argument.name.clone(),
                r#type: declared(passed.btf, argument.type_id, ""),
                is_returned: argument.is_result,
            }
        });
        if let Some(verdict) = self.of_place(program, passed, offset, found) {
            read.verdict = verdict;
            return read;
        }
        let used = self.used_as(uses);
        let mut decision = Decision {
            judge: self,
            passed,
            found,
            used,
            remarks: Vec::new(),
        };
        let verdict = match before {
            Some(before) if is_meant(self, program, spot, before) => {
                decision.between(before, spot, here.as_ref())
            }
            _ => decision.plain(here.as_ref()),
        };
        read.remarks = decision.remarks;
        let is_number = found
            .is_some_and(|place| matches!(passed.arguments[place].meaning, Meaning::Number { .. }));
        let is_refused = verdict == Verdict::Gone
            || verdict.is_wrong() && is_number && uses.contains(&Use::Followed);
        if passed.is_typed() && is_refused {
            read.remarks.push(Remark::Refused);
        }
        if let (Some(width), Verdict::Same, Some(place)) = (
            here.as_ref().and_then(|here| width(&here.meaning)),
            &verdict,
            found,
        ) && let Meaning::Number { size, .. } = passed.arguments[place].meaning
            && width > size
        {
            read.remarks.push(Remark::Wider { kernel: size });
        }
        read.verdict = verdict;
        read
    }

    /// A verdict that the place alone gives.
    fn of_place(
        &self,
        program: &ProgramReads,
        passed: &Passed<'_>,
        offset: u32,
        found: Option<usize>,
    ) -> Option<Verdict> {
        if passed.is_stable {
            return Some(Verdict::Same);
        }
        let taken = program.meant.context;
        match passed.passing {
            Passing::Registers => {
                let Some(registers) = &self.registers else {
                    return Some(unknown(Unknown::Register));
                };
                let is_argument = registers.number(offset).is_some();
                let is_returned = registers.is_returned(offset);
                match taken {
                    // Slots of 8 bytes from the start are not the registers of arguments, but on s390x,
                    // arm64 and the like, where some are.
                    Taken::Slots if !(is_argument || passed.is_of_return() && is_returned) => {
                        Some(Verdict::AnotherValue)
                    }
                    Taken::Slots => Some(unknown(Unknown::Register)),
                    _ if passed.is_of_return() => match (is_returned, is_argument) {
                        // There is nothing else that can be meant.
                        (true, _) if program.meant.arguments.is_empty() => Some(match found {
                            Some(_) => Verdict::Same,
                            None => Verdict::Gone,
                        }),
                        (true, _) => None,
                        (false, true) => Some(unknown(Unknown::Register)),
                        (false, false) => Some(Verdict::Same),
                    },
                    _ if passed.is_system_call && is_argument => Some(Verdict::Same),
                    _ => match (is_argument, is_returned) {
                        (true, _) if found.is_none() && passed.is_partial => {
                            Some(unknown(Unknown::Register))
                        }
                        (true, _) => None,
                        (false, true) => Some(unknown(Unknown::Register)),
                        // The instruction pointer, the stack pointer and the like.
                        (false, false) => Some(Verdict::Same),
                    },
                }
            }
            Passing::Slots if found.is_none() && passed.is_partial => {
                Some(unknown(Unknown::NotDescribed))
            }
            Passing::Slots if taken == Taken::Registers => Some(Verdict::AnotherValue),
            Passing::Slots => None,
            // What all records start with.
            Passing::Memory if offset < SLOT => Some(Verdict::Same),
            Passing::Memory if found.is_none() || taken == Taken::Slots => {
                Some(unknown(Unknown::NotDescribed))
            }
            Passing::Memory => None,
        }
    }

    /// What the program's use of a value says that it takes it for.
    fn used_as(&self, uses: &BTreeSet<Use>) -> Option<Meaning> {
        let btf = self.object.object().btf();
        let roots = uses.iter().filter_map(|used| match used {
            Use::FieldLoaded(root) | Use::FieldAddressed(root) => btf.get(*root),
            _ => None,
        });
        let tags: BTreeSet<String> = roots.filter_map(|ty| tag(ty.name())).collect();
        let is_followed = uses.contains(&Use::Followed);
        match tags.len() {
            0 => is_followed.then_some(Meaning::Pointer(PointsTo::Other)),
            1 => tags
                .into_iter()
                .next()
                .map(|tag| Meaning::Pointer(PointsTo::Tag(tag))),
            _ => Some(Meaning::Pointer(PointsTo::Other)),
        }
    }
}

/// Whether what a kernel has is what the author of a program meant, as far as he says.
fn is_meant(judge: &Judge<'_>, program: &ProgramReads, spot: Spot, before: &Passed<'_>) -> bool {
    let Some(offset) = spot::offset(spot, before) else {
        return false;
    };
    let Some(found) = before.at(offset) else {
        return false;
    };
    let object = judge.object.object();
    let registers = Registers::of(before.kernel);
    let here = spot::here(
        object,
        &program.meant,
        before,
        registers.as_ref(),
        spot,
        offset,
    );
    let mut decision = Decision {
        judge,
        passed: before,
        found: Some(found),
        used: None,
        remarks: Vec::new(),
    };
    here.is_none_or(|here| !decision.plain(Some(&here)).is_wrong())
}

/// What leads to a verdict.
struct Decision<'d> {
    judge: &'d Judge<'d>,
    passed: &'d Passed<'d>,
    /// The place of the kernel's argument.
    found: Option<usize>,
    used: Option<Meaning>,
    remarks: Vec<Remark>,
}

impl Decision<'_> {
    /// By what the author says.
    fn plain(&mut self, here: Option<&Here>) -> Verdict {
        let passed = self.passed;
        let Some(found) = self.found.map(|place| &passed.arguments[place]) else {
            return Verdict::Gone;
        };
        let Some(here) = here else {
            return self.by_use();
        };
        let is_named = is_same_name(here.name.as_deref(), found.name.as_deref());
        if here.is_result != found.is_result && !is_named {
            if here.is_result {
                return match passed.result() {
                    Some(place) => self.moved(place),
                    None => Verdict::AnotherValue,
                };
            }
            if let Some(place) = self.elsewhere(here) {
                return self.moved(place);
            }
            if here.is_followed {
                return Verdict::AnotherValue;
            }
        }
        let both = here.name.is_some() && found.name.is_some() && !here.is_result;
        if both
            && !is_named
            && let Some(place) = self.elsewhere(here)
        {
            return self.moved(place);
        }
        let fits = fit(&here.meaning, &found.meaning, passed.kernel);
        if both && !is_named {
            self.remarks.push(Remark::OtherName);
        }
        match fits {
            Fit::Same => Verdict::Same,
            Fit::StartsWith => {
                self.remarks.push(Remark::StartsWith);
                Verdict::Same
            }
            Fit::OtherSize if both && !is_named => unknown(Unknown::Ambiguous),
            Fit::OtherSize => Verdict::Same,
            Fit::Loose => self.loosely(both && !is_named),
            Fit::No if both && !is_named => Verdict::AnotherValue,
            Fit::No => Verdict::OtherType,
            Fit::Unsure => unknown(Unknown::Ambiguous),
            Fit::NoSuchStruct(tag) => unknown(Unknown::NoSuchStruct(tag)),
        }
    }

    /// Where the author's type says nothing, what the program does with the value may.
    fn loosely(&self, is_other: bool) -> Verdict {
        let (Some(used), Some(place)) = (&self.used, self.found) else {
            return Verdict::Same;
        };
        let found = &self.passed.arguments[place].meaning;
        match (fit(used, found, self.passed.kernel), found) {
            (Fit::No, Meaning::Number { .. }) if is_other => Verdict::AnotherValue,
            (Fit::No, Meaning::Number { .. }) => Verdict::OtherType,
            (Fit::No, _) if is_other => unknown(Unknown::Ambiguous),
            _ => Verdict::Same,
        }
    }

    fn by_use(&self) -> Verdict {
        let (Some(used), Some(place)) = (&self.used, self.found) else {
            return unknown(Unknown::NotDeclared);
        };
        let found = &self.passed.arguments[place].meaning;
        match (fit(used, found, self.passed.kernel), found) {
            (Fit::Same | Fit::StartsWith, Meaning::Pointer(PointsTo::Tag(_))) => Verdict::Same,
            (Fit::No, Meaning::Number { .. }) => Verdict::OtherType,
            _ => unknown(Unknown::NotDeclared),
        }
    }

    /// By what the kernel has that the program was built for.
    fn between(&mut self, before: &Passed<'_>, spot: Spot, here: Option<&Here>) -> Verdict {
        let old = spot::offset(spot, before).and_then(|offset| before.at(offset));
        let (Some(old), Some(from), Some(to)) = (old, before.to_pair(), self.passed.to_pair())
        else {
            return self.plain(here);
        };
        let pairs = pair(&from, &to);
        let argument = &before.arguments[old];
        let paired = pairs.get(old).copied().flatten();
        let Some(found) = self.found else {
            return match paired {
                Some(pair) => self.moved(pair.place),
                None => Verdict::Gone,
            };
        };
        let new = &self.passed.arguments[found];
        let fits = fit(&argument.meaning, &new.meaning, self.passed.kernel);
        match paired {
            Some(pair) if pair.place != found => self.moved(pair.place),
            Some(_) => match fits {
                Fit::No => Verdict::OtherType,
                Fit::Unsure => unknown(Unknown::Ambiguous),
                Fit::NoSuchStruct(tag) => unknown(Unknown::NoSuchStruct(tag)),
                _ => Verdict::Same,
            },
            None => {
                let is_of_another = pairs.iter().flatten().any(|pair| pair.place == found);
                let is_other = is_of_another || argument.is_result != new.is_result;
                match fits {
                    _ if is_other => Verdict::AnotherValue,
                    Fit::No => Verdict::AnotherValue,
                    _ => unknown(Unknown::Ambiguous),
                }
            }
        }
    }

    /// Another argument of the kernel's that has the name that is meant, and that can be read so.
    fn elsewhere(&self, here: &Here) -> Option<usize> {
        let name = here.name.as_deref().filter(|name| is_telling(name))?;
        let mut arguments = self.passed.arguments.iter();
        let place = arguments.position(|argument| {
            !argument.is_result && is_same_name(Some(name), argument.name.as_deref())
        })?;
        let found = &self.passed.arguments[place].meaning;
        let fits = fit(&here.meaning, found, self.judge.kernel);
        let is_right = !matches!(fits, Fit::No | Fit::Unsure | Fit::NoSuchStruct(_));
        (is_right && Some(place) != self.found).then_some(place)
    }

    fn moved(&self, place: usize) -> Verdict {
        let argument = &self.passed.arguments[place];
        let offset = Some(argument.offset);
        Verdict::Moved {
            to: spot::place(Spot::Bytes(argument.offset), offset, self.passed),
        }
    }
}

fn width(meaning: &Meaning) -> Option<u32> {
    match meaning {
        Meaning::Number { size, .. } => Some(*size),
        _ => None,
    }
}

/// Whether two names are the same, but for what C has its own use for.
fn is_same_name(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let plain = |name: &str| essential_name(name).trim_matches('_').to_owned();
    one == other || plain(one) == plain(other) && !plain(one).is_empty()
}

/// Whether a name tells one argument from another.
fn is_telling(name: &str) -> bool {
    let name = name.trim_matches('_');
    let is_numbered = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name.len() > 1
        && !["arg", "parm", "param", "p", "a", "x"]
            .iter()
            .any(|prefix| is_numbered(prefix))
        && !["unused", "dummy", "ignored"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

pub(super) fn unknown(why: Unknown) -> Verdict {
    Verdict::NotKnown { why }
}

fn not_known(why: Unknown) -> Reason {
    Reason::NotKnown { why }
}

/// The one word.
fn answer(reasons: &BTreeSet<Reason>, reads: &[JudgedRead]) -> Answer {
    let of_reason = |reason: &Reason| match reason {
        Reason::Reads => {
            let mut wrong = reads.iter().filter(|read| read.verdict.is_wrong());
            // What is refused reports nothing.
            match wrong.any(|read| read.remarks.contains(&Remark::Refused)) {
                true => Answer::DoesNotLoad,
                false => Answer::ReadsWrong,
            }
        }
        Reason::HookAbsent {
            is_certain: false, ..
        } => Answer::Unknown,
        Reason::HookAbsent { .. } | Reason::CannotAttach { .. } => Answer::DoesNotAttach,
        Reason::Unrelocated { .. }
        | Reason::NoKernelFunction { .. }
        | Reason::OtherPrototype { .. } => Answer::DoesNotLoad,
        Reason::NotKnown { .. } => Answer::Unknown,
    };
    let answers: BTreeSet<Answer> = reasons.iter().map(of_reason).collect();
    // A program that is refused does not read anything.
    match answers.contains(&Answer::DoesNotLoad) {
        true => Answer::DoesNotLoad,
        false => answers.into_iter().next_back().unwrap_or(Answer::Works),
    }
}
