//! Searches below a folder that stands for the system's root.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ctxgen::ByteOrder;
use ctxgen::btf::BtfWriter;
use ctxgen::btf::TypeId;
use tempfile::TempDir;

use super::*;

const X86: &str = "x86_64-unknown-linux-gnu";
const ARM: &str = "aarch64-unknown-linux-gnu";
const RELEASE: &str = "6.12.1-test";

/// A system and a package on it.
struct Machine {
    dir: TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ctxgen-machine-").tempdir();
        let machine = Self { dir: dir.unwrap() };
        machine.file("proc/sys/kernel/osrelease", RELEASE.as_bytes());
        machine
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A file with a BTF that has its name in it.
    fn btf(&self, name: &str) {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.structure("task_struct", 8, &[("t", TypeId(0), 0)]);
        writer.forward(name, false);
        self.file(name, &writer.finish());
    }

    fn search(
        &self,
        explicit: Option<&str>,
        variables: &[(&str, &str)],
        target: &str,
    ) -> Result<Found, Error> {
        self.search_noting(explicit, variables, target).0
    }

    /// With the names of the variables that were asked.
    fn search_noting(
        &self,
        explicit: Option<&str>,
        variables: &[(&str, &str)],
        target: &str,
    ) -> (Result<Found, Error>, Vec<String>) {
        let below = |name: &str| self.dir.path().join(name);
        let explicit = explicit.map(below);
        let set = variables.iter().map(|(name, value)| {
            let value = match *value {
                "" => OsString::new(),
                value => below(value).into_os_string(),
            };
            ((*name).to_owned(), value)
        });
        let set: BTreeMap<String, OsString> = set.collect();
        let inputs = Inputs::with_environment(move |name| set.get(name).cloned());
        let found = Search {
            pinned: true,
            explicit: explicit.as_deref(),
            target,
            host: X86,
            package: Some(&below("package")),
            root: self.dir.path(),
            inputs: &inputs,
            tried: Vec::new(),
            absent: None,
        }
        .run();
        if let Ok(found) = &found {
            assert_eq!(inputs.files(), [&*found.path]);
        }
        (found, inputs.variables())
    }

    /// The file that was chosen, relative to the root.
    fn chosen(&self, found: &Found) -> String {
        let path = found.path.strip_prefix(self.dir.path()).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let types = found.kernel.btf().types();
        assert!(types.last().is_some_and(|ty| ty.name() == path), "{path}");
        path
    }
}

/// Each place, and how it is named on the way there, in their order.
const PLACES: [&str; 15] = [
    "explicit.btf",
    "of-the-target.btf",
    "of-all.btf",
    "package/btf/x86_64.btf",
    "sys/kernel/btf/vmlinux",
    "boot/vmlinux-6.12.1-test",
    "usr/lib/debug/boot/vmlinux-6.12.1-test",
    "usr/lib/debug/boot/vmlinux-6.12.1-test.debug",
    "usr/lib/debug/lib/modules/6.12.1-test/vmlinux",
    "lib/modules/6.12.1-test/vmlinux",
    "lib/modules/6.12.1-test/vmlinux-6.12.1-test",
    "lib/modules/6.12.1-test/build/vmlinux",
    "usr/lib/modules/6.12.1-test/kernel/vmlinux",
    "lib/modules/6.12.1-test/vmlinuz",
    "boot/vmlinuz-6.12.1-test",
];

