//! The programs of objects, held against one kernel.

use super::Cell;
use super::Source;
use super::Status;
use super::Subject;
use super::contexts;
use super::entry::Entry;
use super::entry::Key;
use super::entry::OnKernel;
use super::entry::what;
use super::prototype::prototypes;
use super::words;
use crate::compare::check::Checked;
use crate::compare::check::check_object;
use crate::compare::reads::Judged;
use crate::compare::reads::JudgedRead;
use crate::compare::reads::Reason;
use crate::compare::reads::Unknown;
use crate::compare::reads::Verdict;
use crate::compare::reads::judge;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::reads::Examined;

/// An object, and what it is called.
#[derive(Debug)]
pub struct Candidate {
    /// The file that it is, or that it is in.
    pub file: String,
    /// Its own name: the file's, and where several are in it, where it is in that.
    pub name: String,
    /// What it is and reads.
    pub examined: Examined,
}

/// Objects, held against one kernel. Nothing of the kernel is kept but this.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examination {
    /// The kernel's architecture, where it is known.
    pub arch: Option<String>,
    /// Of each object, its programs.
    pub(super) objects: Vec<Vec<(Said, OnKernel)>>,
}

/// What is said of a program whatever the kernel is.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) r#struct: Option<String>,
    pub(super) source: Source,
}

impl Examination {
    /// Holds objects against a kernel. `built_for` is the kernel that they were written for, where that is
    /// known: see [`judge`].
    pub fn of(objects: &[Candidate], kernel: &KernelBtf, built_for: Option<&KernelBtf>) -> Self {
        let machine = |arch: crate::Arch| arch.machine(kernel.byte_order()).to_owned();
        let objects = objects.iter();
        Self {
            arch: kernel.arch().map(machine),
            objects: objects
                .map(|object| of_object(&object.examined, kernel, built_for))
                .collect(),
        }
    }
}

