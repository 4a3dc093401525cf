//! Whether what programs read of a trace event's record is right, and not merely accepted.
//!
//! They are compiled the way a user's are, attached to an event, and then what they are to notice is
//! done (the judge's `deed.c`). What that was is written down here.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use ctxgen::Context;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen_judge::Answer;
use ctxgen_judge::Noticed;

use super::program::types;
use super::values::ValueReport;
use super::values::compiled;

/// Without `bpf_helpers.h`, which needs more types than a trimmed BTF has. The judge puts an array in
/// the place of the number that looks like one.
const SOURCE: &str = r#"#include "vmlinux.h"
#include "ctx.h"

#define SEC(name) __attribute__((section(name), used))

struct left {
	unsigned long long numbers[3];
	char text[64];
};

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const read_user_str)(void *to, unsigned int size, const void *from) = (void *)114;
static long (*const read_kernel_str)(void *to, unsigned int size, const void *from) = (void *)115;

static inline __attribute__((always_inline)) struct left *place(void)
{
	unsigned int first = 0;
	void *array;

	asm("%0 = 0x6d6170 ll" : "=r"(array));
	return lookup(array, &first);
}

"#;

/// A program, and what it has to leave.
struct Program {
    /// Its function.
    name: &'static str,
    hook: &'static str,
    deed: &'static str,
    /// What it does with `left` and `ctx`.
    body: &'static str,
    /// Whether that is what was done.
    is_right: fn(&Noticed<'_>) -> bool,
    /// The same for people.
    expected: &'static str,
}

const AT_FDCWD: i64 = -100;
const ENOENT: i64 = 2;
/// `O_WRONLY | O_CREAT | O_CLOEXEC`.
const FLAGS: u64 = 0o2_000_101;

const PROGRAMS: &[Program] = &[
    Program {
        name: "executed",
        hook: "tp/sched/sched_process_exec",
        deed: "exec",
        body: "left->numbers[0] = ctx->pid;\n\
               left->numbers[1] = ctx_data_len(ctx, filename);\n\
               left->numbers[2] = ctx->old_pid;\n\
               read_kernel_str(left->text, sizeof(left->text), ctx_data(ctx, filename));\n",
        is_right: |noticed| {
            let pid = u64::from(noticed.pid);
            let path = "/proc/self/exe";
            noticed.numbers == [pid, path.len() as u64 + 1, pid] && noticed.text == path
        },
        expected: "pid, length and filename of what was executed",
    },
    Program {
        name: "opening",
        hook: "tp/syscalls/sys_enter_openat",
        deed: "open",
        body: "left->numbers[0] = (long long)ctx->dfd;\n\
               left->numbers[1] = ctx->flags;\n\
               left->numbers[2] = ctx->mode;\n\
               read_user_str(left->text, sizeof(left->text), ctx->filename);\n",
        is_right: |noticed| {
            noticed.numbers == [AT_FDCWD.cast_unsigned(), FLAGS, 0o640]
                && noticed.text == "/no/such/file"
        },
        expected: "dfd, flags, mode and filename of what was opened",
    },
    Program {
        name: "opened",
        hook: "tp/syscalls/sys_exit_openat",
        deed: "open",
        body: "left->numbers[0] = ctx->ret;\n\
               left->numbers[1] = ctx->ret < 0;\n",
        is_right: |noticed| noticed.numbers == [(-ENOENT).cast_unsigned(), 1, 0],
        expected: "-ENOENT",
    },
];

/// A program for a kernel.
#[derive(Clone, Debug)]
pub struct TracedCase {
    number: usize,
    /// In the judge's format.
    insns: String,
}

impl TracedCase {
    fn program(&self) -> &'static Program {
        &PROGRAMS[self.number]
    }

    fn id(&self) -> String {
        format!("traced/{}", self.program().name)
    }
}

/// The programs for the kernel with this BTF.
///
/// # Errors
/// Where the BTF cannot be read, or the programs cannot be compiled.
pub fn traced_cases(btf: &Path) -> Result<Vec<TracedCase>, Box<dyn Error>> {
    let kernel = KernelBtf::from_path(btf)?;
    let mut numbers = Vec::new();
    let mut source = SOURCE.to_owned();
    for (number, program) in PROGRAMS.iter().enumerate() {
        let hook: Hook = program.hook.parse()?;
        match Context::of_hook_alone(&kernel, &hook) {
            Ok(_) => numbers.push(number),
            Err(ctxgen::PrototypeError::UnknownHook { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
        let Program {
            name,
            hook: sec,
            body,
            ..
        } = program;
        let context = hook.struct_name();
        let _ = write!(
            source,
            "SEC(\"{sec}\")\nint {name}(struct {context} *ctx)\n{{\n\
             struct left *left = place();\n\nif (left) {{\n{body}}}\nreturn 0;\n}}\n\n"
        );
    }
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut functions = compiled(&kernel, btf, "traced", &source)?;
    let cases = numbers.into_iter().map(|number| {
        let insns = functions.remove(PROGRAMS[number].name);
        let insns = insns.ok_or("a function is missing")?;
        Ok(TracedCase { number, insns })
    });
    cases.collect()
}

/// The plan's lines.
pub fn traced_plan(cases: &[TracedCase]) -> String {
    let mut text = String::new();
    for case in cases {
        let Program { hook, deed, .. } = case.program();
        let event = hook.rsplit('/').next().unwrap_or(hook);
        if let Some((prog, attach)) = Family::by_name("tp").and_then(types) {
            let (id, insns) = (case.id(), &case.insns);
            let _ = writeln!(text, "w {id} {prog} {attach} 0 0 {insns} {event} {deed}");
        }
    }
    text
}

/// Holds answers against the cases.
pub fn compare_traced<'a>(
    cases: &[TracedCase],
    answers: impl IntoIterator<Item = &'a str>,
    report: &mut ValueReport,
) {
    let mut said = HashMap::new();
    for line in answers {
        if let Some(Answer::Noticed { id, result }) = Answer::parse(line) {
            said.insert(id, result);
        }
    }
    for case in cases {
        let program = case.program();
        match said.get(case.id().as_str()) {
            Some(Ok(noticed)) if (program.is_right)(noticed) => report.right += 1,
            came => {
                let (id, expected) = (case.id(), program.expected);
                report
                    .wrong
                    .push(format!("{id}: expected {expected}, and {came:?} came"));
            }
        }
    }
}
