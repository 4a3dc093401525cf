//! The trimmed BTFs are what they are said to be.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen::render::Report;
use ctxgen_build::Builder;
use ctxgen_tests::fixtures;
use ctxgen_tests::trimmed;
use ctxgen_tests::workspace;

use crate::hooks::open;
use crate::tools::write;

/// All of them, and nothing else, is where tests look for them; and they are small.
#[test]
fn those_there_are_those_made() {
    let there: Vec<String> = fixtures().into_iter().map(|kernel| kernel.name).collect();
    let made: Vec<_> = trimmed::FIXTURES
        .iter()
        .map(|fixture| fixture.name)
        .collect();
    assert_eq!(there, made);
    let size: u64 = fixtures()
        .iter()
        .map(|kernel| std::fs::metadata(&kernel.btf).unwrap().len())
        .sum();
    assert!(size < 600_000, "{size} bytes");
}

/// Each says which architecture it is of.
#[test]
fn architectures_are_recognised() {
    for kernel in fixtures() {
        let arch = open(&kernel).arch().map(ctxgen::Arch::rust_name);
        let arch = arch.expect("an architecture");
        assert!(kernel.name.contains(arch), "{} is of {arch}", kernel.name);
    }
    for (arch, _) in trimmed::SAMPLES {
        let kernel = KernelBtf::from_path(sample_btf(arch)).unwrap();
        assert_eq!(kernel.arch().map(ctxgen::Arch::rust_name), Some(*arch));
    }
}

/// Of a hook that is in a fixture, ctxgen says the same as of that in the kernel it is from; how
/// many hooks those are.
pub(crate) fn is_like_the_kernel(fixture: &KernelBtf, full: &KernelBtf) -> usize {
    let mut count = 0;
    for family in Family::all() {
        let mut hooks: Vec<Hook> = prototype::hooks(fixture, family).collect();
        hooks.retain(trimmed::has_all_of);
        let (ours, theirs) = (says(fixture, &hooks), says(full, &hooks));
        assert_eq!(ours.len(), hooks.len());
        assert_eq!(theirs.len(), hooks.len());
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            assert_eq!(ours, theirs);
        }
        count += hooks.len();
    }
    count
}

/// The reports of hooks of one family, without the suffixes that types of one name are told apart
/// by.
fn says(kernel: &KernelBtf, hooks: &[Hook]) -> Vec<Report> {
    let mut contexts = Vec::new();
    let mut refused = Vec::new();
    for hook in hooks {
        let why = match Context::of_hook_alone(kernel, hook) {
            Ok(context) => {
                contexts.push(context);
                continue;
            }
            Err(PrototypeError::Unsupported { reason, .. }) => reason.to_string(),
            Err(PrototypeError::AmbiguousFunction { prototypes, .. }) => prototypes.join("\n"),
            Err(PrototypeError::AmbiguousEvent { candidates, .. }) => candidates.join("\n"),
            Err(error) => panic!("{error}"),
        };
        refused.push(render::unsupported(hook, why));
    }
    let mut reports = render::reports(&CtxBtf::new(kernel, contexts).unwrap()).unwrap();
    reports.extend(refused);
    reports.sort_by(|a, b| a.hook.cmp(&b.hook));
    for field in reports.iter_mut().flat_map(|report| &mut report.fields) {
        for text in [&mut field.r#type, &mut field.declaration] {
            *text = without_suffixes(text);
        }
    }
    reports
}

/// `struct foo___2 *` as `struct foo *`.
pub(crate) fn without_suffixes(text: &str) -> String {
    let mut parts = text.split("___");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if number == 0 {
            out.push_str("___");
        }
        out.push_str(&part[number..]);
    }
    out
}

/// The samples compile against the small BTF of each architecture, but for the hooks that its
/// kernel lacks.
#[test]
fn samples_are_covered() {
    for (arch, _) in trimmed::SAMPLES {
        let path = sample_btf(arch);
        let lacks_lsm = KernelBtf::from_path(&path).is_ok_and(|kernel| {
            let lsm = Family::by_name("lsm").expect("the family");
            prototype::hooks(&kernel, lsm).next().is_none()
        });
        let mut built = BTreeSet::new();
        let mut sources = trimmed::sample_sources().unwrap();
        assert!(!sources.is_empty());
        if lacks_lsm {
            sources.retain(|source| {
                let text = std::fs::read_to_string(source).unwrap();
                // What has no LSM hooks for programs has no struct_ops for them either.
                let lacking = [
                    ("SEC(\"lsm", "has no hook `lsm/"),
                    ("SEC(\"struct_ops", "has no hook `struct btf_struct_ops_"),
                ];
                let takes = |(section, _): &&(&str, &str)| text.contains(section);
                let lacking = lacking.iter().find(takes);
                if let Some((_, said)) = lacking {
                    let error = build(arch, &path, std::slice::from_ref(source)).unwrap_err();
                    let error = error.to_string();
                    assert!(error.contains(said), "{error}");
                }
                lacking.is_none()
            });
        }
        for object in build(arch, &path, &sources).unwrap().objects {
            built.insert(object.name);
        }
        println!("{arch}: {built:?}");
        assert_eq!(built.len(), sources.len());
    }
}

fn build(
    arch: &str,
    btf: &Path,
    sources: &[PathBuf],
) -> Result<ctxgen_build::Artifacts, ctxgen_build::Error> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "keep", "");
    let artifacts = Builder::new()
        .sources(sources)
        .btf(btf)
        .target(format!("{arch}-unknown-linux-gnu"))
        .out_dir(folder.path())
        .generate()?;
    assert!(artifacts.warnings.is_empty(), "{:?}", artifacts.warnings);
    Ok(artifacts)
}

fn sample_btf(arch: &str) -> PathBuf {
    workspace().join(format!("example-bpf/btf/{arch}.btf"))
}

#[test]
fn suffixes_are_taken_off() {
    assert_eq!(without_suffixes("struct a___2 *"), "struct a *");
    assert_eq!(without_suffixes("struct a___b *"), "struct a___b *");
}
