//! Control groups that count memory.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process;

/// Where a control group can be made, and the file of it that has the most bytes that it was charged with.
const HIERARCHIES: [(&str, &str); 2] = [
    // Version 2, since 5.19.
    ("/sys/fs/cgroup", "memory.peak"),
    // Version 1.
    ("/sys/fs/cgroup/memory", "memory.max_usage_in_bytes"),
];

/// Where control groups are made.
pub(crate) struct Groups {
    folder: PathBuf,
    peak: &'static str,
}

/// A control group, until this is dropped.
pub(crate) struct Group<'g>(&'g Groups);

impl Groups {
    /// The first place where one can be made that counts.
    pub(crate) fn find() -> Option<Self> {
        let groups = HIERARCHIES.map(|(top, peak)| Self {
            folder: Path::new(top).join(format!("ctxgen-load-{}", process::id())),
            peak,
        });
        groups.into_iter().find(|groups| {
            let group = groups.new_group();
            group.is_ok_and(|group| group.folder().join(group.peak()).exists())
        })
    }

    /// A new one, which nothing was charged to. There is one at a time.
    pub(crate) fn new_group(&self) -> io::Result<Group<'_>> {
        fs::create_dir(&self.folder)?;
        Ok(Group(self))
    }
}

impl Group<'_> {
    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(crate) fn peak(&self) -> &'static str {
        self.0.peak
    }
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        // Goes as soon as nothing runs in it any more.
        let _ = fs::remove_dir(&self.0.folder);
    }
}
