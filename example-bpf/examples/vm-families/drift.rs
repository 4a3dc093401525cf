//! Programs in the style of `BPF_PROG`, each loaded alone, and what they take for their arguments.
//!
//! A line for each argument: program, argument, `right`, `wrong`, or `unseen` where the program did not see
//! the call; and one for a program that is not loaded or attached: program, `-`, `refused` and why.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process;

use libbpf_rs::MapCore as _;
use libbpf_rs::MapFlags;
use libbpf_rs::MapMut;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;

/// The words of `noted` in `tests/field/drift.bpf.c`: whether calls count, how many came, and the values.
const WORDS: usize = 4;
const CALLS: usize = 1;
const VALUES: usize = 2;

/// A call, and what is right of it.
type Call = fn(&Folder) -> io::Result<Vec<u64>>;

/// The programs of `tests/field/drift.bpf.c`, their arguments, and the call that they are to see.
const PROGRAMS: &[(&str, &[&str], Call)] = &[
    ("unlink_dir", &["dir", "dentry"], unlink),
    ("unlink_dir_old", &["dir", "dentry"], unlink),
    ("unlink_kprobe", &["dir", "dentry"], unlink),
    ("unlink_ret", &["ret"], unlink_busy),
    ("unlink_ret_old", &["ret"], unlink_busy),
    ("unlink_returned", &["ret"], unlink_busy),
    ("create_mode", &["mode"], create),
    ("create_mode_old", &["mode"], create),
    ("create_slots", &["mode"], create),
    ("mkdir_mode", &["mode"], mkdir),
    ("mkdir_ret", &["ret"], mkdir_returned),
    ("chmod_mode", &["attr"], chmod),
    ("chmod_mode_old", &["attr"], chmod),
    ("rename_old", &["old_dir"], rename),
    ("open_dfd", &["dfd", "filename"], open),
    ("open_slots", &["dfd", "filename"], open),
    ("signal_sig", &["sig"], signal),
    ("signal_raw", &["sig", "group"], signal),
    ("open_record", &["dfd", "filename"], open),
    ("open_other_record", &["filename"], open_name),
];

/// Loads and tries each program of the object, and says what came of it.
pub(crate) fn try_each(path: &Path) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    // What libbpf says would stand between the lines.
    libbpf_rs::set_print(None);
    let folder = Folder::new().map_err(|error| format!("cannot make a folder: {error}"))?;
    for (program, arguments, call) in PROGRAMS {
        match noted(&bytes, program, &folder, *call) {
            Ok((right, words)) => {
                for (number, argument) in arguments.iter().enumerate() {
                    let (right, seen) = (right[number], words[VALUES + number]);
                    let how = match (words[CALLS], right == seen) {
                        (0, _) => "unseen",
                        (_, true) => "right",
                        (_, false) => "wrong",
                    };
                    println!("{program} {argument} {how} {seen:#x}, where {right:#x} is right");
                }
            }
            Err(why) => println!("{program} - refused {}", why.replace('\n', " ")),
        }
    }
    Ok(())
}

/// What is right, and what a program noted.
fn noted(
    bytes: &[u8],
    program: &str,
    folder: &Folder,
    call: Call,
) -> Result<(Vec<u64>, Vec<u64>), String> {
    let mut object = load(bytes, program)?;
    let text = |error: libbpf_rs::Error| format!("{error:#}");
    let mut links = Vec::new();
    for program in object.progs_mut().filter(|other| other.name() == program) {
        links.push(program.attach().map_err(text)?);
    }
    let state = variables(&mut object)?;
    let armed: Vec<u8> = (0..WORDS as u64)
        .flat_map(|word| u64::from(word == 0).to_ne_bytes())
        .collect();
    let key = 0_u32.to_ne_bytes();
    state.update(&key, &armed, MapFlags::ANY).map_err(text)?;
    let right = call(folder).map_err(|error| format!("the call failed: {error}"))?;
    let value = state.lookup(&key, MapFlags::ANY).map_err(text)?;
    let words = value.unwrap_or_default();
    let words = words
        .chunks_exact(8)
        .map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()));
    drop(links);
    Ok((right, words.collect()))
}

fn load(bytes: &[u8], program: &str) -> Result<Object, String> {
    let text = |error: libbpf_rs::Error| format!("{error:#}");
    let mut object = ObjectBuilder::default().open_memory(bytes).map_err(text)?;
    for mut other in object.progs_mut() {
        let is_it = other.name() == program;
        other.set_autoload(is_it);
    }
    for mut map in object.maps_mut() {
        if map.name().to_string_lossy().ends_with(".rodata") {
            let pid = process::id().to_ne_bytes();
            map.set_initial_value(&pid).map_err(text)?;
        }
    }
    object.load().map_err(text)
}

