//! Modules in files.

use std::path::Path;

use super::ModuleError;
use crate::text::ident::is_module_name;

/// A module's name by what it says of itself, else by its file's name up to the first dot. One that
/// was given has to be the one it says.
pub(in super::super) fn name_of(
    given: Option<&str>,
    modinfo: Option<&[u8]>,
    path: &Path,
) -> Result<String, ModuleError> {
    let said = modinfo.and_then(|modinfo| field(modinfo, "name"));
    let from_file = || {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let name = match (given, said) {
        (Some(given), None) => given.to_owned(),
        (None, said) => said.map_or_else(from_file, str::to_owned),
        (Some(given), Some(said)) => {
            if module_name(given)? != said.replace('-', "_") {
                return Err(ModuleError::OtherName(said.to_owned()));
            }
            given.to_owned()
        }
    };
    module_name(&name)
}

/// A field of a `.modinfo` section: `name=value`, ended by NUL.
fn field<'m>(modinfo: &'m [u8], name: &str) -> Option<&'m str> {
    modinfo
        .split(|byte| *byte == 0)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// A module's name as the kernel has it. Whoever knows it from its file may have `-` in it.
pub(super) fn module_name(name: &str) -> Result<String, ModuleError> {
    let plain = name.replace('-', "_");
    match is_module_name(&plain) {
        true => Ok(plain),
        false => Err(ModuleError::Name(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let modinfo = &b"license=GPL\0filename=x\0name=nf_nat\0\xff\0"[..];
        for (given, modinfo, path, name) in [
            (None, None, "/m/nf-nat.ko.xz", Some("nf_nat")),
            (None, None, "/sys/kernel/btf/8021q", Some("8021q")),
            (None, Some(modinfo), "renamed.ko", Some("nf_nat")),
            (Some("nf-nat"), Some(modinfo), "renamed.ko", Some("nf_nat")),
            (Some("mine"), None, "nf_nat.ko", Some("mine")),
            (Some("mine"), Some(modinfo), "nf_nat.ko", None),
            (None, None, "/", None),
            (None, Some(b"name=a/b"), "x.ko", None),
        ] {
            let found = name_of(given, modinfo, Path::new(path));
            assert_eq!(found.ok().as_deref(), name, "{given:?} {path}");
        }
    }
}
