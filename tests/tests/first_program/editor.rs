//! An editor with clangd knows the generated headers once the package was built.

use std::fs;

use ctxgen_tests::skip;

use crate::lsp::Server;
use crate::template;

const SOURCE: &str = "src/bpf/execwatch.bpf.c";

/// The position behind a text: line and column, from 0.
fn behind(text: &str, part: &str) -> (usize, usize) {
    let end = text.find(part).unwrap() + part.len();
    let line = text[..end].matches('\n').count();
    let start = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
    (line, end - start)
}

#[test]
fn clangd_finds_the_generated_headers() {
    let _alone = template::alone();
    let krate = template::built();
    let path = krate.dir.join(SOURCE);
    let text = fs::read_to_string(&path).unwrap();
    // As without ctxgen's files: the test would notice.
    let alone = tempfile::tempdir().unwrap();
    let lost = alone.path().join("lost.bpf.c");
    fs::write(&lost, &text).unwrap();
    let Some(mut server) = Server::start("clangd", alone.path()) else {
        skip("clangd on the template's source", "clangd is not installed");
        return;
    };
    assert!(!server.open(&lost, &text).is_empty());

    let mut server = Server::start("clangd", &krate.dir).unwrap();
    assert_eq!(server.open(&path, &text), [""; 0]);
    let (line, column) = behind(&text, "ctx->bprm");
    let hover = server
        .at("textDocument/hover", &path, line, column - 1)
        .to_string();
    for part in ["struct linux_binprm *", "btf_trace_sched_process_exec_ctx"] {
        assert!(hover.contains(part), "{hover}");
    }
    let (line, column) = behind(&text, "ctx->");
    let completion = server.at("textDocument/completion", &path, line, column);
    let items = completion["items"].as_array().unwrap();
    let labels: Vec<&str> = items
        .iter()
        .filter_map(|item| item["label"].as_str())
        .collect();
    for field in ["p", "old_pid", "bprm"] {
        assert!(
            labels.iter().any(|label| label.trim() == field),
            "{field}: {labels:?}"
        );
    }
}
