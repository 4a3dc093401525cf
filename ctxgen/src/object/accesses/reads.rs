//! What programs read of their contexts, and what they do with it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;

use super::Found;
use super::hints::Hints;
use super::jumps::Jumps;
use super::lines::Lines;
use super::offset_of;
use super::relocations;
use super::result::AccessKind;
use super::result::Extent;
use super::result::Line;
use super::result::Offsets;
use super::used::GuardAt;
use super::used::ReadBy;
use super::used::UseAt;
use super::walk::Budget;
use super::walk::Walked;
use super::walk::walk;
use crate::btf::TypeId;
use crate::object::Flow;
use crate::object::ObjectError;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::code::Place;
use crate::object::code::index_of;
use crate::object::elf;
use crate::object::instruction::LEN;
use crate::object::meant;
use crate::object::meant::Meant;

/// An object, and what its programs read of their contexts: all that is known of it without any kernel.
#[derive(Debug)]
pub struct Examined {
    object: ObjectFile,
    programs: Vec<ProgramReads>,
    jumps: Jumps,
    hints: Hints,
    /// The first instructions of the programs.
    entries: Vec<Option<Place>>,
}

/// What a program reads of its context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramReads {
    /// The program's place in [`ObjectFile::programs`].
    pub program: usize,
    /// In the order of the instructions.
    pub reads: Vec<Read>,
    /// How much of the program was followed.
    pub extent: Extent,
    /// What the author takes the context for.
    pub meant: Meant,
    /// What the program asks before it goes one way or another: the branches, by what they ask.
    pub guards: Vec<Guard>,
}

/// A read of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// The ELF section of the instruction.
    pub section: Arc<str>,
    /// Where in that, in bytes.
    pub instruction_offset: u32,
    /// What of the context is read.
    pub spot: Spot,
    /// How many bytes; `None` where that is not known.
    pub width: Option<u32>,
    /// Whether a load extends the sign.
    pub is_signed: bool,
    /// The CO-RE relocation that decides where it goes, by its place in [`ObjectFile::relocations`].
    pub relocation: Option<usize>,
    /// What is done with it.
    pub uses: BTreeSet<Use>,
    /// Where in the source it is, where the object says.
    pub line: Option<Line>,
    place: Place,
}

/// What of a context is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Spot {
    /// From so many bytes behind its start on.
    Bytes(u32),
    /// The argument of that number, from 0 (`bpf_get_func_arg`).
    Argument(u32),
    /// The returned value (`bpf_get_func_ret`).
    Returned,
    /// It is not known.
    Unknown,
}

/// What is done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Use {
    /// A field of the struct that it points to is loaded, by CO-RE: the struct in the object's BTF.
    FieldLoaded(TypeId),
    /// The address of a field is calculated, by CO-RE.
    FieldAddressed(TypeId),
    /// Memory that it points to is loaded or stored by an instruction, which the verifier has to allow.
    Followed,
    /// It is handed to a helper.
    Helper {
        /// The helper's number.
        number: i32,
        /// Which argument it is, from 1.
        argument: u8,
    },
    /// It is handed to a function of the kernel.
    KernelFunction {
        /// Which argument it is, from 1.
        argument: u8,
    },
    /// It is compared.
    Compared,
    /// It is calculated with.
    Calculated,
    /// It is calculated with as no verifier allows with a pointer to a struct: all its 64 bits, otherwise than by
    /// adding and subtracting (`adjust_ptr_min_max_vals` in `kernel/bpf/verifier.c`).
    Altered,
    /// It is stored.
    Stored,
    /// It is returned.
    Returned,
}

/// A branch on something that is known before the program is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// What it asks.
    pub asks: Asked,
    place: Place,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Asked {
    /// A variable that user space sets, or libbpf (`LINUX_KERNEL_VERSION`).
    Variable(Arc<str>),
    /// A CO-RE relocation, by its place in [`ObjectFile::relocations`].
    Relocation(usize),
}

