//! Why the formats of trace events cannot be read.

use std::path::PathBuf;

/// Why the formats of trace events cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TracefsError {
    /// A format file of tracefs, or a folder of them, could not be read.
    #[error("cannot read trace event formats from {}: {error}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file is no format file of tracefs.
    #[error(
        "{}:{line} is not a line of a trace event's format: {text:?}", path.display()
    )]
    BadFormat {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// There is no format file in a folder.
    #[error(
        "there are no trace event formats in {}: they are in <category>/<event>/format, as in \
         /sys/kernel/tracing/events", path.display()
    )]
    NoFormats {
        /// The folder.
        path: PathBuf,
    },
}
