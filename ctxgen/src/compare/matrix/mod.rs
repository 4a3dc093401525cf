//! What the programs of objects read, over many kernels: a row for each program and each argument that is
//! read, a column for each kernel.
//!
//! One kernel at a time has to be in memory: [`Examination::of`] holds all objects against it and keeps
//! nothing of it, and [`Matrix::new`] puts what was found side by side.
//!
//! ```no_run
//! use ctxgen::KernelBtf;
//! use ctxgen::matrix::Candidate;
//! use ctxgen::matrix::Examination;
//! use ctxgen::matrix::Found;
//! use ctxgen::matrix::Held;
//! use ctxgen::matrix::Matrix;
//! use ctxgen::object::reads::Examined;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let objects = [Candidate {
//!     file: "prog.bpf.o".to_owned(),
//!     name: "prog.bpf.o".to_owned(),
//!     examined: Examined::parse(&std::fs::read("prog.bpf.o")?)?,
//! }];
//! let mut kernels = Vec::new();
//! for path in ["6.12.btf", "7.3.btf"] {
//!     let kernel = KernelBtf::from_path(path)?;
//!     kernels.push(Held {
//!         label: None,
//!         names: kernel.names(),
//!         found: Found::Examined(Examination::of(&objects, &kernel, None)),
//!     });
//! }
//! let matrix = Matrix::new(&objects, kernels);
//! # Ok(())
//! # }
//! ```

mod baseline;
mod columns;
mod combine;
mod contexts;
mod entry;
mod examine;
mod fingerprint;
mod fold;
mod model;
mod prototype;
mod status;
mod version;
mod words;

pub use self::baseline::Baseline;
pub use self::baseline::BaselineFinding;
pub use self::baseline::BaselineKernel;
pub use self::combine::Found;
pub use self::combine::Held;
pub use self::examine::Candidate;
pub use self::examine::Examination;
pub use self::fold::ranges;
pub use self::model::Answered;
pub use self::model::Cell;
pub use self::model::Column;
pub use self::model::Finding;
pub use self::model::Matrix;
pub use self::model::Object;
pub use self::model::Program;
pub use self::model::Row;
pub use self::model::Run;
pub use self::model::Subject;
pub use self::status::Status;
pub use self::version::has_version;
pub use super::reads::Place;
pub use super::reads::Source;
pub use super::reads::SourceLine;
pub use super::reads::Value;
