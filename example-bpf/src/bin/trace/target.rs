//! What a name on the command line stands for.

use ctxgen::Context;
use ctxgen::DeclarationError;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Passing;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Access;
use ctxgen::layout::Field;
use ctxgen::layout::Layout;
use example_bpf::Error;
use example_bpf::Refusal;
use example_bpf::Step;
use example_bpf::listen;
use libbpf_rs::Link;
use libbpf_rs::OpenObject;
use libbpf_rs::skel::Skel as _;

use crate::point::Point;
use crate::point::families;
use crate::point::point;
use crate::trace::TraceSkel;

/// What a name without a family may stand for, in this order.
const FAMILIES: [&str; 2] = ["fentry", "tp_btf"];
/// `MAX_TEXTS` of the program.
const MAX_TEXTS: usize = 4;

/// A hook, and what is known of its context.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) hook: Hook,
    pub(crate) layout: Layout,
    /// The types of the layout's fields, in C.
    pub(crate) types: Vec<String>,
    /// As many as the program has room for.
    pub(crate) texts: Vec<Text>,
    /// The hook as a function in C.
    pub(crate) prototype: String,
    point: &'static Point,
}

/// A text that an argument leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    /// The argument's offset in the context.
    pub(crate) offset: u32,
    pub(crate) kind: TextKind,
}

/// Where a text is: `AT_*` of the program.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum TextKind {
    Pointer = 0,
    UserPointer = 1,
    Offset = 2,
    RelativeOffset = 3,
}

/// The running kernel, with those of its modules that the hooks name.
pub(crate) fn kernel(names: &[String]) -> Result<KernelBtf, Error> {
    let mut kernel = KernelBtf::running()
        .map_err(ctxgen::Error::from)?
        .with_running_formats();
    let hooks = names.iter().filter_map(|name| name.parse::<Hook>().ok());
    let mut modules: Vec<String> = hooks
        .filter_map(|hook| hook.module().map(str::to_owned))
        .collect();
    modules.sort();
    modules.dedup();
    for module in modules {
        kernel = kernel
            .with_running_module(&module)
            .map_err(ctxgen::Error::from)?;
    }
    Ok(kernel)
}

impl Target {
    /// The hook of this name in the running kernel.
    pub(crate) fn named(kernel: &KernelBtf, name: &str) -> Result<Self, Error> {
        if name.contains('/') {
            let hook = name.parse().map_err(ctxgen::Error::from)?;
            return Self::of(kernel, hook);
        }
        let mut first = None;
        for family in FAMILIES {
            let hook = format!("{family}/{name}");
            match Self::of(kernel, hook.parse().map_err(ctxgen::Error::from)?) {
                Ok(target) => return Ok(target),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::NotTraced {
            hook: name.to_owned(),
            families: families(),
        }))
    }

    fn of(kernel: &KernelBtf, hook: Hook) -> Result<Self, Error> {
        let not_traced = || Error::NotTraced {
            hook: hook.to_string(),
            families: families(),
        };
        let point = point(&hook).ok_or_else(not_traced)?;
        let context = Context::of_hook(kernel, &hook).map_err(ctxgen::Error::from)?;
        let Shape::Generated { mut layout, .. } = context.shape else {
            return Err(not_traced());
        };
        // Registers are not saved in the order of the arguments. What is none keeps its place behind them.
        layout
            .fields
            .sort_by_key(|field| field.argument.unwrap_or(u32::MAX));
        let btf = kernel.types(layout.types);
        let declare = |field: &Field, name: &str| {
            let declared = CPrinter::new(btf).declare(field.type_id, name);
            declared.map_err(|error| {
                let origin = kernel.origin().clone();
                Error::from(ctxgen::Error::from(DeclarationError::Dump {
                    origin,
                    error,
                }))
            })
        };
        let types: Vec<String> = each(&layout, |field| declare(field, ""))?;
        let declared: Vec<String> = each(&layout, |field| declare(field, &field.name))?;
        let texts = layout.fields.iter().filter_map(|field| text(btf, field));
        Ok(Self {
            prototype: format!("{hook}({})", declared.join(", ")),
            texts: texts.take(MAX_TEXTS).collect(),
            types,
            layout,
            point,
            hook,
        })
    }

    /// The program and its hook, for errors.
    pub(crate) fn programs(&self) -> [(String, String); 1] {
        [(self.point.family.to_owned(), self.hook.to_string())]
    }

    /// Has the program for this hook loaded, and no other.
    pub(crate) fn choose(&self, object: &mut OpenObject) -> Result<(), Error> {
        for mut program in object.progs_mut() {
            let is_chosen = program.name() == self.point.family;
            program.set_autoload(is_chosen);
            if is_chosen && self.point.is_loaded_for_hook {
                let target = self.hook.target().to_owned();
                let (result, said) = listen(false, || program.set_attach_target(0, Some(target)));
                result.map_err(|error| self.refusal(Step::Load, &error, &said))?;
            }
        }
        Ok(())
    }

    /// Attaches the loaded program.
    pub(crate) fn attach(
        &self,
        skeleton: &mut TraceSkel<'_>,
        verbose: bool,
    ) -> Result<Option<Link>, Error> {
        let mut programs = skeleton.object_mut().progs_mut();
        let Some(program) = programs.find(|program| program.name() == self.point.family) else {
            return Ok(None);
        };
        let (result, said) = listen(verbose, || (self.point.attach)(&program, &self.hook));
        let link = result.map_err(|error| self.refusal(Step::Attach, &error, &said))?;
        Ok(Some(link))
    }

    /// Whether the context has what a function returned. A record may have a field of that name.
    pub(crate) fn returns(&self) -> bool {
        self.layout.passing != Passing::Memory
    }

    fn refusal(&self, step: Step, error: &libbpf_rs::Error, said: &str) -> Error {
        Box::new(Refusal::new(step, error, said, &self.programs())).into()
    }
}

fn each<T>(
    layout: &Layout,
    of_field: impl Fn(&Field) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    layout.fields.iter().map(of_field).collect()
}

/// The text that an argument leads to, if that is what its type says.
fn text(btf: &Btf<'_>, field: &Field) -> Option<Text> {
    let kind = match field.access {
        Access::Data(element) if is_char(btf, element) => {
            match field.name.starts_with("__rel_loc_") {
                true => TextKind::RelativeOffset,
                false => TextKind::Offset,
            }
        }
        _ => of_pointer(btf, field.type_id)?,
    };
    Some(Text {
        offset: field.offset,
        kind,
    })
}

fn of_pointer(btf: &Btf<'_>, type_id: TypeId) -> Option<TextKind> {
    let Kind::Ptr(mut to) = btf.resolve(type_id)?.kind() else {
        return None;
    };
    if !is_char(btf, to) {
        return None;
    }
    // Kernels built with clang say whose memory it is.
    while let Some(ty) = btf.get(to) {
        if matches!(ty.kind(), Kind::TypeTag(_)) && ty.name() == "user" {
            return Some(TextKind::UserPointer);
        }
        match ty.kind().modified() {
            Some(next) => to = next,
            None => break,
        }
    }
    Some(TextKind::Pointer)
}

/// Whether it is a `char`, whatever stands before it. A byte of data is an `unsigned char`.
pub(crate) fn is_char(btf: &Btf<'_>, type_id: TypeId) -> bool {
    btf.resolve(type_id)
        .is_some_and(|ty| matches!(ty.kind(), Kind::Int { size: 1, .. }) && ty.name() == "char")
}
