//! From the verifier's log to what is missing.
//!
//! libbpf makes an instruction whose relocation finds no target one that the verifier refuses, should
//! it ever be reached, and writes into its log which relocation that was (`fixup_verifier_log` in
//! libbpf.c).

use super::Loader;
use super::error::LoadError;
use super::log::Logs;
use super::sides::Sides;
use super::small::Small;
use crate::object::ObjectFile;

/// What libbpf puts before the relocation.
const UNRESOLVED: &str = "failed to resolve CO-RE relocation ";

impl Loader<'_> {
    /// What a failed load is due to.
    pub(super) fn explain(&self, logs: &Logs, error: libbpf_rs::Error) -> Box<LoadError> {
        let Some((program, section, log)) = logs.written() else {
            return LoadError::Load(error).into();
        };
        let named = (program.to_owned(), section.to_owned());
        let unresolved = log.lines().find_map(|line| line.strip_prefix(UNRESOLVED));
        if let (Some(relocation), Some(small)) = (unresolved, &self.small) {
            return match self.wrong(small, named, relocation) {
                Ok(wrong) => wrong.into(),
                Err(error) => error,
            };
        }
        let (program, section) = named;
        let log = log.to_owned();
        let refused = LoadError::Refused {
            program,
            section,
            log,
            error,
        };
        refused.into()
    }

    fn wrong(
        &self,
        small: &Small,
        named: (String, String),
        relocation: &str,
    ) -> Result<LoadError, Box<LoadError>> {
        let object = ObjectFile::parse(self.bytes)?;
        let kernel = small.kernel(&self.origin)?;
        Ok(Sides::new(&object, &kernel)?.wrong(named, relocation))
    }
}
