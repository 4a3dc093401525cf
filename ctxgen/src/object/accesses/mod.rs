//! What programs do with their contexts: which bytes they load, where they store, and what they hand the
//! context to.
//!
//! The context's address is followed through the instructions of each program, from register 1 where it
//! starts: through moves and additions, to the stack and back, where ways meet, and into the functions that
//! are called with it. Nothing is asked but the object.
//!
//! ```no_run
//! use ctxgen::object::ObjectFile;
//! use ctxgen::object::accesses::accesses;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = std::fs::read("prog.bpf.o")?;
//! let object = ObjectFile::parse(&bytes)?;
//! for program in accesses(&object, &bytes)? {
//!     for access in &program.accesses {
//!         println!("{:?} at {:?}", access.kind, access.offsets());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod calls;
mod choices;
mod fields;
mod frame;
mod helper;
mod hints;
mod jumps;
mod lines;
mod origin;
#[cfg(feature = "reads")]
pub mod reads;
mod result;
mod state;
mod transfer;
mod used;
mod uses;
mod value;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;

pub(crate) use self::choices::branches;
pub(crate) use self::choices::closing;
pub use self::helper::takes_context;
pub use self::helper::takes_memory;
pub use self::result::Access;
pub use self::result::AccessKind;
pub use self::result::Callee;
pub use self::result::Extent;
pub use self::result::GlobalCall;
pub use self::result::Line;
pub use self::result::Offsets;
pub use self::result::Passed;
pub use self::result::ProgramAccesses;

use self::hints::Hints;
use self::jumps::Jumps;
use self::lines::Lines;
use self::origin::Change;
use self::value::Value;
use self::walk::Budget;
use self::walk::Record;
use self::walk::walk;
use super::ObjectError;
use super::ObjectFile;
use super::elf;
use crate::object::code::Code;
use crate::object::code::Place;
use crate::object::code::index_of;
use crate::object::instruction::Instruction;
use crate::object::instruction::LEN;

/// What each program of an object does with its context, in the order of
/// [`ObjectFile::programs`]. `bytes` are those that the object was read from.
///
/// The work is bounded, whatever the object: see [`Extent::NotExamined`].
///
/// # Errors
/// [`ObjectError`], where the bytes are no object.
pub fn accesses(object: &ObjectFile, bytes: &[u8]) -> Result<Vec<ProgramAccesses>, ObjectError> {
    let elf = elf::parse(bytes)?;
    let ext = match elf.section_by_name(".BTF.ext") {
        Some(section) => Some(section.data()?),
        None => None,
    };
    Ok(with_lines(object, ext))
}

/// As [`accesses`], of an object whose bytes are gone: no access has its line.
pub(crate) fn accesses_without_lines(object: &ObjectFile) -> Vec<ProgramAccesses> {
    with_lines(object, None)
}

/// `ext` is the section `.BTF.ext`.
fn with_lines(object: &ObjectFile, ext: Option<&[u8]>) -> Vec<ProgramAccesses> {
    let code = &object.code;
    let jumps = Jumps::of(code);
    let numbers = code.numbers();
    let number = |name: &str| numbers.get(name).copied();
    let found = Found {
        code,
        lines: Lines::of(ext, object.btf(), number),
        relocations: relocations(object, number),
    };
    let hints = Hints::default();
    let mut budget = Budget::of_object();
    let programs = object.programs().iter().enumerate();
    programs
        .map(|(place, program)| {
            let entry = number(&program.section)
                .zip(index_of(program.range.start))
                .map(|(section, index)| Place { section, index });
            let Some(entry) = entry else {
                return ProgramAccesses {
                    program: place,
                    accesses: Vec::new(),
                    globals: Vec::new(),
                    extent: Extent::NotExamined,
                    files: Vec::new(),
                };
            };
            let walked = walk(code, &jumps, &hints, entry, &mut budget);
            let records = walked.records.iter();
            let loads = walked.records.keys().enumerate();
            let loads = loads.filter(|(_, (_, kind))| *kind == AccessKind::Load);
            let loads = loads.map(|(number, (at, _))| (*at, number)).collect();
            ProgramAccesses {
                program: place,
                accesses: records
                    .map(|((at, kind), record)| Access {
                        is_compared: walked.compared.contains(at),
                        is_followed: walked.followed.contains(at),
                        is_added_to: walked.added.contains(at),
                        ..found.access(*at, *kind, record)
                    })
                    .collect(),
                globals: found.globals(&walked.globals, &loads),
                extent: walked.extent,
                files: found.lines.files(entry.section, &program.range),
            }
        })
        .collect()
}

