//! Records of trace events: held against the verifier, against what the kernel lets be attached, and
//! field by field against what tracefs says of them.

use std::collections::HashMap;
use std::fmt::Write;

use ctxgen::Context;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Shape;
use ctxgen::btf::IntEncoding;
use ctxgen::btf::Kind;
use ctxgen::layout::Field;
use ctxgen::layout::Layout;
use ctxgen::layout::SLOT;
use ctxgen::prototype;
use ctxgen_judge::Answer;
use ctxgen_judge::Event;
use ctxgen_judge::EventField;
use ctxgen_judge::Load as Loaded;
use ctxgen_judge::Verdict;

use super::compare::Report;
use super::compare::Wrong;
use super::program::Load;
use super::program::program;
use super::program::types;
use super::row::Row;

/// The family.
const FAMILY: &str = "tp";

/// The category of system calls' events.
const CALLS: &str = "syscalls";

/// A trace event.
#[derive(Clone, Debug)]
pub struct EventCase {
    hook: Hook,
    number: usize,
    /// Its record, where BTF alone tells.
    layout: Option<Layout>,
}

/// All trace events of a kernel, with what is known of them without tracefs.
///
/// # Errors
/// Whatever [`Context::of_hook_alone`] fails with, other than that BTF does not tell.
pub fn event_cases(kernel: &KernelBtf) -> Result<Vec<EventCase>, PrototypeError> {
    let family = Family::by_name(FAMILY).into_iter();
    let hooks = family.flat_map(|family| prototype::hooks(kernel, family));
    let cases = hooks.enumerate().map(|(number, hook)| {
        let layout = match Context::of_hook_alone(kernel, &hook) {
            Ok(context) => layout(context),
            Err(PrototypeError::AmbiguousEvent { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(EventCase {
            hook,
            number,
            layout,
        })
    });
    cases.collect()
}

fn layout(context: Context) -> Option<Layout> {
    match context.shape {
        Shape::Generated { layout, .. } => Some(layout),
        Shape::Kernel { .. } | Shape::Other { .. } => None,
    }
}

impl EventCase {
    fn id(&self) -> String {
        format!("{}:{}", self.hook, self.number)
    }

    fn event(&self) -> &str {
        let target = self.hook.target();
        target.split_once('/').map_or(target, |(_, event)| event)
    }
}

/// The events in the judge's format. What BTF does not tell, the judge makes a program for by itself.
pub fn event_plan(cases: &[EventCase]) -> String {
    let mut text = String::new();
    for case in cases {
        let family = case.hook.family();
        let Some((prog, attach)) = types(family) else {
            continue;
        };
        let insns = match &case.layout {
            Some(layout) => program(family, &loads(layout)),
            None => "-".to_owned(),
        };
        let (id, event) = (case.id(), case.event());
        let _ = writeln!(text, "t {id} {prog} {attach} 0 0 {insns} {event}");
    }
    text
}

/// What a program loads to read each field: of what is no number, the first byte and the last.
fn loads(layout: &Layout) -> Vec<Load> {
    let mut loads = Vec::new();
    for field in &layout.fields {
        let (offset, size) = (field.offset, field.size);
        if matches!(size, 1 | 2 | 4 | SLOT) && offset.is_multiple_of(size) {
            loads.push(Load { offset, size });
            continue;
        }
        for offset in [offset, offset + size - 1] {
            loads.push(Load { offset, size: 1 });
        }
    }
    loads
}

/// Holds answers against what is known of the events. `formatted` is the same kernel once more, to be
/// given what tracefs says.
pub fn compare_events<'a>(
    kernel: &KernelBtf,
    formatted: KernelBtf,
    cases: &[EventCase],
    answers: impl IntoIterator<Item = &'a str>,
    report: &mut Report,
) {
    let mut found: HashMap<&str, Option<Event<'_>>> = HashMap::new();
    for line in answers {
        if let Some(Answer::Event { id, found: event }) = Answer::parse(line) {
            found.insert(id, event);
        }
    }
    let mut formatted = formatted;
    for case in cases {
        let Some(Some(event)) = found.get(case.id().as_str()) else {
            continue;
        };
        formatted = match formatted.with_format(event.category, &file(case.event(), event)) {
            Ok(formatted) => formatted,
            Err(error) => {
                report.trouble.push(error.to_string());
                return;
            }
        };
    }
    let mut row = Row::default();
    for case in cases {
        match found.get(case.id().as_str()) {
            Some(Some(event)) => {
                let mut judgement = Judgement {
                    kernel,
                    formatted: &formatted,
                    case,
                    event,
                    row: &mut row,
                    report,
                };
                judgement.pass();
            }
            Some(None) => {
                row.hooks += 1;
                row.outside += 1;
                outside(report, "no trace event of that name");
            }
            None => {
                let id = case.id();
                report.trouble.push(format!("no answer about {id}"));
            }
        }
    }
    if row.hooks > 0 {
        report.rows.insert(FAMILY, row);
    }
}

fn outside(report: &mut Report, why: &str) {
    *report.outside.entry(why.to_owned()).or_default() += 1;
}

/// The event's format file, as far as the judge has told it.
fn file(name: &str, event: &Event<'_>) -> String {
    let mut text = format!("name: {name}\nformat:\n");
    for field in &event.fields {
        let _ = writeln!(
            text,
            "\tfield:{};\toffset:{};\tsize:{};\tsigned:{};",
            field.declaration,
            field.offset,
            field.size,
            u8::from(field.signed)
        );
    }
    text
}

struct Judgement<'r> {
    kernel: &'r KernelBtf,
    formatted: &'r KernelBtf,
    case: &'r EventCase,
    event: &'r Event<'r>,
    row: &'r mut Row,
    report: &'r mut Report,
}

impl Judgement<'_> {
    fn wrong(&mut self, offset: Option<u32>, promised: impl Into<String>, said: String) {
        self.row.wrong += 1;
        self.report.wrong.push(Wrong {
            hook: self.case.hook.to_string(),
            offset,
            promised: promised.into(),
            said,
        });
    }

    fn pass(&mut self) {
        self.row.hooks += 1;
        let event = self.case.event();
        let hook = format!("{FAMILY}/{}/{event}", self.event.category);
        let told = hook
            .parse()
            .map_err(ctxgen::Error::from)
            .and_then(|hook| Ok(Context::of_hook_alone(self.formatted, &hook)?));
        let told = match told {
            Ok(context) => layout(context),
            Err(error) => return self.wrong(None, "a record", error.to_string()),
        };
        let own = self.case.layout.as_ref();
        if own.is_none() {
            self.row.outside += 1;
            outside(
                self.report,
                "class of a trace event that only tracefs tells",
            );
        }
        let Some(layout) = own.or(told.as_ref()).cloned() else {
            return self.wrong(None, "a record", "something else".to_owned());
        };
        self.row.fields += layout.fields.len();
        self.shown(&layout);
        if let (Some(own), Some(told)) = (own, &told) {
            self.same(own, told);
        }
        self.loads();
        let refused = Verdict::Refused {
            errno: "EACCES",
            reason: "",
        };
        for (what, verdict, promised) in [
            ("attaches", self.event.attached, Verdict::Accepted),
            (
                "is not attached: loads past the end",
                self.event.past_end,
                refused,
            ),
            (
                "is not loaded: loads the first bytes",
                self.event.first,
                refused,
            ),
        ] {
            match verdict == promised {
                true if promised == refused => self.row.refused += 1,
                true => {}
                false => self.wrong(None, what, format!("{verdict:?}")),
            }
        }
    }

    fn loads(&mut self) {
        if self.event.result != Verdict::Accepted {
            return self.wrong(None, "loads", format!("{:?}", self.event.result));
        }
        let expected = self.case.layout.as_ref().map(loads);
        if expected.is_some_and(|expected| expected.len() != self.event.loads.len()) {
            return self.wrong(None, "so many loads", "another number".to_owned());
        }
        for load in &self.event.loads {
            match load {
                Loaded::Accepted { .. } => self.row.confirmed += 1,
                refused => self.wrong(None, "a load is accepted", format!("{refused:?}")),
            }
        }
    }

    /// Whether BTF alone leads to the same record as with tracefs.
    fn same(&mut self, own: &Layout, told: &Layout) {
        let place = |field: &Field| (field.name.clone(), field.offset, field.size);
        let places = |layout: &Layout| layout.fields.iter().map(place).collect::<Vec<_>>();
        let (own, told) = (places(own), places(told));
        // Of a system call, a release may pass more than the table has.
        let is_same = match self.event.category == CALLS {
            true => told.starts_with(&own),
            false => own == told,
        };
        if !is_same {
            self.wrong(None, format!("{own:?}"), format!("{told:?}"));
        }
    }

    /// Whether the fields are those that tracefs shows.
    fn shown(&mut self, layout: &Layout) {
        let is_call = self.event.category == CALLS;
        let shown: Vec<EventField<'_>> = match is_call {
            // In front of the arguments is their number, and behind them what the record of tracefs has
            // beside that of programs.
            true => {
                let slots = self.event.fields.iter().skip(1);
                let arguments = slots.filter(|field| !field.declaration.starts_with("__data_loc"));
                arguments.copied().collect()
            }
            false => self.event.fields.clone(),
        };
        let own = match is_call {
            true => layout.fields.get(1..).unwrap_or_default(),
            false => &layout.fields[..],
        };
        if own.len() != shown.len() {
            // A release may pass more than all others of the table do.
            if is_call && own.len() < shown.len() {
                self.row.outside += 1;
                outside(
                    self.report,
                    "argument of a system call that few releases have",
                );
            } else {
                let names: Vec<_> = own.iter().map(|field| &field.name).collect();
                let shown: Vec<_> = shown.iter().map(|field| field.declaration).collect();
                return self.wrong(None, format!("{names:?}"), format!("{shown:?}"));
            }
        }
        for (field, shown) in own.iter().zip(&shown) {
            let name = member(shown.declaration);
            let slot = (field.offset / SLOT * SLOT, SLOT);
            let place = match is_call {
                true => slot,
                false => (field.offset, field.size),
            };
            let is_named = field.name == name || field.name == format!("{name}_");
            let is_signed = is_call || self.has_sign(field, shown);
            if !is_named || place != (shown.offset, shown.size) || !is_signed {
                let promised = format!("{} of {} bytes", field.name, field.size);
                self.wrong(Some(field.offset), promised, format!("{shown:?}"));
            }
        }
    }

    /// Whether a number is signed where tracefs says so. Of characters that depends on how the kernel
    /// was compiled, and of other things nothing is said.
    fn has_sign(&self, field: &Field, shown: &EventField<'_>) -> bool {
        let signed = match self.kernel.btf().resolve(field.type_id).map(|ty| ty.kind()) {
            Some(Kind::Int {
                size: 2..,
                encoding,
            }) => encoding == IntEncoding::Signed,
            Some(Kind::Ptr(_)) => false,
            _ => return true,
        };
        signed == shown.signed || shown.declaration.starts_with("__")
    }
}

