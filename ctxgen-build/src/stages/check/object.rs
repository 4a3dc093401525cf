//! All that is held against an object.

use std::path::PathBuf;

use super::aliased::aliased;
use super::category::unknown_categories;
use super::context;
use super::layout::of_other_kernels;
use super::layout::relocatable;
use super::prototypes;
use super::refused::Reads;
use super::rules::Rules;
use super::section::unknown_sections;
use super::sleepable::sleepable;
use super::undefined::undefined;
use super::unhooked::unhooked;
use super::user::other_programs;
use super::within::within_functions;
use crate::error::Error;
use crate::findings::Mismatch;
use crate::findings::Misread;
use crate::findings::Refused;

/// What was found in objects.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    mismatches: Vec<Mismatch>,
    refused: Vec<Refused>,
    misread: Vec<Misread>,
    /// Remarks.
    pub(crate) warnings: Vec<String>,
}

/// Adds what is found in the object of these sources, which was linked of `compiled`. Whether the debug
/// information of these tells what the author of a program meant.
///
/// # Errors
/// [`Error::Object`], where it cannot be read.
pub(crate) fn check(
    rules: Rules<'_>,
    sources: &[PathBuf],
    bytes: &[u8],
    compiled: &[Vec<u8>],
    findings: &mut Findings,
) -> Result<bool, Error> {
    let Rules {
        kernels, options, ..
    } = rules;
    let object = context::read(sources, bytes)?;
    if let Some(reason) = undefined(sources, &object, compiled) {
        let sources = sources.to_owned();
        return Err(Error::Object { sources, reason });
    }
    let reads = Reads::new(sources, &object, bytes, options)?;
    let mut mismatches = context::mismatches(kernels, sources, &reads, bytes)?;
    let found = reads.findings(kernels);
    mismatches.extend(found.mismatches);
    if rules.is_ready {
        let others = of_other_kernels(kernels, sources, &reads, &mismatches)?;
        mismatches.extend(others);
    }
    let unhooked = unhooked(kernels, &reads, &mismatches);
    mismatches.extend(unhooked.mismatches);
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    let by_hand = prototypes::misread(rules, &reads, sources, (bytes, compiled), &mismatches)?;
    findings.misread.extend(by_hand.misread);
    findings.refused.extend(by_hand.refused);
    findings.mismatches.extend(mismatches);
    findings.refused.extend(found.refused);
    let warnings = &mut findings.warnings;
    warnings.extend(unhooked.warnings);
    warnings.extend(found.warnings);
    warnings.extend(unknown_categories(kernels, &reads));
    warnings.extend(other_programs(kernels, &reads));
    warnings.extend(within_functions(&reads));
    warnings.extend(sleepable(kernels, &reads));
    if !rules.relocatable {
        warnings.extend(match rules.is_ready {
            true => relocatable(&reads, sources),
            false => context::relocated(&reads),
        });
    }
    warnings.extend(aliased(kernels, sources, &object));
    warnings.extend(unknown_sections(&reads, rules.own_sections));
    warnings.extend(context::unlicensed(sources, &reads, bytes)?);
    Ok(by_hand.is_told_by_debug)
}

impl Findings {
    /// Whether the programs are right. What prototypes written by hand get wrong is a warning, where it is not
    /// to be an error.
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::Refused`] and [`Error::Misread`].
    pub(crate) fn verdict(&mut self, deny_prototypes: bool) -> Result<(), Error> {
        let mismatches = std::mem::take(&mut self.mismatches);
        if !mismatches.is_empty() {
            return Err(Error::Mismatch(mismatches));
        }
        let refused = std::mem::take(&mut self.refused);
        if !refused.is_empty() {
            return Err(Error::Refused(refused));
        }
        let misread = std::mem::take(&mut self.misread);
        if deny_prototypes && !misread.is_empty() {
            return Err(Error::Misread(misread));
        }
        let misread = misread.iter().map(ToString::to_string);
        self.warnings.extend(misread);
        Ok(())
    }
}
