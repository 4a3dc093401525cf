//! What two ways to the same have to agree about.

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::Origin;
use ctxgen::btf::Kind;
use ctxgen::pin;
use ctxgen::render;

/// A kernel of bytes that are valid.
///
/// # Panics
/// If they are not.
pub fn kernel(bytes: &[u8]) -> KernelBtf {
    KernelBtf::from_bytes(bytes, Origin::Memory("generated".to_owned()))
        .unwrap_or_else(|error| panic!("what is generated is valid: {error}"))
}

/// A source that uses some of a kernel's types: those whose number is told by a bit of `chosen`.
pub fn source(kernel: &KernelBtf, chosen: &[u8]) -> String {
    let mut source = String::new();
    let named = kernel.btf().types().filter(|ty| !ty.name().is_empty());
    for (number, ty) in named.enumerate() {
        let byte = chosen.get(number / 8).copied().unwrap_or(0);
        let tag = match ty.kind() {
            _ if byte >> (number % 8) & 1 == 0 => continue,
            Kind::Struct(_) => "struct ",
            Kind::Union(_) => "union ",
            Kind::Enum { .. } | Kind::Enum64 { .. } => "enum ",
            Kind::Typedef(_) => "",
            _ => continue,
        };
        source.push_str(&format!("{tag}{} v{number};\n", ty.name()));
    }
    source
}

/// A pinned BTF gives the contexts and the types that the whole one gives, byte for byte.
///
/// # Panics
/// If it does not.
pub fn pinned_and_whole(kernel: &KernelBtf, hooks: &[Hook], source: &str) {
    let mut names = Names::new();
    names.add_preprocessed(source, &[]);
    let is_there = |hook: &&Hook| Context::of_struct(kernel, hook).is_ok();
    let hooks: Vec<Hook> = hooks.iter().filter(is_there).cloned().collect();
    let pin = pin(kernel, &hooks, &names).unwrap_or_else(|error| panic!("{error}"));
    let pinned = self::kernel(&pin.btf);
    assert_eq!(pinned.byte_order(), kernel.byte_order());
    let types = |kernel| render::vmlinux_for(kernel, &names).map_err(|error| error.to_string());
    same(types(&pinned).ok(), types(kernel).ok());
    for hook in &hooks {
        same(header(&pinned, hook), header(kernel, hook));
    }
}

/// Shows the first line in which two texts differ.
#[track_caller]
fn same(one: Option<String>, other: Option<String>) {
    let lines = |text: &Option<String>| text.as_deref().unwrap_or_default().lines().count();
    assert_eq!(one.is_some(), other.is_some());
    let (one_lines, other_lines) = (lines(&one), lines(&other));
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    for (one, other) in one.lines().zip(other.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(one_lines, other_lines);
}

/// The header of a hook's context; `None` where C cannot say it.
fn header(kernel: &KernelBtf, hook: &Hook) -> Option<String> {
    let context =
        Context::of_struct(kernel, hook).unwrap_or_else(|error| panic!("{hook}: {error}"));
    let ctx = CtxBtf::new(kernel, [context]).ok()?;
    render::header(&ctx).ok()
}

/// What is defined for a source is defined in the same words for all.
///
/// # Panics
/// If it is not.
pub fn trimmed_and_whole(kernel: &KernelBtf, source: &str) {
    let mut names = Names::new();
    names.add_preprocessed(source, &[]);
    let whole = render::vmlinux(kernel);
    let trimmed = render::vmlinux_for(kernel, &names);
    let (Ok(whole), Ok(trimmed)) = (whole, trimmed) else {
        return;
    };
    let (whole, trimmed) = (without_numbers(&whole), without_numbers(&trimmed));
    for definition in definitions(&trimmed) {
        if whole.contains(definition) {
            continue;
        }
        let first = definition.lines().next().unwrap_or_default();
        let of_whole = definitions(&whole).find(|other| other.starts_with(first));
        same(Some(definition.to_owned()), of_whole.map(str::to_owned));
    }
}

/// Without the numbers that tell values of one name apart, which go by what else is written.
fn without_numbers(header: &str) -> String {
    let lines = header.lines().map(|line| match line.split_once("___") {
        Some((name, rest)) if line.ends_with(',') => {
            let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{name}{number}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// The definitions of structs, unions and enums with names.
fn definitions(header: &str) -> impl Iterator<Item = &str> {
    let is_definition = |text: &&str| {
        ["struct ", "union ", "enum "]
            .iter()
            .any(|tag| text.starts_with(tag))
            && text.contains('{')
    };
    header.split("\n\n").filter(is_definition)
}
