//! Where a build on this machine looks for programs and libraries.

use std::env;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::vm::Arch;

/// The search path, with the folders that Debian puts on root's only: bpftool is in one of them,
/// and only loading programs with it takes root.
pub(crate) fn path_with_sbin(path: &OsStr) -> OsString {
    let mut folders = env::split_paths(path).collect::<Vec<_>>();
    for sbin in ["/usr/local/sbin", "/usr/sbin", "/sbin"] {
        if !folders.iter().any(|folder| folder == Path::new(sbin)) {
            folders.push(PathBuf::from(sbin));
        }
    }
    // Only a colon inside of a folder's name could fail here, and these came from such a list.
    env::join_paths(folders).unwrap_or_else(|_| path.to_owned())
}

/// Where a build on this machine looks for things.
#[derive(Debug)]
pub(crate) struct Machine {
    path: OsString,
    /// The C compiler, without the arguments that its variable may carry.
    pub(crate) cc: OsString,
    clang: OsString,
    /// pkg-config, or what stands in for it.
    pub(crate) pkg_config: OsString,
}

impl Machine {
    /// The machine that we run on.
    pub(crate) fn this() -> Self {
        let or = |variable: &str, default: &str| match env::var_os(variable) {
            Some(value) if !value.is_empty() => value,
            _ => OsString::from(default),
        };
        // CC may carry arguments, or a wrapper in front of the compiler.
        let cc = or("CC", "cc");
        let cc = cc.to_string_lossy();
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            cc: cc.split_whitespace().next().unwrap_or("cc").into(),
            clang: or("CLANG", "clang"),
            pkg_config: or("PKG_CONFIG", "pkg-config"),
        }
    }

    /// Whether a program is on the search path, or where it is named to be.
    pub(crate) fn has_program(&self, program: &OsStr) -> Result<(), String> {
        match find(program, &self.path) {
            Some(_) => Ok(()),
            None => Err(not_found(program)),
        }
    }

    /// Whether a program is on root's search path.
    pub(crate) fn has_program_for_root(&self, program: &str) -> Result<(), String> {
        let program = OsStr::new(program);
        match find(program, &path_with_sbin(&self.path)) {
            Some(_) => Ok(()),
            None => Err(not_found(program)),
        }
    }

    /// Whether there is a QEMU for machines of an architecture.
    pub(crate) fn has_qemu(&self, arch: Arch) -> Result<(), String> {
        self.has_program(arch.facts().qemu.as_ref())
    }

    /// Whether there is a clang that compiles for BPF.
    pub(crate) fn has_bpf_clang(&self) -> Result<(), String> {
        let Some(clang) = find(&self.clang, &self.path) else {
            return Err(not_found(&self.clang));
        };
        // Only generating code tells: every clang can parse for every target.
        let mut command = Command::new(&clang);
        command.args(["--target=bpf", "-x", "c", "-S", "-o", "-", "/dev/null"]);
        if process::succeeds(&mut command) {
            Ok(())
        } else {
            Err(format!("{} cannot compile for BPF", clang.display()))
        }
    }

    /// Whether there is a clang of that major version, under its own name or as the one that builds use.
    pub(crate) fn has_clang(&self, version: u32) -> Result<(), String> {
        let own = format!("clang-{version}");
        if find(OsStr::new(&own), &self.path).is_some() {
            return Ok(());
        }
        let output = find(&self.clang, &self.path)
            .and_then(|clang| Command::new(clang).arg("--version").output().ok());
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        match text.is_some_and(|text| text.contains(&format!("clang version {version}."))) {
            true => Ok(()),
            false => Err(not_found(OsStr::new(&own))),
        }
    }

    /// Whether a library's development files are there.
    pub(crate) fn has_library(&self, package: &str, header: &str) -> Result<(), String> {
        let mut pkg_config = Command::new(&self.pkg_config);
        pkg_config.args(["--exists", package]);
        let mut cc = Command::new(&self.cc);
        cc.args(["-fsyntax-only", "-x", "c", "-include", header, "/dev/null"]);
        // Where pkg-config itself is missing, the compiler still knows.
        if process::succeeds(&mut pkg_config) || process::succeeds(&mut cc) {
            Ok(())
        } else {
            Err(format!(
                "neither does pkg-config know {package}, nor does the C compiler find {header}"
            ))
        }
    }
}

