//! Whether bindgen will find libclang, which it loads while it runs.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// Look where bindgen looks for a libclang; what was looked for in vain is the error.
pub(crate) fn find() -> Result<(), String> {
    // Whoever sets this wants no other one, and bindgen looks nowhere else then.
    if let Some(path) = env::var_os("LIBCLANG_PATH") {
        let path = Path::new(&path);
        return if is_at(path) {
            Ok(())
        } else {
            let path = path.display();
            Err(format!(
                "no libclang.so in {path}, which LIBCLANG_PATH names"
            ))
        };
    }
    let found = named_folders().iter().any(|folder| has_libclang(folder))
        || LIB.iter().any(|name| has_libclang_near(Path::new(name)));
    if found {
        Ok(())
    } else {
        Err(format!("no libclang.so in or below {}", LIB.join(" and ")))
    }
}

/// Where the system's libraries are.
const LIB: [&str; 2] = ["/usr/lib", "/usr/local/lib"];

/// `LIBCLANG_PATH` may name the file itself or its folder.
fn is_at(path: &Path) -> bool {
    has_libclang(path)
        || (path.is_file()
            && path
                .file_name()
                .is_some_and(|name| is_libclang(&name.to_string_lossy())))
}

/// The folders that the environment and `llvm-config` name.
fn named_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    let llvm_config = env::var_os("LLVM_CONFIG_PATH").unwrap_or_else(|| "llvm-config".into());
    let prefix = Command::new(llvm_config)
        .arg("--prefix")
        .stdin(Stdio::null())
        .output();
    if let Ok(output) = prefix {
        let prefix = String::from_utf8_lossy(&output.stdout);
        for folder in ["lib", "lib64"] {
            folders.push(Path::new(prefix.trim()).join(folder));
        }
    }
    for variable in ["LD_LIBRARY_PATH", "LIBRARY_PATH"] {
        if let Some(value) = env::var_os(variable) {
            folders.extend(env::split_paths(&value));
        }
    }
    folders
}

/// Whether a folder beside `lib` whose name starts the same (`lib64`), or a folder up to two levels
/// below it (`lib/llvm-14/lib`), has a libclang.
fn has_libclang_near(lib: &Path) -> bool {
    let (Some(parent), Some(name)) = (lib.parent(), lib.file_name()) else {
        return false;
    };
    let name = name.to_string_lossy();
    subfolders(parent)
        .into_iter()
        .filter(|folder| {
            let folder = folder.file_name().unwrap_or_default();
            folder.to_string_lossy().starts_with(&*name)
        })
        .any(|folder| {
            has_libclang(&folder)
                || subfolders(&folder).iter().any(|below| {
                    has_libclang(below) || subfolders(below).iter().any(|low| has_libclang(low))
                })
        })
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn has_libclang(folder: &Path) -> bool {
    entries(folder).iter().any(|path| {
        path.file_name()
            .is_some_and(|name| is_libclang(&name.to_string_lossy()))
            // A symbolic link that a removed package left behind is none.
            && path.exists()
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// Whether a file of that name is the C interface of clang, as a shared library.
fn is_libclang(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("libclang") else {
        return false;
    };
    // `libclang-cpp.so.14` is the C++ interface.
    if rest.starts_with("-cpp") {
        return false;
    }
    rest == ".so"
        || rest.starts_with(".so.")
        || (rest.starts_with('-') && (rest.ends_with(".so") || rest.contains(".so.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "libclang.so",
            "libclang.so.1",
            "libclang-14.so",
            "libclang-14.so.14.0.6",
        ] {
            assert!(is_libclang(name), "{name}");
        }
        for name in [
            "libclang-cpp.so",
            "libclang-cpp.so.14",
            "libclang.a",
            "libclangAST.so",
            "libclang-14",
            "clang.so",
            "",
        ] {
            assert!(!is_libclang(name), "{name}");
        }
    }

    #[test]
    fn folders_up_to_two_levels_down_count() {
        let scratch = env::temp_dir().join(format!("xtask-libclang-{}", std::process::id()));
        let deep = scratch.join("lib64/llvm-14/lib");
        fs::create_dir_all(&deep).unwrap();
        assert!(!has_libclang_near(&scratch.join("lib")));
        let library = deep.join("libclang.so.1");
        fs::write(&library, "").unwrap();
        assert!(has_libclang_near(&scratch.join("lib")));
        assert!(is_at(&library));
        assert!(is_at(&deep));
        assert!(!is_at(&scratch));
        fs::remove_dir_all(&scratch).unwrap();
    }
}
