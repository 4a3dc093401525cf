//! Which argument a place in the context is, and what it is called on the target.

use super::refusal::Mismatch;
use super::refusal::Refusal;
use super::unit::Category;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::context::Context;
use crate::context::Shape;
use crate::declaration::declared;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Layout;
use crate::layout::RET;

/// Where something is in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// From the start of the context, in bytes.
    Offset(u32),
    /// In the register of that argument, counted from 0.
    Argument(u32),
    /// In the register of the returned value.
    Returned,
}

/// What a program takes the value of a place for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// As the program calls it.
    pub(super) what: String,
    /// Its name, where the program has one for it.
    pub(super) name: Option<String>,
    pub(super) category: Category,
    /// In bytes.
    pub(super) size: u32,
}

/// A field of the context.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) category: Category,
    /// Its type in C.
    pub(super) declared: String,
    /// In bytes.
    pub(super) size: u32,
    pub(super) is_data: bool,
}

/// A hook's context on the kernel that a program was written for, and on the target.
pub(super) struct Contexts<'k> {
    pub(super) hook: Hook,
    pub(super) struct_name: String,
    was: Side<'k>,
    target: Side<'k>,
}

struct Side<'k> {
    kernel: &'k KernelBtf,
    label: &'k str,
    layout: Layout,
}

impl<'k> Side<'k> {
    fn of(kernel: &'k KernelBtf, label: &'k str, hook: &Hook) -> Result<(Self, String), Refusal> {
        let none = |why: String| Refusal::NoContext {
            kernel: label.to_owned(),
            why,
        };
        let context = Context::of_hook(kernel, hook).map_err(|error| none(error.to_string()))?;
        match context.shape {
            Shape::Generated { layout, .. } => Ok((
                Self {
                    kernel,
                    label,
                    layout,
                },
                context.struct_name,
            )),
            _ => Err(none(format!(
                "{hook} takes a struct of the kernel's own, which stays as it is"
            ))),
        }
    }

    fn btf(&self) -> &Btf<'static> {
        self.kernel.types(self.fields().types)
    }

    /// What has the arguments: of a system call, not the context itself.
    fn fields(&self) -> &Layout {
        let call = self.layout.system_call.as_ref();
        call.map_or(&self.layout, |call| &call.layout)
    }

    fn at(&self, place: Place) -> Option<&Field> {
        let fields = &self.fields().fields;
        match place {
            Place::Offset(offset) => fields.iter().find(|field| field.offset == offset),
            // Behind an argument without a field, nothing tells by itself which register is which.
            Place::Argument(number) => {
                let find = |number| fields.iter().find(|field| field.argument == Some(number));
                (0..number)
                    .all(|before| find(before).is_some())
                    .then(|| find(number))?
            }
            Place::Returned => self.layout.fields.iter().find(|field| is_returned(field)),
        }
    }

    fn named(&self, name: &str) -> Option<&Field> {
        let fields = self.fields().fields.iter();
        fields
            .chain(&self.layout.fields)
            .find(|field| field.name == name)
    }

    fn found(&self, field: &Field) -> Found {
        Found {
            name: field.name.clone(),
            category: category(self.btf(), field.type_id),
            declared: declared(self.btf(), field.type_id, ""),
            size: field.size,
            is_data: matches!(field.access, Access::Data(_)),
        }
    }

    fn prototype(&self) -> String {
        let fields = self.fields().fields.iter();
        let lines: Vec<String> = fields
            .map(|field| format!("    {};", declared(self.btf(), field.type_id, &field.name)))
            .collect();
        match lines.is_empty() {
            true => "    no arguments".to_owned(),
            false => lines.join("\n"),
        }
    }
}

impl<'k> Contexts<'k> {
    pub(super) fn of(
        [was, target]: [(&'k KernelBtf, &'k str); 2],
        hook: &Hook,
    ) -> Result<Self, Refusal> {
        let (was, _) = Side::of(was.0, was.1, hook)?;
        let (target, struct_name) = Side::of(target.0, target.1, hook)?;
        Ok(Self {
            hook: hook.clone(),
            struct_name,
            was,
            target,
        })
    }

    /// Whether the arguments are those of a system call, behind a pointer.
    pub(super) fn is_system_call(&self) -> bool {
        self.target.layout.system_call.is_some()
    }

