//! The message about an access, and what to write instead.

use ctxgen::ByteOrder;
use ctxgen::btf::CPrinter;
use ctxgen::btf::TypeId;
use ctxgen::object::PlacedField;
use ctxgen::object::Pointee;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use libbpf_rs::libbpf_sys;

use super::kind::Kind;
use super::reads::Reads;
use super::reads::hook_of;
use super::rules::Severity;
use super::rules::Why;
use crate::findings::Refused;

/// What the verifier says of an address that is changed.
const SAID: &str = "\"dereference of modified ctx ptr\"";

impl Reads<'_> {
    /// The message about an access, and its reason.
    pub(super) fn refused(
        &self,
        program: &Program,
        access: &Access,
        severity: Severity,
        why: Why,
    ) -> Refused {
        let fields = self.fields(program, access);
        let is_computed = matches!(why, Why::Modified | Why::NotConstant);
        let arrays = match is_computed && is_of_record(program) {
            true => arrays(&fields),
            false => None,
        };
        if let Some(arrays) = arrays {
            // The same for each element, so that a copy of the array is one finding.
            return self.refused_arrays(program, access, severity, why, &arrays);
        }
        let place = self.place(program, access, &fields);
        Refused {
            what: what(access, &place, severity, why),
            instead: self.instead(program, access, &fields, why),
            ..self.finding(program, Some(access))
        }
    }

    fn refused_arrays(
        &self,
        program: &Program,
        access: &Access,
        severity: Severity,
        why: Why,
        arrays: &[&str],
    ) -> Refused {
        let name = self.context_name(program);
        let places = arrays.iter().map(|array| format!("{name}->{array}"));
        let copies = arrays.iter().map(|array| {
            format!("\n    bpf_probe_read_kernel(copy, sizeof(copy), {name}->{array});")
        });
        Refused {
            what: what(access, &alternatives(places.collect()), severity, why),
            instead: format!(
                "Choose between calls, and not between places of the context:{}",
                copies.collect::<String>()
            ),
            ..self.finding(program, Some(access))
        }
    }

    fn instead(
        &self,
        program: &Program,
        access: &Access,
        fields: &[PlacedField],
        why: Why,
    ) -> String {
        match why {
            Why::Modified | Why::NotConstant => self.copies(program, fields),
            Why::Memory(_) => self.memory(program, access, fields),
            Why::ModifiedForHelper => "Hand on the context as the program gets it.".to_owned(),
            Why::Store => "Copy it to a variable, and change that.".to_owned(),
            Why::RecordHead => hook_of(program).map_or_else(String::new, |hook| {
                let name = hook.struct_name();
                format!("The event's own fields follow behind these, in struct {name}.")
            }),
            Why::WithinSlot | Why::Misaligned | Why::NarrowPointer | Why::UpperBytes => {
                self.whole(program, fields)
            }
            Why::Atomic | Why::Outside | Why::Altered => String::new(),
        }
    }

    /// What to hand to a helper that wants memory.
    fn memory(&self, program: &Program, access: &Access, fields: &[PlacedField]) -> String {
        let name = self.context_name(program);
        if access.base.is_unmodified() || fields.is_empty() {
            return format!(
                "Copy what it is to get to a variable first, and hand on that one's address: a context \
                 is no memory. Only bpf_probe_read_kernel() copies from {name} at any place, where it is \
                 the kernel's memory as it is (registers, records of trace events)."
            );
        }
        match (arrays(fields), is_of_record(program)) {
            (Some(arrays), true) => {
                let copies = arrays.iter().map(|array| {
                    format!("\n    bpf_probe_read_kernel(copy, sizeof(copy), {name}->{array});")
                });
                format!(
                    "Copy it to a variable first, and hand on that:{}",
                    copies.collect::<String>()
                )
            }
            _ => self.copies(program, fields),
        }
    }

    /// What a program calls its context.
    pub(super) fn context_name(&self, program: &Program) -> &str {
        let parameter = self.functions.parameter(&program.name, 1);
        parameter
            .map(|parameter| parameter.name)
            .filter(|name| !name.is_empty())
            .unwrap_or("ctx")
    }

    /// The fields that an access may be to; none where that is not known.
    pub(super) fn fields(&self, program: &Program, access: &Access) -> Vec<PlacedField> {
        let offsets = access.offsets().unwrap_or_default();
        let context = program.context;
        let mut fields: Vec<PlacedField> = offsets
            .iter()
            .filter_map(|offset| {
                let offset = u32::try_from(*offset).ok()?;
                self.object.field_at(context?, offset)
            })
            .collect();
        fields.dedup();
        match fields.len() == offsets.len() {
            true => fields,
            false => Vec::new(),
        }
    }

    /// Where an access goes, in words.
    pub(super) fn place(
        &self,
        program: &Program,
        access: &Access,
        fields: &[PlacedField],
    ) -> String {
        let name = self.context_name(program);
        if !fields.is_empty() {
            let arrows = fields.iter().map(|field| format!("{name}->{}", field.path));
            return alternatives(arrows.collect());
        }
        let Some(offsets) = access.offsets() else {
            return format!("some part of {name}");
        };
        let parameter = self.functions.parameter(&program.name, 1);
        let are_slots = parameter.is_some_and(|parameter| parameter.points_to == Pointee::Slots);
        let is_slot = |offset: &i64| *offset >= 0 && offset % 8 == 0;
        let named = offsets
            .iter()
            .map(|offset| match are_slots && is_slot(offset) {
                true => format!("{name}[{}]", offset / 8),
                false => format!("offset {offset} of the context"),
            });
        alternatives(named.collect())
    }

    /// Statements that copy fields to variables, for an access that is merged from several.
    fn copies(&self, program: &Program, fields: &[PlacedField]) -> String {
        let copies: Vec<String> = fields
            .iter()
            .map(|field| {
                let variable = field.path.replace(['.', '['], "_").replace(']', "");
                let declared = self.declared(field.type_id, &variable);
                format!("    {declared} = {};", self.kept(program, field))
            })
            .collect();
        let from = self.header_of_macros(program);
        match copies.len() {
            0 => "clang merges accesses on several branches, or in a loop, into one: copy each field \
                  to a variable of its own first, with ctx_get(ctx, field) or ctx_keep(ctx[0]) of ctx.h, and \
                  choose between these."
                .to_owned(),
            1 => format!("Copy it to a variable first{from}:\n{}", copies.join("\n")),
            _ => format!(
                "clang has merged several accesses into one. Copy each to a variable first{from}, and choose \
                 between these:\n{}",
                copies.join("\n")
            ),
        }
    }

    /// An expression that loads a field in an instruction of its own, as the guide has it: on big-endian
    /// targets, `ctx_get` is for the structs of `ctx.h` alone.
    pub(super) fn kept(&self, program: &Program, field: &PlacedField) -> String {
        let name = self.context_name(program);
        let is_little = self.object.btf().byte_order() == ByteOrder::Little;
        match is_little || self.takes_ours(program) {
            true => format!("ctx_get({name}, {})", field.path),
            false => format!("ctx_keep({name}->{})", field.path),
        }
    }

    /// Where these macros are, for a program that need not have that header.
    fn header_of_macros(&self, program: &Program) -> &'static str {
        match self.takes_ours(program) {
            true => "",
            false => ", with a macro of ctx.h",
        }
    }

    /// A statement that loads all of a field.
    fn whole(&self, program: &Program, fields: &[PlacedField]) -> String {
        let [field] = fields else {
            return "Load the whole slot to a variable first.".to_owned();
        };
        let variable = field.path.replace(['.', '['], "_").replace(']', "");
        format!(
            "Load all of it to a variable first, in a way that keeps clang from narrowing that{}:\n    {} = {};",
            self.header_of_macros(program),
            self.declared(field.type_id, &variable),
            self.kept(program, field)
        )
    }

    /// Whether a program takes a context struct of ctxgen's, which `ctx_get` is for.
    fn takes_ours(&self, program: &Program) -> bool {
        let context = program.context;
        context.is_some_and(|context| self.object.context_hook(context).is_some())
    }

    pub(super) fn declared(&self, id: TypeId, name: &str) -> String {
        let declared = CPrinter::new(self.object.btf()).declare(id, name);
        declared.unwrap_or_else(|_| format!("unsigned long {name}"))
    }
}

