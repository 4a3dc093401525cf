//! clang: its arguments, what it reads, and what it says.

mod arguments;
mod command;
mod database;
mod depfile;
mod each;
mod repeats;
mod response;
mod system;

pub(crate) use self::arguments::Arguments;
pub(crate) use self::command::Clang;
pub(crate) use self::command::Expanded;
pub(crate) use self::command::Options;
pub(crate) use self::database::database;
pub(crate) use self::each::each;
pub(crate) use self::response::response_file;
pub(crate) use self::system::advised;
pub(crate) use self::system::folders;
pub(crate) use self::system::question;
pub(crate) use self::system::write_stand_ins;