fn of_object(
    examined: &Examined,
    kernel: &KernelBtf,
    built_for: Option<&KernelBtf>,
) -> Vec<(Said, OnKernel)> {
    let object = examined.object();
    let is_examined = object.btf().byte_order() == kernel.byte_order();
    let checked = match is_examined && has_contexts(object) {
        // Only that the byte order is another is an error.
        true => check_object(object, kernel).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut checked = checked.into_iter().map(Some).collect::<Vec<_>>();
    checked.resize_with(object.programs().len(), || None);
    let judged = judge(examined, kernel, built_for).into_iter();
    let programs = object.programs().iter().zip(checked);
    judged
        .zip(programs)
        .map(|(judged, (program, checked))| {
            let is_examined = is_examined && !judged.is_of_another_architecture();
            let checked = checked.filter(|checked| checked.r#struct.is_some());
            let hooks = program.hooks();
            let said = Said {
                r#struct: checked
                    .as_ref()
                    .and_then(|checked| checked.r#struct.clone()),
                source: judged.source,
            };
            let prototype = match is_examined {
                true => prototypes(kernel, &hooks),
                false => None,
            };
            let entries = entries(&judged, checked.as_ref());
            let is_hook = |entry: &Entry| matches!(entry.subject, Subject::Hook { .. });
            let on_kernel = OnKernel {
                is_attached: is_examined && !entries.iter().any(is_hook),
                is_examined,
                entries,
                prototype,
            };
            (said, on_kernel)
        })
        .collect()
}

/// Whether any program takes a context struct of ctxgen's.
fn has_contexts(object: &ObjectFile) -> bool {
    let contexts = object
        .programs()
        .iter()
        .filter_map(|program| program.context);
    contexts
        .into_iter()
        .any(|id| object.context_hook(id).is_some())
}

fn entries(judged: &Judged, checked: Option<&Checked>) -> Vec<Entry> {
    if let Some(checked) = checked {
        return contexts::entries(checked, judged);
    }
    let reads = judged.reads.iter().chain(&judged.unread);
    let mut entries: Vec<Entry> = reads.map(|read| of_read(read, judged)).collect();
    let is_optional = judged.section.starts_with('?');
    let mut open = Vec::new();
    for reason in &judged.reasons {
        match reason {
            Reason::Reads => {}
            Reason::NotKnown { why } => match is_told(why, &judged.reads) {
                true => {}
                false => open.push(why),
            },
            reason => entries.extend(of_reason(reason, is_optional)),
        }
    }
    entries.extend(of_unknown(&open, judged));
    entries
}

fn of_read(read: &JudgedRead, judged: &Judged) -> Entry {
    let meant = read.meant.as_ref();
    let name = meant.and_then(|meant| match (&meant.name, meant.is_returned) {
        (None, true) => Some("ret".to_owned()),
        (name, _) => name.clone(),
    });
    let r#type = meant.map_or_else(String::new, |meant| meant.r#type.clone());
    let place = read.place.clone();
    let (key, subject) = match read.read {
        Some(number) => {
            let width = read.width;
            let subject = Subject::Read {
                name,
                r#type,
                place,
                width,
            };
            (Key::Read(number), subject)
        }
        None => {
            let key = Key::Declared(place.clone());
            (
                key,
                Subject::Declared {
                    name,
                    r#type,
                    place,
                },
            )
        }
    };
    Entry {
        is_foreign: matches!(
            read.verdict,
            Verdict::NotKnown {
                why: Unknown::Architecture
            }
        ),
        key,
        what: what(&subject),
        subject,
        line: read.line.clone(),
        cell: Cell {
            status: words::status(read, judged.answer),
            sentence: words::of_read(read),
            found: read.found.clone(),
            moved_to: match &read.verdict {
                Verdict::Moved { to } => Some(to.clone()),
                _ => None,
            },
        },
    }
}

/// What is said of something else than reads.
fn of_reason(reason: &Reason, is_optional: bool) -> Option<Entry> {
    let mut sentence = words::of_reason(reason);
    let absent = |status: Status, sentence: &mut String| match is_optional {
        true => {
            sentence.push_str("; the program is optional (?)");
            Status::Guarded
        }
        false => status,
    };
    let (subject, status) = match reason {
        Reason::HookAbsent { hook, is_certain } => {
            let status = match is_certain {
                true => absent(Status::Absent, &mut sentence),
                false => Status::NotKnown,
            };
            (Subject::Hook { hook: hook.clone() }, status)
        }
        Reason::CannotAttach { hook, .. } => {
            let status = absent(Status::Absent, &mut sentence);
            (Subject::Hook { hook: hook.clone() }, status)
        }
        Reason::Unrelocated { what } => {
            let what = what.clone();
            (Subject::Field { what }, Status::DoesNotLoad)
        }
        Reason::NoKernelFunction { name } | Reason::OtherPrototype { name } => {
            let name = name.clone();
            (Subject::KernelFunction { name }, Status::DoesNotLoad)
        }
        Reason::Lacks { what } => {
            let what = what.clone();
            (Subject::Needed { what }, Status::DoesNotLoad)
        }
        Reason::Reads | Reason::NotKnown { .. } => return None,
    };
    Some(Entry::of(subject, status, sentence))
}

/// Whether the entries of reads say already that something is not known.
fn is_told(why: &Unknown, reads: &[JudgedRead]) -> bool {
    reads.iter().any(|read| match &read.verdict {
        Verdict::NotKnown { why: of } => of == why,
        Verdict::Guarded {
            is_answered: false, ..
        } => matches!(why, Unknown::Guard(_)),
        _ => false,
    })
}

/// What is not known of the program as a whole, or of its hook.
fn of_unknown(open: &[&Unknown], judged: &Judged) -> Vec<Entry> {
    let mut entries = Vec::new();
    let is_of_hook = |why: &&&Unknown| matches!(why, Unknown::Hook(_));
    let hook = open.iter().find(is_of_hook);
    let whole: Vec<_> = open.iter().filter(|why| !is_of_hook(why)).collect();
    if let Some(why) = hook {
        let name = judged.hooks.first().unwrap_or(&judged.section);
        let subject = Subject::Hook { hook: name.clone() };
        entries.push(Entry::of(subject, Status::NotKnown, why.to_string()));
    }
    if !whole.is_empty() {
        let is_guard = |why: &&&Unknown| matches!(why, Unknown::Guard(_));
        let status = match whole.iter().all(is_guard) {
            true => Status::Depends,
            false => Status::NotKnown,
        };
        let sentences: Vec<String> = whole.iter().map(ToString::to_string).collect();
        entries.push(Entry::of(Subject::Program, status, sentences.join("; ")));
    }
    entries
}