/// The places of an object's relocations, by the instruction.
fn relocations(
    object: &ObjectFile,
    number: impl Fn(&str) -> Option<u32>,
) -> HashMap<(u32, u32), usize> {
    let relocations = object.relocations().iter().enumerate();
    relocations
        .filter_map(|(place, relocation)| {
            let section = number(&relocation.section)?;
            Some(((section, relocation.instruction_offset), place))
        })
        .collect()
}

/// How long an instruction is, in bytes.
const LENGTH: u32 = LEN as u32;

/// Where in its section an instruction is, in bytes.
fn offset_of(at: Place) -> u32 {
    at.index.saturating_mul(LENGTH)
}

/// What is known of an object's instructions.
struct Found<'f> {
    code: &'f Code,
    lines: Lines<'f>,
    relocations: HashMap<(u32, u32), usize>,
}

impl Found<'_> {
    fn access(&self, at: Place, kind: AccessKind, record: &Record) -> Access {
        Access {
            section: Arc::clone(&self.code.sections[at.section as usize].name),
            instruction_offset: offset_of(at),
            kind,
            base: record.base.offsets(),
            displacement: record.displacement,
            width: record.width,
            is_signed: record.is_signed,
            is_certain: record.is_certain,
            relocation: self.relocations.get(&(at.section, offset_of(at))).copied(),
            callee: self.callee(at, kind),
            is_compared: false,
            is_followed: false,
            is_added_to: false,
            line: self.line(at),
        }
    }

    /// The calls of global functions at these places.
    fn globals(
        &self,
        calls: &BTreeMap<Place, Vec<Value>>,
        loads: &HashMap<Place, usize>,
    ) -> Vec<GlobalCall> {
        let of = |(at, passed): (&Place, &Vec<Value>)| {
            let function = self.code.function_from(self.code.target(*at)?)?;
            Some(GlobalCall {
                section: Arc::clone(&self.code.sections[at.section as usize].name),
                instruction_offset: offset_of(*at),
                callee: Arc::clone(&function.name),
                arguments: passed
                    .iter()
                    .map(|value| self.passed(value, loads))
                    .collect(),
                line: self.line(*at),
            })
        };
        calls.iter().filter_map(of).collect()
    }

    fn passed(&self, value: &Value, loads: &HashMap<Place, usize>) -> Passed {
        match value {
            Value::Read(origin) if origin.is_number() => {
                let as_it_is = match origin.change() {
                    Change::None => Passed::Read,
                    Change::Added => Passed::Within,
                    Change::Calculated => return Passed::Other,
                };
                let sites = origin.sites().iter().map(|site| loads.get(site).copied());
                sites.collect::<Option<_>>().map_or(Passed::Other, as_it_is)
            }
            Value::From(at) => match self.code.at(*at) {
                Some(Instruction::Helper { number }) => Passed::Returned(number),
                _ => {
                    let relocation = self.relocations.get(&(at.section, offset_of(*at)));
                    relocation.map_or(Passed::Other, |place| Passed::Loaded(*place))
                }
            },
            Value::Stack { .. } => Passed::Stack,
            _ => Passed::Other,
        }
    }

    /// The line of source that an instruction is from.
    fn line(&self, at: Place) -> Option<Line> {
        let section = &self.code.sections[at.section as usize];
        let function = section.function(at.index);
        let start = function.map_or(0, |function| function.range.start.saturating_mul(LENGTH));
        let line = self.lines.at(at.section, offset_of(at), start);
        line.map(|(file, number, text)| Line {
            file,
            number,
            text,
            function: match function {
                Some(function) => Arc::clone(&function.name),
                None => "".into(),
            },
        })
    }

    fn callee(&self, at: Place, kind: AccessKind) -> Option<Callee> {
        let AccessKind::Function { .. } = kind else {
            return None;
        };
        let Some(Instruction::Call) = self.code.at(at) else {
            return None;
        };
        let function = self.code.function_from(self.code.target(at)?)?;
        Some(Callee {
            name: Arc::clone(&function.name),
            is_global: function.is_global,
        })
    }
}
