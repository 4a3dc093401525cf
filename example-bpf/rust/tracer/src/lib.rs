//! Loads an object with programs in Rust, and follows what they send.

#[cfg(feature = "aya")]
mod aya_loader;
mod error;
mod libbpf_loader;
#[path = "../../programs/src/records.rs"]
pub mod records;
mod settings;

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use ctxgen::Loader;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::report_lost;

pub use crate::error::Error;
pub use crate::settings::Settings;

/// Where the ring buffer, the count of events that found it full, and the settings are in each object.
const EVENTS: &str = "EVENTS";
const LOST: &str = "LOST";

/// The object, and what loads it.
#[derive(Args, Clone, Debug)]
pub struct ObjectArgs {
    /// The compiled programs: target/bpfel-unknown-none/release/NAME
    object: PathBuf,

    /// What loads them
    #[arg(long, value_enum, default_value_t = With::Libbpf)]
    with: With,
}

/// What loads programs.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum With {
    /// libbpf-rs
    Libbpf,
    /// aya
    #[cfg(feature = "aya")]
    Aya,
}

/// A tracer: its programs, and what to do with their events.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a, S> {
    /// What it calls itself.
    pub name: &'static str,
    /// Its programs, and what each is attached to.
    pub hooks: &'static [(&'static str, &'static str)],
    /// What the programs are told.
    pub settings: &'a S,
    /// What ends it.
    pub limits: &'a Limits,
    /// Whether to pass on all that libbpf says.
    pub verbose: bool,
}

impl<S: Settings> Tracer<'_, S> {
    /// Loads and attaches the programs, calls `begin`, and hands each event to `show`, until something ends it.
    ///
    /// # Errors
    /// The kernel does not take a program, or the output cannot be written.
    pub fn run<R: Record>(
        &self,
        from: &ObjectArgs,
        begin: impl FnOnce() -> Result<(), example_bpf::Error>,
        show: impl FnMut(&R) -> io::Result<()>,
    ) -> Result<(), Error> {
        let stop = Stop::on_signal()?;
        let bytes = fs::read(&from.object).map_err(|source| Error::Read {
            path: from.object.clone(),
            source,
        })?;
        // Both look where this kernel has what the programs read, and a hook that it lacks is an error.
        let loader = Loader::new(&bytes)?.require_all()?;
        let lost = match from.with {
            With::Libbpf => self.with_libbpf(&loader, &stop, begin, show)?,
            #[cfg(feature = "aya")]
            With::Aya => self.with_aya(&loader, &bytes, &stop, begin, show)?,
        };
        report_lost(self.name, &lost);
        Ok(())
    }
}
