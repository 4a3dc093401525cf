//! Contexts that are records of trace events.
//!
//! A program may load any number that is aligned to its own size, behind what all records begin with
//! (`tp_prog_is_valid_access` of `kernel/trace/bpf_trace.c`), and up to the end of the record's last
//! field (`perf_event_set_bpf_prog` of `kernel/events/core.c`).

use super::Access;
use super::Field;
use super::Form;
use super::Layout;
use crate::hook::Passing;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::prototype::Record;
use crate::prototype::RecordField;
use crate::text::ident::field_name;
use crate::text::ident::is_identifier;

/// Where the fields of a record are.
///
/// What cannot be a field in C is left out, and said so: it is no reason to do without the others.
pub(crate) fn of_record(kernel: &KernelBtf, record: &Record) -> Layout {
    let mut layout = Layout {
        passing: Passing::Memory,
        size: record.size,
        fields: Vec::new(),
        types: Types::Kernel,
        returns: None,
        left_out: Vec::new(),
        system_call: None,
    };
    let mut names: Vec<String> = Vec::new();
    let mut fields: Vec<&RecordField> = record.fields.iter().collect();
    fields.sort_by_key(|field| field.offset);
    let mut end = 0;
    for field in fields {
        match size(kernel, record, field, end) {
            Ok(size) => {
                let name = field_name(&field.name, &names);
                names.push(name.clone());
                end = field.offset + size;
                layout.fields.push(Field {
                    name,
                    type_id: field.type_id,
                    offset: field.offset,
                    size,
                    form: Form::Own,
                    access: field.element.map_or(Access::Always, Access::Data),
                    argument: None,
                    remark: String::new(),
                });
            }
            Err(why) => layout.left_out.push(why),
        }
    }
    layout
}

/// A field's size in bytes, or why it can be none in C.
fn size(kernel: &KernelBtf, record: &Record, field: &RecordField, end: u32) -> Result<u32, String> {
    let at = field.offset;
    if !is_identifier(&field.name) {
        return Err(format!("what is at {at}, whose name is no C identifier"));
    }
    if field.bits != 0 {
        return Err(format!("`{}`, which is a bitfield", field.name));
    }
    let size = kernel.btf().size_of(field.type_id).filter(|size| *size > 0);
    let last = size.and_then(|size| at.checked_add(size));
    match (size, last) {
        (Some(_), Some(last)) if last > record.size || at < end => {
            Err(format!("`{}`, which is not within the record", field.name))
        }
        (Some(size), Some(_)) => Ok(size),
        _ => Err(format!("`{}`, whose size is not known", field.name)),
    }
}
