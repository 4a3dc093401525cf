//! What cargo and the build script make again after a change, over a real crate.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use ctxgen_tests::running;
use ctxgen_tests::user::UserCrate;
use ctxgen_tests::user::small_kernel;
use ctxgen_tests::user::stderr;
use tempfile::TempDir;

const NAME: &str = "rebuilt-crate";

const FILES: [&str; 6] = [
    "Cargo.toml",
    "build.rs",
    "src/main.rs",
    "src/bpf/forks.bpf.c",
    "src/bpf/forks.h",
    "src/bpf/opens.bpf.c",
];

const FORKS: &str = "src/bpf/forks.bpf.c";
const HEADER: &str = "src/bpf/forks.h";
/// Where a pinned BTF goes.
const PINNED: &str = "btf";

/// What one build did.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    /// Whether cargo ran the build script.
    ran: bool,
    /// The sources that clang compiled, by their names.
    objects: String,
    /// The files in the output folder that are new or have another time of change.
    written: Vec<String>,
}

impl Done {
    /// A second `cargo build`.
    fn nothing() -> Self {
        Self {
            ran: false,
            ..Self::found_the_same()
        }
    }

    /// The build script ran, and found all as it was.
    fn found_the_same() -> Self {
        Self {
            ran: true,
            objects: String::new(),
            written: Vec::new(),
        }
    }

    /// Sources were compiled, and these files written; only those of which there is something else
    /// now, apart from the records.
    fn compiled(objects: &str, written: &[&str]) -> Self {
        Self {
            objects: objects.to_owned(),
            written: written.iter().map(|name| (*name).to_owned()).collect(),
            ..Self::found_the_same()
        }
    }
}

/// When a file was written, in seconds and nanoseconds: what others call its time of change, a record has of
/// the program that wrote it.
type Changed = (i64, i64);

/// The crate, with a clang that keeps count.
struct Counted {
    krate: UserCrate,
    folder: TempDir,
    btf: PathBuf,
    /// The output folder, once it is known.
    out: Option<PathBuf>,
    /// What was in it after the last build.
    files: BTreeMap<String, Changed>,
}

impl Counted {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let krate = UserCrate::new(NAME, &FILES, env!("CARGO_TARGET_TMPDIR"));
        let btf = small_kernel(folder.path(), "small", &[]);
        let _ = fs::remove_dir_all(krate.dir.join(PINNED));
        let mut this = Self {
            krate,
            folder,
            btf,
            out: None,
            files: BTreeMap::new(),
        };
        let clang = this.clang("clang");
        this.krate.set_env("CLANG", Some(clang));
        this.krate.set_env("CTXGEN_BTF", Some(&this.btf));
        this
    }

    /// A command of that name that notes its arguments in `log` and runs clang.
    fn clang(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let log = self.folder.path().join("log");
        let text = format!(
            "#!/bin/sh\necho \"$@\" >> {}\nexec clang \"$@\"\n",
            log.display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Builds, and what that did.
    fn build(&mut self) -> Done {
        let log = self.folder.path().join("log");
        let _ = fs::remove_file(&log);
        let compiled = self.krate.build();
        let log = fs::read_to_string(log).unwrap_or_default();
        let mut objects: Vec<&str> = log
            .lines()
            .filter_map(|line| line.split_once(" -c src/bpf/")?.1.split_once(".bpf.c"))
            .map(|(name, _)| name)
            .collect();
        objects.sort_unstable();
        let ran = !log.is_empty();
        // For cargo, what a build script did and found the same is as good as anything new.
        assert_eq!(
            compiled.iter().any(|name| name == NAME),
            ran,
            "{compiled:?}"
        );
        let files = self.files();
        let written = files
            .iter()
            .filter(|(name, time)| self.files.get(*name) != Some(time))
            .map(|(name, _)| name.clone());
        let written = written.collect();
        self.files = files;
        Done {
            ran,
            objects: objects.join(" "),
            written,
        }
    }

    /// Builds after a change, and builds again, for which there is no reason then.
    fn change(&mut self) -> Done {
        let done = self.build();
        assert_eq!(self.build(), Done::nothing(), "after {done:?}");
        done
    }

    /// The files in the output folder and when they were changed.
    fn files(&mut self) -> BTreeMap<String, Changed> {
        let folder = self.out.take().unwrap_or_else(|| self.find_out());
        let entries = ["", "include"].map(|name| fs::read_dir(folder.join(name)).unwrap());
        self.out = Some(folder);
        entries
            .into_iter()
            .flatten()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                let metadata = entry.metadata().unwrap();
                (name, (metadata.ctime(), metadata.ctime_nsec()))
            })
            .collect()
    }

    fn find_out(&self) -> PathBuf {
        let args = ["build", "--offline", "--locked", "--message-format=json"];
        let output = self.krate.cargo(&args);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let script = stdout
            .lines()
            .filter(|line| line.contains("\"build-script-executed\"") && line.contains(NAME));
        let mut folders = script.filter_map(|line| {
            let (_, rest) = line.split_once("\"out_dir\":\"")?;
            Some(PathBuf::from(rest.split_once('"')?.0))
        });
        folders.next().unwrap()
    }

    fn set_btf(&mut self, btf: &Path) {
        self.krate.set_env("CTXGEN_BTF", Some(btf));
    }
}

