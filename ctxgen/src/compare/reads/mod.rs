//! What programs read of their contexts, held against kernels: whether each read is of what the author
//! meant.
//!
//! This is for any BPF object. What the author meant is told by the object ([`meant`](crate::object::meant)),
//! or, where it does not, by the kernel that it was built for. Where neither tells, or where two readings
//! are possible, the verdict is that it is not known.
//!
//! ```no_run
//! use ctxgen::KernelBtf;
//! use ctxgen::object::reads::Examined;
//! use ctxgen::reads::judge;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let object = Examined::parse(&std::fs::read("prog.bpf.o")?)?;
//! let kernel = KernelBtf::from_path("vmlinux.btf")?;
//! for program in judge(&object, &kernel, None) {
//!     println!("{}: {:?}", program.program, program.answer);
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod answer;
mod arguments;
mod case;
mod core;
mod decision;
mod externs;
mod fits;
mod foreign;
mod guards;
mod judge;
mod lacking;
mod loadable;
mod packet;
mod place;
mod reached;
mod records;
mod remarks;
mod spot;
mod verdict;
mod words;

pub use self::judge::judge;
pub use self::packet::AlteredAddress;
pub use self::packet::altered_addresses;
pub use self::reached::Reached;
pub use self::reached::reached;
pub use self::verdict::Answer;
pub use self::verdict::Asked;
pub use self::verdict::Judged;
pub use self::verdict::JudgedRead;
pub use self::verdict::Place;
pub use self::verdict::Reason;
pub use self::verdict::Remark;
pub use self::verdict::SourceLine;
pub use self::verdict::Unknown;
pub use self::verdict::Value;
pub use self::verdict::Verdict;
pub use crate::object::accesses::Line;
pub use crate::object::meant::Source;
