//! Text within bounds.
//!
//! Names, prototypes and what has no name are shared by types, so that the text of a BTF is not bounded by
//! its size.

use super::DumpError;
use crate::btf::TypeId;

/// How deep types may be nested in each other, by value or in a declarator. The deepest of a 7.2 kernel is
/// below 40.
pub(super) const MAX_DEPTH: usize = 256;

/// How many types a declaration may be written of, each counted wherever it is looked at.
const MAX_STEPS: u32 = 1 << 15;

/// The same of a definition with all that has to stand before it.
pub(super) const MAX_STEPS_OF_DEFINITION: u32 = 1 << 19;

/// How many bytes of text a declaration may have.
pub(super) const MAX_DECLARATION: usize = 1 << 20;

/// As deep as the kernel's sources are indented; what is deeper stands as deep as this.
const TABS: &str = "\t\t\t\t\t\t\t\t\t\t\t\t\t";

#[derive(Debug)]
pub(super) struct Text {
    text: String,
    /// How many more bytes may be written.
    room: usize,
    /// How many more types.
    steps: u32,
    /// How many there were at the start.
    all_steps: u32,
}

impl Text {
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            text: String::new(),
            room,
            steps: MAX_STEPS,
            all_steps: MAX_STEPS,
        }
    }

    /// Where there is no room any more, nothing is written, and [`Text::step`] fails from then on.
    pub(super) fn push(&mut self, text: &str) {
        if text.len() >= self.room {
            self.room = 0;
            return;
        }
        self.room -= text.len();
        self.text.push_str(text);
    }

    /// A line's start.
    pub(super) fn line(&mut self, level: usize) {
        self.push("\n");
        self.push(&TABS[..level.min(TABS.len())]);
    }

    pub(super) fn number(&mut self, number: u32) {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(std::str::from_utf8(&digits[at..]).unwrap_or_default());
    }

    /// Goes on to the next type.
    ///
    /// # Errors
    /// [`DumpError::TooMuch`].
    pub(super) fn step(&mut self, id: TypeId) -> Result<(), DumpError> {
        if self.steps == 0 || self.room == 0 {
            return Err(DumpError::TooMuch(id));
        }
        self.steps -= 1;
        Ok(())
    }

    /// Starts with the next declaration or definition, which may have that many types.
    pub(super) fn restart(&mut self, most: u32) {
        self.all_steps = most;
        self.steps = self.all_steps;
    }

    /// How many types there were since the start.
    pub(super) fn steps(&self) -> u32 {
        self.all_steps - self.steps
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back what was written behind that.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