// One test, as its steps follow from each other.
#[test]
fn what_depends_on_a_change_and_nothing_else() {
    let mut counted = Counted::new();
    counted.build();
    assert_eq!(counted.build(), Done::nothing());

    sources(&mut counted);
    environment(&mut counted);
    kernels(&mut counted);
    pinned(&mut counted);
    counted.krate.restore();
}

fn sources(counted: &mut Counted) {
    counted.krate.touch(Path::new(FORKS));
    assert_eq!(counted.change(), Done::found_the_same());
    counted.krate.touch(Path::new(HEADER));
    assert_eq!(counted.change(), Done::found_the_same());
    // Neither a source nor a header.
    counted
        .krate
        .write_new("src/bpf/unused.h", "#define UNUSED\n");
    counted.krate.touch(Path::new("src/bpf/unused.h"));
    assert_eq!(counted.change(), Done::nothing());

    // In another object, the skeleton is another one too.
    counted
        .krate
        .append(HEADER, "#undef SLOTS\n#define SLOTS 16\n");
    let done = Done::compiled("forks", &["forks.bpf.o", "forks.inputs", "forks.skel.rs"]);
    assert_eq!(counted.change(), done);
    counted.krate.restore();
    assert_eq!(counted.change(), done);
    // In the same one it is not.
    counted.krate.append(FORKS, "/* The end. */\n");
    assert_eq!(counted.change(), Done::compiled("forks", &["forks.inputs"]));
    counted.krate.restore();
    assert_eq!(counted.change(), Done::compiled("forks", &["forks.inputs"]));
}

fn environment(counted: &mut Counted) {
    let both = Done::compiled("forks opens", &["forks.inputs", "opens.inputs"]);
    let clang = counted.folder.path().join("clang");
    let other = counted.clang("other-clang");
    counted.krate.set_env("CLANG", Some(other));
    assert_eq!(counted.change(), both);
    counted.krate.set_env("CLANG", Some(clang));
    assert_eq!(counted.change(), both);
    // One that is not asked.
    counted
        .krate
        .set_env("CTXGEN_BTF_other_target", Some("/nowhere"));
    assert_eq!(counted.change(), Done::nothing());
}

fn kernels(counted: &mut Counted) {
    let folder = counted.folder.path().to_owned();
    let small = counted.btf.clone();
    // What a reboot does.
    counted.krate.touch(&small);
    assert_eq!(counted.change(), Done::found_the_same());
    let copy = folder.join("copy.btf");
    fs::copy(&small, &copy).unwrap();
    counted.set_btf(&copy);
    assert_eq!(counted.change(), Done::found_the_same());

    // The same of what is used, with other numbers.
    let more = folder.join("more.h");
    fs::write(&more, "struct more { int one; long two; } *more;\n").unwrap();
    let more = more.display().to_string();
    let other = small_kernel(&folder, "other", &["-include", &more]);
    counted.set_btf(&other);
    assert_eq!(counted.change(), Done::compiled("", &["ctx.btf"]));

    let by_child = small_kernel(&folder, "by-child", &["-DFORK_BY_CHILD"]);
    counted.set_btf(&by_child);
    let done = counted.change();
    assert_eq!(done.objects, "forks opens");
    for name in ["ctx.h", "forks.bpf.o", "forks.skel.rs"] {
        assert!(done.written.contains(&name.to_owned()), "{done:?}");
    }
    for name in ["opens.bpf.o", "opens.skel.rs", "opens.ctx.rs", "opens.rs"] {
        assert!(!done.written.contains(&name.to_owned()), "{done:?}");
    }
    counted.set_btf(&small);
    assert_eq!(counted.change(), done);
}

/// A BTF in the package is noticed when it appears, whatever its time of change.
fn pinned(counted: &mut Counted) {
    let what = "a pinned BTF that appears in a crate";
    let Some(running) = running(what) else {
        return;
    };
    counted.krate.set_env("CTXGEN_BTF", None::<&str>);
    counted.build();
    // The system gives it a new time of change whenever it has forgotten it.
    let time = || fs::metadata(&running.btf).unwrap().modified().unwrap();
    let before = time();
    let again = counted.build();
    if before == time() {
        assert_eq!(again, Done::nothing());
    }

    let arch = std::env::consts::ARCH;
    let pinned = counted.krate.dir.join(PINNED).join(format!("{arch}.btf"));
    fs::create_dir(counted.krate.dir.join(PINNED)).unwrap();
    let old = counted.folder.path().join("old.btf");
    fs::copy(&counted.btf, &old).unwrap();
    let file = fs::File::options().append(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1_000_000))
        .unwrap();
    if fs::rename(&old, &pinned).is_err() {
        fs::copy(&old, &pinned).unwrap();
    }
    assert!(counted.change().ran);
    let said = stderr(
        &counted
            .krate
            .cargo(&["build", "--offline", "--locked", "-v"]),
    );
    assert!(said.contains(&format!("Fresh {NAME}")), "{said}");
    counted.krate.touch(&pinned);
    assert_eq!(counted.change(), Done::found_the_same());
    fs::remove_file(&pinned).unwrap();
    assert!(counted.build().ran);
    fs::remove_dir(counted.krate.dir.join(PINNED)).unwrap();
}
