//! Builds what is in the folder that `FIELD_CASES` names.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::var("FIELD_CASES")?;
    let path = |name: &str| format!("{folder}/{name}");
    ctxgen_build::Builder::new()
        .source(path("11-rust-keywords/types.bpf.c"))
        .source(path("16-names/__x.bpf.c"))
        .source(path("16-names/my-tool.bpf.c"))
        .object(
            "whole",
            ["main", "maps"].map(|name| path(&format!("19-one-object/{name}.bpf.c"))),
        )
        .build()?;
    Ok(())
}
