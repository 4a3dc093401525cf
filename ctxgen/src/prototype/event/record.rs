//! What is in a record.

use super::call::Call;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::ctype::type_of;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::NamesFrom;
use crate::prototype::SLOT;
use crate::prototype::syscall;
use crate::text::ident::is_identifier;
use crate::tracefs::Data;
use crate::tracefs::Format;

/// The struct that programs on a system call's event get, in two forms (`perf_call_bpf_enter` and
/// `perf_call_bpf_exit` of `kernel/trace/trace_syscalls.c`). It is not what the event's format shows.
pub(super) const OF_CALL: &str = "syscall_tp_t";

/// How many bytes in front no program may load (`tp_prog_is_valid_access` of
/// `kernel/trace/bpf_trace.c`): those that all records begin with.
const COMMON: u32 = 8;

/// The record that a program gets a pointer to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// In bytes.
    pub size: u32,
    /// What a program may load, in the order of the offsets.
    pub fields: Vec<RecordField>,
    /// Where the fields and their names are from.
    pub names_from: NamesFrom,
    /// The struct in the kernel's BTF that it is.
    pub structure: Option<TypeId>,
}

/// A field of a record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordField {
    /// As the kernel calls it; it may not be an identifier.
    pub name: String,
    /// Its type.
    pub type_id: TypeId,
    /// From the start of the record, in bytes.
    pub offset: u32,
    /// A bitfield's width in bits, 0 for others.
    pub bits: u32,
    /// The type of what it leads to, where it says where in the record something of any length is.
    pub element: Option<TypeId>,
}

/// Whether that is what all records begin with.
pub(super) fn is_common(member: &Member<'_>) -> bool {
    member.bit_offset / 8 < COMMON
}

/// Whether that stands for what is behind the fields.
pub(super) fn is_data(member: &Member<'_>) -> bool {
    member.name == "__data"
}

/// A record of that struct. `format` tells more than BTF does of what is of any length.
pub(super) fn of_struct(
    kernel: &KernelBtf,
    ty: &Type<'_>,
    format: Option<&Format>,
) -> Option<Record> {
    let Kind::Struct(composite) = ty.kind() else {
        return None;
    };
    let members = composite
        .members()
        .filter(|member| !is_common(member) && !is_data(member));
    let fields = members.map(|member| RecordField {
        name: member.name.to_owned(),
        type_id: member.type_id,
        offset: member.bit_offset / 8,
        bits: member.bits,
        element: Data::of_member(member.name)
            .filter(|(_, name)| is_identifier(name))
            .and_then(|(_, name)| element(kernel, name, format)),
    });
    Some(Record {
        size: composite.size,
        fields: fields.collect(),
        names_from: NamesFrom::Struct(ty.name().to_owned()),
        structure: Some(ty.id()),
    })
}

/// The type of an element of what is of any length: bytes, where the format does not tell.
fn element(kernel: &KernelBtf, name: &str, format: Option<&Format>) -> Option<TypeId> {
    let fields = format.into_iter().flat_map(|format| &format.fields);
    let mut fields = fields.filter(|field| field.data.is_some() && field.name == name);
    let told = fields
        .next()
        .and_then(|field| type_of(kernel, &field.declared));
    let told = told.filter(|id| kernel.btf().size_of(*id).is_some());
    told.or_else(|| type_of(kernel, "unsigned char"))
}

/// The record of a system call's event.
pub(super) fn of_call(kernel: &KernelBtf, call: Call<'_>) -> Option<Record> {
    let structs = kernel.find(Named::Struct, OF_CALL);
    let wanted = match call {
        Call::Enter(_) => "args",
        Call::Exit(_) => "ret",
    };
    let member = |ty: &Type<'_>, name: &str| kernel.btf().member_named(ty.id(), name);
    let (ty, (start, value)) = structs
        .filter_map(|ty| Some((ty, member(&ty, wanted)?)))
        .next()?;
    let (nr_at, nr) = member(&ty, "syscall_nr")?;
    let field = |name: &str, type_id, offset| RecordField {
        name: name.to_owned(),
        type_id,
        offset,
        bits: 0,
        element: None,
    };
    let number = field("syscall_nr", number(kernel, nr)?, nr_at);
    let mut record = Record {
        size: start,
        fields: vec![number],
        names_from: NamesFrom::NoArguments,
        structure: Some(ty.id()),
    };
    match call {
        Call::Exit(_) => {
            // Declared as unsigned on some kernels; what calls return is not.
            let ret = type_of(kernel, "long")?;
            record.fields.push(field("ret", ret, start));
            record.size += SLOT;
            record.names_from = NamesFrom::Struct(OF_CALL.to_owned());
        }
        Call::Enter(name) => match syscall::signature(kernel, name) {
            Some(signature) => {
                record.names_from = signature.names_from;
                for (slot, arg) in (0..).zip(&signature.args) {
                    let name = arg.name.clone().unwrap_or_else(|| format!("arg{slot}"));
                    let offset = start + slot * SLOT + within_slot(kernel, arg.type_id);
                    record.fields.push(field(&name, arg.type_id, offset));
                }
                record.size += signature.args.len() as u32 * SLOT;
            }
            None => {
                record.fields.push(field(wanted, value, start));
                record.size += kernel.btf().size_of(value)?;
                record.names_from = NamesFrom::Struct(OF_CALL.to_owned());
            }
        },
    }
    Some(record)
}

/// The type to read a system call's number with. Before 6.2 or so it was declared as a whole slot, of
/// which a program may load no more than tracefs shows as a field.
fn number(kernel: &KernelBtf, declared: TypeId) -> Option<TypeId> {
    let is_slot = kernel.btf().size_of(declared) == Some(SLOT);
    match is_slot && kernel.byte_order() == ByteOrder::Little {
        true => type_of(kernel, "int"),
        false => Some(declared),
    }
}

/// Where in its slot an argument is: in its first bytes, or on big-endian machines in its last.
fn within_slot(kernel: &KernelBtf, id: TypeId) -> u32 {
    let size = kernel.btf().size_of(id).unwrap_or(SLOT);
    match kernel.byte_order() {
        ByteOrder::Little => 0,
        ByteOrder::Big => SLOT.saturating_sub(size),
    }
}