/// Whether a program gets an event's record, which is memory of the kernel as it is.
fn is_of_record(program: &Program) -> bool {
    hook_of(program).is_some_and(|hook| Kind::of(&hook) == Kind::Record)
}

/// The arrays that these are elements of, each once; `None` where one is no element.
fn arrays(fields: &[PlacedField]) -> Option<Vec<&str>> {
    let mut arrays = Vec::new();
    for field in fields {
        let (stem, _) = field.path.strip_suffix(']')?.rsplit_once('[')?;
        if !arrays.contains(&stem) {
            arrays.push(stem);
        }
    }
    (!arrays.is_empty()).then_some(arrays)
}

/// What is the matter with an access to a place.
fn what(access: &Access, place: &str, severity: Severity, why: Why) -> String {
    let verb = verb(access.kind);
    let width = access.width;
    let refuses = match severity {
        Severity::Error => "which the verifier refuses",
        Severity::Warning => "which verifiers before Linux 7.1 refuse",
    };
    match why {
        Why::Modified => {
            format!("{verb} {place} through a computed address, {refuses} ({SAID})")
        }
        Why::NotConstant => format!(
            "{verb} {place} through a computed address, which the verifier takes only where the offset \
             is a constant on each way through the program"
        ),
        Why::ModifiedForHelper => format!(
            "hands the address of {place} to a helper that takes the context itself, {refuses} ({SAID})"
        ),
        Why::Memory(number) => format!(
            "hands {} to {} as memory, {refuses}: the context, at any place, is no memory for \
             helpers (\"type=ctx expected=fp\")",
            match access.base.is_unmodified() {
                true => "the context".to_owned(),
                false => format!("the address of {place}"),
            },
            helper_name(number)
        ),
        Why::Atomic => {
            format!("an atomic operation on {place}: the verifier takes none on a context")
        }
        Why::Altered => {
            "calculates with the address of its context as with a number: the verifier takes \
                         nothing but additions and subtractions"
                .to_owned()
        }
        Why::Store => format!("stores to {place}: a program may only read this context"),
        Why::WithinSlot => format!(
            "{verb} a part of {place} that does not start with the slot: the verifier refuses offsets \
             that are no multiple of 8"
        ),
        Why::Misaligned => format!(
            "{verb} {width} bytes of {place}, at an offset that is no multiple of that: the verifier \
             refuses it"
        ),
        Why::Outside => format!("{verb} {place}, which is outside of the context"),
        Why::RecordHead => format!(
            "{verb} {place}: the first 8 bytes of an event's record are not for programs, and the \
             verifier refuses it"
        ),
        Why::NarrowPointer => format!(
            "loads {width} bytes of the pointer {place}: since Linux 6.13, the verifier takes nothing \
             but all 8"
        ),
        Why::UpperBytes => format!(
            "{verb} the first {width} bytes of {place}: in this byte order, an argument is in the last \
             bytes of its slot"
        ),
    }
}

/// What libbpf calls a helper.
fn helper_name(number: i32) -> String {
    let end = format!(" = (void *) {number};");
    let mut lines = libbpf_sys::API_HEADERS
        .iter()
        .flat_map(|(_, text)| text.lines());
    let name = lines.find_map(|line| {
        let (_, rest) = line.strip_suffix(&end)?.split_once("(* const ")?;
        rest.split_once(')').map(|(name, _)| name)
    });
    match name {
        Some(name) => format!("{name}()"),
        None => format!("helper {number}"),
    }
}

fn verb(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Store => "stores to",
        _ => "loads",
    }
}

fn alternatives(mut names: Vec<String>) -> String {
    let last = names.pop().unwrap_or_default();
    match names.is_empty() {
        true => last,
        false => format!("{} or {last}", names.join(", ")),
    }
}