    /// The field at a place, on the target; `program` is the program's own prototype.
    pub(super) fn field(
        &self,
        place: Place,
        wanted: &Wanted,
        program: &str,
    ) -> Result<Found, Refusal> {
        let was = &self.was;
        let mismatch = |field: String| {
            Box::new(Mismatch {
                what: wanted.what.clone(),
                field,
                hook: self.hook.to_string(),
                kernel: was.label.to_owned(),
                target: String::new(),
                sides: vec![
                    ("the program".to_owned(), program.to_owned()),
                    (was.label.to_owned(), was.prototype()),
                ],
            })
        };
        let field = was.at(place);
        let field = field.ok_or_else(|| Refusal::NoField(mismatch(String::new())))?;
        let found = was.found(field);
        let named = wanted.name.as_deref().filter(|name| *name != found.name);
        // What has a name of its own elsewhere is meant to be there.
        let is_elsewhere = named.is_some_and(|name| was.named(name).is_some());
        let is_wanted =
            |found: &Found| agree(&wanted.category, wanted.size, &found.category, found.size);
        if is_elsewhere || !is_wanted(&found) {
            let declaration = declared(was.btf(), field.type_id, &field.name);
            return Err(Refusal::OtherField(mismatch(declaration)));
        }
        let there = self.target.named(&found.name);
        let there = there.map(|field| self.target.found(field));
        let is_same =
            |there: &Found| agree(&found.category, found.size, &there.category, there.size);
        let there = there.filter(|there| is_same(there) && is_wanted(there));
        there.ok_or_else(|| self.not_on_target(wanted, found))
    }

    fn not_on_target(&self, wanted: &Wanted, found: Found) -> Refusal {
        let sides = [&self.was, &self.target];
        Refusal::NotOnTarget(Box::new(Mismatch {
            what: wanted.what.clone(),
            field: found.name,
            hook: self.hook.to_string(),
            kernel: self.was.label.to_owned(),
            target: self.target.label.to_owned(),
            sides: sides
                .map(|side| (side.label.to_owned(), side.prototype()))
                .to_vec(),
        }))
    }
}

fn is_returned(field: &Field) -> bool {
    field.argument.is_none() && field.name == RET
}

/// What a type is, as far as it can be told from others with certainty.
fn category(btf: &Btf<'_>, id: TypeId) -> Category {
    match btf.resolve(id).map(|ty| ty.kind()) {
        Some(Kind::Ptr(to)) => match btf.resolve(to) {
            Some(to)
                if matches!(
                    to.kind(),
                    Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. }
                ) && !to.name().is_empty() =>
            {
                Category::PointerTo(to.name().to_owned())
            }
            _ => Category::Pointer,
        },
        Some(Kind::Int { .. } | Kind::Enum { .. } | Kind::Enum64 { .. }) => Category::Number,
        _ => Category::Other,
    }
}

/// Whether a value may be taken for the other: a number of 8 bytes may be a pointer.
fn agree(a: &Category, a_size: u32, b: &Category, b_size: u32) -> bool {
    match (a, b) {
        (Category::PointerTo(a), Category::PointerTo(b)) => essential_name(a) == essential_name(b),
        (Category::Number, Category::Number) | (Category::Other, Category::Other) => true,
        (Category::Other, _) | (_, Category::Other) => false,
        (Category::Number, _) => a_size == 8,
        (_, Category::Number) => b_size == 8,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let to = |tag: &str| Category::PointerTo(tag.to_owned());
        for (a, a_size, b, b_size, expected) in [
            (to("dentry"), 8, to("dentry"), 8, true),
            (to("dentry___old"), 8, to("dentry"), 8, true),
            (to("dentry"), 8, to("inode"), 8, false),
            (Category::Pointer, 8, to("inode"), 8, true),
            (Category::Number, 4, Category::Number, 8, true),
            (Category::Number, 4, Category::Pointer, 8, false),
            (Category::Number, 8, to("inode"), 8, true),
            (to("inode"), 8, Category::Number, 2, false),
            (Category::Other, 16, Category::Pointer, 8, false),
        ] {
            assert_eq!(agree(&a, a_size, &b, b_size), expected, "{a:?} {b:?}");
        }
    }
}
