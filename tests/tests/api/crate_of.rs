//! A crate's modules, as its sources have them, and what a path in them leads to.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use syn::Attribute;
use syn::File;
use syn::Item;
use syn::ItemMod;
use syn::UseTree;
use syn::Visibility;

/// The path of a module from the crate's root; empty for the root.
pub(crate) type ModulePath = Vec<String>;

/// A crate's modules by their paths.
pub(crate) struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

/// What is in a module.
#[derive(Default)]
pub(crate) struct Module {
    /// All but uses and modules.
    pub(crate) items: Vec<Item>,
    pub(crate) uses: Vec<Use>,
    pub(crate) modules: Vec<ItemMod>,
}

/// A name that a `use` brings in.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) is_public: bool,
    /// What stands before the last segment.
    pub(crate) from: Vec<String>,
    /// The last segment; `*` for all.
    pub(crate) original: String,
    pub(crate) name: String,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Module(ModulePath),
    Item(ModulePath, String),
    /// It is another crate's.
    External(String),
}

impl Crate {
    /// Reads all modules from the root's file on, but those for tests.
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let folder = root.parent().unwrap_or(root).to_owned();
        read_module(&mut modules, Vec::new(), parse(root).items, &folder);
        Self { modules }
    }

    /// The module of that path.
    pub(crate) fn module(&self, path: &[String]) -> &Module {
        let module = self.modules.get(path);
        module.unwrap_or_else(|| panic!("there is no module {}", path.join("::")))
    }

    /// All modules.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&ModulePath, &Module)> {
        self.modules.iter()
    }

    /// What `path`, as written in the module `from`, leads to.
    pub(crate) fn resolve(&self, from: &[String], path: &[String]) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "self" => Target::Module(from.to_vec()),
            "crate" => Target::Module(Vec::new()),
            "super" => Target::Module(from[..from.len().checked_sub(1)?].to_vec()),
            name => self
                .named(from, name)
                .unwrap_or_else(|| Target::External(name.to_owned())),
        };
        rest.iter().try_fold(start, |target, name| match target {
            Target::Module(module) if name == "super" => {
                let end = module.len().checked_sub(1)?;
                Some(Target::Module(module[..end].to_vec()))
            }
            Target::Module(module) => self.named(&module, name),
            // A variant, or an associated item.
            Target::Item(..) => Some(target),
            Target::External(path) => Some(Target::External(format!("{path}::{name}"))),
        })
    }

    /// What a name means in a module.
    fn named(&self, path: &[String], name: &str) -> Option<Target> {
        let module = self.module(path);
        if module.modules.iter().any(|child| child.ident == name) {
            return Some(Target::Module(child_of(path, name)));
        }
        if module
            .items
            .iter()
            .any(|item| name_of(item).as_deref() == Some(name))
        {
            return Some(Target::Item(path.to_vec(), name.to_owned()));
        }
        let brought = module.uses.iter().find(|brought| brought.name == name);
        if let Some(brought) = brought {
            // `use name;` is of a crate.
            if brought.from.is_empty() && brought.original == name {
                return Some(Target::External(name.to_owned()));
            }
            let mut whole = brought.from.clone();
            whole.push(brought.original.clone());
            return self.resolve(path, &whole);
        }
        let globs = module.uses.iter().filter(|brought| brought.name == "*");
        globs
            .filter_map(|glob| match self.resolve(path, &glob.from)? {
                Target::Module(module) => self.named(&module, name),
                _ => None,
            })
            .next()
    }
}

/// The path of a module in another one.
pub(crate) fn child_of(path: &[String], name: &str) -> ModulePath {
    let mut path = path.to_vec();
    path.push(name.to_owned());
    path
}

/// The name by which paths lead to an item.
pub(crate) fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Static(it) => &it.ident,
        Item::Struct(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Union(it) => &it.ident,
        Item::Macro(it) => it.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Whether attributes have `#[cfg(test)]`.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// Whether documentation leaves an item out.
pub(crate) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("hidden"))
    })
}

fn parse(path: &Path) -> File {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a module's items; `folder` is where its modules' files are.
fn read_module(
    modules: &mut BTreeMap<ModulePath, Module>,
    path: ModulePath,
    items: Vec<Item>,
    folder: &Path,
) {
    let mut module = Module::default();
    for item in items {
        match item {
            Item::Use(it) => {
                let is_public = matches!(it.vis, Visibility::Public(_));
                read_use(&mut module.uses, is_public, Vec::new(), &it.tree);
            }
            Item::Mod(it) if is_for_tests(&it.attrs) => {}
            Item::Mod(mut it) => {
                let name = it.ident.to_string();
                let items = match it.content.take() {
                    Some((_, items)) => items,
                    None => parse(&file_of(folder, &name)).items,
                };
                read_module(modules, child_of(&path, &name), items, &folder.join(&name));
                module.modules.push(it);
            }
            item => module.items.push(item),
        }
    }
    modules.insert(path, module);
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let flat = folder.join(format!("{name}.rs"));
    match flat.is_file() {
        true => flat,
        false => folder.join(name).join("mod.rs"),
    }
}

fn read_use(uses: &mut Vec<Use>, is_public: bool, from: Vec<String>, tree: &UseTree) {
    let mut add = |original: String, name: String| {
        // `use a::b::{self}` is of the module itself.
        let (from, original) = match (original.as_str(), from.split_last()) {
            ("self", Some((last, before))) => (before.to_vec(), last.clone()),
            _ => (from.clone(), original),
        };
        let name = if name == "self" {
            original.clone()
        } else {
            name
        };
        uses.push(Use {
            is_public,
            from,
            original,
            name,
        });
    };
    match tree {
        UseTree::Name(it) => add(it.ident.to_string(), it.ident.to_string()),
        UseTree::Rename(it) => add(it.ident.to_string(), it.rename.to_string()),
        UseTree::Glob(_) => add("*".to_owned(), "*".to_owned()),
        UseTree::Path(it) => {
            read_use(
                uses,
                is_public,
                child_of(&from, &it.ident.to_string()),
                &it.tree,
            );
        }
        UseTree::Group(it) => {
            for tree in &it.items {
                read_use(uses, is_public, from.clone(), tree);
            }
        }
    }
}
