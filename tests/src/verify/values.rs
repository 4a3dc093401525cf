//! Whether what `ctx_get` reads is right, and not merely accepted.
//!
//! Small programs are compiled the way a user's are, for the kernel's byte order and with its
//! `ctx.h`, each returning an argument of a tracepoint. The kernel runs them on slots that we chose,
//! with junk in all bits that are not the argument's. Which slot an argument is in, and what type it
//! has, is written down here, from the kernel's sources: the layouts are not asked about themselves.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use ctxgen::ByteOrder;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen_build::Builder;
use ctxgen_judge::Answer;
use object::Object;
use object::ObjectSection;
use object::ObjectSymbol;

/// `BPF_PROG_TYPE_RAW_TRACEPOINT`, which a kernel runs on any slots on demand.
const RAW_TRACEPOINT: u32 = 17;
/// More slots than any of these tracepoints has arguments.
const SLOTS: usize = 6;
/// Bytes of an instruction.
const INSN: usize = 8;
/// `exit`.
const EXIT: u8 = 0x95;

/// What is in the bits of a slot that are not the argument's, besides the argument's sign: nothing
/// stops a kernel from leaving any of these there.
const JUNK: [u64; 3] = [0, u64::MAX, 0xa5c3_96e1_5a3c_691e];

/// An argument, as the kernel's `TP_PROTO` has it.
#[derive(Clone, Copy, Debug)]
struct Argument {
    tracepoint: &'static str,
    name: &'static str,
    slot: usize,
    bits: u32,
    /// What it is sent as.
    values: &'static [i64],
}

/// One row of the table below.
const fn argument(
    tracepoint: &'static str,
    name: &'static str,
    slot: usize,
    bits: u32,
    values: &'static [i64],
) -> Argument {
    Argument {
        tracepoint,
        name,
        slot,
        bits,
        values,
    }
}

const BOOL: &[i64] = &[0, 1];
const U8: &[i64] = &[0, 1, 0x7f, 0x80, 0xff];
const U16: &[i64] = &[0, 1, 0x12fe, 0x8000, 0xffff];
const U32: &[i64] = &[0, 1, 0x1234_5678, 0x8000_0000, 0xffff_ffff];
const INT: &[i64] = &[0, 1, -1, -2, 0x1234_5678, i32::MIN as i64, i32::MAX as i64];
const LONG: &[i64] = &[0, 1, -1, -2, 0x0123_4567_89ab_cdef, i64::MIN, i64::MAX];

/// Tracepoints whose arguments have not changed from 5.10 to 7.2.
const ARGUMENTS: &[Argument] = &[
    argument("sched_switch", "preempt", 0, 1, BOOL),
    argument("neigh_create", "exempt_from_gc", 4, 1, BOOL),
    argument("neigh_update", "new", 2, 8, U8),
    argument("neigh_update", "flags", 3, 32, U32),
    argument("neigh_update", "nlmsg_pid", 4, 32, U32),
    // Missing from kernels that are built without bridges.
    argument("br_fdb_add", "vid", 3, 16, U16),
    argument("br_fdb_add", "nlh_flags", 4, 16, U16),
    argument("softirq_entry", "vec_nr", 0, 32, U32),
    argument("signal_generate", "sig", 0, 32, INT),
    argument("signal_generate", "group", 3, 32, INT),
    argument("signal_generate", "result", 4, 32, INT),
    argument("napi_poll", "work", 1, 32, INT),
    argument("sys_enter", "id", 1, 64, LONG),
    argument("sys_exit", "ret", 1, 64, LONG),
];

/// What a program returns of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Itself, widened to 64 bits.
    Value,
    /// Whether it is negative.
    Negative,
}

impl Question {
    fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Negative => "negative",
        }
    }

    /// In C, of the argument in `value`.
    fn expression(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Negative => "value < 0",
        }
    }

    fn answer(self, value: i64) -> u64 {
        match self {
            Self::Value => value.cast_unsigned(),
            Self::Negative => (value < 0).into(),
        }
    }
}

/// A program, the slots that it is run on, and what it has to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueCase {
    /// Its name in the plan.
    pub id: String,
    /// In the judge's format.
    insns: String,
    slots: [u64; SLOTS],
    /// All 64 bits of it.
    expected: u64,
}

