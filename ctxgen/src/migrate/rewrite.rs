//! The text that takes a program's place.

use std::ops::Range;

use super::edit::Edit;
use super::field::Contexts;
use super::field::Found;
use super::field::Place;
use super::field::Wanted;
use super::macros::Macro;
use super::macros::Taken;
use super::refusal::Refusal;
use super::text::words;
use super::unit::Category;
use super::unit::Function;
use super::unit::Parameter;
use super::unit::UseKind;
use crate::layout::SLOT;

/// How a context's field is read.
const GET: &str = "ctx_get(";

/// A program behind a macro.
pub(super) struct Head<'a> {
    pub(super) text: &'a str,
    pub(super) known: &'static Macro,
    /// The macro's name and its arguments.
    pub(super) range: Range<usize>,
    /// The program's name, and the arguments' declarations.
    pub(super) arguments: &'a [String],
    pub(super) section: &'a str,
    pub(super) function: &'a Function,
}

impl Head<'_> {
    /// What changes in the source.
    pub(super) fn edits(&self, contexts: &Contexts<'_>) -> Result<Vec<Edit>, Refusal> {
        let Self {
            known, function, ..
        } = self;
        let (name, arguments) = self.arguments.split_first().ok_or(Refusal::Pasted)?;
        let declarations = match known.taken {
            Taken::WideSlots => arguments.chunks(2).map(|pair| pair.join(" ")).collect(),
            _ => arguments.to_vec(),
        };
        let declarations: Vec<String> = declarations
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let parameters = function.parameters.get(1..).unwrap_or_default();
        if declarations.len() != parameters.len() {
            return Err(Refusal::Pasted);
        }
        let prototype = match declarations.is_empty() {
            true => "    no arguments".to_owned(),
            false => format!("    {};", declarations.join(";\n    ")),
        };
        let used = used(self.text, function);
        let mut variables = Vec::new();
        let mut slot = 0;
        for (number, (parameter, declaration)) in (0..).zip(parameters.iter().zip(&declarations)) {
            let place = match known.taken {
                Taken::Slots | Taken::WideSlots => Place::Offset(slot * SLOT),
                Taken::Registers | Taken::SystemCall => Place::Argument(number),
                Taken::Returned => Place::Returned,
            };
            slot += match known.taken {
                Taken::WideSlots => parameter.size.div_ceil(SLOT).max(1),
                _ => 1,
            };
            if used[number as usize] {
                check(parameter, declaration)?;
                let found = contexts.field(place, &wanted(parameter), &prototype)?;
                let value = value(contexts, known.taken, &found);
                let cast = cast(parameter, &found);
                variables.push(format!("{declaration} = {cast}{value};"));
            }
        }
        let section = match known.has_section {
            true => format!("SEC(\"{}\") ", self.section),
            false => String::new(),
        };
        let head = format!("{section}{name}(struct {} *ctx)", contexts.struct_name);
        let mut edits = vec![Edit::replace(self.range.clone(), head)];
        edits.extend(self.variables(&variables));
        edits.extend(uses(function, "ctx", contexts, &prototype)?);
        Ok(edits)
    }

    /// The variables at the start of the body.
    fn variables(&self, variables: &[String]) -> Option<Edit> {
        let at = self.function.body.start + 1;
        let rest = self.text.get(at..)?;
        if variables.is_empty() {
            return None;
        }
        let line = rest.lines().next().unwrap_or_default();
        if !line.trim().is_empty() {
            return Some(Edit::insert(at, format!(" {}", variables.join(" "))));
        }
        let next = rest.lines().nth(1).unwrap_or_default();
        let indent = &next[..next.len() - next.trim_start().len()];
        let indent = if indent.is_empty() { "\t" } else { indent };
        let mut text = String::new();
        for variable in variables {
            text += &format!("{indent}{variable}\n");
        }
        if !self.function.starts_with_declaration && !next.trim().is_empty() {
            text.push('\n');
        }
        let end = rest.find('\n').map_or(self.text.len(), |end| at + end + 1);
        Some(Edit::insert(end, text))
    }
}

/// Which arguments behind the context a body uses: also where the preprocessor has taken the use away, for when
/// it does not.
pub(super) fn used(text: &str, function: &Function) -> Vec<bool> {
    let words = words(text.get(function.body.clone()).unwrap_or_default());
    let is_written = |name: &str| {
        words
            .iter()
            .any(|word| word.text == name && !word.is_member)
    };
    let parameters = function.parameters.iter().skip(1);
    parameters
        .map(|parameter| parameter.is_used || is_written(&parameter.name))
        .collect()
}

