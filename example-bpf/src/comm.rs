//! Names of tasks.

use std::str::FromStr;

/// A task's name, as the kernel keeps it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Comm([u8; Self::LEN]);

impl Comm {
    /// The kernel's `TASK_COMM_LEN`: 15 bytes and a NUL.
    pub(crate) const LEN: usize = 16;

    /// The name, padded with NUL.
    pub fn bytes(self) -> [u8; Self::LEN] {
        self.0
    }
}

impl FromStr for Comm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.is_empty() || name.contains('\0') {
            return Err("a task's name is not empty and has no NUL".to_string());
        }
        let mut bytes = [0; Self::LEN];
        match bytes[..Self::LEN - 1].get_mut(..name.len()) {
            Some(place) => place.copy_from_slice(name.as_bytes()),
            None => {
                return Err(format!(
                    "the kernel cuts names of tasks to {} bytes, so this one can never match",
                    Self::LEN - 1
                ));
            }
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_with_nul() {
        let longest = "a".repeat(15);
        assert_eq!(longest.parse::<Comm>().unwrap().bytes()[15], 0);
        assert!("a".repeat(16).parse::<Comm>().is_err());
        assert!("".parse::<Comm>().is_err());
    }
}