fn variables(object: &mut Object) -> Result<MapMut<'_>, String> {
    let mut maps = object.maps_mut();
    let found = maps.find(|map| map.name().to_string_lossy().ends_with(".bss"));
    found.ok_or_else(|| "the object has no global variables".to_owned())
}

/// Where files are made and removed.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> io::Result<Self> {
        // SAFETY: The call has no conditions.
        unsafe { libc::umask(0) };
        Ok(Self(tempfile::tempdir_in("/")?))
    }

    fn inode(&self) -> io::Result<u64> {
        Ok(fs::metadata(self.0.path())?.ino())
    }

    fn path(&self, name: &str) -> io::Result<CString> {
        let path = self.0.path().join(name);
        Ok(CString::new(path.as_os_str().as_bytes())?)
    }
}

fn done(result: i32) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A number as the programs note it.
fn wide(number: impl Into<i64>) -> u64 {
    number.into().cast_unsigned()
}

/// The folder's number, and the length of the name.
fn unlink(folder: &Folder) -> io::Result<Vec<u64>> {
    let path = folder.0.path().join("removed");
    fs::write(&path, "")?;
    fs::remove_file(path)?;
    Ok(vec![folder.inode()?, "removed".len() as u64])
}

/// What another file is mounted on cannot be removed.
fn unlink_busy(folder: &Folder) -> io::Result<Vec<u64>> {
    for name in ["mounted", "on"] {
        fs::write(folder.0.path().join(name), "")?;
    }
    let (from, to) = (folder.path("mounted")?, folder.path("on")?);
    let none = std::ptr::null();
    // SAFETY: The paths are C strings; a mount of this kind takes neither type nor data.
    done(unsafe { libc::mount(from.as_ptr(), to.as_ptr(), none, libc::MS_BIND, none.cast()) })?;
    // SAFETY: The path is a C string.
    let removed = done(unsafe { libc::unlink(to.as_ptr()) });
    // SAFETY: As above.
    done(unsafe { libc::umount(to.as_ptr()) })?;
    let number = removed.err().and_then(|error| error.raw_os_error());
    Ok(vec![wide(-number.unwrap_or(0))])
}

fn create(folder: &Folder) -> io::Result<Vec<u64>> {
    let mode = libc::S_IFREG | 0o640;
    let path = folder.path("made")?;
    // SAFETY: The path is a C string.
    done(unsafe { libc::mknod(path.as_ptr(), mode, 0) })?;
    fs::remove_file(folder.0.path().join("made"))?;
    Ok(vec![mode.into()])
}

fn mkdir(folder: &Folder) -> io::Result<Vec<u64>> {
    let mode = 0o751;
    let path = folder.path("folder")?;
    // SAFETY: The path is a C string.
    done(unsafe { libc::mkdir(path.as_ptr(), mode) })?;
    fs::remove_dir(folder.0.path().join("folder"))?;
    Ok(vec![mode.into()])
}

fn mkdir_returned(folder: &Folder) -> io::Result<Vec<u64>> {
    mkdir(folder)?;
    Ok(vec![0])
}

fn chmod(folder: &Folder) -> io::Result<Vec<u64>> {
    let mode = libc::S_IFREG | 0o604;
    let path = folder.0.path().join("changed");
    fs::write(&path, "")?;
    let path = folder.path("changed")?;
    // SAFETY: The path is a C string.
    done(unsafe { libc::chmod(path.as_ptr(), 0o604) })?;
    Ok(vec![mode.into()])
}

fn rename(folder: &Folder) -> io::Result<Vec<u64>> {
    fs::write(folder.0.path().join("before"), "")?;
    fs::rename(
        folder.0.path().join("before"),
        folder.0.path().join("after"),
    )?;
    Ok(vec![folder.inode()?])
}

/// The descriptor, and the address of the name.
fn open(_: &Folder) -> io::Result<Vec<u64>> {
    let name = c"nowhere";
    // SAFETY: The name is a C string; the call fails as there is no such folder.
    unsafe { libc::openat(-77, name.as_ptr(), libc::O_RDONLY) };
    Ok(vec![wide(-77), name.as_ptr().addr() as u64])
}

fn open_name(folder: &Folder) -> io::Result<Vec<u64>> {
    Ok(open(folder)?.split_off(1))
}

/// The signal, and that it was sent to a process.
fn signal(_: &Folder) -> io::Result<Vec<u64>> {
    // SAFETY: What is ignored needs no handler.
    unsafe { libc::signal(libc::SIGURG, libc::SIG_IGN) };
    // SAFETY: The call has no conditions.
    done(unsafe { libc::kill(libc::getpid(), libc::SIGURG) })?;
    Ok(vec![wide(libc::SIGURG), 1])
}
