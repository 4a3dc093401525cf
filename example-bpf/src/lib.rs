//! What the sample programs have in common: loading a skeleton and explaining a refusal, following
//! a ring buffer until something ends it, and writing for people (aligned) or programs (JSON).
//!
//! Each sample is a `src/bpf/NAME.bpf.c` and a front of the same name in `src/bin`.

mod args;
mod clock;
mod comm;
mod errno;
mod error;
mod follow;
mod json;
mod libbpf_log;
mod loading;
mod record;
mod refusal;
mod slots;
mod start;
mod struct_ops;
mod table;
mod text;
mod unlink;
mod wait;

pub use args::Limits;
pub use args::Process;
pub use args::Style;
pub use args::Tasks;
pub use clock::now_ns;
pub use clock::time_of_day;
pub use clock::wall_clock_ns;
pub use comm::Comm;
pub use errno::errno_name;
pub use errno::errno_of;
pub use error::Error;
pub use follow::Stop;
pub use follow::follow;
pub use follow::report_lost;
pub use json::write_json;
pub use libbpf_log::listen;
pub use loading::attach;
pub use loading::global;
pub use loading::load;
pub use loading::load_as;
pub use loading::loader;
pub use loading::open;
pub use record::Record;
pub use record::read_record;
pub use refusal::Refusal;
pub use refusal::Step;
pub use slots::IntoField;
pub use slots::Slots;
pub use start::Failure;
pub use start::start;
pub use struct_ops::adapt_struct_ops;
pub use struct_ops::register;
pub use table::Table;
pub use text::access;
pub use text::text;
pub use text::visible;
pub use unlink::UnlinkArgs;
pub use unlink::UnlinkEvent;
pub use wait::WaitArgs;
pub use wait::WaitEvent;
