//! Running other programs, each said before it runs.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;

use crate::error::Error;

/// Run `command` in view of the user, and return how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    let line = command_line(command);
    eprintln!("$ {line}");
    command.status().map_err(|source| Error::Start {
        command: line,
        source,
    })
}

/// Run `command` in view of the user; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = status(command)?;
    ended(command, status)
}

/// Anything but success of a command is an error.
pub(crate) fn ended(command: &Command, status: ExitStatus) -> Result<(), Error> {
    match status.success() {
        true => Ok(()),
        false => Err(Error::Failed {
            command: command_line(command),
            status,
        }),
    }
}

/// Become `command`: its exit code, its signals and its terminal are ours. Returns only if that
/// failed.
pub(crate) fn become_command(command: &mut Command) -> Error {
    let line = command_line(command);
    eprintln!("$ {line}");
    let source = command.exec();
    Error::Start {
        command: line,
        source,
    }
}

/// Whether `command` ends well; nothing of it is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    quietly(command).is_ok_and(|status| status.success())
}

fn quietly(command: &mut Command) -> io::Result<ExitStatus> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}

/// `command` as it would be typed, environment included.
pub(crate) fn command_line(command: &Command) -> String {
    // Cargo names itself by its full path, which says nothing and hides the rest of the line.
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        // The search path is set for the few programs that are not on it; it is longer than all
        // else and nobody would type it.
        if let (Some(value), true) = (value, name != "PATH") {
            words.push(format!("{}={}", name.display(), quoted(value)));
        }
    }
    words.push(quoted(program));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_=+./:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_can_be_typed() {
        let mut command = Command::new("/opt/toolchain/bin/cargo");
        command
            .args(["doc", "it's", ""])
            .env("RUSTDOCFLAGS", "-D warnings")
            .env("PATH", "/bin")
            .env_remove("CTXGEN_BTF_x86_64_unknown_linux_gnu");
        assert_eq!(
            command_line(&command),
            r"RUSTDOCFLAGS='-D warnings' cargo doc 'it'\''s' ''"
        );
    }

    #[test]
    fn what_cannot_start_is_named() {
        let error = run(&mut Command::new("/nowhere/prog")).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot start `prog`: "),
            "{error}"
        );
    }

    #[test]
    fn how_it_ended_is_told() {
        assert!(run(&mut Command::new("true")).is_ok());
        let error = run(&mut Command::new("false")).unwrap_err();
        assert_eq!(error.to_string(), "`false` ended with exit status: 1");
        assert!(succeeds(&mut Command::new("true")));
        assert!(!succeeds(&mut Command::new("false")));
        assert!(!succeeds(&mut Command::new("/nowhere/prog")));
    }
}
