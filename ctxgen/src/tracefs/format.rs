//! The format of a trace event's record.

use std::fmt::Write as _;

use crate::text::ident::is_identifier;

/// What the fields are called that all records start with (`trace_define_common_fields`).
const COMMON: &str = "common_";

/// More fields than these are in no record.
const MAX_FIELDS: usize = 1024;

/// What a tag of a pinned BTF starts with that is a format.
const TAG: &str = "ctxgen:format ";

/// The format of an event's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// The event's name.
    pub(crate) name: String,
    /// The fields behind those that all records have, in their order.
    pub(crate) fields: Vec<FormatField>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatField {
    /// Its name, without what marks it as a place elsewhere.
    pub(crate) name: String,
    /// Its type as it is written in C; of an array, that of an element.
    pub(crate) declared: String,
    /// What stands behind the name of an array: `[16]`.
    array: String,
    /// From the start of the record, in bytes.
    pub(crate) offset: u32,
    /// In bytes.
    pub(crate) size: u32,
    /// Whether it says where in the record something is whose size differs, and how.
    pub(crate) data: Option<Data>,
    signed: bool,
}

/// How a field says where something else is (`include/trace/stages/`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// From the start of the record on.
    Absolute,
    /// From the field's end on.
    Relative,
}

impl Data {
    const ALL: [Self; 2] = [Self::Absolute, Self::Relative];

    /// The field in a format.
    fn mark(self) -> &'static str {
        match self {
            Self::Absolute => "__data_loc ",
            Self::Relative => "__rel_loc ",
        }
    }

    /// What the struct's member is called by, in front of the name.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Absolute => "__data_loc_",
            Self::Relative => "__rel_loc_",
        }
    }

    /// Which one a struct's member is, and the name of what it leads to.
    pub(crate) fn of_member(name: &str) -> Option<(Self, &str)> {
        let parts = |data: Self| Some((data, name.strip_prefix(data.prefix())?));
        Self::ALL.into_iter().find_map(parts)
    }
}

impl FormatField {
    /// What the member of the record's struct is called.
    pub(crate) fn member(&self) -> String {
        let prefix = self.data.map_or("", Data::prefix);
        format!("{prefix}{}", self.name)
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        !self.array.is_empty()
    }

    /// The field of a line behind `field:`; `None` where it is none.
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(';').map(str::trim);
        let declaration = parts.next()?;
        let (mut offset, mut size, mut signed) = (None, None, None);
        for part in parts.filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once(':')?;
            let value = value.parse::<u32>().ok();
            match key {
                "offset" => offset = value,
                "size" => size = value,
                "signed" => signed = value,
                // A newer kernel may have more to say.
                _ => {}
            }
        }
        let marked = Data::ALL
            .into_iter()
            .find_map(|data| Some((data, declaration.strip_prefix(data.mark())?)));
        let (data, declaration) = match marked {
            Some((data, rest)) => (Some(data), rest),
            None => (None, declaration),
        };
        let (declaration, array) = declaration.split_at(start_of_array(declaration)?);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let declaration = declaration.trim_end();
        let start = declaration.rfind(|c| !is_part(c))? + 1;
        let (declared, name) = declaration.split_at_checked(start)?;
        let declared = declared.trim();
        let declared = match data {
            Some(_) => declared.strip_suffix("[]").unwrap_or(declared),
            None => declared,
        };
        is_identifier(name).then_some(())?;
        Some(Self {
            name: name.to_owned(),
            declared: declared.to_owned(),
            array: array.to_owned(),
            offset: offset?,
            size: size?,
            data,
            signed: signed.unwrap_or(0) != 0,
        })
    }
}

/// Where what stands behind an array's name starts: `[4]`, `[2][3]`, `[sizeof(x[0])]`. The end where
/// it is no array; `None` where brackets do not match.
fn start_of_array(declaration: &str) -> Option<usize> {
    let mut end = declaration.len();
    while declaration[..end].ends_with(']') {
        let mut open = 0usize;
        let brackets = declaration[..end].char_indices().rev();
        end = brackets.into_iter().find_map(|(at, c)| {
            match c {
                ']' => open += 1,
                '[' => open -= 1,
                _ => {}
            }
            (open == 0).then_some(at)
        })?;
    }
    Some(end)
}

