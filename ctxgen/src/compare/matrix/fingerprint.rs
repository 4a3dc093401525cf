//! What tells findings apart from run to run.

use std::collections::HashMap;

use super::Status;
use super::Subject;

/// Makes the fingerprints of an object's findings.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    /// How often each has been made: what is otherwise the same is told by its number.
    made: HashMap<String, usize>,
}

impl Fingerprints {
    /// Of a status of a row: the same for the same file name, program, subject and status. Paths, places in
    /// files, lines and kernels change without the finding being another.
    pub(super) fn of(
        &mut self,
        file: &str,
        program: (&str, &str),
        subject: &Subject,
        status: Status,
    ) -> String {
        let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let (kind, about) = about(subject);
        let parts = [file, program.0, program.1, kind, &about, status.id()];
        let one = parts.join("\0");
        let number = self.made.entry(one.clone()).or_insert(0);
        *number += 1;
        match number {
            1 => digest(&one),
            number => digest(&format!("{one}\0{number}")),
        }
    }
}

/// What kind of subject it is, and what tells it from others of the kind.
fn about(subject: &Subject) -> (&'static str, String) {
    let named = |name: &Option<String>, place: &super::Place| {
        name.clone().unwrap_or_else(|| place.to_string())
    };
    match subject {
        Subject::Read { name, place, .. } => ("read", named(name, place)),
        Subject::Declared { name, place, .. } => ("declared", named(name, place)),
        Subject::Argument { name } => ("argument", name.clone()),
        Subject::Hook { hook } => ("hook", hook.clone()),
        Subject::Field { what } => ("field", what.clone()),
        Subject::Needed { what } => ("needed", what.clone()),
        Subject::KernelFunction { name } => ("function", name.clone()),
        Subject::Program => ("program", String::new()),
    }
}

/// FNV-1a of 64 bits: published, so that fingerprints are the same in all versions and on all machines.
fn digest(text: &str) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    format!("{:016x}", text.bytes().fold(OFFSET, mix))
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn read(name: Option<&str>, slot: u32) -> Subject {
        Subject::Read {
            name: name.map(str::to_owned),
            r#type: String::new(),
            place: Place::Slot(slot),
            width: None,
        }
    }

    /// The published test vectors of FNV-1a.
    #[test]
    fn digests() {
        assert_eq!(digest(""), "cbf29ce484222325");
        assert_eq!(digest("a"), "af63dc4c8601ec8c");
        assert_eq!(digest("foobar"), "85944171f73967e8");
    }

    #[test]
    fn what_counts() {
        let of = |file: &str, program: &str, subject: &Subject, status: Status| {
            Fingerprints::default().of(file, (program, "fexit/x"), subject, status)
        };
        let ret = read(Some("ret"), 3);
        let first = of("a/x.o", "p", &ret, Status::Wrong);
        assert_eq!(
            first,
            of("b/x.o", "p", &read(Some("ret"), 4), Status::Wrong)
        );
        for other in [
            of("a/y.o", "p", &ret, Status::Wrong),
            of("a/x.o", "q", &ret, Status::Wrong),
            of("a/x.o", "p", &read(Some("order"), 3), Status::Wrong),
            of("a/x.o", "p", &read(None, 3), Status::Wrong),
            of("a/x.o", "p", &ret, Status::Absent),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn what_is_otherwise_the_same_is_numbered() {
        let mut made = Fingerprints::default();
        let mut one = || made.of("x.o", ("p", "s"), &Subject::Program, Status::Wrong);
        let both = [one(), one()];
        assert_ne!(both[0], both[1]);
    }
}
