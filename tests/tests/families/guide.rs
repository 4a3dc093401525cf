//! The programs in `docs/from-bpf-prog.md` compile: those before as well as those after.

use std::path::Path;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen_build::Builder;
use ctxgen_tests::families;
use ctxgen_tests::full;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

const HEAD: &str = "\
#include \"vmlinux.h\"
#include \"ctx.h\"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC(\"license\") = \"GPL\";

";

/// A program in the guide.
#[derive(Debug)]
struct Snippet {
    /// The line that it starts in.
    line: usize,
    is_after: bool,
    text: String,
}

fn snippets(guide: &str) -> Vec<Snippet> {
    let mut snippets: Vec<Snippet> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(guide.lines()) {
        match line {
            "```" => open = false,
            "```c before" | "```c after" => {
                open = true;
                snippets.push(Snippet {
                    line: number,
                    is_after: line.ends_with("after"),
                    text: HEAD.to_owned(),
                });
            }
            // Text that nobody would compile.
            "```c" => panic!("line {number}: before or after?"),
            _ if open => {
                if let Some(last) = snippets.last_mut() {
                    last.text += &format!("{line}\n");
                }
            }
            _ => {}
        }
    }
    snippets
}

/// What of a program's contexts a kernel does not have.
fn missing(kernel: &KernelBtf, snippet: &Snippet) -> Option<String> {
    let mut words = snippet
        .text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.find_map(|word| {
        let hook = Hook::from_struct_name(word)?;
        let context = Context::of_struct(kernel, &hook);
        // A system call's arguments are behind a pointer, whose type tells whether they are known.
        let is_known = match context {
            Ok(Context {
                shape: Shape::Generated { layout, .. },
                ..
            }) if hook.family().name() == "ksyscall" => layout.system_call.is_some(),
            result => result.is_ok(),
        };
        (!is_known).then(|| hook.to_string())
    })
}

#[test]
fn all_of_it_compiles() {
    let guide = std::fs::read_to_string(workspace().join("docs/from-bpf-prog.md")).unwrap();
    let snippets = snippets(&guide);
    assert!(snippets.len() >= 20, "{}", snippets.len());
    assert!(snippets.iter().any(|snippet| snippet.is_after));

    let newest = full("the guide's programs, for a full kernel").pop();
    let Some(kernel) = newest.or_else(|| running("the guide's programs")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let btf = KernelBtf::from_path(&kernel.btf).unwrap();
    let user = families::user_btf(folder.path(), btf.byte_order());
    let btf = btf.with_user_file(&user).unwrap();
    let mut sources = Vec::new();
    for snippet in &snippets {
        let name = format!("line_{}", snippet.line);
        if let Some(missing) = missing(&btf, snippet) {
            skip(
                &format!("{name} of the guide"),
                &format!("there is no {missing} yet"),
            );
            continue;
        }
        let path = folder.path().join(format!("{name}.bpf.c"));
        std::fs::write(&path, &snippet.text).unwrap();
        sources.push(path);
    }
    for relocatable in [false, true] {
        let built = build(
            &kernel.btf,
            &btf,
            &user,
            &sources,
            relocatable,
            folder.path(),
        );
        assert_eq!(built, [""; 0], "{}", kernel.name);
    }
}

/// Builds them; the warnings.
fn build(
    path: &Path,
    btf: &KernelBtf,
    user: &Path,
    sources: &[std::path::PathBuf],
    relocatable: bool,
    folder: &Path,
) -> Vec<String> {
    let arch = btf.arch().unwrap().rust_name();
    let built = Builder::new()
        .sources(sources)
        .btf(path)
        .user(user)
        .relocatable(relocatable)
        .target(format!("{arch}-unknown-linux-gnu"))
        .out_dir(folder.join("out"))
        .generate();
    built.unwrap_or_else(|error| panic!("{error}")).warnings
}
