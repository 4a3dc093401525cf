//! Holds what programs do with their contexts against what the target kernels' verifiers take.
//!
//! What is an error here would be one when the program is loaded: then, the verifier names a register and an
//! offset, and not the line of the source.

mod advice;
mod foreign;
mod global;
mod kernel;
mod kind;
mod rules;
mod texts;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::object::Functions;
use ctxgen::object::ObjectFile;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::Extent;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::object::accesses::accesses;
use ctxgen::text::name;

use self::kernel::Modified;
use self::kernel::refuses_narrow_pointers;
use self::kind::Kind;
use self::rules::Severity;
use self::rules::Why;
use self::rules::judge;
use self::texts::Texts;
use crate::check::Mismatch;
use crate::clang::Options;
use crate::error::Error;
use crate::error::listed;
use crate::error::shown;

pub(crate) use self::foreign::Foreign;

/// A use of a context that the target kernel's verifier refuses, or that is of another kind of context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Refused {
    /// The source that it is in.
    pub source: PathBuf,
    /// The file and the number of the line, where the object says: the source, or a header of it.
    pub line: Option<(String, u32)>,
    /// The text of that line; may be empty.
    pub text: String,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The function that the program calls and the line is in, where it is another one.
    pub function: Option<String>,
    /// What is the matter.
    pub what: String,
    /// What to write instead; may be empty.
    pub instead: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some((file, number)) => write!(f, "{}:{number}: ", name(file))?,
            None => write!(f, "{}: ", shown(&self.source))?,
        }
        let (program, section) = (name(&self.program), name(&self.section));
        write!(f, "program {program}, SEC(\"{section}\")")?;
        if let Some(function) = &self.function {
            write!(f, ", in {}()", name(function))?;
        }
        write!(f, ": {}", self.what)?;
        if !self.text.is_empty() {
            write!(f, "\n    {}", line_of(&self.text))?;
        }
        if !self.instead.is_empty() {
            write!(f, "\n{}", self.instead)?;
        }
        Ok(())
    }
}

/// The text of a source line, which may have tabs.
pub(super) fn line_of(text: &str) -> String {
    let parts: Vec<_> = text.split('\t').map(name).collect();
    parts.join("\t")
}

/// What was found in the object of a source.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is refused, sorted.
    pub(crate) refused: Vec<Refused>,
    /// Contexts that are declared as another kind of memory, and read as such.
    pub(crate) mismatches: Vec<Mismatch>,
    /// Remarks, sorted.
    pub(crate) warnings: Vec<String>,
}

/// An object, and what its programs do with their contexts.
#[derive(Debug)]
pub(crate) struct Reads<'o> {
    sources: &'o [PathBuf],
    object: &'o ObjectFile,
    functions: Functions<'o>,
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
        for access in programs.iter_mut().flat_map(|found| &mut found.accesses) {
            access.line.iter_mut().for_each(|line| texts.fill_in(line));
        }
        let mut of_programs = HashMap::new();
        for found in &programs {
            let name = &*object.programs()[found.program].name;
            // What is inlined from a header may come first.
            let source = texts.source(&found.files);
            of_programs.extend(source.map(|source| (name, source.to_owned())));
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

    /// What the verifiers of these kernels, which all have to load the object, do not take.
    pub(crate) fn findings(&self, kernels: &[KernelBtf]) -> Findings {
        let modified = Modified::of(kernels);
        let narrow = match refuses_narrow_pointers(kernels) {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let mut refused = BTreeSet::new();
        let mut warnings = BTreeSet::new();
        let mut mismatches = Vec::new();
        for (program, found) in self.programs() {
            let Some(hook) = hook_of(program) else {
                continue;
            };
            let kind = Kind::of(&hook);
            if found.extent == Extent::NotExamined {
                warnings.insert(self.not_examined(program));
            }
            for access in &found.accesses {
                let order = self.object.btf().byte_order();
                let judged = judge(kind, access, order, modified);
                let is_narrow = judged.is_none() && self.is_narrow_pointer(program, kind, access);
                let judged = judged.or(is_narrow.then_some((narrow, Why::NarrowPointer)));
                if let Some((severity, why)) = judged {
                    let finding = self.refused(program, access, severity, why);
                    match severity {
                        Severity::Error => {
                            refused.insert(finding);
                        }
                        Severity::Warning => {
                            warnings.insert(finding.to_string());
                        }
                    }
                }
                refused.extend(self.passed_to_global(program, kind, access));
            }
            let foreign = self.foreign(program, found, &hook, kernels);
            mismatches.extend(foreign.mismatch);
            warnings.extend(foreign.warning);
        }
        Findings {
            refused: refused.into_iter().collect(),
            mismatches,
            warnings: warnings.into_iter().collect(),
        }
    }

    fn programs(&self) -> impl Iterator<Item = (&'o Program, &ProgramAccesses)> {
        let programs = self.programs.iter();
        programs.map(|found| (&self.object.programs()[found.program], found))
    }

    /// Whether an access loads a part of a pointer from a slot with types.
    fn is_narrow_pointer(&self, program: &Program, kind: Kind, access: &Access) -> bool {
        const POINTER: u32 = 8;
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        let is_typed = matches!(kind, Kind::Slots | Kind::LsmSlots);
        if !is_load || !is_typed || access.width >= POINTER || !access.base.is_unmodified() {
            return false;
        }
        // Of another declaration of the context, such as a flavour, CO-RE tells where the field is.
        let relocation = access
            .relocation
            .map(|place| &self.object.relocations()[place]);
        if relocation.is_some_and(|relocation| program.context != Some(relocation.type_id)) {
            return false;
        }
        let field = program
            .context
            .zip(u32::try_from(access.displacement).ok())
            .and_then(|(context, offset)| self.object.field_at(context, offset));
        let ty = field.and_then(|field| self.object.btf().resolve(field.type_id));
        ty.is_some_and(|ty| matches!(ty.kind(), ctxgen::btf::Kind::Ptr(_)))
    }

    /// A finding about an access, whose words are still to be filled in.
    fn finding(&self, program: &Program, access: Option<&Access>) -> Refused {
        let line = access.and_then(|access| access.line.as_ref());
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

    fn not_examined(&self, program: &Program) -> String {
        format!(
            "{}: program {}, SEC(\"{}\"), is too large to be followed: what it does with its context \
             was not examined",
            shown(&self.source_of(&program.name)),
            name(&program.name),
            name(&program.section)
        )
    }
}

/// What a program is attached to, as far as the object says.
fn hook_of(program: &Program) -> Option<Hook> {
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