/// A line that is not as tracefs writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Format {
    /// What a format file says.
    pub(crate) fn parse(text: &str) -> Result<Self, BadLine> {
        let mut name = None;
        let mut fields = Vec::new();
        let mut is_format = false;
        for (number, line) in text.lines().enumerate() {
            let bad = || BadLine {
                line: number + 1,
                text: shortened(line),
            };
            let line = line.trim();
            if line.starts_with("print fmt:") {
                break;
            } else if let Some(text) = line.strip_prefix("name:") {
                let text = text.trim();
                name = Some(
                    is_identifier(text)
                        .then(|| text.to_owned())
                        .ok_or_else(bad)?,
                );
            } else if let Some(text) = line.strip_prefix("field:") {
                let field = FormatField::parse(text);
                match field.filter(|_| fields.len() < MAX_FIELDS) {
                    Some(field) => fields.push(field),
                    None => return Err(bad()),
                }
            } else if line == "format:" {
                is_format = true;
            } else if !line.is_empty() && !line.starts_with("ID:") {
                return Err(bad());
            }
        }
        fields.retain(|field| !field.name.starts_with(COMMON));
        match name {
            Some(name) if is_format => Ok(Self { name, fields }),
            _ => Err(BadLine {
                line: 1,
                text: shortened(text.lines().next().unwrap_or_default()),
            }),
        }
    }

    /// The tag that keeps it in a pinned BTF.
    pub(crate) fn as_tag(&self, category: &str) -> String {
        let mut tag = format!("{TAG}{category}\nname: {}\nformat:\n", self.name);
        for field in &self.fields {
            let (mark, brackets) = match field.data {
                Some(data) => (data.mark(), "[]"),
                None => ("", ""),
            };
            let _ = writeln!(
                tag,
                "field:{mark}{}{brackets} {}{}; offset:{}; size:{}; signed:{};",
                field.declared,
                field.name,
                field.array,
                field.offset,
                field.size,
                u8::from(field.signed)
            );
        }
        tag
    }

    /// The category and the format that a tag of a pinned BTF keeps; `None` of any other tag.
    pub(super) fn of_tag(tag: &str) -> Option<(String, Self)> {
        let (category, text) = tag.strip_prefix(TAG)?.split_once('\n')?;
        let category = Some(category).filter(|category| is_identifier(category))?;
        Some((category.to_owned(), Self::parse(text).ok()?))
    }
}

/// Enough of a line to find it by.
fn shortened(line: &str) -> String {
    line.trim().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXEC: &str = "\
name: sched_process_exec
ID: 311
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
	field:char comm[16];	offset:12;	size:16;	signed:0;
	field:__u8 saddr[sizeof(struct sockaddr_in6)];	offset:28;	size:28;	signed:0;
	field:const void * from;	offset:56;	size:8;	signed:0;
	field:__data_loc cpumask_t mask;	offset:64;	size:4;	signed:0;
	field:__rel_loc u32[] ids;	offset:68;	size:4;	signed:0;

print fmt: \"field:%s;\", __get_str(filename)
";

    #[test]
    fn fields() {
        let format = Format::parse(EXEC).unwrap();
        assert_eq!(format.name, "sched_process_exec");
        let told: Vec<_> = format
            .fields
            .iter()
            .map(|field| {
                let member = field.member();
                format!(
                    "{} {member}{} +{} {}",
                    field.declared, field.array, field.offset, field.size
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "char __data_loc_filename +8 4",
                "char comm[16] +12 16",
                "__u8 saddr[sizeof(struct sockaddr_in6)] +28 28",
                "const void * from +56 8",
                "cpumask_t __data_loc_mask +64 4",
                "u32 __rel_loc_ids +68 4",
            ]
        );
    }

    #[test]
    fn a_tag_keeps_it() {
        let format = Format::parse(EXEC).unwrap();
        let tag = format.as_tag("sched");
        assert_eq!(Format::of_tag(&tag), Some(("sched".to_owned(), format)));
        assert_eq!(Format::of_tag("bpf_kfunc"), None);
        assert_eq!(
            Format::of_tag("ctxgen:format a b\nname: x\nformat:\n"),
            None
        );
    }

    #[test]
    fn what_is_none_is_said_with_its_line() {
        let many = "field:int x; offset:0; size:4; signed:1;\n".repeat(2000);
        let many = format!("name: x\nformat:\n{many}");
        for (text, line) in [
            ("", 1),
            ("#!/bin/sh\n", 1),
            ("name: a b\nformat:\n", 1),
            ("name: x\n", 1),
            ("name: x\nformat:\nfield:int;offset:0;size:4;\n", 3),
            ("name: x\nformat:\nfield:int x;offset:-1;size:4;\n", 3),
            ("name: x\nformat:\nfield:int x;size:4;\n", 3),
            (
                "name: x\nformat:\nfield:int x;offset:99999999999;size:4;\n",
                3,
            ),
            ("name: x\nformat:\nfield:int x[;offset:0;size:4;\n", 3),
            ("name: x\nformat:\nfield:int ];offset:0;size:4;\n", 3),
            ("name: x\nformat:\nfield:é;offset:0;size:4;\n", 3),
            ("name: x\nformat:\nfield:int é;offset:0;size:4;\n", 3),
            ("name: x\nformat:\nfield\n", 3),
            (&many, 2 + MAX_FIELDS + 1),
        ] {
            let bad = Format::parse(text).unwrap_err();
            assert_eq!(bad.line, line, "{text:?}");
        }
    }

    /// Whatever bytes a file has, reading it ends, and says something or nothing.
    #[test]
    fn damaged_files_end() {
        let bytes = EXEC.as_bytes();
        for at in 0..bytes.len() {
            for with in [b';', b':', b'[', b']', b'\n', b' ', 0, 0xff, b'_'] {
                let mut damaged = bytes.to_vec();
                damaged[at] = with;
                let _ = Format::parse(&String::from_utf8_lossy(&damaged));
            }
            let _ = Format::parse(&String::from_utf8_lossy(&bytes[..at]));
        }
    }
}