impl Examined {
    /// Examines an object.
    ///
    /// # Errors
    /// [`ObjectError`], where the bytes are no object or are damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        Self::parse_linked(bytes, &[], |_| {})
    }

    /// Examines an object whose debug information was left behind when it was linked of these: libbpf's linker
    /// takes it away. Without any, that of the object itself counts. `fill_in` may give lines their text, where
    /// the object has none.
    ///
    /// # Errors
    /// [`ObjectError`], where the bytes of one are no object or are damaged.
    pub fn parse_linked(
        bytes: &[u8],
        compiled: &[&[u8]],
        mut fill_in: impl FnMut(&mut Line),
    ) -> Result<Self, ObjectError> {
        let object = ObjectFile::parse(bytes)?;
        let elf = elf::parse(bytes)?;
        let variables = &object.variables;
        let numbers = object.code.numbers();
        let number = |name: &str| numbers.get(name).copied();
        let by_offset = relocations(&object, number);
        let relocations: HashMap<Place, usize> = by_offset
            .iter()
            .filter_map(|(&(section, offset), place)| {
                let index = index_of(offset.into())?;
                Some((Place { section, index }, *place))
            })
            .collect();
        let hints = Hints {
            relocated: relocations.keys().copied().collect(),
            variables: variables.by_place.clone(),
            closed: HashSet::new(),
        };
        let jumps = Jumps::of(&object.code);
        let ext = match elf.section_by_name(".BTF.ext") {
            Some(section) => Some(section.data()?),
            None => None,
        };
        let lines = Lines::of(ext, object.btf(), number);
        let found = Found {
            code: &object.code,
            lines,
            relocations: by_offset,
        };
        let entries = entries(&object);
        let heads = |program: usize| {
            let mut heads = entries[program].map_or_else(Vec::new, |at| found.heads(at));
            heads.iter_mut().for_each(&mut fill_in);
            heads
        };
        let debug = match compiled {
            [] => meant::in_debug(&object, &[bytes])?,
            compiled => meant::in_debug(&object, compiled)?,
        };
        let meant = meant::of_programs(&object, &debug, heads);
        let mut budget = Budget::of_object();
        let mut programs = Vec::new();
        for (program, meant) in meant.into_iter().enumerate() {
            let walked = entries[program]
                .map(|entry| walk(&object.code, &jumps, &hints, entry, &mut budget));
            programs.push(ProgramReads {
                program,
                reads: walked.as_ref().map_or_else(Vec::new, |walked| {
                    found.reads(&object, walked, &relocations)
                }),
                extent: walked
                    .as_ref()
                    .map_or(Extent::NotExamined, |walked| walked.extent),
                meant,
                guards: walked.as_ref().map_or_else(Vec::new, |walked| {
                    guards(&object, walked, &variables.names, &relocations)
                }),
            });
        }
        let reads = programs.iter_mut().flat_map(|program| &mut program.reads);
        reads.for_each(|read| read.line.iter_mut().for_each(&mut fill_in));
        drop(found);
        drop(numbers);
        Ok(Self {
            object,
            programs,
            jumps,
            hints,
            entries,
        })
    }

    /// The object.
    pub fn object(&self) -> &ObjectFile {
        &self.object
    }

    /// Its programs, in the order of [`ObjectFile::programs`].
    pub fn programs(&self) -> &[ProgramReads] {
        &self.programs
    }

    /// How many instructions it has.
    pub(crate) fn instructions(&self) -> usize {
        let sections = self.object.code.sections.iter();
        sections.map(|section| section.code.len() / LEN).sum()
    }

    /// The reads of a program that are left where relocations have these answers, and where of a branch
    /// one way is closed, by their places among the program's reads: those that are reached, and whose
    /// value is used. `None` where that is not known.
    pub(crate) fn left(
        &self,
        program: usize,
        answer: impl Fn(&Relocation) -> Option<u32>,
        closed: Option<(&Guard, bool)>,
    ) -> Option<BTreeSet<usize>> {
        let mut flow = Flow::new(&self.object);
        let live = flow.live(program, answer);
        let mut hints = Hints {
            relocated: self.hints.relocated.clone(),
            variables: self.hints.variables.clone(),
            closed: live.closed(&self.object.code)?,
        };
        hints
            .closed
            .extend(closed.map(|(guard, way)| (guard.place, way)));
        let entry = self.entries.get(program).copied().flatten()?;
        let budget = &mut Budget::of_object();
        let walked = walk(&self.object.code, &self.jumps, &hints, entry, budget);
        if walked.extent == Extent::NotExamined {
            return None;
        }
        let used: HashSet<Place> = walked.uses.iter().map(|(site, _)| *site).collect();
        let copied: HashSet<Place> = walked.reads.keys().copied().collect();
        let reads = self.programs.get(program)?.reads.iter().enumerate();
        // What a helper copies may be used by what gets the address of the copy.
        let is_read = |place: Place| walked.records.contains_key(&(place, AccessKind::Load));
        let is_left = |read: &Read| {
            used.contains(&read.place)
                || copied.contains(&read.place)
                // Where it is not known to be used at all, it may be.
                || read.uses.is_empty() && is_read(read.place)
        };
        Some(
            reads
                .filter(|(_, read)| is_left(read))
                .map(|(number, _)| number)
                .collect(),
        )
    }

    /// Whether an instruction is not reached where relocations have these answers and a branch is closed on
    /// one side.
    pub(crate) fn is_cut_off(
        &self,
        program: usize,
        answer: impl Fn(&Relocation) -> Option<u32>,
        (guard, way): (&Guard, bool),
        at: Place,
    ) -> bool {
        let mut flow = Flow::new(&self.object);
        let live = flow.live_without(program, answer, &[(guard.place, way)]);
        !live.has(at)
    }
}

