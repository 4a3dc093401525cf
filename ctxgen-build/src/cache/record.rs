//! What a source's products were made of, so that none is made again of the same.
//!
//! cargo runs the whole build script again for any change, such as a new time of change of the running
//! kernel's BTF, which every boot brings. The record is `<name>.inputs` beside the products: for each,
//! a digest of all that it was made of and one of itself.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::digest::Digest;
use super::program;
use crate::error::Error;
use crate::outdir::OutDir;

/// A file that is made of a source, by what comes behind the source's name.
pub(crate) const OBJECT: &str = "bpf.o";
/// What an object was linked of, followed by a number and the ending of an object.
const COMPILED: &str = "debug";
pub(crate) const SKELETON: &str = "skel.rs";
#[cfg(feature = "bindgen")]
pub(crate) const BINDINGS: &str = "ctx.rs";

/// The record of one source. Whatever is wrong with the file, nothing is recorded then.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    out: &'a OutDir,
    name: &'a str,
    entries: Vec<Entry>,
    /// What clang had to say about the source.
    warnings: Option<String>,
    /// The products that this build has written.
    made: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    product: String,
    inputs: Digest,
    content: Digest,
}

impl Entry {
    fn is_compiled(&self) -> bool {
        self.product.starts_with(COMPILED)
    }
}

impl<'a> Record<'a> {
    /// The record that an earlier build has left.
    pub(crate) fn read(out: &'a OutDir, name: &'a str) -> Self {
        let path = out.path(&file_name(name));
        let text = match is_of_this_program(&path) {
            true => fs::read_to_string(&path).ok(),
            false => None,
        };
        let (entries, warnings) = text.as_deref().and_then(parse).unwrap_or_default();
        Self {
            out,
            name,
            entries,
            warnings,
            made: Vec::new(),
        }
    }

    /// The product, if it is there as it was made, and was made of this.
    pub(crate) fn reuse(&self, product: &str, inputs: Option<Digest>) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.product == product)?;
        if Some(entry.inputs) != inputs {
            return None;
        }
        let bytes = fs::read(self.out.path(&self.file(product))).ok()?;
        (Digest::of(&bytes) == entry.content).then_some(bytes)
    }

    /// Whether this build has written the product, and not found it as an earlier one has left it.
    pub(crate) fn has_made(&self, product: &str) -> bool {
        self.made.iter().any(|made| made == product)
    }

    /// What the object was linked of, as far as it was kept; see [`Record::reuse`].
    pub(crate) fn reuse_compiled(&self, inputs: Option<Digest>) -> Option<Vec<Vec<u8>>> {
        let kept = self.entries.iter().filter(|entry| entry.is_compiled());
        kept.map(|entry| self.reuse(&entry.product, inputs))
            .collect()
    }

    /// Keeps what the object was linked of, and nothing of what an earlier one was.
    pub(crate) fn write_compiled(
        &mut self,
        inputs: Option<Digest>,
        compiled: &[Vec<u8>],
    ) -> Result<(), Error> {
        self.entries.retain(|entry| !entry.is_compiled());
        for (place, bytes) in compiled.iter().enumerate() {
            self.write(&format!("{COMPILED}{place}.o"), inputs, bytes)?;
        }
        Ok(())
    }

    /// What clang said when it made the object.
    pub(crate) fn warnings(&self) -> Option<String> {
        self.warnings.clone()
    }

    /// Writes a product. Without a digest of what it was made of, it is made again each time.
    pub(crate) fn write(
        &mut self,
        product: &str,
        inputs: Option<Digest>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.out.write(&self.file(product), bytes)?;
        self.made.push(product.to_owned());
        self.entries.retain(|entry| entry.product != product);
        self.entries.extend(inputs.map(|inputs| Entry {
            product: product.to_owned(),
            inputs,
            content: Digest::of(bytes),
        }));
        Ok(())
    }

    /// Sets what clang said.
    pub(crate) fn set_warnings(&mut self, warnings: Option<String>) {
        self.warnings = warnings;
    }

    /// Writes the record, if anything has been made.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        if self.made.is_empty() {
            return Ok(());
        }
        self.entries.sort_by(|a, b| a.product.cmp(&b.product));
        let text = text(&self.entries, self.warnings.as_deref());
        let name = file_name(self.name);
        // Without a time that tells the program, nothing recorded is ever used.
        let time = program::linked().unwrap_or(SystemTime::UNIX_EPOCH);
        self.out
            .write_with_time(&name, text.as_bytes(), time)
            .map(drop)
    }

    fn file(&self, product: &str) -> String {
        format!("{}.{product}", self.name)
    }
}

fn file_name(name: &str) -> String {
    format!("{name}.inputs")
}

/// Whether a record is of the program that runs now; see [`program::linked`].
fn is_of_this_program(record: &Path) -> bool {
    let modified = fs::metadata(record).and_then(|metadata| metadata.modified());
    let linked = program::linked();
    linked.is_some() && modified.ok() == linked
}

/// A digest of the rest; a line for each product; and behind an empty one, the warnings.
fn text(entries: &[Entry], warnings: Option<&str>) -> String {
    let mut rest = String::new();
    for Entry {
        product,
        inputs,
        content,
    } in entries
    {
        let _ = writeln!(rest, "{product} {inputs} {content}");
    }
    if let Some(warnings) = warnings {
        rest.push('\n');
        rest.push_str(warnings);
    }
    format!("{}\n{rest}", Digest::of(&rest))
}

