//! What strace says of a command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sample::skip;

/// A system call that a command made.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The first argument that is a text.
    pub(crate) path: String,
    /// What it returned; where that is -1, the error's name.
    pub(crate) result: Result<i64, String>,
}

/// Runs a command under strace, and returns those of its calls that `calls` lists. `None` where there is no
/// strace, or it cannot trace here; `test` is said to be skipped then.
pub(crate) fn strace(test: &str, calls: &str, command: &mut Command) -> Option<Vec<Call>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let output = Command::new("strace")
        .args(["-e", calls, "-e", "signal=none", "-s", "4096", "-o"])
        .arg(&log)
        .arg(command.get_program())
        .args(command.get_args())
        .output();
    match output {
        Ok(_) if Path::new(&log).exists() => {
            let log = fs::read_to_string(log).unwrap();
            // The last line tells how the command ended.
            Some(log.lines().filter_map(call).collect())
        }
        Ok(output) => {
            skip(test, &String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            skip(test, &format!("strace: {error}"));
            None
        }
    }
}

/// A line such as `openat(AT_FDCWD, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)`.
fn call(line: &str) -> Option<Call> {
    let (call, result) = line.rsplit_once(" = ")?;
    let (name, arguments) = call.split_once('(')?;
    let path = arguments.split('"').nth(1)?;
    let mut words = result.split(' ');
    let result = match words.next()? {
        "-1" => Err(words.next()?.to_owned()),
        number => Ok(number.parse().ok()?),
    };
    Some(Call {
        name: name.to_owned(),
        path: path.to_owned(),
        result,
    })
}

#[test]
fn calls_are_taken_apart() {
    let line = r#"openat(AT_FDCWD, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)"#;
    let missing = call(line).unwrap();
    assert_eq!(
        (&*missing.name, &*missing.path, missing.result),
        ("openat", "/none", Err("ENOENT".to_owned()))
    );
    let line = r#"creat("/tmp/a", 0644)             = 3"#;
    assert_eq!(call(line).unwrap().result, Ok(3));
    assert_eq!(call("+++ exited with 0 +++"), None);
}
