//! A package with BPF sources, in a folder of its own.

use std::path::Path;
use std::path::PathBuf;

use ctxgen_build::Builder;
use tempfile::TempDir;

use super::Order;
use super::kernel;

/// What every source begins with.
pub(crate) const INCLUDES: &str = "\
#include \"vmlinux.h\"
#include \"ctx.h\"
#include <bpf/bpf_helpers.h>
";

/// What programs that do what only such may need.
pub(crate) const LICENSE: &str = "char LICENSE[] SEC(\"license\") = \"GPL\";\n";

/// A program with a context, for tests of what happens around it.
pub(crate) const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

/// A package's folder, which goes away with it.
#[derive(Debug)]
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ctxgen-package-").tempdir();
        Self { dir: dir.unwrap() }
    }

    /// With one source, `src/prog.bpf.c`; the usual includes come before its text, in three lines, and
    /// behind it a license, where there are programs without one.
    pub(crate) fn with(text: &str) -> Self {
        let license = match text.contains("SEC(") && !text.contains("\"license\"") {
            true => LICENSE,
            false => "",
        };
        Self::with_no_more(&format!("{text}{license}"))
    }

    /// As [`Project::with`], without a license of its own.
    pub(crate) fn with_no_more(text: &str) -> Self {
        let project = Self::new();
        project.file("src/prog.bpf.c", &format!("{INCLUDES}{text}"));
        project
    }

    /// The path of a file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and its folder where it is not there.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What a build left in the output folder.
    pub(crate) fn made(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("out").join(name)).unwrap()
    }

    /// A builder of nothing yet, for the little-endian kernel.
    pub(crate) fn builder(&self) -> Builder {
        self.builder_for(Order::Little)
    }

    pub(crate) fn builder_for(&self, order: Order) -> Builder {
        Builder::new()
            .out_dir(self.path("out"))
            .target(order.triple())
            .btf(kernel(order))
    }

    /// A builder of `src/prog.bpf.c`.
    pub(crate) fn prog(&self) -> Builder {
        self.builder().source(self.path("src/prog.bpf.c"))
    }

    /// What building `src/prog.bpf.c` fails with.
    pub(crate) fn error(&self) -> String {
        self.prog().generate().unwrap_err().to_string()
    }
}

/// A builder of `src/prog.bpf.c` in a build script's own folder.
pub(crate) fn source() -> Builder {
    Builder::new().source("src/prog.bpf.c")
}
