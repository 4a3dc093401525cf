//! What the user's own arguments for clang, and its environment, say of files and folders.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::cargo::Inputs;

/// The variables by which clang finds headers; each is a list of folders.
const ENVIRONMENT: [&str; 2] = ["CPATH", "C_INCLUDE_PATH"];

/// The options that name a folder of headers, behind them or as the next argument. Of two that begin
/// in the same way, the longer one comes first.
const FOLDERS: [&str; 7] = [
    "--include-directory-after",
    "--include-directory",
    "-isystem-after",
    "-isystem",
    "-idirafter",
    "-iquote",
    "-I",
];
/// The option that names a file of more arguments, besides `@`.
const CONFIG: &str = "--config";
/// A file of arguments may name another one; so many are read.
const MOST_FILES: usize = 64;

/// What arguments name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Folders of the user's own headers.
    pub(crate) include_dirs: Vec<PathBuf>,
    /// Files of arguments.
    pub(crate) files: Vec<PathBuf>,
}

impl Arguments {
    /// Of these arguments, and of the variables.
    pub(crate) fn new(args: &[OsString], inputs: &Inputs) -> Self {
        let mut arguments = Self::default();
        arguments.add(args);
        let mut at = 0;
        while let Some(path) = arguments.files.get(at).filter(|_| at < MOST_FILES) {
            // Where it is missing, clang says so.
            let text = inputs.file(path).unwrap_or_default();
            arguments.add(&words(&text));
            at += 1;
        }
        for folders in ENVIRONMENT
            .map(|name| inputs.variable(name))
            .into_iter()
            .flatten()
        {
            let folders = std::env::split_paths(&folders);
            let named = folders.filter(|folder| !folder.as_os_str().is_empty());
            arguments.include_dirs.extend(named);
        }
        arguments
    }

    fn add(&mut self, args: &[OsString]) {
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let bytes = arg.as_bytes();
            if let Some(path) = bytes.strip_prefix(b"@") {
                self.add_file(path);
            } else if let Some(rest) = bytes.strip_prefix(CONFIG.as_bytes()) {
                match rest {
                    b"" => self.add_file(args.next().map_or(b"", |path| path.as_bytes())),
                    [b'=', path @ ..] => self.add_file(path),
                    // Where clang looks for such files.
                    _ => {}
                }
            } else if let Some(rest) = FOLDERS
                .iter()
                .find_map(|option| bytes.strip_prefix(option.as_bytes()))
            {
                match rest.strip_prefix(b"=").unwrap_or(rest) {
                    b"" => self.include_dirs.extend(args.next().map(PathBuf::from)),
                    folder => self.include_dirs.push(OsStr::from_bytes(folder).into()),
                }
            }
        }
    }

    fn add_file(&mut self, path: &[u8]) {
        let path = PathBuf::from(OsStr::from_bytes(path));
        if !path.as_os_str().is_empty() && !self.files.contains(&path) {
            self.files.push(path);
        }
    }
}

/// The arguments in a file, as clang takes them apart: between blanks, which quotes and backslashes
/// keep together.
fn words(text: &[u8]) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', _) => word.get_or_insert_default().extend(bytes.next()),
            (_, Some(open)) if byte == open => quote = None,
            (b'"' | b'\'', None) => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (_, None) if byte.is_ascii_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words.into_iter().map(OsString::from_vec).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn folders() {
        let args = [
            "-Ia",
            "-O3",
            "-I",
            "b c",
            "-iquote",
            "d",
            "-include",
            "e",
            "-isystem",
            "f",
            "-isystemg",
            "-idirafter",
            "h",
            "--include-directory=i",
            "--include-directory",
            "j",
            "--include-directory-after=k",
            "-I",
        ];
        let args = args.map(OsString::from);
        let found = Arguments::new(
            &args,
            &Inputs::with_environment(|name| (name == "CPATH").then(|| "l::m".into())),
        );
        let expected = ["a", "b c", "d", "f", "g", "h", "i", "j", "k", "l", "m"];
        assert_eq!(found.include_dirs, expected.map(Path::new));
        assert!(found.files.is_empty());
    }

    #[test]
    fn files_of_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
        std::fs::write(&one, format!("-I 'a b'\n-isystem\\ c @{}", two.display())).unwrap();
        std::fs::write(&two, format!("-Id @{} \"\" -I", one.display())).unwrap();
        let mut arg = OsString::from("@");
        arg.push(&one);
        let args = [
            arg,
            "--config".into(),
            "/nowhere".into(),
            "--config=x".into(),
        ];
        let found = Arguments::new(&args, &Inputs::with_environment(|_| None));
        assert_eq!(found.include_dirs, ["a b", " c", "d"].map(Path::new));
        let expected = [&*one, Path::new("/nowhere"), Path::new("x"), &two];
        assert_eq!(found.files, expected);
    }
}
