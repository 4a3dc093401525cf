//! A crate that calls libbpf-rs and ctxgen by other names, with objects that are called by, and have in
//! them, what Rust does not take as it is, and with one object of several sources.

use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::user::UserCrate;
use ctxgen_tests::user::small_kernel;
use ctxgen_tests::workspace;

const FILES: [&str; 12] = [
    "Cargo.toml",
    "build.rs",
    "src/main.rs",
    "src/bpf/accept-latency.bpf.c",
    "src/bpf/my__tool.bpf.c",
    "src/bpf/tool_.bpf.c",
    "src/bpf/__x.bpf.c",
    "src/bpf/9p.bpf.c",
    "src/bpf/type.bpf.c",
    "src/bpf/lib.h",
    "src/bpf/lib.bpf.c",
    "src/bpf/main.bpf.c",
];

#[test]
fn every_name_compiles_and_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut krate = UserCrate::new("renamed-crate", &FILES, env!("CARGO_TARGET_TMPDIR"));
    let running = running("a crate with renamed dependencies for the running kernel");
    let small = running
        .is_none()
        .then(|| small_kernel(folder.path(), "small", &[]));
    krate.set_env("CTXGEN_BTF", small.as_ref());
    krate.build();
    let said = krate.run(&["open"]);
    let expected = [
        "accept: accept_l.bss accept_l.rodata | forked",
        "my: my_tool_.bss my_tool_.rodata | forked",
        "tool: tool_bpf.bss tool_bpf.rodata | forked",
        "x: x_bpf.bss x_bpf.rodata | forked",
        "9p: x9p_bpf.bss x9p_bpf.rodata | forked",
    ];
    assert_eq!(said[..expected.len()], expected);
    let of_type = &said[expected.len()];
    for name in [
        ".bss.lru_1",
        ".bss.of_more_th",
        ".data.my.x",
        ".data.rodata",
        " move prog",
    ] {
        assert!(of_type.contains(name), "{of_type}");
    }
    assert_eq!(
        said[expected.len() + 1..],
        [
            "long: a_name_o.bss a_name_o.rodata | forked",
            "whole: steps whole_bp.data whole_bp.rodata | first second",
            "15 0 3",
            "true",
            "0 0 1 2",
            "use map name object DATA rodata bss_data crate_ prog",
            "move",
            "40 2 4",
        ]
    );
    match running {
        Some(_) if is_root() => {
            let said = krate.run(&["load"]);
            assert!(
                said.iter().any(|line| line == "whole: 3 maps loaded"),
                "{said:?}"
            );
        }
        _ => skip(
            "loading the objects with names of all kinds",
            "not root, or no kernel BTF",
        ),
    }
}

#[test]
fn what_was_found_in_the_field() {
    const FILES: [&str; 3] = ["Cargo.toml", "build.rs", "src/main.rs"];
    const WHAT: &str = "objects and names from the field";

    let folder = workspace().join("../shared/field-cases");
    if !folder.is_dir() {
        skip(WHAT, "../shared/field-cases is not there");
        return;
    }
    if running(WHAT).is_none() {
        return;
    }
    let mut krate = UserCrate::new("field-crate", &FILES, env!("CARGO_TARGET_TMPDIR"));
    krate.set_env("FIELD_CASES", Some(folder.canonicalize().unwrap()));
    krate.build();
    let opened = ["types: loop_ match_", "x: f", "tool: f", "whole: f"];
    assert_eq!(krate.run(&["open"]), opened);
    match is_root() {
        true => assert_eq!(krate.run(&["load"]).len(), 2 * opened.len()),
        false => skip(WHAT, "loading programs takes root"),
    }
}
