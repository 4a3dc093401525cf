//! Which vmlinux.h the sources see.

use ctxgen_build::Vmlinux;

use crate::clang::fake;
use crate::support::INCLUDES;
use crate::support::Project;

const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

#[test]
fn what_is_reached_by_default() {
    let project = Project::with(PROGRAM);
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct file {"), "{header}");
    assert!(header.contains("_Static_assert(sizeof(struct file) == 16, \"struct file\");\n"));
    // What a member points to that nobody names, and what nobody names at all.
    assert!(header.contains("struct inode;"), "{header}");
    assert!(!header.contains("struct inode {"), "{header}");
    assert!(!header.contains("xdp_md"), "{header}");
    let trimmed = Project::with(PROGRAM);
    let builder = trimmed.prog().vmlinux(Vmlinux::Trimmed);
    builder.generate().unwrap();
    assert_eq!(trimmed.made("include/vmlinux.h"), header);
}

#[test]
fn all_types_on_demand() {
    let project = Project::with(PROGRAM);
    let builder = project.prog().vmlinux(Vmlinux::Full);
    builder.generate().unwrap();
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct xdp_md {"), "{header}");
}

/// One header serves all sources, whatever their order.
#[test]
fn several_sources() {
    let headers = [["a", "b"], ["b", "a"]].map(|order| {
        let project = Project::new();
        for (name, text) in [("a", "struct dentry d;\n"), ("b", "struct inode i;\n")] {
            project.file(&format!("src/{name}.bpf.c"), &format!("{INCLUDES}{text}"));
        }
        let sources = order.map(|name| project.path(&format!("src/{name}.bpf.c")));
        project.builder().sources(sources).generate().unwrap();
        project.made("include/vmlinux.h")
    });
    assert_eq!(headers[0], headers[1]);
    for name in ["dentry", "inode"] {
        assert!(headers[0].contains(&format!("struct {name} {{")));
    }
}

/// With a preprocessor that hides a name there is something missing from the header.
const HIDING: &str = "case \" $* \" in *' -E '*) clang \"$@\" | sed s/f_inode/hidden/g;; \
                      *) exec clang \"$@\";; esac";

#[test]
fn a_name_that_is_missed() {
    let program = PROGRAM.replace("f_flags", "f_inode->i_flags");
    let project = Project::with(&program);
    let clang = fake(&project, HIDING);
    let artifacts = project.prog().clang(clang).generate().unwrap();
    let [warning] = &artifacts.warnings[..] else {
        panic!("{:?}", artifacts.warnings);
    };
    let source = project.path("src/prog.bpf.c").display().to_string();
    let start = format!("{source} was compiled with all of the kernel's types, since");
    assert!(warning.starts_with(&start), "{warning}");
    assert!(
        warning.contains("error: incomplete definition of type"),
        "{warning}"
    );
    assert!(warning.contains("please report it"), "{warning}");

    let full = Project::with(&program);
    full.prog().vmlinux(Vmlinux::Full).generate().unwrap();
    for made in ["include/vmlinux.h", "prog.skel.rs"] {
        assert_eq!(project.made(made), full.made(made), "{made}");
    }
    let object = |project: &Project| std::fs::read(project.path("out/prog.bpf.o")).unwrap();
    assert_eq!(object(&project), object(&full));
}

#[test]
fn the_sources_own_fault_is_shown_once() {
    let project = Project::with("int f(struct file *file) { return file->nothing; }\n");
    let error = project.error();
    let message = "no member named 'nothing' in 'struct file'";
    assert_eq!(error.matches(message).count(), 1, "{error}");
    // Found without all types.
    let header = project.made("include/vmlinux.h");
    assert!(!header.contains("struct xdp_md {"), "{header}");
}

#[test]
fn provided() {
    let project = Project::with(PROGRAM);
    project.prog().generate().unwrap();
    let header = project.made("include/vmlinux.h");
    let own = format!("/* my own */\n{header}");
    let path = project.file("third party/linux.h", &own);
    let builder = project.prog().vmlinux(Vmlinux::Provided(path.clone()));
    let artifacts = builder.generate().unwrap();
    assert_eq!(project.made("include/vmlinux.h"), own);
    assert!(artifacts.depends_on.contains(&path), "{artifacts:?}");
}

#[test]
fn provided_and_missing() {
    let project = Project::with(PROGRAM);
    let path = project.path("nowhere/vmlinux.h");
    let builder = project.prog().vmlinux(Vmlinux::Provided(path.clone()));
    assert_eq!(
        builder.generate().unwrap_err().to_string(),
        format!(
            "cannot read {}: No such file or directory (os error 2). Name a file that is there",
            path.display()
        )
    );
}