#[test]
fn the_first_place_that_has_it() {
    let machine = Machine::new();
    for place in PLACES {
        machine.btf(place);
    }
    for (at, place) in PLACES.into_iter().enumerate() {
        let explicit = (at == 0).then_some(PLACES[0]);
        let variables = [
            ("CTXGEN_BTF_x86_64_unknown_linux_gnu", PLACES[1]),
            ("CTXGEN_BTF", PLACES[2]),
        ];
        let variables = match at {
            0 | 1 => &variables[..],
            2 => &variables[1..],
            _ => &[],
        };
        let (found, asked) = machine.search_noting(explicit, variables, X86);
        assert_eq!(machine.chosen(&found.unwrap()), place);
        // What was not asked has no influence.
        assert_eq!(asked.len(), at.min(2), "{place}: {asked:?}");
        std::fs::remove_file(machine.dir.path().join(place)).unwrap();
    }
    let Err(Error::NoBtf { tried, .. }) = machine.search(None, &[], X86) else {
        panic!("there is none");
    };
    assert_eq!(tried.len(), PLACES.len() - 1, "{tried:?}");
    for (place, tried) in PLACES
        .into_iter()
        .zip([None].into_iter().chain(tried.iter().map(Some)))
    {
        if let Some(tried) = tried.filter(|tried| !tried.place.contains("variable")) {
            assert!(tried.place.ends_with(place), "{tried}");
            assert!(!tried.why.is_empty());
        }
    }
}

#[test]
fn another_architecture_takes_nothing_of_this_machine() {
    let machine = Machine::new();
    for place in &PLACES[3..] {
        machine.btf(place);
    }
    let Err(error @ Error::NoBtf { .. }) = machine.search(None, &[], ARM) else {
        panic!("there is none");
    };
    let error = error.to_string();
    assert_eq!(
        error.matches("this is x86_64-unknown-linux-gnu").count(),
        2,
        "{error}"
    );
    // Its own pinned BTF, and a named one.
    machine.btf("package/btf/aarch64.btf");
    let found = machine.search(None, &[], ARM).unwrap();
    assert_eq!(machine.chosen(&found), "package/btf/aarch64.btf");
    machine.btf("named.btf");
    let found = machine.search(None, &[("CTXGEN_BTF", "named.btf")], ARM);
    assert_eq!(machine.chosen(&found.unwrap()), "named.btf");
}

#[test]
fn what_has_to_serve_is_not_replaced() {
    let machine = Machine::new();
    for place in PLACES {
        machine.btf(place);
    }
    let fails = |explicit, variables: &[(&str, &str)], says: &str| {
        let error = machine.search(explicit, variables, X86).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(says), "{error}");
    };
    fails(Some("nowhere"), &[], "(from Builder::btf)");
    fails(None, &[("CTXGEN_BTF", "nowhere")], "(from CTXGEN_BTF)");
    machine.file("package/btf/x86_64.btf", b"not BTF");
    fails(None, &[], "(from the pinned BTF in the package)");
    // But a folder that happens to be called so is no reason to look no further.
    std::fs::remove_dir_all(machine.dir.path().join("package/btf")).unwrap();
    std::fs::remove_file(machine.dir.path().join("sys/kernel/btf/vmlinux")).unwrap();
    machine.file("boot/vmlinux-6.12.1-test", b"not BTF");
    let found = machine.search(None, &[], X86).unwrap();
    assert_eq!(
        machine.chosen(&found),
        "usr/lib/debug/boot/vmlinux-6.12.1-test"
    );
}

#[test]
fn an_empty_variable_is_none() {
    let machine = Machine::new();
    machine.btf("sys/kernel/btf/vmlinux");
    let found = machine.search(None, &[("CTXGEN_BTF", "")], X86).unwrap();
    assert_eq!(machine.chosen(&found), "sys/kernel/btf/vmlinux");
}

#[test]
fn a_machine_that_does_not_tell_its_release() {
    let machine = Machine::new();
    std::fs::remove_dir_all(machine.dir.path().join("proc")).unwrap();
    let error = machine.search(None, &[], X86).unwrap_err().to_string();
    assert!(error.contains("osrelease cannot be read: "), "{error}");
}

/// What has to be unpacked is said to need the feature, and is not an error by itself.
#[cfg(not(feature = "images"))]
#[test]
fn without_the_feature() {
    let machine = Machine::new();
    machine.file(
        "boot/vmlinuz-6.12.1-test",
        b"\x1f\x8b\x08\0 gzip data of some sort",
    );
    let error = machine.search(None, &[], X86).unwrap_err().to_string();
    assert!(error.contains("its feature `images`"), "{error}");
}
