//! `cargo xtask install`: the `ctxgen` command with its completions and manual pages.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::needs::User;
use crate::privilege;
use crate::process;
use crate::workspace;

/// The shells for which there are completions, and where each looks for them below a prefix.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/ctxgen"),
    ("zsh", "share/zsh/site-functions/_ctxgen"),
    ("fish", "share/fish/vendor_completions.d/ctxgen.fish"),
];

/// Where manual pages are.
const MAN: &str = "share/man/man1";

/// Build the ctxgen command, and install it with completions for bash, zsh and fish and with manual pages
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// The folder that bin/ and share/ are in (default: /usr/local for root, ~/.local for others)
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Install below this folder, for packagers
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Build without optimization
    #[arg(long)]
    debug: bool,
    /// Install what is missing to build it: Debian packages
    #[arg(long)]
    setup: bool,
}

impl Install {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        let root = workspace::root();
        debian::provide("install", &needs::of(&[User::Build]), self.setup)?;
        let mut build = workspace::cargo();
        build.current_dir(&root);
        build.args(["build", "--package", "ctxgen-cli", "--locked"]);
        let profile = match self.debug {
            true => "debug",
            false => {
                build.arg("--release");
                "release"
            }
        };
        process::run(&mut build)?;
        let built = workspace::target_dir(&root).join(profile).join("ctxgen");
        let prefix = self.prefix.map_or_else(default_prefix, Ok)?;
        install(&built, &placed(&prefix, self.destdir.as_deref()))
    }
}

/// Where files of a prefix go.
fn placed(prefix: &Path, destdir: Option<&Path>) -> PathBuf {
    match destdir {
        Some(destdir) => destdir.join(prefix.strip_prefix("/").unwrap_or(prefix)),
        None => prefix.to_owned(),
    }
}

fn default_prefix() -> Result<PathBuf, Error> {
    if privilege::is_root() {
        return Ok(PathBuf::from("/usr/local"));
    }
    let home = env::var_os("HOME").filter(|home| !home.is_empty());
    let home = home.ok_or_else(|| Error::Arguments {
        subcommand: "install",
        complaint: "HOME is not set: name a folder with --prefix".to_owned(),
    })?;
    Ok(Path::new(&home).join(".local"))
}

/// Installs a command that was built, and what it says of itself.
fn install(built: &Path, prefix: &Path) -> Result<(), Error> {
    let program = prefix.join("bin/ctxgen");
    write(&program, |part| fs::copy(built, part).map(drop))?;
    for (shell, file) in COMPLETIONS {
        let mut command = Command::new(built);
        let output = command.args(["completions", shell]).output();
        let output = output.map_err(|error| failed(built, error))?;
        process::ended(&command, output.status)?;
        write(&prefix.join(file), |part| fs::write(part, &output.stdout))?;
    }
    let man = prefix.join(MAN);
    process::run(Command::new(built).args(["man", "-o"]).arg(&man))?;
    println!("installed {}", man.join("ctxgen.1, ctxgen-*.1").display());
    Ok(())
}

/// Makes a file beside its place and renames it: a program that runs cannot be written to.
fn write(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    let part = path.with_extension("part");
    let folder = path.parent().unwrap_or(path);
    let made = fs::create_dir_all(folder)
        .and_then(|()| make(&part))
        .and_then(|()| fs::rename(&part, path));
    made.map_err(|error| failed(path, error))?;
    println!("installed {}", path.display());
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Install {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn places() {
        let local = Path::new("/usr/local");
        assert_eq!(placed(local, None), local);
        assert_eq!(
            placed(local, Some(Path::new("/tmp/p"))),
            Path::new("/tmp/p/usr/local")
        );
    }

    #[test]
    fn a_command_and_what_it_says() {
        let folder = env::temp_dir().join(format!("xtask-install-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let built = folder.join("built");
        // In the command's place, as it takes long to build: it prints its arguments, and makes its pages.
        fs::write(
            &built,
            "#!/bin/sh\nif [ \"$1\" = man ]; then mkdir -p \"$3\" && echo page > \"$3/ctxgen.1\"; else echo \"$*\"; fi\n",
        )
        .unwrap();
        fs::set_permissions(&built, fs::Permissions::from_mode(0o755)).unwrap();
        let prefix = folder.join("prefix");
        for _ in 0..2 {
            install(&built, &prefix).unwrap();
        }
        let read = |name: &str| fs::read_to_string(prefix.join(name)).unwrap();
        assert_eq!(read("bin/ctxgen"), fs::read_to_string(&built).unwrap());
        for (shell, file) in COMPLETIONS {
            assert_eq!(read(file), format!("completions {shell}\n"));
        }
        assert_eq!(read("share/man/man1/ctxgen.1"), "page\n");
        fs::remove_dir_all(folder).unwrap();
    }
}
