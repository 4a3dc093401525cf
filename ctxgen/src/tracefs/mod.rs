//! What tracefs says of trace events: the `format` file of each.
//!
//! It has the fields of the event's record, one a line, as `f_show` of
//! `kernel/trace/trace_events.c` writes them:
//!
//! ```text
//! name: sched_process_exec
//! ID: 311
//! format:
//!         field:unsigned short common_type;       offset:0;       size:2; signed:0;
//!         ...
//!
//!         field:__data_loc char[] filename;       offset:8;       size:4; signed:0;
//!         field:pid_t pid;        offset:12;      size:4; signed:1;
//!
//! print fmt: "filename=%s pid=%d", __get_str(filename), REC->pid
//! ```

mod error;
mod format;
mod known;

pub use self::error::TracefsError;
pub(crate) use self::format::BadLine;
pub(crate) use self::format::Data;
pub(crate) use self::format::Format;
pub(crate) use self::known::Formats;
pub(crate) use self::known::running_folder;
