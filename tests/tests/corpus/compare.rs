//! What an object is, apart from the numbers that its types happen to have.

use std::collections::BTreeMap;

use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::object::ObjectFile;
use ctxgen::object::RelocationKind;
use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SectionKind;

/// Everything in an object that counts when it is loaded.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Code and data, by section; of what has no bytes, the size.
    sections: BTreeMap<String, (u64, Vec<u8>)>,
    /// ELF relocations: section, offset, symbol.
    links: Vec<String>,
    /// The symbols that others can see: name, section, binding, size.
    symbols: Vec<String>,
    /// CO-RE relocations: section, offset, kind, type by name, path through it.
    relocations: Vec<String>,
    /// Maps and external variables and functions, as C declarations.
    declarations: Vec<String>,
}

impl Summary {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let elf = object::File::parse(bytes).unwrap();
        let own = ObjectFile::parse(bytes).unwrap();
        let mut summary = Self::default();
        for section in elf.sections() {
            let name = section.name().unwrap().to_owned();
            let counts = matches!(
                section.kind(),
                SectionKind::Text
                    | SectionKind::Data
                    | SectionKind::ReadOnlyData
                    | SectionKind::ReadOnlyString
                    | SectionKind::UninitializedData
            );
            if !counts || name.starts_with(".BTF") {
                continue;
            }
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(symbol) = relocation.target() else {
                    panic!("{name}+{offset}: {relocation:?}");
                };
                let symbol = elf.symbol_by_index(symbol).unwrap();
                let at = symbol.section_index().map(|index| {
                    let section = elf.section_by_index(index).unwrap();
                    section.name().unwrap().to_owned()
                });
                let link = (symbol.name().unwrap(), at, relocation.addend());
                summary.links.push(format!("{name}+{offset}: {link:?}"));
            }
            let data = section.data().unwrap().to_vec();
            summary.sections.insert(name, (section.size(), data));
        }
        for symbol in elf.symbols().filter(object::ObjectSymbol::is_global) {
            summary.symbols.push(format!(
                "{} {:?} weak={} {}",
                symbol.name().unwrap(),
                symbol.kind(),
                symbol.is_weak(),
                symbol.size()
            ));
        }
        summary.symbols.sort();
        summary.add_relocations(&own);
        summary.add_declarations(own.btf());
        summary
    }

    fn add_relocations(&mut self, object: &ObjectFile) {
        for relocation in object.relocations() {
            let ty = object.btf().get(relocation.type_id).unwrap();
            self.relocations.push(format!(
                "{}+{}: {:?} {} {:?} {}",
                relocation.section,
                relocation.instruction_offset,
                relocation.kind,
                kind(ty.kind()),
                ty.name(),
                relocation.access,
            ));
            // Such an instruction has the number of the type in it, as the compiler counted.
            if matches!(
                relocation.kind,
                RelocationKind::TypeIdLocal | RelocationKind::TypeIdTarget
            ) {
                let (_, data) = self.sections.get_mut(&*relocation.section).unwrap();
                let at = relocation.instruction_offset as usize + 4;
                data[at..at + 4].fill(0);
            }
        }
    }

    fn add_declarations(&mut self, btf: &Btf<'_>) {
        let printer = CPrinter::new(btf);
        for ty in btf.types() {
            let declared = match ty.kind() {
                Kind::Var(to) | Kind::Func(to) => to,
                _ => continue,
            };
            let mut text = printer.declare(declared, ty.name()).unwrap();
            // With the sizes of what maps have for keys and values. Their structs have no names. Whether a
            // kernel's struct that is only pointed to is declared or defined makes no difference: libbpf
            // compares variables of the kernel by the names of their types.
            let resolved = btf.resolve(declared);
            let map = resolved
                .filter(|ty| ty.name().is_empty())
                .map(|ty| ty.kind());
            if let Some(Kind::Struct(composite)) = map {
                for member in composite.members() {
                    let Some(Kind::Ptr(to)) = btf.resolve(member.type_id).map(|ty| ty.kind())
                    else {
                        continue;
                    };
                    text.push_str(&format!(" {}={}", member.name, size(btf, to)));
                }
            }
            self.declarations.push(text);
        }
        self.declarations.sort();
    }

    /// # Panics
    /// If they are not the same.
    pub(crate) fn assert_same(&self, full: &Self, what: &str) {
        let names = |summary: &Self| summary.sections.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(full), "{what}: sections");
        for (name, bytes) in &self.sections {
            assert!(*bytes == full.sections[name], "{what}: {name} differs");
        }
        assert_eq!(self.links, full.links, "{what}: ELF relocations");
        assert_eq!(self.symbols, full.symbols, "{what}: symbols");
        assert_eq!(
            self.relocations, full.relocations,
            "{what}: CO-RE relocations"
        );
        assert_eq!(self.declarations, full.declarations, "{what}: declarations");
    }
}

fn kind(kind: Kind<'_>) -> &'static str {
    match kind {
        Kind::Struct(_) => "struct",
        Kind::Union(_) => "union",
        Kind::Enum { .. } => "enum",
        Kind::Enum64 { .. } => "enum64",
        Kind::Typedef(_) => "typedef",
        _ => "other",
    }
}

/// The size of what a map's definition points to, for a plain type, or the number of elements.
fn size(btf: &Btf<'_>, id: TypeId) -> String {
    match btf.resolve(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite) | Kind::Union(composite)) => composite.size.to_string(),
        Some(Kind::Int { size, .. } | Kind::Enum { size } | Kind::Enum64 { size }) => {
            size.to_string()
        }
        Some(Kind::Array { len, .. }) => format!("[{len}]"),
        other => format!("{:?}", other.map(kind)),
    }
}
