//! The judge's answers, taken apart. `tests/judge/judge.h` says what they are.

/// One line of the judge's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Something about the kernel.
    Kernel {
        /// What about it.
        key: &'a str,
        /// As the kernel has it.
        value: &'a str,
    },
    /// What the verifier says about a program.
    Program {
        /// The entry's.
        id: &'a str,
        /// Of the program as a whole.
        result: Verdict<'a>,
        /// Of each load from the context, in program order.
        loads: Vec<Load<'a>>,
        /// How attaching went, where that was asked for.
        attached: Option<Verdict<'a>>,
    },
    /// What tracefs says of a trace event, and what the kernel says about programs on it.
    Event {
        /// The entry's.
        id: &'a str,
        /// Its category and what was found about it; `None` where there is no such event.
        found: Option<Event<'a>>,
    },
    /// What a program on a trace event has noticed.
    Noticed {
        /// The entry's.
        id: &'a str,
        /// It, or why there is nothing.
        result: Result<Noticed<'a>, Verdict<'a>>,
    },
    /// What a program left in r0.
    Value {
        /// The entry's.
        id: &'a str,
        /// The value, or why there is none.
        result: Result<u64, Verdict<'a>>,
    },
    /// A line of what a program of the initramfs printed.
    Output {
        /// The entry's.
        id: &'a str,
        /// The line.
        text: &'a str,
    },
    /// How a program of the initramfs ended.
    Exit {
        /// The entry's.
        id: &'a str,
        /// Its exit status, 128 and a signal's number, or `timeout`.
        how: &'a str,
    },
    /// The judge could not do what it was told.
    Trouble {
        /// The entry's.
        id: &'a str,
        /// What and why.
        text: &'a str,
    },
    /// The end, and how many lines came before it.
    Last {
        /// How many.
        count: u64,
    },
}

/// What a program on a trace event has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noticed<'a> {
    /// The process that did what there was to notice.
    pub pid: u32,
    /// Three numbers.
    pub numbers: [u64; 3],
    /// A text.
    pub text: &'a str,
}

/// What was found about a trace event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The folder of tracefs that it is in.
    pub category: &'a str,
    /// Of the program as a whole.
    pub result: Verdict<'a>,
    /// Of each load from the context, in program order.
    pub loads: Vec<Load<'a>>,
    /// How attaching it went.
    pub attached: Verdict<'a>,
    /// How attaching a program went that loads the byte behind the last field.
    pub past_end: Verdict<'a>,
    /// How loading a program went that loads the first eight bytes.
    pub first: Verdict<'a>,
    /// The fields that are not those of all records.
    pub fields: Vec<EventField<'a>>,
}

/// A field of a record, as tracefs has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventField<'a> {
    /// In C, more or less: `__data_loc char[] name`.
    pub declaration: &'a str,
    /// In bytes.
    pub offset: u32,
    /// In bytes.
    pub size: u32,
    /// Whether it is a signed number.
    pub signed: bool,
}

/// What the kernel says to a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It did it.
    Accepted,
    /// It did not: the errno's name, and what the verifier gives as its reason, if any.
    Refused {
        /// As `E…`.
        errno: &'a str,
        /// In the verifier's words; may be empty.
        reason: &'a str,
    },
}

/// What the verifier says about one load from the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load<'a> {
    /// Accepted, with a register of this type (`scalar`, `trusted_ptr_task_struct`), and the BTF id
    /// of the pointee where it named one.
    Accepted {
        /// Its type in the verifier's words.
        register: &'a str,
        /// The pointee's id in the kernel's BTF.
        btf_id: Option<u32>,
    },
    /// Refused, for this reason.
    Refused {
        /// In the verifier's words.
        reason: &'a str,
    },
    /// Not looked at, since the program was refused as a whole.
    Unknown,
}

