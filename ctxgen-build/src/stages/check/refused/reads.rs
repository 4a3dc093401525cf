//! What the programs of an object do with their contexts.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Field;
use ctxgen::object::Functions;
use ctxgen::object::ObjectFile;
use ctxgen::object::PlacedField;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::Line;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::object::accesses::accesses;
use ctxgen::text::name;

use super::texts::Texts;
use crate::clang::Options;
use crate::display::listed;
use crate::error::Error;
use crate::findings::Mismatch;
use crate::findings::Refused;

/// An object, and what its programs do with their contexts.
#[derive(Debug)]
pub(crate) struct Reads<'o> {
    sources: &'o [PathBuf],
    pub(super) object: &'o ObjectFile,
    pub(super) functions: Functions<'o>,
    programs: Vec<ProgramAccesses>,
    /// The source of each program, where it is known which of several that is.
    of_programs: HashMap<&'o str, PathBuf>,
}

impl<'o> Reads<'o> {
    /// Those of the object of these sources, which was read from these bytes, and compiled with these
    /// options.
    ///
    /// # Errors
    /// [`Error::Object`], where it cannot be read.
    pub(crate) fn new(
        sources: &'o [PathBuf],
        object: &'o ObjectFile,
        bytes: &[u8],
        options: &Options<'_>,
    ) -> Result<Self, Error> {
        let mut programs = accesses(object, bytes).map_err(|error| Error::Object {
            sources: sources.to_owned(),
            reason: error.to_string(),
        })?;
        let prefixes = sources.iter().flat_map(|source| options.prefixes(source));
        let mut texts = Texts::new(sources, options.root, prefixes.collect());
        for found in &mut programs {
            let of_accesses = found.accesses.iter_mut().map(|access| &mut access.line);
            let of_calls = found.globals.iter_mut().map(|call| &mut call.line);
            let lines = of_accesses.chain(of_calls).flatten();
            lines.for_each(|line| texts.fill_in(line));
        }
        let mut of_programs = HashMap::new();
        for found in &programs {
            let program = &*object.programs()[found.program].name;
            // What is inlined from a header may come first.
            let source = texts.source(&found.files);
            of_programs.extend(source.map(|source| (program, source.to_owned())));
        }
        Ok(Self {
            sources,
            object,
            functions: object.functions(),
            programs,
            of_programs,
        })
    }

    /// The source of a program; where it is not known which one, all of the object.
    pub(crate) fn source_of(&self, program: &str) -> PathBuf {
        match (self.sources, self.of_programs.get(program)) {
            ([source], _) => source.clone(),
            (_, Some(source)) => source.clone(),
            (_, None) => listed(self.sources).into(),
        }
    }

    /// The sources of these programs.
    pub(crate) fn sources_of<'p>(&self, programs: impl IntoIterator<Item = &'p str>) -> String {
        let sources: BTreeSet<PathBuf> = programs
            .into_iter()
            .map(|program| self.source_of(program))
            .collect();
        listed(&sources.into_iter().collect::<Vec<_>>())
    }

    /// The object.
    pub(crate) fn object(&self) -> &'o ObjectFile {
        self.object
    }

    /// How the object's functions are declared.
    pub(crate) fn functions(&self) -> &Functions<'o> {
        &self.functions
    }

    /// Whether a program of the object may read this field of its context struct.
    pub(crate) fn may_read(&self, program: &Program, field: &str) -> bool {
        let mut programs = self.programs();
        let found = programs.find(|(other, _)| other.name == program.name);
        found.is_none_or(|(_, found)| found.may_read(self.object, field))
    }

    pub(super) fn programs(&self) -> impl Iterator<Item = (&'o Program, &ProgramAccesses)> {
        let programs = self.programs.iter();
        programs.map(|found| (&self.object.programs()[found.program], found))
    }

    /// The field of the program's own context struct that an access to its unchanged address is to.
    pub(super) fn own_field(&self, program: &Program, access: &Access) -> Option<PlacedField> {
        let context = program.context_of(access.relocation.is_some())?;
        let mut relocation = access.relocation.iter();
        // Of another declaration of the context, such as a flavour, CO-RE tells where the field is.
        let is_own = relocation.all(|place| self.object.relocations()[*place].type_id == context);
        if !is_own || !access.base.is_unmodified() {
            return None;
        }
        let offset = u32::try_from(access.displacement).ok()?;
        self.object.field_at(context, offset)
    }

    /// A context that is another one than the program's, where no variable says what the program implements.
    pub(super) fn mismatch(
        &self,
        program: &Program,
        takes: String,
        gets: Option<String>,
        why: String,
    ) -> Mismatch {
        Mismatch {
            source: self.source_of(&program.name),
            program: program.name.clone(),
            section: program.section.to_string(),
            implements: None,
            takes,
            gets,
            why,
        }
    }

    /// A finding about an access, whose words are still to be filled in.
    pub(super) fn finding(&self, program: &Program, access: Option<&Access>) -> Refused {
        self.finding_at(program, access.and_then(|access| access.line.as_ref()))
    }

    /// A finding about what is in a line, likewise.
    pub(in super::super) fn finding_at(&self, program: &Program, line: Option<&Line>) -> Refused {
        let function = line.map(|line| line.function.to_string());
        Refused {
            source: self.source_of(&program.name),
            line: line.map(|line| (line.file.to_string(), line.number)),
            text: line.map(|line| line.text.to_string()).unwrap_or_default(),
            program: program.name.clone(),
            section: program.section.to_string(),
            function: function.filter(|name| !name.is_empty() && *name != program.name),
            what: String::new(),
            instead: String::new(),
        }
    }
}

/// The file and line of an access, with a space behind; nothing where they are not known.
pub(super) fn place_of(access: &Access) -> String {
    match &access.line {
        Some(line) => format!("{}:{} ", name(&line.file), line.number),
        None => String::new(),
    }
}

/// The offsets of the wanted ones of a hook's slots, or of what else it passes, as a kernel has them.
pub(super) fn offsets_of(
    kernel: &KernelBtf,
    hook: &Hook,
    is_wanted: impl Fn(&Field) -> bool,
) -> Vec<u32> {
    let context = Context::of_hook_alone(kernel, hook);
    let Ok(Shape::Generated { layout, .. }) = context.map(|context| context.shape) else {
        return Vec::new();
    };
    let wanted = layout.fields.iter().filter(|field| is_wanted(field));
    wanted.map(|field| field.offset).collect()
}

/// How long a pointer is, in bytes.
pub(super) const POINTER: u32 = 8;

pub(super) fn is_pointer(btf: &Btf<'_>, id: TypeId) -> bool {
    let ty = btf.resolve(id);
    ty.is_some_and(|ty| matches!(ty.kind(), TypeKind::Ptr(_)))
}

/// What a program is attached to, as far as the object says.
pub(super) fn hook_of(program: &Program) -> Option<Hook> {
    let assigned = program.implements.first().cloned();
    assigned.or_else(|| {
        let sec = SecName::parse(&program.section);
        match sec {
            Ok(sec) => Some(sec.hook),
            // Attached by hand: the family is known.
            Err(HookError::NoTarget { section, .. }) => {
                format!("{section}/any_target").parse().ok()
            }
            Err(_) => None,
        }
    })
}
