fn main() {
    let mut args = std::env::args().skip(1);
    let source = args.next().unwrap();
    let out = tempfile::tempdir().unwrap();
    let result = ctxgen_build::Builder::new()
        .source(&source)
        .out_dir(out.path())
        .target("x86_64-unknown-linux-gnu")
        .clang_args(args.collect::<Vec<_>>())
        .generate();
    match result {
        Ok(a) => println!(
            "OK {:?}\n{:?}\n{:?}",
            a.objects[0].structs, a.warnings, a.depends_on
        ),
        Err(e) => println!("ERR {e}"),
    }
}