fn parse(text: &str) -> Option<(Vec<Entry>, Option<String>)> {
    let (digest, rest) = text.split_once('\n')?;
    if digest.parse() != Ok(Digest::of(rest)) {
        return None;
    }
    let mut entries = Vec::new();
    let mut lines = rest.split_inclusive('\n');
    for line in lines.by_ref().take_while(|line| *line != "\n") {
        let mut words = line.split_whitespace();
        entries.push(Entry {
            product: words.next()?.to_owned(),
            inputs: words.next()?.parse().ok()?,
            content: words.next()?.parse().ok()?,
        });
    }
    let warnings: String = lines.collect();
    Some((entries, (!warnings.is_empty()).then_some(warnings)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn out() -> (tempfile::TempDir, OutDir) {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::new(dir.path().to_owned());
        (dir, out)
    }

    fn made(out: &OutDir, warnings: Option<&str>) {
        let mut record = Record::read(out, "a");
        record
            .write(OBJECT, Some(Digest::of("in")), b"object")
            .unwrap();
        record
            .write(SKELETON, Some(Digest::of("object")), b"skeleton")
            .unwrap();
        record.set_warnings(warnings.map(str::to_owned));
        record.finish().unwrap();
    }

    #[test]
    fn the_same_is_found_again() {
        for warnings in [None, Some("a.c:1: careful\n\nvery\n")] {
            let (_dir, out) = out();
            made(&out, warnings);
            let record = Record::read(&out, "a");
            let object = record.reuse(OBJECT, Some(Digest::of("in")));
            assert_eq!(object.as_deref(), Some(&b"object"[..]));
            assert_eq!(record.warnings().as_deref(), warnings);
            assert!(record.reuse(SKELETON, Some(Digest::of("object"))).is_some());
            assert!(record.reuse(OBJECT, Some(Digest::of("other"))).is_none());
            assert!(record.reuse(OBJECT, None).is_none());
            assert!(record.reuse("other", Some(Digest::of("in"))).is_none());
            assert!(
                Record::read(&out, "b")
                    .reuse(OBJECT, Some(Digest::of("in")))
                    .is_none()
            );
        }
    }

    #[test]
    fn what_was_linked_counts_as_a_whole() {
        let (_dir, out) = out();
        let inputs = Some(Digest::of("in"));
        let write = |compiled: &[&[u8]]| {
            let mut record = Record::read(&out, "a");
            let compiled: Vec<Vec<u8>> = compiled.iter().map(|bytes| bytes.to_vec()).collect();
            record.write(OBJECT, inputs, b"object").unwrap();
            record.write_compiled(inputs, &compiled).unwrap();
            record.finish().unwrap();
        };
        let found = || Record::read(&out, "a").reuse_compiled(inputs);
        write(&[b"one", b"two"]);
        assert_eq!(found(), Some(vec![b"one".to_vec(), b"two".to_vec()]));
        fs::remove_file(out.path("a.debug1.o")).unwrap();
        assert_eq!(found(), None);
        write(&[b"three"]);
        assert_eq!(found(), Some(vec![b"three".to_vec()]));
        write(&[]);
        assert_eq!(found(), Some(Vec::new()));
        assert_eq!(
            Record::read(&out, "a").reuse_compiled(None),
            Some(Vec::new())
        );
    }

    #[test]
    fn nothing_counts_that_was_changed() {
        let found = |out: &OutDir| {
            let record = Record::read(out, "a");
            let object = record.reuse(OBJECT, Some(Digest::of("in")));
            let skeleton = record.reuse(SKELETON, Some(Digest::of("object")));
            [object.is_some(), skeleton.is_some()]
        };
        // As if this program had written it.
        let write = |path: &Path, bytes: &[u8]| {
            fs::write(path, bytes).unwrap();
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(program::linked().unwrap()).unwrap();
        };
        let (_dir, out) = out();
        let path = out.path("a.inputs");
        made(&out, Some("careful\n"));
        assert_eq!(found(&out), [true, true]);

        fs::write(out.path("a.bpf.o"), "objec").unwrap();
        assert_eq!(found(&out), [false, true]);
        fs::remove_file(out.path("a.skel.rs")).unwrap();
        assert_eq!(found(&out), [false, false]);

        made(&out, Some("careful\n"));
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            write(&path, &whole[..len]);
            assert_eq!(found(&out), [false, false], "{len}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            write(&path, &changed);
            assert_eq!(found(&out), [false, false], "{at}");
        }
        write(&path, &whole);
        assert_eq!(found(&out), [true, true]);
        fs::remove_file(&path).unwrap();
        assert_eq!(found(&out), [false, false]);
    }

    #[test]
    fn nothing_counts_that_another_program_may_have_made() {
        let (_dir, out) = out();
        made(&out, None);
        let path = out.path("a.inputs");
        let linked = program::linked().unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        let nanosecond = Duration::from_nanos(1);
        for (time, counts) in [
            (linked - nanosecond, false),
            (linked + nanosecond, false),
            (linked, true),
        ] {
            file.set_modified(time).unwrap();
            let record = Record::read(&out, "a");
            let object = record.reuse(OBJECT, Some(Digest::of("in")));
            assert_eq!(object.is_some(), counts, "{time:?}");
        }
    }

    #[test]
    fn it_is_written_when_something_is_made() {
        let (_dir, out) = out();
        made(&out, None);
        let path = out.path("a.inputs");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, "another's").unwrap();
        Record::read(&out, "a").finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"another's");
        made(&out, None);
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(Some(modified), program::linked());
    }
}
