//! What has to be changed in a source, program by program.

use std::collections::BTreeSet;
use std::ops::Range;

use super::edit::Edit;
use super::field::Contexts;
use super::macros::Taken;
use super::macros::by_name;
use super::refusal::Refusal;
use super::refusal::Refused;
use super::rewrite::Head;
use super::rewrite::direct;
use super::rewrite::plain;
use super::rewrite::used;
use super::text::arguments;
use super::text::blanked;
use super::text::has_directive;
use super::text::line_at;
use super::text::words;
use super::unit::Expansion;
use super::unit::Function;
use super::unit::Unit;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Program;

/// What libbpf's macros call the function that has a program's arguments, before the program's name.
const INNER: &str = "____";

/// The kernels, and what messages call them.
#[derive(Clone, Copy, Debug)]
pub struct Kernels<'k> {
    /// That which the programs were written for.
    pub was: (&'k KernelBtf, &'k str),
    /// That which they are to be for.
    pub target: (&'k KernelBtf, &'k str),
}

/// What has to be changed in a source.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted, and apart from each other.
    pub edits: Vec<Edit>,
    /// The programs that are changed, in the order of the source.
    pub migrated: Vec<String>,
    /// The hooks whose contexts they take.
    pub hooks: Vec<Hook>,
    /// The programs that are left as they are, in the order of the source.
    pub refused: Vec<Refused>,
    /// Edits that could take the place of those at the same place, with the program that they are of.
    direct: Vec<(String, Edit)>,
}

/// Plans the changes of a source, of which a compiler's front end says `unit`, and which is compiled to
/// `object`.
pub fn plan(text: &str, unit: &Unit, object: &ObjectFile, kernels: Kernels<'_>) -> Plan {
    let planner = Planner {
        text,
        plain: blanked(text),
        unit,
        object,
        kernels,
    };
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for expansion in &unit.expansions {
        planner.expansion(expansion, &mut seen, &mut plan);
    }
    for function in &unit.functions {
        if let Some(result) = planner.function(function) {
            plan.add(function.line, &function.name, result);
        }
    }
    planner.made(&mut plan);
    planner.not_compiled(&seen, &mut plan);
    plan.edits.sort_by_key(|edit| edit.range.start);
    plan.refused
        .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    planner.include(&mut plan);
    plan
}

impl Plan {
    /// The edits, with fields of these programs' contexts read directly and not by `ctx_get`. Clang may make one load
    /// of several such reads, which no verifier takes: what is compiled of them has to be looked at.
    pub fn with_direct_reads(&self, programs: &[&str]) -> Vec<Edit> {
        let mut edits = self.edits.clone();
        for (program, direct) in &self.direct {
            let place = edits.iter_mut().find(|edit| edit.range == direct.range);
            if let Some(edit) = place.filter(|_| programs.contains(&&**program)) {
                edit.text.clone_from(&direct.text);
            }
        }
        edits
    }

    fn add(&mut self, line: u32, name: &str, result: Result<(Vec<Edit>, Hook), Refusal>) {
        match result {
            Ok((edits, hook)) => {
                let direct = edits.iter().filter_map(direct);
                self.direct
                    .extend(direct.map(|edit| (name.to_owned(), edit)));
                self.edits.extend(edits);
                self.migrated.push(name.to_owned());
                self.hooks.push(hook);
            }
            Err(why) => self.refused.push(Refused {
                file: None,
                line,
                name: name.to_owned(),
                why,
            }),
        }
    }
}

struct Planner<'a> {
    text: &'a str,
    /// Without comments and literals.
    plain: String,
    unit: &'a Unit,
    object: &'a ObjectFile,
    kernels: Kernels<'a>,
}