/// What the struct's member is called that a declaration of tracefs stands for.
fn member(declaration: &str) -> String {
    let declaration = match declaration.ends_with(']') {
        true => declaration
            .split_once(" [")
            .map_or(declaration, |(name, _)| name),
        false => declaration,
    };
    let declaration = match declaration.rfind('[') {
        Some(at) if declaration.ends_with(']') => &declaration[..at],
        _ => declaration,
    };
    // `u8 saddr[sizeof(struct in6_addr)]`
    let declaration = match declaration.find('[') {
        Some(at) if !declaration[at..].starts_with("[]") => &declaration[..at],
        _ => declaration,
    };
    let name = declaration.rsplit([' ', '*']).next().unwrap_or_default();
    let marked = [("__data_loc ", "__data_loc_"), ("__rel_loc ", "__rel_loc_")];
    let mark = marked
        .iter()
        .find(|(mark, _)| declaration.starts_with(mark));
    format!("{}{name}", mark.map_or("", |(_, prefix)| prefix))
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn members() {
        for (declaration, name) in [
            ("pid_t pid", "pid"),
            ("const void * from", "from"),
            ("char comm[16]", "comm"),
            ("u8 saddr[sizeof(struct sockaddr_in6)]", "saddr"),
            ("__data_loc char[] filename", "__data_loc_filename"),
            ("__data_loc cpumask_t mask", "__data_loc_mask"),
            ("__rel_loc u32[] ids", "__rel_loc_ids"),
        ] {
            assert_eq!(member(declaration), name, "{declaration}");
        }
    }
}
