//! Verdicts on what programs read, for people.

use std::fmt;

use super::Answer;
use super::Asked;
use super::Judged;
use super::JudgedRead;
use super::Place;
use super::Reason;
use super::Remark;
use super::Source;
use super::Unknown;
use super::Value;
use super::Verdict;
use crate::text::name;

/// How many reasons are listed that are not of reads.
const MAX_REASONS: usize = 8;

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Works => "works",
            Self::Unknown => "NOT KNOWN",
            Self::DoesNotAttach => "does not attach",
            Self::DoesNotLoad => "DOES NOT LOAD",
            Self::ReadsWrong => "READS WRONG",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(number) => write!(f, "slot {number}"),
            Self::Register(register) => write!(f, "register {}", name(register)),
            Self::Byte(number) => write!(f, "byte {number}"),
            Self::Returned => f.write_str("the returned value"),
            Self::Unknown => f.write_str("an unknown place"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_type = |f: &mut fmt::Formatter<'_>| match &*self.r#type {
            "" => Ok(()),
            text => write!(f, " ({})", name(text)),
        };
        match (&self.name, self.is_returned) {
            (Some(of), true) if of != "ret" => write!(f, "{}, the returned value", name(of))?,
            (_, true) => f.write_str("the returned value")?,
            (Some(of), false) => write!(f, "{}", name(of))?,
            (None, false) => f.write_str("an argument")?,
        }
        of_type(f)
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(of) => write!(f, "the variable {}", name(of)),
            Self::Exists(of) => write!(f, "whether the kernel has {}", name(of)),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("is what is meant"),
            Self::Moved { to } => write!(f, "another value: what is meant is in {to}"),
            Self::OtherType => f.write_str("another type"),
            Self::AnotherValue => f.write_str("another value"),
            Self::Gone => f.write_str("nothing is there"),
            Self::Guarded {
                instead,
                by,
                is_answered,
            } => {
                let by: Vec<String> = by.iter().map(ToString::to_string).collect();
                let by = by.join(", ");
                match is_answered {
                    true => write!(
                        f,
                        "not read on this kernel (asks {by}); it would be: {instead}"
                    ),
                    false => write!(f, "depends on {by}; where it is read: {instead}"),
                }
            }
            Self::NotKnown { why } => write!(f, "not known: {why}"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHook => f.write_str("the object does not say what the program attaches to"),
            Self::WithinFunction => f.write_str(
                "the probe is set behind the function's start, where registers need not hold its arguments",
            ),
            Self::UserSpace => f.write_str("it attaches to a function in user space"),
            Self::Hook(why) => f.write_str(&name(why)),
            Self::NotDeclared => f.write_str(
                "the object does not tell what the author meant; --built-for can tell (the kernel that \
                 it was built for)",
            ),
            Self::GoesOn => f.write_str(
                "the macro goes on in a line that the object does not have; --built-for can tell (the kernel \
                 that it was built for)",
            ),
            Self::Ambiguous => f.write_str("two readings are possible"),
            Self::NoSuchStruct(tag) => {
                write!(f, "the kernel has no struct {}, which may have another name", name(tag))
            }
            Self::Place => f.write_str("it cannot be told which part of the context is read"),
            Self::Register => f.write_str("no argument is known to be in this register"),
            Self::Architecture => {
                f.write_str("the object is for another architecture or byte order than the kernel's")
            }
            Self::NotDescribed => f.write_str("the kernel's BTF does not describe that part"),
            Self::SystemCall => f.write_str("it is an argument of a system call"),
            Self::Relocatable => f.write_str("the context is relocatable"),
            Self::NotFollowed => f.write_str("the program could not be followed to its end"),
            Self::Guard(of) => write!(f, "it depends on what is known only when it is loaded: {}", name(of)),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reads => f.write_str("something else is read than is meant"),
            Self::HookAbsent { hook, is_certain } => {
                write!(f, "the kernel does not have {}", name(hook))?;
                match is_certain {
                    true => Ok(()),
                    false => f.write_str(", as far as its BTF tells"),
                }
            }
            Self::CannotAttach { hook, why } => write!(f, "{}: {}", name(hook), name(why)),
            Self::Unrelocated { what } => write!(f, "the kernel has no {}", name(what)),
            Self::NoKernelFunction { name: of } => {
                write!(f, "the kernel has no function {}", name(of))
            }
            Self::OtherPrototype { name: of } => {
                write!(
                    f,
                    "the kernel's function {} has another prototype",
                    name(of)
                )
            }
            Self::Lacks { what } => write!(f, "the kernel lacks {}", name(what)),
            Self::NotKnown { why } => write!(f, "{why}"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName => f.write_str("the kernel has another name for it"),
            Self::Wider { kernel } => write!(f, "the kernel's number has {kernel} bytes"),
            Self::StartsWith => f.write_str("the one struct starts with the other"),
            Self::Refused => f.write_str("the verifier refuses it"),
            Self::Address => f.write_str(
                "it is an address for the verifier, and is shifted or calculated with by its bits",
            ),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nowhere => "nothing tells what the author meant",
            Self::Line => "what the author meant is from the line of the macro alone",
            Self::Debug => "what the author meant is from the debug information",
            Self::Struct => "what the author meant is from the context's struct",
        })
    }
}

impl fmt::Display for JudgedRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match (&self.meant, &self.found) {
            (Some(meant), Some(found)) => write!(f, "{meant} is meant, the kernel has {found}: ")?,
            (Some(meant), None) => write!(f, "{meant} is meant: ")?,
            (None, Some(found)) => write!(f, "the kernel has {found}: ")?,
            (None, None) => {}
        }
        write!(f, "{}", self.verdict)?;
        for remark in &self.remarks {
            write!(f, "; {remark}")?;
        }
        if let Some(line) = &self.line {
            write!(
                f,
                "\n  {}:{}: {}",
                name(&line.file),
                line.number,
                name(&line.text)
            )?;
        }
        Ok(())
    }
}

impl Judged {
    /// What there is to say of it, a line each: the reasons, and the reads that are not what is meant.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let is_worth = |read: &&JudgedRead| {
            read.verdict != Verdict::Same || read.remarks.contains(&Remark::Refused)
        };
        for read in self.reads.iter().filter(is_worth) {
            lines.push(read.to_string());
        }
        let of_reads = |why: &Unknown| {
            let is_same = |read: &JudgedRead| matches!(&read.verdict, Verdict::NotKnown { why: of } if of == why);
            self.reads.iter().any(is_same) || matches!(why, Unknown::Guard(_)) && !lines.is_empty()
        };
        let mut more = Vec::new();
        for reason in &self.reasons {
            match reason {
                Reason::Reads => {}
                Reason::NotKnown { why } if of_reads(why) => {}
                reason => more.push(reason.to_string()),
            }
        }
        let others = more.len().saturating_sub(MAX_REASONS);
        more.truncate(MAX_REASONS);
        lines.extend(more);
        if others > 0 {
            lines.push(format!("and {others} more such reasons"));
        }
        for read in &self.unread {
            lines.push(format!("declared and not read: {read}"));
        }
        lines
    }
}
