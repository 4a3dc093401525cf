//! The verdicts on an object's programs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::SecName;
use crate::kernel::KernelBtf;
use crate::layout::SLOT;
use crate::object::Program;
use crate::object::accesses::Extent;
use crate::object::meant::Source;
use crate::object::meant::Taken;
use crate::object::reads::Examined;
use crate::object::reads::ProgramReads;
use crate::object::reads::Read;
use crate::object::reads::Spot;
use crate::object::reads::Use;

use super::Answer;
use super::Judged;
use super::JudgedRead;
use super::Reason;
use super::Remark;
use super::SourceLine;
use super::Unknown;
use super::Value;
use super::Verdict;
use super::address;
use super::answer::answer;
use super::arguments::Passed;
use super::case::Judge;
use super::core;
use super::core::Finds;
use super::decision::Decision;
use super::decision::unknown;
use super::externs;
use super::foreign::is_foreign;
use super::guards;
use super::lacking;
use super::packet;
use super::place::is_another_register;
use super::place::of_place;
use super::place::register_of;
use super::place::used_as;
use super::records;
use super::remarks::remarks;
use super::spot;
use super::spot::Registers;
use super::verdict::names;

/// How many of the hooks that a section lists are looked at.
const MAX_HOOKS: usize = 64;
/// How often programs of an object are followed again for a kernel, and how many instructions that may be.
const MAX_TRIES: usize = 1 << 9;
const MAX_FOLLOWED: usize = 8_000_000;

