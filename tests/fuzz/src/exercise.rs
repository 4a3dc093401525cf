//! All that is done with a kernel's BTF.

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::TypeId;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen::render::RenderError;

/// So many contexts of a blob are also rendered alone.
const ONE_BY_ONE: usize = 300;

/// What became of a blob.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Was no BTF.
    pub refused: usize,
    /// Was BTF.
    pub accepted: usize,
    /// There is a header of all its contexts.
    pub with_header: usize,
    /// There is a header of all its types.
    pub with_vmlinux: usize,
}

/// Does with a blob all that is done with a kernel's BTF.
///
/// Each text that has to be C is shown to `also`, for what only the caller knows of it.
///
/// # Panics
/// If something is in a text that does not belong there, or an error says nothing.
pub fn exercise(bytes: &[u8], tally: &mut Tally, also: fn(&str)) {
    // What libbpf has to say is in the errors.
    libbpf_rs::set_print(None);
    let origin = Origin::Memory("a hostile BTF".to_owned());
    let kernel = match KernelBtf::from_bytes(bytes, origin) {
        Ok(kernel) => kernel,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            tally.refused += 1;
            return;
        }
    };
    tally.accepted += 1;
    let _ = kernel.arch();

    let mut contexts = Vec::new();
    for family in Family::all() {
        for hook in prototype::hooks(&kernel, family) {
            match Context::of_hook(&kernel, &hook) {
                Ok(context) => contexts.push(context),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    let ctx = CtxBtf::new(&kernel, contexts.clone()).unwrap();
    let whole = is_clean_or_error(render::header(&ctx), also) && are_clean(&ctx, also);
    if !whole {
        // A bad one hides what is wrong with others.
        for context in contexts.into_iter().take(ONE_BY_ONE) {
            let ctx = CtxBtf::new(&kernel, [context]).unwrap();
            are_clean(&ctx, also);
            is_clean_or_error(render::header(&ctx), also);
        }
    }
    tally.with_header += usize::from(whole);
    tally.with_vmlinux += usize::from(is_clean_or_error(render::vmlinux(&kernel), also));
    trim(&ctx);
}

/// Whether there are reports of all contexts.
fn are_clean(ctx: &CtxBtf<'_>, also: fn(&str)) -> bool {
    let Ok(reports) = render::reports(ctx) else {
        return false;
    };
    let mut all = true;
    for report in reports {
        // A name that is refused is quoted, in a comment that it does not end.
        if report.unsupported.is_some() {
            let text = report.to_string();
            assert!(text.starts_with("/* ") && text.ends_with(" */\n"), "{text}");
            assert_eq!(text.matches("*/").count(), 1, "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            all = false;
            continue;
        }
        is_clean(&report.to_string(), also);
        for field in &report.fields {
            is_clean(&field.name, also);
            is_clean(&field.r#type, also);
        }
    }
    all
}

/// Trims the types to every other one and what those need.
fn trim(ctx: &CtxBtf<'_>) {
    let mut trim = Trim::new(ctx.btf());
    for id in (1..ctx.btf().type_count()).step_by(2) {
        trim.define(TypeId(id));
    }
    let small = trim.finish();
    // Names that are too long, or not UTF-8, are all that can be in the way.
    if let Ok(small) = Btf::parse(&small) {
        let _ = CPrinter::new(&small).definitions().define_all();
    }
}

pub(crate) fn is_clean_or_error(result: Result<String, RenderError>, also: fn(&str)) -> bool {
    match result {
        Ok(text) => {
            is_clean(&text, also);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// Whether nothing is in a text that does not belong into C.
#[track_caller]
fn is_clean(text: &str, also: fn(&str)) {
    also(text);
    let odd = |c: char| !(c.is_ascii_graphic() || " \t\n".contains(c));
    let line = text.lines().find(|line| line.contains(odd));
    assert_eq!(line, None);
}
