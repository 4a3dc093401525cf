//! Arguments as values of their types.

use std::fmt;

use ctxgen::btf::Btf;
use ctxgen::btf::IntEncoding;
use ctxgen::btf::Kind;
use ctxgen::btf::Type;
use ctxgen::btf::TypeId;
use example_bpf::errno_name;
use example_bpf::text;
use example_bpf::visible;
use serde::Serialize;
use serde::Serializer;

use crate::target::is_char;

/// The numbers that the kernel returns errors as: `MAX_ERRNO` of `include/linux/err.h`.
const ERRORS: std::ops::RangeInclusive<i64> = -4095..=-1;

/// What an argument is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    /// One of an enum's.
    Named(String),
    Address(u64),
    Text(Vec<u8>),
    /// Of a struct, or of what else has no better form.
    Bytes(Vec<u8>),
}

impl Value {
    /// The value of a type that has these bytes in the context. They may be more than the type's: a slot has
    /// room for 8.
    pub(crate) fn of(btf: &Btf<'_>, type_id: TypeId, bytes: &[u8]) -> Self {
        let Some(ty) = btf.resolve(type_id) else {
            return Self::Bytes(bytes.to_owned());
        };
        match (ty.kind(), bits(bytes)) {
            (Kind::Int { size, encoding }, Some(bits)) if size <= 8 => {
                Self::of_int(encoding, cut(bits, size), size)
            }
            (Kind::Enum { size } | Kind::Enum64 { size }, Some(bits)) => {
                Self::of_enum(&ty, cut(bits, size), size)
            }
            (Kind::Ptr(_), Some(bits)) => Self::Address(bits),
            (Kind::Array { element, .. }, _) if is_char(btf, element) => {
                Self::Text(text(bytes).into_bytes())
            }
            _ => {
                let size = btf
                    .size_of(type_id)
                    .map_or(bytes.len(), |size| size as usize);
                Self::Bytes(bytes[..size.min(bytes.len())].to_owned())
            }
        }
    }

    fn of_int(encoding: IntEncoding, bits: u64, size: u32) -> Self {
        match encoding {
            IntEncoding::Bool => Self::Bool(bits != 0),
            IntEncoding::Signed => Self::Signed(extend(bits, size)),
            IntEncoding::Char | IntEncoding::Unsigned => Self::Unsigned(bits),
        }
    }

    fn of_enum(ty: &Type<'_>, bits: u64, size: u32) -> Self {
        let named = ty
            .enumerators()
            .into_iter()
            .find(|enumerator| cut(enumerator.value, size) == bits);
        match named {
            Some(enumerator) => Self::Named(enumerator.name.to_owned()),
            None if ty.kind_flag() => Self::Signed(extend(bits, size)),
            None => Self::Unsigned(bits),
        }
    }

    /// As a returned value, where a small negative number is an error.
    pub(crate) fn returned(&self) -> String {
        match self {
            Self::Signed(number) if ERRORS.contains(number) => {
                let errno = i32::try_from(-number).unwrap_or(0);
                format!("{number} ({})", errno_name(errno))
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Signed(number) => write!(f, "{number}"),
            Self::Unsigned(number) => write!(f, "{number}"),
            Self::Named(name) => f.write_str(name),
            Self::Address(0) => f.write_str("NULL"),
            Self::Address(address) => write!(f, "{address:#x}"),
            Self::Text(bytes) => write!(f, "\"{}\"", visible(bytes).replace('"', "\\\"")),
            Self::Bytes(bytes) => f.write_str(&hex(bytes)),
        }
    }
}

/// Addresses as texts, since programs that read JSON take large numbers for fractions.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Named(name) => serializer.serialize_str(name),
            Self::Address(0) => serializer.serialize_none(),
            Self::Address(address) => serializer.collect_str(&format_args!("{address:#x}")),
            Self::Text(bytes) => serializer.serialize_str(&text(bytes)),
            Self::Bytes(bytes) => serializer.serialize_str(&hex(bytes)),
        }
    }
}

/// The number that up to 8 bytes are.
fn bits(bytes: &[u8]) -> Option<u64> {
    Some(match bytes.len() {
        1 => bytes[0].into(),
        2 => u16::from_ne_bytes(bytes.try_into().ok()?).into(),
        4 => u32::from_ne_bytes(bytes.try_into().ok()?).into(),
        8 => u64::from_ne_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

/// The lowest `size` bytes: what is above an argument in its slot may be anything.
fn cut(bits: u64, size: u32) -> u64 {
    match size {
        1..8 => bits & ((1 << (8 * size)) - 1),
        _ => bits,
    }
}

fn extend(bits: u64, size: u32) -> i64 {
    let unused = 64 - 8 * size.clamp(1, 8);
    (bits << unused).cast_signed() >> unused
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{{digits}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    use ctxgen::ByteOrder;
    use ctxgen::btf::BtfWriter;

    /// Each type, what is in its slot, and how that is written: for people, and in JSON.
    #[test]
    fn values_are_those_of_their_types() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, IntEncoding::Signed);
        let short = writer.unsigned("unsigned short", 2);
        let flag = writer.int("_Bool", 1, IntEncoding::Bool);
        let long = writer.unsigned("unsigned long", 8);
        let pid = writer.typedef("pid_t", int);
        let constant = writer.constant(pid);
        let pointer = writer.pointer(TypeId::VOID);
        let uid = writer.structure("kuid", 4, &[("val", int, 0)]);
        let bytes = writer.finish();
        let btf = Btf::parse(&bytes).unwrap();
        let junk = 0xdead_beef_0000_0000_u64;
        for (type_id, slot, shown, json) in [
            (int, junk | 0xffff_fffe, "-2", "-2"),
            (int, junk | 7, "7", "7"),
            (constant, junk | 0xffff_ffff, "-1", "-1"),
            (short, junk | 0xffff, "65535", "65535"),
            (flag, junk | 0x0100, "false", "false"),
            (flag, junk | 1, "true", "true"),
            (
                long,
                u64::MAX,
                "18446744073709551615",
                "18446744073709551615",
            ),
            (pointer, 0, "NULL", "null"),
            (
                pointer,
                0xffff_8881_0000_0000,
                "0xffff888100000000",
                "\"0xffff888100000000\"",
            ),
        ] {
            let value = Value::of(&btf, type_id, &slot.to_ne_bytes());
            assert_eq!(value.to_string(), shown, "{value:?}");
            assert_eq!(serde_json::to_string(&value).unwrap(), json, "{value:?}");
        }
        let value = Value::of(&btf, uid, &[1, 2, 3, 4, 0, 0, 0, 0]);
        assert_eq!(value.to_string(), "{01020304}");
        let narrow = Value::of(&btf, int, &(-2_i32).to_ne_bytes());
        assert_eq!(narrow.returned(), "-2 (ENOENT)");
    }

    #[test]
    fn texts_command_no_terminal() {
        let value = Value::Text(b"a\x1b\"b\0c".to_vec());
        assert_eq!(value.to_string(), r#""a\u{1b}\"b""#);
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""a\u001b\"b""#);
    }
}
