//! Which vmlinux.h the sources see.

use ctxgen_build::Vmlinux;

use crate::support::Project;

const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

#[test]
fn all_types_by_default() {
    let project = Project::with(PROGRAM);
    project.prog().generate().unwrap();
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct xdp_md {"), "{header}");
    let full = Project::with(PROGRAM);
    full.prog().vmlinux(Vmlinux::Full).generate().unwrap();
    assert_eq!(full.made("include/vmlinux.h"), header);
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
            "cannot read {}: No such file or directory (os error 2)",
            path.display()
        )
    );
}

#[test]
fn one_in_the_sources_folder_wins() {
    let project = Project::with("int from_the_folder(struct own_type *t) { return t->x; }\n");
    let path = project.file(
        "src/vmlinux.h",
        "typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32;\n\
         typedef unsigned long long __u64; typedef int __s32; typedef long long __s64;\n\
         typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum;\n\
         struct own_type { int x; };\nstruct btf_lsm_nothing_ctx;\n",
    );
    let artifacts = project.prog().generate().unwrap();
    assert!(artifacts.depends_on.contains(&path), "{artifacts:?}");
    assert_eq!(artifacts.objects[0].structs, [""; 0]);
}
