//! Where formats are known from: the running kernel's tracefs, saved files, and pinned BTFs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;

use super::BadLine;
use super::Format;
use super::error::TracefsError;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::hook::ANY_CATEGORY;
use crate::text::ident::is_identifier;

/// Where the running kernel shows its own, the newer place first.
const RUNNING: [&str; 2] = [
    "/sys/kernel/tracing/events",
    "/sys/kernel/debug/tracing/events",
];

/// What the file of an event is called.
const FILE: &str = "format";

/// What the file of a category is called that switches on all of its events.
const ENABLE: &str = "enable";

/// The largest file that is read: the longest of a kernel's has some 30 KiB.
const MAX_FILE: u64 = 1 << 20;

/// The formats of a kernel's events, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Formats {
    sources: Vec<Source>,
    deciding: Option<Deciding>,
}

/// The events, by category and name, that a folder has told something of.
#[derive(Debug, Default)]
struct Asked(Mutex<BTreeSet<(String, String)>>);

impl Asked {
    /// A thread that panics while it holds the lock leaves a whole set.
    fn locked(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Asked {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.locked().clone()))
    }
}

/// A folder that is asked only where nothing else tells.
#[derive(Clone, Debug)]
struct Deciding {
    folder: Folder,
    /// The events, by category and name, that it has told something of.
    asked: Asked,
}

#[derive(Clone, Debug)]
enum Source {
    /// `<category>/<event>/format` in a folder.
    Folder(Folder),
    /// One event's; its file's place may tell the category.
    One(Option<String>, Format),
}

#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    /// The categories by event.
    events: OnceLock<BTreeMap<String, BTreeSet<String>>>,
}

impl Formats {
    /// Those of the running kernel, where they can be read.
    pub(crate) fn running() -> Self {
        let folder = running_folder().map(Folder::new);
        Self {
            sources: folder.into_iter().map(Source::Folder).collect(),
            deciding: None,
        }
    }

    /// Lets a folder decide what nothing else tells.
    pub(crate) fn decide_by(&mut self, folder: &Path) {
        self.deciding = Some(Deciding {
            folder: Folder::new(folder),
            asked: Asked::default(),
        });
    }

    /// The format of an event of which nothing else tells which record it has. What cannot be read decides
    /// nothing.
    pub(crate) fn decide(&self, category: &str, event: &str) -> Option<Format> {
        let deciding = self.deciding.as_ref()?;
        let categories = deciding.folder.events().get(event)?;
        let category = match category {
            ANY_CATEGORY => categories.first()?,
            category => categories.get(category)?,
        };
        let format = deciding.folder.find(category, event).ok()??;
        let asked = (category.clone(), event.to_owned());
        deciding.asked.locked().insert(asked);
        Some(format)
    }

    /// The files by which [`Formats::decide`] has decided, sorted.
    pub(crate) fn decided_by(&self) -> Vec<PathBuf> {
        let Some(Deciding { folder, asked }) = &self.deciding else {
            return Vec::new();
        };
        let file = |(category, event): &(String, String)| folder.file(category, event);
        asked.locked().iter().map(file).collect()
    }

    /// The format of an event, where one is given or has decided.
    pub(crate) fn used(&self, category: &str, event: &str) -> Option<Format> {
        let decided = || {
            let Deciding { folder, asked } = self.deciding.as_ref()?;
            let key = (category.to_owned(), event.to_owned());
            let is_asked = asked.locked().contains(&key);
            is_asked.then(|| folder.find(category, event))?.ok()?
        };
        // One that cannot be read has settled nothing.
        self.find(category, event).ok().flatten().or_else(decided)
    }

    /// Those that a pinned BTF keeps.
    pub(crate) fn kept(btf: &Btf<'_>) -> Self {
        // Tags are behind what they are on, and those of a pinned BTF at its end.
        let mut sources = Vec::new();
        for id in (1..btf.type_count()).rev() {
            let Some(ty) = btf.get(crate::btf::TypeId(id)) else {
                break;
            };
            match (ty.kind(), Format::of_tag(ty.name())) {
                (Kind::DeclTag { .. }, Some((category, format))) => {
                    sources.push(Source::One(Some(category), format));
                }
                _ => break,
            }
        }
        sources.reverse();
        Self {
            sources,
            deciding: None,
        }
    }

    /// Adds a file, or a folder of them. What was added before goes first.
    pub(crate) fn add(&mut self, path: &Path) -> Result<(), TracefsError> {
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
        let one = path.join(FILE);
        let source = match metadata.is_dir() {
            false => one_of(path)?,
            true if one.is_file() => one_of(&one)?,
            true => {
                let events = path.join("events");
                let folder = Folder::new(if events.is_dir() { &events } else { path });
                if folder.events().is_empty() {
                    return Err(TracefsError::NoFormats {
                        path: path.to_owned(),
                    });
                }
                Source::Folder(folder)
            }
        };
        self.sources.push(source);
        Ok(())
    }

