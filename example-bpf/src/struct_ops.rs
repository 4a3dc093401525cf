//! Registering an implementation of `struct_ops`.

use libbpf_rs::Link;
use libbpf_rs::MapMut;
use libbpf_rs::MapType;
use libbpf_rs::OpenObject;

use crate::Error;
use crate::Refusal;
use crate::Step;
use crate::libbpf_log::listen;

/// The first kernel where a registration ends with whoever made it.
const LINKS_SINCE: (u32, u32) = (6, 4);

/// Does without links for registrations (`BPF_F_LINK`) where the running kernel has none: what is registered
/// there outlives a process that is killed.
pub fn adapt_struct_ops(object: &mut OpenObject) -> Result<(), Error> {
    if has_links() {
        return Ok(());
    }
    for mut map in object.maps_mut() {
        if map.map_type() == MapType::StructOps {
            map.set_map_flags(0).map_err(|source| Error::Bpf {
                what: "do without a link",
                source,
            })?;
        }
    }
    Ok(())
}

fn has_links() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .ok()
        .and_then(|release| version(&release))
        .is_some_and(|version| version >= LINKS_SINCE)
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Registers what a loaded map implements, until the link is dropped.
pub fn register(map: &mut MapMut<'_>, verbose: bool) -> Result<Link, Error> {
    let (result, said) = listen(verbose, || map.attach_struct_ops());
    result.map_err(|error| Box::new(Refusal::new(Step::Attach, &error, &said, &[])).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(version("5.10.0-32-cloud-amd64\n"), Some((5, 10)));
        assert_eq!(version("6.4-rc1"), Some((6, 4)));
        assert_eq!(version("unknown"), None);
        assert!(version("10.0").unwrap() > LINKS_SINCE);
    }
}
