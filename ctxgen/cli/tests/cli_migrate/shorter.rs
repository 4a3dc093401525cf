//! Programs that `ctx_get` makes longer than they were.

use super::*;

/// The sign of what is returned is extended, behind a branch.
const SOURCE: &str = "\
#include \"base.h\"

SEC(\"fexit/vfs_unlink\")
int BPF_PROG(removed, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	if (out == 3)
		return 0;
	out = ret;
	return 0;
}

SEC(\"fexit/vfs_unlink\")
int BPF_PROG(kept, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	out = (u64)dentry;
	return 0;
}
";

#[test]
fn read_their_fields_directly() {
    for (clang, libclang) in CLANGS {
        if !Path::new(libclang).is_dir() {
            eprintln!("skipped: there is no {libclang}");
            continue;
        }
        let folder = folder();
        std::fs::write(folder.path().join("a.bpf.c"), SOURCE).unwrap();
        let new = fixture(NEW);
        let output = command(folder.path(), &["--btf", new.to_str().unwrap(), "a.bpf.c"])
            .env("CLANG", clang)
            .env("LIBCLANG_PATH", libclang)
            .output()
            .unwrap();
        let (diff, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{clang}: {said}");
        // None has more instructions.
        assert_eq!(compared(said), 2, "{clang}: {said}");
        assert!(
            diff.contains("+\tint ret = ctx->ret;\n"),
            "{clang}: {diff}\n{said}"
        );
        assert!(
            diff.contains("+\tstruct dentry *dentry = ctx_get(ctx, dentry);\n"),
            "{clang}: {diff}"
        );
    }
}