    /// Adds what an event's file has in it.
    pub(crate) fn add_text(&mut self, category: &str, text: &str) -> Result<(), TracefsError> {
        let format = parse(Path::new(category), text)?;
        let category = Some(category.to_owned());
        self.sources.push(Source::One(category, format));
        Ok(())
    }

    /// The format of an event.
    ///
    /// # Errors
    /// [`TracefsError::Read`] and [`TracefsError::BadFormat`] where there is one that cannot be understood.
    pub(crate) fn find(&self, category: &str, event: &str) -> Result<Option<Format>, TracefsError> {
        for source in &self.sources {
            let found = match source {
                Source::Folder(folder) => folder.find(category, event)?,
                Source::One(of, format) => {
                    let is_of = of.as_ref().is_none_or(|of| of == category);
                    (is_of && format.name == event).then(|| format.clone())
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The categories that have an event of that name, sorted.
    pub(crate) fn categories(&self, event: &str) -> BTreeSet<String> {
        let mut categories = BTreeSet::new();
        for source in &self.sources {
            match source {
                Source::Folder(folder) => {
                    categories.extend(folder.events().get(event).into_iter().flatten().cloned());
                }
                Source::One(Some(category), format) if format.name == event => {
                    categories.insert(category.clone());
                }
                Source::One(..) => {}
            }
        }
        categories
    }

    /// Whether all events of a category are known: a folder has the kernel's own file for the category as a
    /// whole beside its events.
    pub(crate) fn is_whole(&self, category: &str) -> bool {
        is_identifier(category)
            && self.sources.iter().any(|source| match source {
                Source::Folder(folder) => folder.path.join(category).join(ENABLE).is_file(),
                Source::One(..) => false,
            })
    }

    /// All events of known category, as category and name, sorted.
    pub(crate) fn events(&self) -> BTreeSet<(String, String)> {
        let mut events = BTreeSet::new();
        for source in &self.sources {
            match source {
                Source::Folder(folder) => {
                    for (event, categories) in folder.events() {
                        let of_event = categories.iter();
                        events.extend(of_event.map(|category| (category.clone(), event.clone())));
                    }
                }
                Source::One(Some(category), format) => {
                    events.insert((category.clone(), format.name.clone()));
                }
                Source::One(None, _) => {}
            }
        }
        events
    }
}

impl Folder {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            events: OnceLock::new(),
        }
    }

    fn find(&self, category: &str, event: &str) -> Result<Option<Format>, TracefsError> {
        // Whatever else they are, they would be another path.
        if !is_identifier(category) || !is_identifier(event) {
            return Ok(None);
        }
        let path = self.file(category, event);
        match read(&path) {
            Ok(text) => parse(&path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, error)),
        }
    }

    fn file(&self, category: &str, event: &str) -> PathBuf {
        self.path.join(category).join(event).join(FILE)
    }

    fn events(&self) -> &BTreeMap<String, BTreeSet<String>> {
        self.events.get_or_init(|| {
            let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for category in names_in(&self.path) {
                let folder = self.path.join(&category);
                let with_format = |event: &String| folder.join(event).join(FILE).is_file();
                for event in names_in(&folder).into_iter().filter(with_format) {
                    events.entry(event).or_default().insert(category.clone());
                }
            }
            events
        })
    }
}

/// Where the running kernel shows its own formats, where that can be read.
pub(crate) fn running_folder() -> Option<&'static Path> {
    let mut folders = RUNNING.into_iter().map(Path::new);
    folders.find(|folder| folder.is_dir())
}

/// What is in a folder and can be a category's or an event's name. One that cannot be read is empty.
fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| is_identifier(name))
        .collect()
}

/// The one event of a file, `<category>/<event>/format` or of any other name.
fn one_of(path: &Path) -> Result<Source, TracefsError> {
    let text = read(path).map_err(|error| unreadable(path, error))?;
    let format = parse(path, &text)?;
    // A relative path may leave out the folders that tell.
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let named = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    let category = || {
        let event = whole.parent()?;
        let category = named(event.parent()?)?;
        let is_place = named(&whole)? == FILE && named(event)? == format.name;
        (is_place && is_identifier(&category)).then_some(category)
    };
    Ok(Source::One(category(), format))
}

fn parse(path: &Path, text: &str) -> Result<Format, TracefsError> {
    Format::parse(text).map_err(|BadLine { line, text }| TracefsError::BadFormat {
        path: path.to_owned(),
        line,
        text,
    })
}

/// What is in a file; of a larger one, as much as any format file has.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unreadable(path: &Path, error: io::Error) -> TracefsError {
    TracefsError::Read {
        path: path.to_owned(),
        error,
    }
}