/// What becomes of each program of an object on a kernel, in the order of the programs. `built_for` is the
/// kernel that it was written for, where that is known: what it has there is what the author meant.
pub fn judge(object: &Examined, kernel: &KernelBtf, built_for: Option<&KernelBtf>) -> Vec<Judged> {
    let is_other_order = object.object().btf().byte_order() != kernel.byte_order();
    let externs = match is_other_order {
        true => vec![not_known(Unknown::Architecture)],
        false => externs::lacking(object.object(), kernel),
    };
    let judge = Judge {
        object,
        kernel,
        built_for,
        registers: Registers::of(kernel),
        is_foreign: is_foreign(object, kernel),
        is_built_for_foreign: built_for.is_some_and(|kernel| is_foreign(object, kernel)),
        lacking: match is_other_order {
            true => Vec::new(),
            false => lacking::of_object(object.object(), kernel),
        },
        tries: Cell::new((MAX_FOLLOWED / object.instructions().max(1)).clamp(2, MAX_TRIES)),
    };
    let programs = object.programs().iter();
    programs
        .map(|program| match is_other_order {
            true => judge.unexamined(program, &externs),
            false => judge.program(program, &externs),
        })
        .collect()
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
    /// Of a program that cannot be held against this kernel.
    fn unexamined(&self, program: &ProgramReads, reasons: &[Reason]) -> Judged {
        let of_object = &self.object.object().programs()[program.program];
        Judged {
            program: of_object.name.clone(),
            section: of_object.section.to_string(),
            hooks: names(&of_object.hooks()),
            answer: Answer::Unknown,
            reasons: reasons.to_vec(),
            source: program.meant.source,
            reads: Vec::new(),
            unread: Vec::new(),
        }
    }

    fn program(&self, program: &ProgramReads, externs: &[Reason]) -> Judged {
        let object = self.object.object();
        let of_object = &object.programs()[program.program];
        let mut hooks = of_object.hooks();
        hooks.truncate(MAX_HOOKS);
        let in_registers = |hook: &Hook| hook.family().passing() == Passing::Registers;
        if self.is_foreign && hooks.iter().any(in_registers) {
            return self.unexamined(program, &[not_known(Unknown::Architecture)]);
        }
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
                Err(_) if address::suffices(self.kernel, hook, program) => is_there = true,
                Err(_) if is_within(of_object) => {
                    absent.insert(not_known(Unknown::WithinFunction));
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
        reasons.extend(lacking::of_program(self, program));
        if program.extent != Extent::Whole {
            reasons.insert(not_known(Unknown::NotFollowed));
        }
        reasons.extend(reads.iter().filter_map(reason));
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
            .and_then(|kernel| Passed::of(kernel, hook).ok())
            .filter(|of| of.passing != Passing::Registers || !self.is_built_for_foreign);
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
        // What is not read on the kernel that it was built for is not meant for that.
        let is_read_there = match self.built_for {
            Some(kernel) if before.is_some() => guards::left_on(self, kernel, program),
            _ => None,
        };
        let mut judged: Vec<(JudgedRead, Vec<usize>)> = Vec::new();
        for group in groups.values() {
            let is_meant = is_read_there
                .as_ref()
                .is_none_or(|left| group.numbers.iter().any(|number| left.contains(number)));
            let before = before.as_ref().filter(|_| is_meant);
            let read = self.group(program, group, passed, before);
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
        if let Some(read) =
            relocation.and_then(|relocation| records::other(self, relocation, passed))
        {
            return JudgedRead {
                width: group.width,
                line,
                read: group.numbers.first().copied(),
                ..read
            };
        }
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
                read: group.numbers.first().copied(),
            };
        }
        let relocated = relocation.filter(|_| passed.passing == Passing::Registers);
        let relocated = relocated.and_then(|of| core::offset_of(object, self.kernel, of));
        let spot = relocated.map_or(group.first.spot, Spot::Bytes);
        let mut read = self.at(program, spot, &group.uses, passed, before);
        let offset = spot::offset(spot, passed);
        let found = offset.and_then(|offset| passed.at(offset));
        if let (Some(offset), None) = (offset, relocated)
            && passed.passing == Passing::Registers
            && is_another_register(object, program, offset, passed)
        {
            read.verdict = unknown(Unknown::Architecture);
            read.remarks.clear();
        }
        if packet::is_altered(
            object,
            program.program,
            group.first.spot,
            relocation,
            &group.uses,
        ) {
            read.remarks.extend([Remark::Address, Remark::Refused]);
        }
        if let (Some(found), Some(width)) = (found, group.width)
            && passed.refuses_part(found, width)
            && !read.remarks.contains(&Remark::Refused)
        {
            read.remarks.push(Remark::Refused);
        }
        JudgedRead {
            width: group.width,
            line,
            read: group.numbers.first().copied(),
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
            read: None,
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
        read.found = found.map(|place| passed.value(place));
        let is_named = register_of(object, program, offset).is_some();
        let registers = self.registers.as_ref();
        if let Some(verdict) = of_place(registers, program, passed, (offset, is_named), found) {
            read.verdict = verdict;
            return read;
        }
        let mut decision = Decision {
            passed,
            found,
            used: used_as(self.object.object(), uses),
            untold: match meant.source == Source::Line && meant.is_partial {
                true => Unknown::GoesOn,
                false => Unknown::NotDeclared,
            },
            remarks: Vec::new(),
        };
        let verdict = match before {
            Some(before) if is_meant(self, program, spot, before) => {
                decision.between(before, spot, here.as_ref())
            }
            _ => decision.plain(here.as_ref()),
        };
        read.remarks = decision.remarks;
        let more = remarks(passed, here.as_ref(), found, &verdict, uses);
        read.remarks.extend(more);
        read.verdict = verdict;
        read
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
        passed: before,
        found: Some(found),
        used: None,
        untold: Unknown::NotDeclared,
        remarks: Vec::new(),
    };
    here.is_none_or(|here| !decision.plain(Some(&here)).is_wrong())
}

/// Whether a program is attached behind the start of a function.
fn is_within(program: &Program) -> bool {
    let sec = SecName::parse(&program.section);
    sec.is_ok_and(|sec| sec.offset().is_some())
}

fn not_known(why: Unknown) -> Reason {
    Reason::NotKnown { why }
}

/// What the verdict on a read is a reason for.
fn reason(read: &JudgedRead) -> Option<Reason> {
    match &read.verdict {
        _ if read.remarks.contains(&Remark::Refused) => Some(Reason::Reads),
        verdict if verdict.is_wrong() => Some(Reason::Reads),
        Verdict::NotKnown { why } => Some(not_known(why.clone())),
        Verdict::Guarded {
            by,
            is_answered: false,
            ..
        } => {
            let names: Vec<String> = by.iter().map(guards::name).collect();
            Some(not_known(Unknown::Guard(names.join(", "))))
        }
        _ => None,
    }
}
