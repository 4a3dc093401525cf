//! What the programs of objects read, over many kernels: a row for each program and each argument that is
//! read, a column for each kernel.

mod model;
mod status;

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
pub use super::reads::Place;
pub use super::reads::Source;
pub use super::reads::SourceLine;
pub use super::reads::Value;
