//! Functions of a program in user space.

use super::*;

#[test]
fn prototypes_come_from_the_program() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let program = "int handle(void *request, short priority) { return request ? priority : 0; }\n";
    std::fs::write(at("user.c"), program).unwrap();
    let cc = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let status = Command::new(cc)
        .args(["-g", "-shared", "-fPIC", "-o"])
        .arg(at("user.so"))
        .arg(at("user.c"))
        .status();
    assert!(status.unwrap().success());
    let source = "#include \"base.h\"\n\
                  \nSEC(\"uprobe//usr/bin/user.so:handle\")\n\
                  int BPF_UPROBE(handled, void *request, short priority)\n{\n\tout = priority;\n\treturn 0;\n}\n\n\
                  SEC(\"uretprobe//usr/bin/user.so:handle\")\n\
                  int BPF_URETPROBE(returned, int ret)\n{\n\tout = ret;\n\treturn 0;\n}\n";
    std::fs::write(at("uprobe.bpf.c"), source).unwrap();
    let output = migrate(folder.path(), &["--user", "user.so", "uprobe.bpf.c"]);
    let (diff, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(
        diff.contains("+int handled(struct btf_uprobe_handle_ctx *ctx)\n"),
        "{diff}"
    );
    assert!(
        diff.contains("+\tshort priority = ctx_get(ctx, priority);\n"),
        "{diff}"
    );
    assert!(
        diff.contains("+int returned(struct btf_uretprobe_handle_ctx *ctx)\n"),
        "{diff}"
    );
    assert_eq!(compared(said), 2, "{said}");

    // Without it, what to do.
    let output = migrate(folder.path(), &["uprobe.bpf.c"]);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("`handled` is left as it is: "), "{said}");
}