/// What changes in a program that takes the context as an array, or as a struct of the kernel's.
pub(super) fn plain(function: &Function, contexts: &Contexts<'_>) -> Result<Vec<Edit>, Refusal> {
    let parameter = function.parameters.first().ok_or(Refusal::Pasted)?;
    let prototype = format!("    {} {}", parameter.canonical, parameter.name);
    let head = format!("struct {} *{}", contexts.struct_name, parameter.name);
    let mut edits = vec![Edit::replace(parameter.range.clone(), head)];
    edits.extend(uses(function, &parameter.name, contexts, &prototype)?);
    Ok(edits)
}

/// What changes where the body uses the context itself.
fn uses(
    function: &Function,
    ctx: &str,
    contexts: &Contexts<'_>,
    prototype: &str,
) -> Result<Vec<Edit>, Refusal> {
    let mut edits = Vec::new();
    for found in &function.context {
        let text = match &found.kind {
            UseKind::Passed => continue,
            UseKind::Other => return Err(Refusal::ContextUsed(found.line)),
            UseKind::Element {
                offset,
                is_cast_to_pointer,
            } => element(ctx, *offset, *is_cast_to_pointer, contexts, prototype)?,
            UseKind::Member { offset, name } => match member(*offset, name, contexts, prototype)? {
                field if field.is_data => {
                    return Err(Refusal::Data {
                        line: found.line,
                        name: field.name.trim_start_matches("__data_loc_").to_owned(),
                        new: format!("struct {}", contexts.struct_name),
                    });
                }
                field if field.name == *name => continue,
                field => field.name,
            },
        };
        edits.push(Edit::replace(found.range.clone(), text));
    }
    Ok(edits)
}

fn element(
    ctx: &str,
    offset: u32,
    is_cast_to_pointer: bool,
    contexts: &Contexts<'_>,
    prototype: &str,
) -> Result<String, Refusal> {
    let wanted = Wanted {
        what: format!("byte {offset} of {ctx}"),
        name: None,
        category: match is_cast_to_pointer {
            true => Category::Pointer,
            false => Category::Number,
        },
        size: SLOT,
    };
    let field = contexts.field(Place::Offset(offset), &wanted, prototype)?;
    let is_pointer = matches!(field.category, Category::Pointer | Category::PointerTo(_));
    let cast = match is_pointer && !is_cast_to_pointer {
        true => "(unsigned long long)",
        false => "",
    };
    Ok(format!("{cast}{GET}{ctx}, {})", field.name))
}

fn member(
    offset: u32,
    name: &str,
    contexts: &Contexts<'_>,
    prototype: &str,
) -> Result<Found, Refusal> {
    // Whatever it is, the record has it there.
    let wanted = |category, size| Wanted {
        what: name.to_owned(),
        name: None,
        category,
        size,
    };
    let place = Place::Offset(offset);
    let number = contexts.field(place, &wanted(Category::Number, SLOT), prototype);
    number.or_else(|_| contexts.field(place, &wanted(Category::Other, 0), prototype))
}

fn wanted(parameter: &Parameter) -> Wanted {
    Wanted {
        what: parameter.name.clone(),
        name: Some(parameter.name.clone()),
        category: parameter.category.clone(),
        size: parameter.size,
    }
}

/// Whether the parameter as it is written can be a variable.
fn check(parameter: &Parameter, declaration: &str) -> Result<(), Refusal> {
    let is_there = words(declaration)
        .iter()
        .any(|word| word.text == parameter.name);
    match is_there && !declaration.ends_with(']') && !parameter.name.is_empty() {
        true => Ok(()),
        false => Err(Refusal::Parameter(declaration.to_owned())),
    }
}

fn value(contexts: &Contexts<'_>, taken: Taken, field: &Found) -> String {
    match contexts.is_system_call() && taken == Taken::SystemCall {
        true => format!("BPF_PROBE_READ(ctx->args, {})", field.name),
        false => format!("{GET}ctx, {})", field.name),
    }
}

/// An edit with all fields read directly that it reads by [`GET`]; `None` where there are none.
pub(super) fn direct(edit: &Edit) -> Option<Edit> {
    let mut parts = edit.text.split(GET);
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (read, rest) = part.split_once(')')?;
        let (ctx, field) = read.split_once(", ")?;
        text += &format!("{ctx}->{field}{rest}");
    }
    (text != edit.text).then(|| Edit::replace(edit.range.clone(), text))
}

/// What the value needs, so that no compiler warns of its type.
fn cast(parameter: &Parameter, field: &Found) -> &'static str {
    let plain = |text: &str| text.replace(' ', "");
    let loses_const = |text: &str| text.contains("const") && !parameter.canonical.contains("const");
    match (&parameter.category, &field.category) {
        (Category::PointerTo(_), Category::PointerTo(_)) if !loses_const(&field.declared) => "",
        (Category::Number, Category::Number) | (Category::Other, _) | (_, Category::Other) => "",
        (Category::Number, _) => "(unsigned long)",
        _ if plain(&parameter.canonical) == plain(&field.declared) => "",
        _ => "(void *)",
    }
}
