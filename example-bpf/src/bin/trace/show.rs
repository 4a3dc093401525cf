//! A call as a line, or as an object.

use std::io;
use std::io::Write as _;
use std::io::stdout;

use ctxgen::KernelBtf;
use ctxgen::layout::Field;
use example_bpf::text;
use example_bpf::time_of_day;
use example_bpf::visible;
use example_bpf::wall_clock_ns;
use example_bpf::write_json;
use serde::Serialize;

use crate::target::Target;
use crate::trace::types::trace_event;
use crate::value::Value;

/// One call, as `--json` writes it.
#[derive(Serialize)]
struct Call<'a> {
    /// Nanoseconds since 1970.
    time_ns: u64,
    hook: String,
    comm: String,
    pid: u32,
    tid: u32,
    uid: u32,
    /// In their order.
    arguments: Vec<Argument<'a>>,
    /// What the function returned, where the hook tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    ret: Option<Argument<'a>>,
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    type_name: &'a str,
    value: Value,
}

/// What stands above the lines.
pub(crate) fn write_heading() -> io::Result<()> {
    writeln!(
        stdout(),
        "{:<12}  {:<15}  {:>7}  CALL",
        "TIME",
        "COMM",
        "TID"
    )
}

/// Writes a call for people.
pub(crate) fn write_line(
    kernel: &KernelBtf,
    target: &Target,
    event: &trace_event,
) -> io::Result<()> {
    let (arguments, ret) = values(kernel, target, event);
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| format!("{}={}", argument.name, argument.value))
        .collect();
    let ret = ret.map_or_else(String::new, |ret| format!(" = {}", ret.value.returned()));
    writeln!(
        stdout(),
        "{}  {:<15}  {:>7}  {}({}){ret}",
        time_of_day(wall_clock_ns(event.time_ns)),
        visible(&event.comm),
        event.tid,
        target.hook,
        arguments.join(", ")
    )
}

/// Writes a call for programs.
pub(crate) fn write_object(
    kernel: &KernelBtf,
    target: &Target,
    event: &trace_event,
) -> io::Result<()> {
    let (arguments, ret) = values(kernel, target, event);
    write_json(&Call {
        time_ns: wall_clock_ns(event.time_ns),
        hook: target.hook.to_string(),
        comm: text(&event.comm),
        pid: event.pid,
        tid: event.tid,
        uid: event.uid,
        arguments,
        ret,
    })
}

/// The arguments, and what was returned.
fn values<'t>(
    kernel: &KernelBtf,
    target: &'t Target,
    event: &trace_event,
) -> (Vec<Argument<'t>>, Option<Argument<'t>>) {
    let fields = target.layout.fields.iter().zip(&target.types);
    let mut all: Vec<_> = fields
        .map(|(field, type_name)| Argument {
            name: &field.name,
            type_name,
            value: value(kernel, target, field, event),
        })
        .collect();
    let ret = match target.layout.fields.last() {
        Some(last) if last.name == "ret" && last.argument.is_none() && target.returns() => {
            all.pop()
        }
        _ => None,
    };
    (all, ret)
}

fn value(kernel: &KernelBtf, target: &Target, field: &Field, event: &trace_event) -> Value {
    let text = target
        .texts
        .iter()
        .position(|text| text.offset == field.offset);
    if let Some(number) = text
        && let Ok(len @ 1..) = usize::try_from(event.text_len[number])
        && let Some(text) = event.texts[number].get(..len - 1)
    {
        return Value::Text(text.to_owned());
    }
    let start = field.offset as usize;
    let bytes = event.context.get(start..start + field.size as usize);
    let btf = kernel.types(target.layout.types);
    Value::of(btf, field.type_id, bytes.unwrap_or_default())
}
