//! Programs for a kernel with other prototypes than the target's.

use super::*;

const SOURCE: &str = "\
#include \"base.h\"

SEC(\"fexit/vfs_unlink\")
int BPF_PROG(unlinked, struct inode *dir, struct dentry *dentry, struct inode **delegated_inode, int ret)
{
	out = ret + (u64)dentry;
	return 0;
}

SEC(\"lsm/path_rename\")
int BPF_PROG(renamed, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, int ret)
{
	out = ret;
	return ret;
}
";

/// Slots are those of the old kernel, names those of both.
#[test]
fn moved_arguments_go_by_name() {
    let folder = folder();
    std::fs::write(folder.path().join("old.bpf.c"), SOURCE).unwrap();
    let old = fixture(OLD);
    let output = migrate(
        folder.path(),
        &["--was", old.to_str().unwrap(), "old.bpf.c"],
    );
    let (diff, said) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
    for line in [
        "+int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx)\n",
        "+\tstruct dentry *dentry = ctx_get(ctx, dentry);\n",
        "+\tint ret = ctx_get(ctx, ret);\n",
        "+int renamed(struct btf_lsm_path_rename_ctx *ctx)\n",
    ] {
        assert!(diff.contains(line), "{line}{diff}");
    }
    assert_eq!(compared(said), 2, "{said}");
    assert!(said.contains("old.bpf.c: compiles for "), "{said}");
}

/// Without the old kernel, the new one has something else in those slots.
#[test]
fn without_the_old_kernel_nothing_is_certain() {
    let folder = folder();
    std::fs::write(folder.path().join("old.bpf.c"), SOURCE).unwrap();
    let output = migrate(folder.path(), &["old.bpf.c"]);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert_eq!(text(&output.stdout), "");
    assert!(
        said.contains("old.bpf.c:4: `unlinked` is left as it is: `dentry` is "),
        "{said}"
    );
    assert!(
        said.contains("old.bpf.c:11: `renamed` is left as it is: `ret` is `unsigned int flags`"),
        "{said}"
    );
    assert!(said.contains("--was"), "{said}");
    // Both prototypes.
    assert!(
        said.contains("    int ret;\n") && said.contains("    struct mnt_idmap *idmap;\n"),
        "{said}"
    );
}

/// An argument that the target does not have any more.
#[test]
fn what_the_target_lacks_is_refused() {
    let folder = folder();
    let source = SOURCE
        .replace(
            "BPF_PROG(unlinked, struct inode *dir",
            "BPF_PROG(unlinked, struct mnt_idmap *idmap, struct inode *dir",
        )
        .replace(
            "struct inode **delegated_inode",
            "struct delegated_inode *delegated_inode",
        )
        .replace("out = ret + (u64)dentry", "out = (u64)idmap");
    std::fs::write(folder.path().join("new.bpf.c"), source).unwrap();
    let (old, new) = (fixture(OLD), fixture(NEW));
    let args = [
        "--was",
        new.to_str().unwrap(),
        "--btf",
        old.to_str().unwrap(),
        "new.bpf.c",
    ];
    let output = command(folder.path(), &args).output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains(
            "`unlinked` is left as it is: fexit/vfs_unlink has no `idmap` of that type on "
        ),
        "{said}"
    );
}
