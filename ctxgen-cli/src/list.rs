//! `ctxgen list`.

use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Error;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;
use ctxgen::SecName;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen::render::Report;
use ctxgen::render::Reports;

use crate::Kernel;
use crate::output::Failure;
use crate::output::advised;
use crate::output::json;
use crate::output::stdout;

/// How many hooks are rendered at a time: enough to make the cost of a ctx BTF small, and few
/// enough that output starts at once and memory stays flat.
const BATCH: usize = 4096;

/// List the kernel's hooks, with their arguments.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only hooks of this family: tp_btf, fentry, lsm, ...
    #[arg(long, short, value_name = "FAMILY")]
    family: Option<String>,

    /// Only hooks whose name contains this; `*` stands for any characters
    pattern: Option<String>,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    kernel: Kernel,
}

impl List {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let families = self.families()?;
        let mut kernel = self.kernel.open()?;
        if kernel.origin().is_running() && self.kernel.formats.is_empty() {
            // A list is of what there is on this machine: categories too, where they can be read.
            kernel = kernel.with_all_running_formats();
        }
        let mut out = stdout();
        let mut renderer = Reports::new(&kernel);
        for family in families {
            let mut hooks = hooks(&kernel, family)?;
            hooks.retain(|hook| self.wants(hook));
            for batch in hooks.chunks(BATCH) {
                for report in batch_reports(&kernel, batch, &mut renderer)? {
                    match self.json {
                        true => json(&mut out, &report)?,
                        false => line(&mut out, family, &report)?,
                    }
                }
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    fn families(&self) -> Result<Vec<Family>, Failure> {
        let Some(name) = &self.family else {
            return Ok(Family::all().collect());
        };
        match Family::by_name(name) {
            Some(family) => Ok(vec![family]),
            None => {
                let all: Vec<_> = Family::all().map(Family::name).collect();
                Err(Failure::NoFamily(name.clone(), all.join(", ")))
            }
        }
    }

    fn wants(&self, hook: &Hook) -> bool {
        self.pattern
            .as_ref()
            .is_none_or(|pattern| contains(&hook.to_string(), pattern))
    }
}

/// All hooks of a family. Where what programs get says nothing of what they attach to, these are the
/// family's sections, if the kernel has the struct.
fn hooks(kernel: &KernelBtf, family: Family) -> Result<Vec<Hook>, Error> {
    if family.prototypes() != Prototypes::None {
        return Ok(prototype::hooks(kernel, family).collect());
    }
    let mut sections = family.sections().to_vec();
    sections.sort_unstable();
    let mut hooks = Vec::new();
    for section in sections {
        let hook = SecName::parse(section)?.hook;
        match Context::of_hook_alone(kernel, &hook) {
            Ok(_) => hooks.push(hook),
            Err(PrototypeError::UnknownHook { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(hooks)
}

/// Whether `text` contains `pattern`, whose `*` stand for anything.
fn contains(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Reports of hooks of one family, in their order.
fn batch_reports(
    kernel: &KernelBtf,
    hooks: &[Hook],
    renderer: &mut Reports<'_>,
) -> Result<Vec<Report>, Error> {
    let mut contexts = Vec::with_capacity(hooks.len());
    let mut reports = Vec::with_capacity(hooks.len());
    for hook in hooks {
        match Context::of_hook_alone(kernel, hook) {
            Ok(context) => contexts.push(context),
            Err(error) if is_about_hook(&error) => {
                reports.push(render::unsupported(hook, reason(error)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    while !contexts.is_empty() {
        let (first, later) = distinct(contexts);
        reports.extend(renderer.of(&CtxBtf::new(kernel, first)?)?);
        contexts = later;
    }
    let places: HashMap<String, usize> = hooks.iter().map(Hook::to_string).zip(0..).collect();
    reports.sort_by_cached_key(|report| places.get(&report.hook).copied());
    Ok(reports)
}

/// The first context of each struct, and the others: a function of a module may be called like one of the
/// kernel, and then so are their structs, which cannot be in one ctx BTF.
fn distinct(mut contexts: Vec<Context>) -> (Vec<Context>, Vec<Context>) {
    contexts.sort_by(|a, b| a.struct_name.cmp(&b.struct_name));
    let (mut first, mut later) = (Vec::<Context>::with_capacity(contexts.len()), Vec::new());
    for context in contexts {
        match first.last() {
            Some(last) if last.struct_name == context.struct_name => later.push(context),
            _ => first.push(context),
        }
    }
    (first, later)
}

/// Whether an error is about that hook alone, which is there.
pub(crate) fn is_about_hook(error: &PrototypeError) -> bool {
    matches!(
        error,
        PrototypeError::Unsupported { .. }
            | PrototypeError::AmbiguousFunction { .. }
            | PrototypeError::AmbiguousEvent { .. }
            | PrototypeError::OtherFormat { .. }
    )
}

/// What is wrong with a hook, without the hook, which the report names.
pub(crate) fn reason(error: PrototypeError) -> String {
    match error {
        PrototypeError::Unsupported { reason, .. } => reason.to_string(),
        error => advised(&error.into()),
    }
}

/// A hook on a line: `fexit/vfs_unlink(struct mnt_idmap *idmap, ...) -> int`. Of families that have one
/// struct for all, its name will do: `xdp(struct xdp_md *)`.
fn line(out: &mut impl Write, family: Family, report: &Report) -> std::io::Result<()> {
    if let Some(why) = &report.unsupported {
        let why = why.lines().next().unwrap_or_default();
        return writeln!(out, "{}  unsupported: {why}", report.hook);
    }
    if family.prototypes() == Prototypes::None {
        return writeln!(out, "{}({} *)", report.hook, report.context);
    }
    let (ret, args): (Vec<_>, Vec<_>) = report.fields.iter().partition(|field| field.name == "ret");
    let mut args = args;
    // Registers are not in the order of the arguments that they have.
    args.sort_by_key(|arg| arg.argument);
    let args: Vec<&str> = args.iter().map(|arg| arg.declaration.as_str()).collect();
    write!(out, "{}({})", report.hook, args.join(", "))?;
    if let [ret] = ret[..] {
        write!(out, " -> {}", ret.r#type)?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn patterns() {
        for (text, pattern, is) in [
            ("fentry/vfs_unlink", "unlink", true),
            ("fentry/vfs_unlink", "", true),
            ("fentry/vfs_unlink", "vfs_*k", true),
            ("fentry/vfs_unlink", "*", true),
            ("fentry/vfs_unlink", "fexit", false),
            ("fentry/vfs_unlink", "unlink*vfs", false),
        ] {
            assert_eq!(contains(text, pattern), is, "{text} {pattern}");
        }
    }
}
