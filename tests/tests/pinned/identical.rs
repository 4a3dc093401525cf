//! The samples and the corpus, pinned and not.

use std::path::Path;

use ctxgen_tests::VARIED;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;
use ctxgen_tests::trimmed::CORPUS;
use ctxgen_tests::workspace;

use crate::project::Project;
use crate::project::assert_same;

fn release(name: &str) -> &str {
    name.split_once('-').map_or(name, |(release, _)| release)
}

/// Pins all that can be built for a kernel in one file; builds all of it both ways, and then some of
/// it, one in so many, alone against that same file.
fn check(name: &str, release: &str, btf: &Path, relocatable: bool, alone: usize) {
    let dir = tempfile::tempdir().unwrap();
    let pinned = dir.path().join("pinned.btf");
    let mut project = Project::of_all(release, btf);
    assert!(!project.sources.is_empty(), "{name}");
    project.pin(btf, &pinned);
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    println!(
        "{name}: {} sources, {} of {} bytes",
        project.sources.len(),
        size(&pinned),
        size(btf)
    );
    assert!(size(&pinned) < 500_000, "{name}: {}", size(&pinned));
    project.relocatable = relocatable;
    let full = project.build(btf).unwrap();
    assert_same(&project.build(&pinned).unwrap(), &full, name);
    // What the others need of the file is no business of one alone, whatever its form.
    project.relocatable = !relocatable;
    let sources = std::mem::take(&mut project.sources);
    for source in sources.iter().step_by(alone) {
        project.sources = vec![source.clone()];
        let what = format!("{name}, {} alone", source.display());
        let full = project.build(btf).unwrap();
        assert_same(&project.build(&pinned).unwrap(), &full, &what);
    }
}

#[test]
fn on_the_kernel_shipped_with_the_corpus() {
    let btf = workspace().join(format!("tests/fixtures/corpus/{CORPUS}.btf"));
    check(CORPUS, "7.2", &btf, true, 5);
}

#[test]
fn on_full_kernels() {
    let kernels = full("pinned builds for full kernels");
    for (at, name) in VARIED.into_iter().enumerate() {
        if let Some(kernel) = kernels.iter().find(|kernel| kernel.name == name) {
            check(name, release(name), &kernel.btf, at % 2 == 0, 20 + at);
        }
    }
}

/// One of few hooks is a few kilobytes.
#[test]
fn small() {
    for kernel in fixtures() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("one.bpf.c");
        let text = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
                    __attribute__((section(\"tp_btf/sched_switch\"), used))\n\
                    int one(struct btf_trace_sched_switch_ctx *ctx)\n{ return ctx->prev != 0; }\n";
        std::fs::write(&source, text).unwrap();
        let mut project = Project::of_all("0.0", &kernel.btf);
        project.sources = vec![source];
        let pinned = dir.path().join("pinned.btf");
        project.pin(&kernel.btf, &pinned);
        let full = project.build(&kernel.btf).unwrap();
        assert_same(&project.build(&pinned).unwrap(), &full, &kernel.name);
        let size = std::fs::metadata(&pinned).unwrap().len();
        println!("{}: {size} bytes", kernel.name);
        assert!(size < 40_000, "{}: {size}", kernel.name);
        let before = std::fs::read(&pinned).unwrap();
        project.pin(&kernel.btf, &pinned);
        assert_eq!(std::fs::read(&pinned).unwrap(), before, "{}", kernel.name);
    }
}