impl<'a> Answer<'a> {
    /// Take a line apart; `None` if it is no answer.
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        let kind = fields.next()?;
        let id = fields.next()?;
        let answer = match kind {
            "k" => Self::Kernel {
                key: id,
                value: fields.next()?,
            },
            "p" => Self::program(id, &mut fields)?,
            "t" => match fields.next()? {
                "-" => Self::Event { id, found: None },
                category => Self::Event {
                    id,
                    found: Some(Event::parse(category, &mut fields)?),
                },
            },
            "w" => Self::Noticed {
                id,
                result: match verdict(fields.next()?, fields.next()?) {
                    Verdict::Accepted => Ok(Noticed::parse(&mut fields)?),
                    refused => Err(refused),
                },
            },
            "v" => Self::Value {
                id,
                result: match verdict(fields.next()?, fields.next()?) {
                    Verdict::Accepted => Ok(u64::from_str_radix(fields.next()?, 16).ok()?),
                    refused => Err(refused),
                },
            },
            "x" => match (fields.next()?, fields.next()?) {
                ("|", text) => Self::Output { id, text },
                ("exit", how) => Self::Exit { id, how },
                _ => return None,
            },
            "!" => Self::Trouble {
                id,
                text: fields.next()?,
            },
            "." => Self::Last {
                count: id.parse().ok()?,
            },
            _ => return None,
        };
        fields.next().is_none().then_some(answer)
    }

    fn program(id: &'a str, fields: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let result = verdict(fields.next()?, fields.next()?);
        let mut loads = Vec::new();
        let mut attached = None;
        for field in fields {
            match field.strip_prefix('@') {
                Some(name) => attached = Some(verdict(name, "")),
                None => loads.push(Load::parse(field)),
            }
        }
        Some(Self::Program {
            id,
            result,
            loads,
            attached,
        })
    }

    /// Whether this is the answer to an entry of the plan, and not one of several.
    pub fn concludes_entry(&self) -> bool {
        !matches!(
            self,
            Self::Kernel { .. } | Self::Output { .. } | Self::Last { .. }
        )
    }
}

impl<'a> Noticed<'a> {
    fn parse(fields: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let pid = fields.next()?.parse().ok()?;
        let mut number = || u64::from_str_radix(fields.next()?, 16).ok();
        let numbers = [number()?, number()?, number()?];
        let text = fields.next()?;
        Some(Self { pid, numbers, text })
    }
}

impl<'a> Event<'a> {
    fn parse(category: &'a str, fields: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let result = verdict(fields.next()?, fields.next()?);
        let mut loads = Vec::new();
        let (mut attached, mut past_end, mut first) = (None, None, None);
        let mut shown = Vec::new();
        for field in fields {
            let told = |mark: char| Some(verdict(field.strip_prefix(mark)?, ""));
            match field.chars().next() {
                Some('@') => attached = told('@'),
                Some('>') => past_end = told('>'),
                Some('<') => first = told('<'),
                Some('=') => shown.push(EventField::parse(&field[1..])?),
                _ => loads.push(Load::parse(field)),
            }
        }
        Some(Self {
            category,
            result,
            loads,
            attached: attached?,
            past_end: past_end?,
            first: first?,
            fields: shown,
        })
    }
}

impl<'a> EventField<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.rsplitn(4, ';');
        let signed = parts.next()? == "1";
        let size = parts.next()?.parse().ok()?;
        let offset = parts.next()?.parse().ok()?;
        Some(Self {
            declaration: parts.next()?,
            offset,
            size,
            signed,
        })
    }
}

fn verdict<'a>(name: &'a str, reason: &'a str) -> Verdict<'a> {
    match name {
        "ok" => Verdict::Accepted,
        errno => Verdict::Refused { errno, reason },
    }
}

impl<'a> Load<'a> {
    fn parse(field: &'a str) -> Self {
        if field == "?" {
            return Self::Unknown;
        }
        if let Some(reason) = field.strip_prefix('!') {
            return Self::Refused { reason };
        }
        let (register, btf_id) = match field.rsplit_once('#') {
            Some((register, id)) => (register, id.parse().ok()),
            None => (field, None),
        };
        Self::Accepted { register, btf_id }
    }
}

#[cfg(test)]
mod tests;