/// The first instructions of an object's programs.
fn entries(object: &ObjectFile) -> Vec<Option<Place>> {
    let numbers = object.code.numbers();
    let programs = object.programs().iter();
    programs
        .map(|program| {
            let section = *numbers.get(&*program.section)?;
            let index = index_of(program.range.start)?;
            Some(Place { section, index })
        })
        .collect()
}

/// The branches of a program on what is known before it is verified.
fn guards(
    object: &ObjectFile,
    walked: &Walked,
    names: &[Arc<str>],
    relocations: &HashMap<Place, usize>,
) -> Vec<Guard> {
    let guards = walked.guards.iter();
    guards
        .filter_map(|(place, asks)| {
            let asks = match asks {
                GuardAt::Variable(number) => {
                    Asked::Variable(Arc::clone(names.get(*number as usize)?))
                }
                GuardAt::Relocation(at) => {
                    let number = *relocations.get(at)?;
                    // How large a field is asks nothing that a program could do without.
                    let kind = object.relocations().get(number)?.kind;
                    (!kind.needs_target()).then_some(Asked::Relocation(number))?
                }
            };
            Some(Guard {
                asks,
                place: *place,
            })
        })
        .collect()
}

/// What is done with what was read, by the instruction that has read it.
fn uses(
    object: &ObjectFile,
    walked: &Walked,
    relocations: &HashMap<Place, usize>,
) -> BTreeMap<Place, BTreeSet<Use>> {
    let mut uses: BTreeMap<Place, BTreeSet<Use>> = BTreeMap::new();
    for (site, by) in &walked.uses {
        let root = |at: &Place| {
            let number = relocations.get(at)?;
            let relocation = object.relocations().get(*number)?;
            relocation.kind.is_of_field().then_some(relocation.type_id)
        };
        let used = match by {
            UseAt::Followed(at) => {
                let field = root(at).map(Use::FieldLoaded);
                uses.entry(*site).or_default().extend(field);
                Use::Followed
            }
            UseAt::Field(at) => match root(at) {
                Some(root) => Use::FieldAddressed(root),
                None => Use::Calculated,
            },
            UseAt::Helper(_, number, argument, _) => Use::Helper {
                number: *number,
                argument: *argument,
            },
            UseAt::Kernel(_, argument) => Use::KernelFunction {
                argument: *argument,
            },
            UseAt::Compared => Use::Compared,
            UseAt::Calculated => Use::Calculated,
            UseAt::Altered => Use::Altered,
            UseAt::Stored => Use::Stored,
            UseAt::Returned => Use::Returned,
        };
        uses.entry(*site).or_default().insert(used);
    }
    uses
}

impl Found<'_> {
    /// The lines of source of a program's first instructions, in their order, each once.
    fn heads(&self, entry: Place) -> Vec<Line> {
        /// How many instructions are looked at.
        const FIRST: u32 = 64;
        let function = self.code.function(entry);
        let end = function.map_or(entry.index, |function| function.range.end);
        let end = end.min(entry.index.saturating_add(FIRST));
        let mut lines: Vec<Line> = Vec::new();
        for index in entry.index..end {
            let line = self.line(Place { index, ..entry });
            lines.extend(line.filter(|line| !lines.contains(line)));
        }
        lines
    }

    fn reads(
        &self,
        object: &ObjectFile,
        walked: &Walked,
        relocations: &HashMap<Place, usize>,
    ) -> Vec<Read> {
        let mut uses = uses(object, walked, relocations);
        let mut found = Vec::new();
        for ((place, kind), record) in &walked.records {
            if *kind != AccessKind::Load {
                continue;
            }
            let displacement = i64::from(record.displacement);
            let at = match record.base.offsets() {
                Offsets::At(base) if record.is_certain => Some(base.wrapping_add(displacement)),
                _ => None,
            };
            let spot = at.and_then(|at| u32::try_from(at).ok());
            let spot = spot.map_or(Spot::Unknown, Spot::Bytes);
            found.push((*place, spot, Some(record.width), record.is_signed));
        }
        for (place, read) in &walked.reads {
            let (spot, width) = match *read {
                ReadBy::Copy { at, width } => {
                    let at = at.and_then(|at| u32::try_from(at).ok());
                    (at.map_or(Spot::Unknown, Spot::Bytes), width)
                }
                ReadBy::Argument(Some(number)) => (Spot::Argument(number), Some(8)),
                ReadBy::Argument(None) => (Spot::Unknown, Some(8)),
                ReadBy::Returned => (Spot::Returned, Some(8)),
            };
            found.push((*place, spot, width, false));
        }
        found.sort_unstable();
        let reads = found.into_iter();
        reads
            .map(|(place, spot, width, is_signed)| Read {
                section: Arc::clone(&self.code.sections[place.section as usize].name),
                instruction_offset: offset_of(place),
                spot,
                width,
                is_signed,
                relocation: relocations.get(&place).copied(),
                uses: uses.remove(&place).unwrap_or_default(),
                line: self.line(place),
                place,
            })
            .collect()
    }
}
