//! Which line of the source an instruction comes from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::btf::Btf;
use crate::object::ext::Part;
use crate::object::ext::each_record;

/// How much of a line is kept, in characters.
const SHOWN: usize = 200;
/// How many records are looked at for a line with a number.
const FAR: usize = 64;
/// How many of the low bits of a line's record are the column (`BPF_LINE_INFO_LINE_COL`).
const COLUMN_BITS: u32 = 10;

/// The lines of an object.
#[derive(Debug)]
pub(super) struct Lines<'b> {
    btf: &'b Btf<'static>,
    /// By the number of the section: the offset of the first instruction in bytes, where file and line are
    /// in the strings, and the line's number. Sorted.
    by_section: HashMap<u32, Vec<[u32; 4]>>,
    /// Strings by where they are, each kept once.
    shown: RefCell<HashMap<u32, Arc<str>>>,
}

impl<'b> Lines<'b> {
    /// Those of a `.BTF.ext` section. What is damaged or of no section is left out: an object without
    /// lines is as good.
    pub(super) fn of(
        bytes: Option<&[u8]>,
        btf: &'b Btf<'static>,
        section: impl Fn(&str) -> Option<u32>,
    ) -> Self {
        let mut by_section: HashMap<u32, Vec<[u32; 4]>> = HashMap::new();
        let mut last = None;
        let of_bytes = bytes.map(|bytes| {
            each_record(bytes, Part::Lines, |name, record| {
                let number = match last {
                    Some((known, number)) if known == name => number,
                    _ => section(btf.string(name)),
                };
                last = Some((name, number));
                let [instruction, file, text, place] = record;
                if let Some(number) = number {
                    let of = by_section.entry(number).or_default();
                    of.push([instruction, file, text, place >> COLUMN_BITS]);
                }
                Ok(())
            })
        });
        if let Some(Err(_)) = of_bytes {
            by_section.clear();
        }
        for lines in by_section.values_mut() {
            lines.sort_unstable();
        }
        Self {
            btf,
            by_section,
            shown: RefCell::default(),
        }
    }

    /// File, number and text of the line that an instruction of a section comes from. What a compiler made
    /// of several lines has number 0: then it is the line before that, in the same function.
    pub(super) fn at(
        &self,
        section: u32,
        instruction: u32,
        function: u32,
    ) -> Option<(Arc<str>, u32, Arc<str>)> {
        let lines = self.by_section.get(&section)?;
        let after = lines.partition_point(|line| line[0] <= instruction);
        let of_function = |line: &&[u32; 4]| line[0] >= function;
        let before = lines[..after].iter().rev().take_while(of_function);
        let &[_, file, text, number] = before.take(FAR).find(|line| line[3] != 0)?;
        Some((self.shown(file), number, self.shown(text)))
    }

    /// The files that the lines of these bytes of a section are from, in their order, each once.
    pub(super) fn files(&self, section: u32, bytes: &Range<u64>) -> Vec<Arc<str>> {
        let lines = self.by_section.get(&section).map_or(&[][..], Vec::as_slice);
        let from = lines.partition_point(|line| u64::from(line[0]) < bytes.start);
        let within = lines[from..]
            .iter()
            .take_while(|line| u64::from(line[0]) < bytes.end);
        let mut seen = HashSet::new();
        let files = within.map(|line| line[1]).filter(|file| seen.insert(*file));
        files.map(|file| self.shown(file)).collect()
    }

    fn shown(&self, offset: u32) -> Arc<str> {
        let mut known = self.shown.borrow_mut();
        let string = known.entry(offset).or_insert_with(|| {
            let string = self.btf.text(offset).trim();
            string.chars().take(SHOWN).collect::<String>().into()
        });
        Arc::clone(string)
    }
}
