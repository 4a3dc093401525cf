//! `bpf-report` on the running kernel.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::sample::may_load;
use crate::sample::objects;

const BPF_REPORT: &str = env!("CARGO_BIN_EXE_bpf-report");

fn strings(array: &Value) -> Vec<&str> {
    array
        .as_array()
        .unwrap()
        .iter()
        .map(|string| string.as_str().unwrap())
        .collect()
}

/// The sections of all programs of the samples' sources, sorted. Those of maps have no slash, nor have those of
/// programs whose hooks are named at run time.
fn sections() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bpf");
    let mut sections: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let sections = text.lines().filter_map(|line| {
                let section = line.strip_prefix("SEC(\"")?.strip_suffix("\")")?;
                // The architectures that came late have no such calls.
                let is_old = section.ends_with("_open") || section.ends_with("_creat");
                let has_old = cfg!(any(target_arch = "x86_64", target_arch = "s390x"));
                let is_there = section.contains('/') && (has_old || !is_old);
                is_there.then(|| section.to_owned())
            });
            sections.collect::<Vec<_>>()
        })
        .collect();
    sections.sort();
    sections
}

#[test]
fn every_program_is_described() {
    let programs = objects(BPF_REPORT, &["--no-load"]);
    let mut hooks: Vec<&str> = programs
        .iter()
        .map(|program| program["hook"].as_str().unwrap())
        .collect();
    hooks.sort_unstable();
    assert_eq!(hooks, sections());
    for program in &programs {
        assert_eq!(program["kernel"], "not asked", "{program}");
        assert!(program["size"].as_u64() > Some(0), "{program}");
        assert!(!strings(&program["arguments"]).is_empty(), "{program}");
    }
    let of = |name: &str| {
        programs
            .iter()
            .find(|program| program["program"] == name)
            .unwrap()
    };
    let guard = of("mprotect_guard");
    assert_eq!(guard["hook"], "lsm/file_mprotect");
    assert_eq!(guard["context"], "btf_lsm_file_mprotect_ctx");
    assert_eq!(
        strings(&guard["arguments"]),
        ["vma", "reqprot", "prot", "ret"]
    );
    let avoid = of("tinycc_cong_avoid");
    assert_eq!(avoid["hook"], "struct_ops/tcp_congestion_ops/cong_avoid");
    assert_eq!(
        avoid["context"],
        "btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx"
    );
    assert_eq!(strings(&avoid["arguments"]), ["sk", "ack", "acked"]);
    let dump = of("dump_task");
    assert_eq!(dump["context"], "bpf_iter__task");
    assert_eq!(strings(&dump["arguments"]), ["meta", "task"]);
}

#[test]
fn the_kernel_is_asked_about_each_program() {
    if !may_load("bpf-report") {
        return;
    }
    for program in objects(
        BPF_REPORT,
        &["rawtp", "runqslower", "taskdump", "tcpconnlat"],
    ) {
        assert_eq!(program["kernel"], "loaded", "{program}");
    }
    for program in objects(BPF_REPORT, &["mprotect-guard", "tinycc", "unlinksnoop"]) {
        assert_ne!(program["kernel"], "EINVAL", "{program}");
        assert_ne!(program["kernel"], "EACCES", "{program}");
    }
}

#[test]
fn unknown_samples_are_an_error() {
    let output = Command::new(BPF_REPORT).arg("rawpt").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("no sample `rawpt`"), "{stderr}");
    assert!(stderr.contains("runqslower"), "{stderr}");
}
