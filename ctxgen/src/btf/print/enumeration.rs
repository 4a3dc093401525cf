//! Enums.

use std::fmt::Write;

use super::DumpError;
use super::writer::Writer;
use crate::btf::Enumerator;
use crate::btf::Kind;
use crate::btf::Type;

impl<'b> Writer<'b> {
    /// An enum with its values; without any, it is a declaration.
    pub(super) fn enumeration(&mut self, ty: &Type<'b>, level: usize) -> Result<(), DumpError> {
        let (size, is_wide) = match ty.kind() {
            Kind::Enum { size } => (size, false),
            Kind::Enum64 { size } => (size, true),
            _ => return Err(DumpError::NoType(ty.id())),
        };
        if size == 0 {
            return Err(DumpError::Layout(ty.id()));
        }
        self.text.push("enum");
        if ty.name_offset() != 0 {
            self.text.push(" ");
            self.own_name(ty)?;
        }
        let values = ty.enumerators();
        if values.is_empty() {
            return Ok(());
        }
        self.text.push(" {");
        for value in &values {
            self.text.step(ty.id())?;
            self.text.line(level + 1);
            self.value(ty, value, is_wide)?;
        }
        self.text.line(level);
        self.text.push("}");
        let needs_width = || !is_wide || values.iter().all(|value| value.value >> 32 == 0);
        if size == 1 {
            self.text.push(" __attribute__((mode(byte)))");
        } else if size == 2 {
            self.text.push(" __attribute__((mode(HI)))");
        } else if size == 8 && self.btf.pointer_size() == 8 && needs_width() {
            // No value makes the compiler give it 64 bits.
            self.text.push(" __attribute__((mode(word)))");
        }
        Ok(())
    }

    fn value(
        &mut self,
        ty: &Type<'b>,
        value: &Enumerator<'b>,
        is_wide: bool,
    ) -> Result<(), DumpError> {
        self.name(value.name, ty.id())?;
        let count = self.identifiers.entry(value.name).or_default();
        *count += 1;
        if *count > 1 {
            let count = *count;
            self.text.push("___");
            self.text.number(count);
        }
        self.text.push(" = ");
        let bits = value.value;
        let mut number = String::new();
        // Writing to a string does not fail.
        let _ = match (is_wide, ty.kind_flag()) {
            (false, false) => write!(number, "{}", bits as u32),
            (false, true) => write!(number, "{}", bits as u32 as i32),
            (true, false) => write!(number, "{bits}ULL"),
            (true, true) => write!(number, "{}LL", bits as i64),
        };
        self.text.push(&number);
        self.text.push(",");
        Ok(())
    }
}

/// What C calls an integer of so many bytes, which an enum may be too.
pub(crate) fn c_integer(size: u32, is_signed: bool) -> Option<&'static str> {
    Some(match (size, is_signed) {
        (1, false) => "unsigned char",
        (1, true) => "signed char",
        (2, false) => "unsigned short",
        (2, true) => "short",
        (4, false) => "unsigned int",
        (4, true) => "int",
        (8, false) => "unsigned long long",
        (8, true) => "long long",
        _ => return None,
    })
}