impl Planner<'_> {
    fn expansion(&self, expansion: &Expansion, seen: &mut BTreeSet<usize>, plan: &mut Plan) {
        if expansion.file.is_some() {
            plan.refused.push(Refused {
                file: expansion.file.clone(),
                line: expansion.line,
                name: expansion.name.clone(),
                why: Refusal::InHeader,
            });
            return;
        }
        let start = expansion.range.start;
        let written = self.word_at(start);
        // One macro may be made of another.
        let is_inner = written != expansion.name && by_name(written).is_some();
        if is_inner || !seen.insert(start) {
            return;
        }
        let range = self.extent(start);
        let all = arguments(self.text.get(range.clone()).unwrap_or_default());
        let name = all.first().map_or(&*expansion.name, String::as_str);
        let result = match written == expansion.name {
            true => self.head(&expansion.name, &range, &all),
            false => Err(Refusal::Pasted),
        };
        let name = if written == expansion.name {
            name
        } else {
            written
        };
        plan.add(expansion.line, name, result);
    }

    /// A macro and its arguments.
    fn head(
        &self,
        name: &str,
        range: &Range<usize>,
        arguments: &[String],
    ) -> Result<(Vec<Edit>, Hook), Refusal> {
        let known = by_name(name).ok_or(Refusal::Pasted)?;
        let program = arguments.first().ok_or(Refusal::Pasted)?;
        let inner = format!("{INNER}{program}");
        let is_it =
            |function: &&Function| function.name == inner && function.body.start >= range.end;
        let function = self
            .unit
            .functions
            .iter()
            .find(is_it)
            .ok_or(Refusal::Pasted)?;
        let head = self.text.get(range.start..function.body.start);
        if head.is_none_or(has_directive) {
            return Err(Refusal::Conditional);
        }
        if self.text.as_bytes().get(function.body.start) != Some(&b'{') {
            return Err(Refusal::Pasted);
        }
        let program = self.program(program).ok_or(Refusal::NoProgram)?;
        let (passing, what) = match known.taken {
            Taken::Slots | Taken::WideSlots => (Passing::Slots, "slots"),
            Taken::SystemCall => (Passing::Registers, "arguments of a system call"),
            Taken::Registers | Taken::Returned => (Passing::Registers, "registers"),
        };
        // What reads no argument may be said to be anything.
        let reads = used(self.text, function).contains(&true);
        let contexts = self.contexts(program, reads.then_some(passing), what)?;
        let is_call = known.taken == Taken::SystemCall;
        let is_returned = known.taken == Taken::Returned;
        if reads && is_call != contexts.is_system_call() && !is_returned {
            return Err(other_family(program, what));
        }
        let head = Head {
            text: self.text,
            known,
            range: range.clone(),
            arguments,
            section: &program.section,
            function,
        };
        Ok((head.edits(&contexts)?, contexts.hook))
    }

    /// A program that takes the context as an array, or as a struct of the kernel's; `None` for any other
    /// function.
    fn function(&self, function: &Function) -> Option<Result<(Vec<Edit>, Hook), Refusal>> {
        let program = self.program(&function.name)?;
        let [parameter] = &function.parameters[..] else {
            return None;
        };
        let (passing, what) = match parameter.canonical.trim_start_matches("const ") {
            "unsigned long long *" => (Passing::Slots, "slots"),
            "struct bpf_raw_tracepoint_args *" => (Passing::Slots, "slots"),
            tag if tag.starts_with("struct trace_event_raw_") => (Passing::Memory, "record"),
            _ => return None,
        };
        // What a macro has made is looked at elsewhere.
        if self
            .unit
            .functions
            .iter()
            .any(|other| other.name.strip_prefix(INNER) == Some(&function.name))
        {
            return None;
        }
        let written = self.text.get(parameter.range.clone()).unwrap_or_default();
        let result = || {
            if !words(written)
                .iter()
                .any(|word| word.text == parameter.name)
            {
                return Err(Refusal::Pasted);
            }
            let contexts = self.contexts(program, Some(passing), what)?;
            Ok((plain(function, &contexts)?, contexts.hook))
        };
        Some(result())
    }

    fn program(&self, name: &str) -> Option<&Program> {
        self.object
            .programs()
            .iter()
            .find(|program| program.name == name)
    }

    fn contexts(
        &self,
        program: &Program,
        passing: Option<Passing>,
        what: &'static str,
    ) -> Result<Contexts<'_>, Refusal> {
        let hooks: Vec<Hook> = program
            .hooks()
            .into_iter()
            .filter(|hook| !hook.is_generic())
            .collect();
        let Some((hook, others)) = hooks.split_first() else {
            return Err(Refusal::NoHook(program.section.to_string()));
        };
        if others
            .iter()
            .any(|other| other.struct_name() != hook.struct_name())
        {
            return Err(Refusal::SeveralHooks(
                hooks
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            ));
        }
        if passing.is_some_and(|passing| hook.family().passing() != passing) {
            return Err(other_family(program, what));
        }
        Contexts::of([self.kernels.was, self.kernels.target], hook)
    }

    /// Programs whose macro stands in another macro: nothing of the source is theirs alone.
    fn made(&self, plan: &mut Plan) {
        for function in &self.unit.functions {
            let Some(name) = function.name.strip_prefix(INNER) else {
                continue;
            };
            let refused = plan.refused.iter().map(|refused| &refused.name);
            let mut known = plan.migrated.iter().chain(refused);
            // `BPF_USDT` has arguments that no kernel tells.
            let is_ours = |program: &Program| !program.section.starts_with("usdt");
            if self.program(name).is_some_and(is_ours) && known.all(|known| known != name) {
                plan.add(function.line, name, Err(Refusal::Pasted));
            }
        }
    }

    /// Heads that the preprocessor has taken away.
    fn not_compiled(&self, seen: &BTreeSet<usize>, plan: &mut Plan) {
        for word in words(self.text) {
            let behind = self.plain.get(word.start + word.text.len()..);
            let is_used = behind.unwrap_or_default().trim_start().starts_with('(');
            if by_name(word.text).is_none()
                || !is_used
                || seen.contains(&word.start)
                || self.is_directive(word.start)
            {
                continue;
            }
            let all = arguments(self.text.get(self.extent(word.start)).unwrap_or_default());
            let name = all.first().map_or(word.text, String::as_str);
            plan.refused.push(Refused {
                file: None,
                line: line_at(self.text, word.start),
                name: name.to_owned(),
                why: Refusal::NotCompiled,
            });
        }
    }

    /// Whether an offset is in a directive, the lines that it goes on in included.
    fn is_directive(&self, at: usize) -> bool {
        let mut lines = self.plain.get(..at).unwrap_or_default().rsplit('\n');
        let mut first = lines.next().unwrap_or_default();
        for line in lines {
            if !line.trim_end().ends_with('\\') {
                break;
            }
            first = line;
        }
        first.trim_start().starts_with('#')
    }

    fn word_at(&self, start: usize) -> &str {
        let rest = self.text.get(start..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    }

    /// A macro's name and its arguments.
    fn extent(&self, start: usize) -> Range<usize> {
        let rest = self.plain.get(start..).unwrap_or_default();
        let mut depth = 0_u32;
        for (at, c) in rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' if depth == 1 => return start..start + at + 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        start..self.text.len()
    }

    /// Adds the header with the contexts.
    fn include(&self, plan: &mut Plan) {
        let is_ours = |name: &str| name.rsplit('/').next() == Some("ctx.h");
        let mut includes = self.unit.includes.iter();
        if plan.edits.is_empty() || includes.clone().any(|include| is_ours(&include.name)) {
            return;
        }
        let Some(types) = includes.find(|include| include.has_types) else {
            for name in std::mem::take(&mut plan.migrated) {
                plan.refused.push(Refused {
                    file: None,
                    line: 1,
                    name,
                    why: Refusal::NoVmlinux,
                });
            }
            plan.edits.clear();
            plan.hooks.clear();
            return;
        };
        let rest = self.text.get(types.start..).unwrap_or_default();
        let end = rest
            .find('\n')
            .map_or(self.text.len(), |end| types.start + end);
        plan.edits
            .push(Edit::insert(end, "\n#include \"ctx.h\"".to_owned()));
        plan.edits.sort_by_key(|edit| edit.range.start);
    }
}

fn other_family(program: &Program, what: &'static str) -> Refusal {
    Refusal::OtherFamily {
        section: program.section.to_string(),
        what,
    }
}