fn not_found(program: &OsStr) -> String {
    let program = program.display();
    if program.to_string().contains('/') {
        // Only a variable like CLANG names more than the program's name.
        format!("{program}, which the environment names, is no program")
    } else {
        format!("no `{program}` on PATH")
    }
}

/// The file that running `program` would run.
pub(crate) fn find(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    if program.to_string_lossy().contains('/') {
        let program = PathBuf::from(program);
        return is_executable(&program).then_some(program);
    }
    env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::id;

    use super::*;

    /// A folder with programs in it that do nothing but end well or badly.
    struct Programs(PathBuf);

    impl Programs {
        fn new(test: &str, programs: &[(&str, &str)]) -> Self {
            let folder = env::temp_dir().join(format!("xtask-machine-{test}-{}", id()));
            fs::create_dir_all(&folder).unwrap();
            for (name, does) in programs {
                // A file that was just written cannot be run while another thread starts a program,
                // so these are links.
                let path = env::var_os("PATH").unwrap();
                let program = find(OsStr::new(does), &path).unwrap();
                symlink(program, folder.join(name)).unwrap();
            }
            Self(folder)
        }

        fn machine(&self) -> Machine {
            let at = |name: &str| self.0.join(name).into_os_string();
            Machine {
                path: self.0.clone().into_os_string(),
                cc: at("cc"),
                clang: OsString::from("clang"),
                pkg_config: at("pkg-config"),
            }
        }
    }

    impl Drop for Programs {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_program_is_an_executable_file_on_the_path() {
        let programs = Programs::new("find", &[("tool", "true")]);
        let path = programs.0.as_os_str();
        fs::write(programs.0.join("notes"), "").unwrap();
        fs::create_dir_all(programs.0.join("folder")).unwrap();
        assert_eq!(
            find(OsStr::new("tool"), path),
            Some(programs.0.join("tool"))
        );
        assert_eq!(find(OsStr::new("notes"), path), None);
        assert_eq!(find(OsStr::new("folder"), path), None);
        assert_eq!(find(OsStr::new("nothing"), path), None);
        let whole = programs.0.join("tool");
        assert_eq!(find(whole.as_os_str(), OsStr::new("")), Some(whole.clone()));
    }

    #[test]
    fn clang_must_be_there_and_know_bpf() {
        let none = Programs::new("clang-none", &[]);
        assert_eq!(
            none.machine().has_bpf_clang(),
            Err("no `clang` on PATH".to_owned())
        );
        let without = Programs::new("clang-without", &[("clang", "false")]);
        let complaint = without.machine().has_bpf_clang().unwrap_err();
        assert!(
            complaint.ends_with("/clang cannot compile for BPF"),
            "{complaint}"
        );
        let with = Programs::new("clang-with", &[("clang", "true")]);
        assert_eq!(with.machine().has_bpf_clang(), Ok(()));
        let mut named = with.machine();
        named.clang = "/nowhere/clang".into();
        assert_eq!(
            named.has_bpf_clang(),
            Err("/nowhere/clang, which the environment names, is no program".to_owned())
        );
    }

    #[test]
    fn a_library_is_known_to_pkg_config_or_the_compiler() {
        let cases = [
            ("both", "true", "true", true),
            ("pkg-config", "true", "false", true),
            ("compiler", "false", "true", true),
            ("neither", "false", "false", false),
        ];
        for (name, pkg_config, cc, there) in cases {
            let programs = Programs::new(
                &format!("library-{name}"),
                &[("pkg-config", pkg_config), ("cc", cc)],
            );
            let answer = programs.machine().has_library("libelf", "libelf.h");
            assert_eq!(answer.is_ok(), there, "{name}");
        }
        let nothing = Programs::new("library-nothing", &[]);
        assert!(nothing.machine().has_library("zlib", "zlib.h").is_err());
    }

    #[test]
    fn sbin_is_added_once_and_last() {
        assert_eq!(
            path_with_sbin(OsStr::new("/usr/sbin:/bin")),
            "/usr/sbin:/bin:/usr/local/sbin:/sbin"
        );
    }
}