/// What came of the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueReport {
    /// How many values are right.
    pub right: usize,
    /// Each that is not, or is missing: which, what was expected, and what came.
    pub wrong: Vec<String>,
}

/// Programs and values for the kernel with this BTF.
///
/// # Errors
/// Where the BTF cannot be read, the programs cannot be compiled, or clang made something of them
/// that the judge cannot run.
pub fn value_cases(btf: &Path) -> Result<Vec<ValueCase>, Box<dyn Error>> {
    let kernel = KernelBtf::from_path(btf)?;
    let mut arguments = Vec::new();
    for argument in ARGUMENTS {
        let hook: Hook = format!("raw_tp/{}", argument.tracepoint).parse()?;
        match ctxgen::Context::of_hook_alone(&kernel, &hook) {
            Ok(_) => arguments.push(argument),
            Err(ctxgen::PrototypeError::UnknownHook { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let programs = compile(&kernel, btf, &arguments)?;
    let mut cases = Vec::new();
    for argument in arguments {
        for &question in argument.questions() {
            let name = function(argument, question);
            let insns = programs
                .get(&name)
                .ok_or_else(|| format!("clang made no function {name}"))?;
            cases.extend(argument.cases(question, insns));
        }
    }
    Ok(cases)
}

/// The plan's lines.
pub fn value_plan(cases: &[ValueCase]) -> String {
    let mut text = String::new();
    for case in cases {
        let _ = write!(text, "v {} {RAW_TRACEPOINT} 0 0 0 {} ", case.id, case.insns);
        for slot in case.slots {
            let _ = write!(text, "{slot:016x}");
        }
        text.push('\n');
    }
    text
}

/// Holds the judge's answers against the cases. Those to other entries are passed over.
pub fn compare_values<'a>(
    cases: &[ValueCase],
    answers: impl IntoIterator<Item = &'a str>,
) -> ValueReport {
    let mut said = HashMap::new();
    for line in answers {
        match Answer::parse(line) {
            Some(Answer::Value { id, result: Ok(it) }) => said.insert(id, Ok(it)),
            Some(Answer::Value { id, .. } | Answer::Trouble { id, .. }) => {
                said.insert(id, Err(line))
            }
            _ => None,
        };
    }
    let mut report = ValueReport::default();
    for case in cases {
        let ValueCase { id, expected, .. } = case;
        let came = match said.get(id.as_str()) {
            Some(Ok(value)) if value == expected => {
                report.right += 1;
                continue;
            }
            Some(Ok(value)) => format!("{value:#018x}"),
            Some(Err(line)) => line.replace('\t', " "),
            None => "no answer".to_owned(),
        };
        let slots = case.slots.map(|slot| format!("{slot:016x}")).join(" ");
        report.wrong.push(format!(
            "{id}: expected {expected:#018x}, and {came} came, of the slots {slots}"
        ));
    }
    report
}

impl Argument {
    /// What can be asked about it.
    fn questions(&self) -> &'static [Question] {
        match self.values.iter().any(|value| *value < 0) {
            true => &[Question::Value, Question::Negative],
            false => &[Question::Value],
        }
    }

    /// One for each value and each kind of junk.
    fn cases(&self, question: Question, insns: &str) -> Vec<ValueCase> {
        let own = u64::MAX >> (64 - self.bits);
        let mut cases = Vec::new();
        for value in self.values {
            for (number, junk) in JUNK.into_iter().enumerate() {
                // A boolean is a whole byte of which the kernel sets the last bit only.
                let rest = if self.bits == 1 { !0xff } else { !own };
                // The other slots differ from each other, and from what is sent.
                let mut slots = std::array::from_fn(|slot| {
                    0x1111_1111_1111_1111_u64.wrapping_mul(slot as u64 + 2) ^ junk
                });
                slots[self.slot] = (value.cast_unsigned() & own) | (junk & rest);
                cases.push(ValueCase {
                    id: format!(
                        "{}/{}.{}:{value}:{number}",
                        question.name(),
                        self.tracepoint,
                        self.name
                    ),
                    insns: insns.to_owned(),
                    slots,
                    expected: question.answer(*value),
                });
            }
        }
        cases
    }
}

/// What the function that answers a question is called.
fn function(argument: &Argument, question: Question) -> String {
    format!(
        "{}_{}_{}",
        question.name(),
        argument.tracepoint,
        argument.name
    )
}

/// The instructions of each function, in the judge's format.
fn compile(
    kernel: &KernelBtf,
    btf: &Path,
    arguments: &[&Argument],
) -> Result<HashMap<String, String>, Box<dyn Error>> {
    // Without bpf_helpers.h, which needs more types than a trimmed BTF has.
    let mut source = "#include \"vmlinux.h\"\n\
                      #include \"ctx.h\"\n\n\
                      #define SEC(name) __attribute__((section(name), used))\n\n"
        .to_owned();
    for argument in arguments {
        let Argument {
            tracepoint, name, ..
        } = argument;
        for &question in argument.questions() {
            let function = function(argument, question);
            let expression = question.expression();
            let _ = write!(
                source,
                "SEC(\"raw_tp/{tracepoint}\")\n\
                 long long {function}(struct btf_trace_{tracepoint}_ctx *ctx)\n{{\n\
                 \t__typeof__(ctx_get(ctx, {name})) value = ctx_get(ctx, {name});\n\n\
                 \treturn {expression};\n}}\n\n"
            );
        }
    }
    compiled(kernel, btf, "values", &source)
}

/// The functions that clang makes of a source, in the judge's format, with the contexts that it names and
/// a licence at its end.
pub(super) fn compiled(
    kernel: &KernelBtf,
    btf: &Path,
    name: &str,
    source: &str,
) -> Result<HashMap<String, String>, Box<dyn Error>> {
    let source = format!("{source}char LICENSE[] SEC(\"license\") = \"GPL\";\n");
    let arch = kernel
        .arch()
        .ok_or_else(|| format!("{}: BTF of an unknown architecture", btf.display()))?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(format!("{name}.bpf.c"));
    fs::write(&path, source)?;
    let artifacts = Builder::new()
        .source(&path)
        .btf(btf)
        .target(format!("{}-unknown-linux-gnu", arch.rust_name()))
        .out_dir(folder.path().join("out"))
        .generate()?;
    let built = artifacts.objects.first().ok_or("no object was made")?;
    functions(&fs::read(&built.object)?, kernel.byte_order())
}

/// The functions of an object, in the judge's format.
fn functions(elf: &[u8], order: ByteOrder) -> Result<HashMap<String, String>, Box<dyn Error>> {
    let elf = object::File::parse(elf)?;
    let mut functions = HashMap::new();
    for symbol in elf.symbols() {
        if symbol.kind() != object::SymbolKind::Text || symbol.size() == 0 {
            continue;
        }
        let (name, section) = (symbol.name()?, symbol.section_index());
        let section = elf.section_by_index(section.ok_or("a function outside of sections")?)?;
        if section.relocations().next().is_some() {
            return Err(format!("{name} refers to something outside of it").into());
        }
        let start = usize::try_from(symbol.address())?;
        let code = start
            .checked_add(usize::try_from(symbol.size())?)
            .and_then(|end| section.data().ok()?.get(start..end))
            .ok_or_else(|| format!("{name} is not within its section"))?;
        functions.insert(name.to_owned(), insns(name, code, order)?);
    }
    Ok(functions)
}

/// Instructions in the judge's format, which has one exit, at the end.
fn insns(name: &str, code: &[u8], order: ByteOrder) -> Result<String, Box<dyn Error>> {
    let (code, rest) = code.as_chunks::<INSN>();
    let exits = code.iter().filter(|insn| insn[0] == EXIT).count();
    if !rest.is_empty() || exits != 1 || code.last().is_none_or(|insn| insn[0] != EXIT) {
        return Err(format!("{name} is not instructions with one exit, at the end").into());
    }
    let mut text = String::new();
    for [opcode, registers, offset @ .., i0, i1, i2, i3] in code {
        let imm = [*i0, *i1, *i2, *i3];
        // The nibbles of the registers are swapped too.
        let (dst, src, offset, imm) = match order {
            ByteOrder::Little => (
                registers & 0xf,
                registers >> 4,
                u16::from_le_bytes(*offset),
                u32::from_le_bytes(imm),
            ),
            ByteOrder::Big => (
                registers >> 4,
                registers & 0xf,
                u16::from_be_bytes(*offset),
                u32::from_be_bytes(imm),
            ),
        };
        let _ = write!(text, "{opcode:02x}{dst:x}{src:x}{offset:04x}{imm:08x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
