//! What of a crate others can name, a line each.

use std::collections::BTreeSet;

use syn::Fields;
use syn::ImplItem;
use syn::Item;
use syn::Type;
use syn::Visibility;

use crate::crate_of::Crate;
use crate::crate_of::Target;
use crate::crate_of::child_of;
use crate::crate_of::is_for_tests;
use crate::crate_of::is_hidden;
use crate::crate_of::name_of;
use crate::tokens::text;

/// The list, sorted, with the number of its types and functions on top.
pub(crate) fn of(krate: &Crate, name: &str) -> String {
    let mut listing = Listing {
        krate,
        lines: BTreeSet::new(),
        open: Vec::new(),
        types: 0,
        functions: 0,
    };
    listing.module(&[], name);
    listing.macros(name);
    let members = listing.lines.len();
    let mut list = format!(
        "# {} types and {} functions; {members} lines with their methods, fields and variants\n",
        listing.types, listing.functions
    );
    for (path, what) in &listing.lines {
        list.push_str(&format!("{path}: {what}\n"));
    }
    list
}

struct Listing<'c> {
    krate: &'c Crate,
    /// A path, and what is there.
    lines: BTreeSet<(String, String)>,
    /// The modules that are being listed: one may bring in another one that brings in this.
    open: Vec<Vec<String>>,
    types: usize,
    functions: usize,
}

impl Listing<'_> {
    fn module(&mut self, module: &[String], path: &str) {
        if self.open.iter().any(|open| open == module) {
            return;
        }
        self.open.push(module.to_vec());
        let krate = self.krate;
        let here = krate.module(module);
        for child in &here.modules {
            if is_public(&child.vis) && !is_hidden(&child.attrs) {
                let name = child.ident.to_string();
                self.lines.insert((format!("{path}::{name}"), "mod".into()));
                self.module(&child_of(module, &name), &format!("{path}::{name}"));
            }
        }
        for item in &here.items {
            self.item(module, item, path, None);
        }
        for brought in here.uses.iter().filter(|brought| brought.is_public) {
            let mut whole = brought.from.clone();
            if brought.name != "*" {
                whole.push(brought.original.clone());
            }
            let name = match brought.name.as_str() {
                "*" => path.to_owned(),
                name => format!("{path}::{name}"),
            };
            match krate.resolve(module, &whole) {
                Some(Target::Module(target)) => self.module(&target, &name),
                Some(Target::Item(target, original)) => {
                    let items = krate.module(&target).items.iter();
                    for item in items.filter(|item| name_of(item).as_ref() == Some(&original)) {
                        self.item(&target, item, path, Some(&brought.name));
                    }
                }
                Some(Target::External(external)) => {
                    self.lines.insert((name, format!("use {external}")));
                }
                None => panic!("{name}: there is no {}", whole.join("::")),
            }
        }
        self.open.pop();
    }

    /// Lists an item of a module under its own name or another one.
    fn item(&mut self, module: &[String], item: &Item, path: &str, other: Option<&str>) {
        let Some(own) = name_of(item) else { return };
        let path = format!("{path}::{}", other.unwrap_or(&own));
        let (vis, attrs, what) = match item {
            Item::Const(it) => (&it.vis, &it.attrs, format!("const {}", text(&it.ty))),
            Item::Static(it) => (&it.vis, &it.attrs, format!("static {}", text(&it.ty))),
            Item::Fn(it) => (&it.vis, &it.attrs, text(&it.sig)),
            Item::Struct(it) => (&it.vis, &it.attrs, format!("struct{}", text(&it.generics))),
            Item::Enum(it) => (&it.vis, &it.attrs, format!("enum{}", text(&it.generics))),
            Item::Union(it) => (&it.vis, &it.attrs, format!("union{}", text(&it.generics))),
            Item::Trait(it) => (&it.vis, &it.attrs, format!("trait{}", text(&it.generics))),
            Item::Type(it) => (&it.vis, &it.attrs, format!("type {}", text(&it.ty))),
            _ => return,
        };
        if !is_public(vis) || is_hidden(attrs) || is_for_tests(attrs) {
            return;
        }
        let exhaustive = match attrs.iter().any(|it| it.path().is_ident("non_exhaustive")) {
            true => "non_exhaustive ",
            false => "",
        };
        if self
            .lines
            .insert((path.clone(), format!("{exhaustive}{what}")))
        {
            match item {
                Item::Fn(_) => self.functions += 1,
                Item::Const(_) | Item::Static(_) => {}
                _ => self.types += 1,
            }
        }
        match item {
            Item::Struct(it) => self.fields(&path, &it.fields),
            Item::Enum(it) => {
                for variant in &it.variants {
                    let path = format!("{path}::{}", variant.ident);
                    let mut fields = variant.fields.clone();
                    for field in &mut fields {
                        field.attrs.clear();
                    }
                    let what = format!("variant {}", text(&fields));
                    self.lines.insert((path, what.trim_end().to_owned()));
                }
            }
            Item::Trait(it) => {
                for member in &it.items {
                    if let syn::TraitItem::Fn(it) = member {
                        let path = format!("{path}::{}", it.sig.ident);
                        self.lines.insert((path, text(&it.sig)));
                    }
                }
            }
            _ => {}
        }
        self.associated(&Target::Item(module.to_vec(), own), &path);
    }

    fn fields(&mut self, path: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate() {
            if is_public(&field.vis) {
                let name = match &field.ident {
                    Some(ident) => ident.to_string(),
                    None => index.to_string(),
                };
                let ty = text(&field.ty);
                self.lines.insert((format!("{path}.{name}"), ty));
            }
        }
    }

    /// Lists the public functions and constants of a type, wherever its `impl` stands, and the
    /// traits that are implemented for it by hand.
    fn associated(&mut self, target: &Target, path: &str) {
        let krate = self.krate;
        for (module, here) in krate.modules() {
            for item in &here.items {
                let Item::Impl(block) = item else { continue };
                let Type::Path(ty) = &*block.self_ty else {
                    continue;
                };
                let segments = ty.path.segments.iter();
                let segments: Vec<String> = segments.map(|it| it.ident.to_string()).collect();
                if krate.resolve(module, &segments).as_ref() != Some(target) {
                    continue;
                }
                if let Some((of, _)) = &block.trait_ {
                    self.lines
                        .insert((path.to_owned(), format!("impl {}", text(of))));
                    continue;
                }
                for member in &block.items {
                    match member {
                        ImplItem::Fn(it) if is_public(&it.vis) && !is_hidden(&it.attrs) => {
                            let path = format!("{path}::{}", it.sig.ident);
                            self.lines.insert((path, text(&it.sig)));
                        }
                        ImplItem::Const(it) if is_public(&it.vis) => {
                            let path = format!("{path}::{}", it.ident);
                            self.lines.insert((path, format!("const {}", text(&it.ty))));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Exported macros are in the crate's root.
    fn macros(&mut self, name: &str) {
        for (_, here) in self.krate.modules() {
            for item in &here.items {
                let Item::Macro(it) = item else { continue };
                let is_exported = it
                    .attrs
                    .iter()
                    .any(|attribute| attribute.path().is_ident("macro_export"));
                if let (true, Some(ident)) = (is_exported, &it.ident) {
                    self.lines
                        .insert((format!("{name}::{ident}!"), "macro".into()));
                }
            }
        }
    }
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}
