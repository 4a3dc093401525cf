//! `ctxgen list`.

use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
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
use crate::output::Stdout;
use crate::output::advised;
use crate::output::json;
use crate::output::stdout;
use crate::style::Style;

/// How many hooks are rendered at a time: enough to make the cost of a ctx BTF small, and few
/// enough that output starts at once and memory stays flat.
const BATCH: usize = 4096;

const EXAMPLES: &str = "\
Examples:
  ctxgen list unlink
      all hooks of the running kernel with `unlink` in their names
  ctxgen list --family lsm mprotect --btf 7.2.btf
  ctxgen list --family fentry --module nf_conntrack 'nf_ct_*'
  ctxgen list --family tp --json sched_ | jq -r .struct";

/// List the kernel's hooks with their arguments. Exits with status 1 if there are none.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    /// Only hooks of this family: tp_btf, fentry, lsm, ...
    #[arg(long, short, value_name = "FAMILY", value_parser = families())]
    family: Option<String>,

    /// Only hooks whose name contains this text; `*` matches any characters
    pattern: Option<String>,

    /// Print JSON: one object per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    kernel: Kernel,
}

impl List {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut is_empty = true;
        let mut kernel = self.kernel.open()?;
        if kernel.origin().is_running() && self.kernel.formats.is_empty() {
            // A list is of what there is on this machine: categories too, where they can be read.
            kernel = kernel.with_all_running_formats();
        }
        let mut out = stdout();
        let mut renderer = Reports::new(&kernel);
        for family in self.families() {
            let mut hooks = hooks(&kernel, family)?;
            hooks.retain(|hook| self.wants(hook));
            is_empty &= hooks.is_empty();
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
        match is_empty {
            true => Err(self.nothing(&kernel)),
            false => Ok(ExitCode::SUCCESS),
        }
    }

    fn families(&self) -> Vec<Family> {
        let named = |family: &Family| {
            self.family
                .as_deref()
                .is_none_or(|name| name == family.name())
        };
        Family::all().filter(named).collect()
    }

    /// That there is no such hook.
    fn nothing(&self, kernel: &KernelBtf) -> Failure {
        let family = self.family.iter();
        let advice = match (self.kernel.module.is_empty(), self.family.as_deref()) {
            (_, Some("uprobe" | "uretprobe")) if self.kernel.user.is_empty() => {
                ": functions in user space are those of --user FILE"
            }
            // Without a name, a module would be guessed.
            (true, _) if self.pattern.is_some() => {
                ". If it is in a module, name that with --module"
            }
            _ => "",
        };
        Failure::NoHooks {
            pattern: self.pattern.clone().unwrap_or_default(),
            family: family.map(|name| format!("{name} ")).collect(),
            origin: kernel.origin().clone(),
            advice: advice.to_owned(),
        }
    }

    fn wants(&self, hook: &Hook) -> bool {
        self.pattern
            .as_ref()
            .is_none_or(|pattern| contains(&hook.to_string(), pattern))
    }
}

/// The names of all families, for completions and for what is similar to a wrong one.
fn families() -> PossibleValuesParser {
    PossibleValuesParser::new(Family::all().map(Family::name))
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
fn line(out: &mut Stdout, family: Family, report: &Report) -> std::io::Result<()> {
    if let Some(why) = &report.unsupported {
        let why = why.lines().next().unwrap_or_default();
        out.styled(Style::Name, &report.hook);
        return writeln!(out, "  unsupported: {why}");
    }
    if family.prototypes() == Prototypes::None {
        out.styled(Style::Name, &report.hook);
        return writeln!(out, "({} *)", report.context);
    }
    let (ret, args): (Vec<_>, Vec<_>) = report.fields.iter().partition(|field| field.name == "ret");
    let mut args = args;
    // Registers are not in the order of the arguments that they have.
    args.sort_by_key(|arg| arg.argument);
    let args: Vec<&str> = args.iter().map(|arg| arg.declaration.as_str()).collect();
    out.styled(Style::Name, &report.hook);
    write!(out, "({})", args.join(", "))?;
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
