//! Declarations: a name, and what it is.
//!
//! BTF has a type from the name outwards: an array of pointers to const int. C has what it is made of
//! first, and then the declarator around the name, in which what is nearest to the name binds first. So
//! the links of the chain are read from its end.

use super::DumpError;
use super::enumeration::c_integer;
use super::parameters::nameless;
use super::writer::Writer;
use super::writer::check_name;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

impl<'b> Writer<'b> {
    /// A declaration of `name`, or with an empty one the type alone. What is written out in it is indented
    /// as its line is, by `level`.
    pub(super) fn declaration(
        &mut self,
        id: TypeId,
        name: &str,
        level: usize,
    ) -> Result<(), DumpError> {
        let start = self.links.len();
        self.follow(id)?;
        let levels = self.links.len() - start;
        self.chain(start, name, level)?;
        self.leave(levels);
        self.links.truncate(start);
        Ok(())
    }

    /// The types up to the one that is written first.
    fn follow(&mut self, id: TypeId) -> Result<(), DumpError> {
        let mut id = id;
        loop {
            self.enter(id)?;
            let ty = self.btf.get(id).ok_or(DumpError::NoType(id))?;
            self.links.push(ty);
            id = match ty.kind() {
                Kind::Ptr(to)
                | Kind::Volatile(to)
                | Kind::Const(to)
                | Kind::Restrict(to)
                | Kind::TypeTag(to) => to,
                Kind::Array { element, .. } => element,
                Kind::FuncProto { ret } => ret,
                Kind::Unknown { .. } => TypeId::VOID,
                Kind::Func(_) | Kind::Var(_) | Kind::DataSec | Kind::DeclTag { .. } => {
                    return Err(DumpError::NoType(id));
                }
                _ => return Ok(()),
            };
        }
    }

    fn pop(&mut self, start: usize) -> Option<Type<'b>> {
        match self.links.len() > start {
            true => self.links.pop(),
            false => None,
        }
    }

    /// The links from the last down to `start`, and the name.
    fn chain(&mut self, start: usize, name: &str, level: usize) -> Result<(), DumpError> {
        // Stars stand side by side.
        let mut after_star = true;
        while let Some(ty) = self.pop(start) {
            let kind = ty.kind();
            match kind {
                Kind::Ptr(_) => self.text.push(if after_star { "*" } else { " *" }),
                Kind::Volatile(_) => self.text.push(" volatile"),
                Kind::Const(_) | Kind::Unknown { .. } => self.text.push(" const"),
                Kind::Restrict(_) => self.text.push(" restrict"),
                Kind::TypeTag(_) => self.tag(&ty, start, after_star)?,
                Kind::Array { len, .. } => {
                    return self.array(len, start, name, level, after_star);
                }
                Kind::FuncProto { .. } => {
                    return self.function(&ty, start, name, level, after_star);
                }
                _ => {
                    self.qualifiers(start);
                    self.specifier(&ty, level)?;
                }
            }
            after_star = matches!(kind, Kind::Ptr(_));
        }
        self.declared(name, after_star);
        Ok(())
    }

    /// What a declaration starts with.
    fn specifier(&mut self, ty: &Type<'b>, level: usize) -> Result<(), DumpError> {
        let is_anonymous = ty.name_offset() == 0;
        match ty.kind() {
            Kind::Void => self.text.push("void"),
            Kind::Int { size: 0, .. }
            | Kind::Float { size: 0 }
            | Kind::Enum { size: 0 }
            | Kind::Enum64 { size: 0 } => return Err(DumpError::Layout(ty.id())),
            Kind::Int { .. } | Kind::Float { .. } => self.name(ty.name(), ty.id())?,
            Kind::Typedef(_) => self.own_name(ty)?,
            Kind::Struct(composite) | Kind::Union(composite) if is_anonymous => {
                self.composite(ty, composite, level)?;
            }
            Kind::Enum { .. } | Kind::Enum64 { .. } if is_anonymous && !self.omits_values => {
                self.enumeration(ty, level)?;
            }
            Kind::Enum { size } | Kind::Enum64 { size } if is_anonymous => {
                let number = c_integer(size, ty.kind_flag());
                self.text.push(number.ok_or(DumpError::Layout(ty.id()))?);
            }
            _ => self.tagged(ty)?,
        }
        Ok(())
    }

    /// `struct foo`: what has a tag is no more than mentioned.
    pub(super) fn tagged(&mut self, ty: &Type<'_>) -> Result<(), DumpError> {
        self.text.push(match ty.kind() {
            Kind::Struct(_) | Kind::Fwd { is_union: false } => "struct ",
            Kind::Union(_) | Kind::Fwd { is_union: true } => "union ",
            _ => "enum ",
        });
        self.own_name(ty)
    }

    /// Qualifiers stand in front of what is no pointer.
    fn qualifiers(&mut self, start: usize) {
        while self.links.len() > start
            && let Some(ty) = self.links.last()
        {
            let text = match ty.kind() {
                Kind::Volatile(_) => "volatile ",
                Kind::Const(_) | Kind::Unknown { .. } => "const ",
                Kind::Restrict(_) => "restrict ",
                _ => return,
            };
            self.text.push(text);
            self.links.pop();
        }
    }

    /// Qualifiers and tags of arrays and functions are left out. gcc adds to an array the qualifiers of its
    /// elements, and `volatile` to a function that does not return.
    fn skip_qualifiers(&mut self, start: usize) {
        while self.links.len() > start
            && let Some(ty) = self.links.last()
            && ty.kind().modified().is_some() | matches!(ty.kind(), Kind::Unknown { .. })
        {
            self.links.pop();
        }
    }

    fn tag(&mut self, ty: &Type<'_>, start: usize, after_star: bool) -> Result<(), DumpError> {
        // Behind anything else they would be one word with it, and stand behind the tag.
        if after_star {
            self.qualifiers(start);
        }
        let (before, behind) = match ty.kind_flag() {
            true => (" __attribute__((", "))"),
            false => (" __attribute__((btf_type_tag(\"", "\")))"),
        };
        self.text.push(before);
        self.name(ty.name(), ty.id())?;
        self.text.push(behind);
        Ok(())
    }

    fn array(
        &mut self,
        len: u32,
        start: usize,
        name: &str,
        level: usize,
        after_star: bool,
    ) -> Result<(), DumpError> {
        self.skip_qualifiers(start);
        let outer = self.links[start..].last().map(Type::kind);
        match outer {
            None => self.declared(name, after_star),
            Some(outer) => {
                if !name.is_empty() && !after_star {
                    self.text.push(" ");
                }
                let is_array = matches!(outer, Kind::Array { .. });
                if !is_array {
                    self.text.push("(");
                }
                self.chain(start, name, level)?;
                if !is_array {
                    self.text.push(")");
                }
            }
        }
        self.text.push("[");
        self.text.number(len);
        self.text.push("]");
        Ok(())
    }

    fn function(
        &mut self,
        proto: &Type<'b>,
        start: usize,
        name: &str,
        level: usize,
        after_star: bool,
    ) -> Result<(), DumpError> {
        self.skip_qualifiers(start);
        if self.links.len() > start {
            self.text.push(" (");
            self.chain(start, name, level)?;
            self.text.push(")");
        } else {
            self.declared(name, after_star);
        }
        self.text.push("(");
        let params = proto.params();
        if params.len() == 0 {
            self.text.push("void");
        }
        let last = params.len().saturating_sub(1);
        let nameless = nameless(self.btf, proto);
        for (number, param) in params.enumerate() {
            if number > 0 {
                self.text.push(", ");
            }
            if number == last && param.type_id == TypeId::VOID {
                // clang for BPF has a parameter of type `void` where there is none.
                self.text.push(if number > 0 { "..." } else { "void" });
                break;
            }
            check_name(param.name, proto.id())?;
            let name = if nameless.contains(&number) {
                ""
            } else {
                param.name
            };
            self.declaration(param.type_id, name, level)?;
        }
        self.text.push(")");
        Ok(())
    }

    /// The name that is declared.
    fn declared(&mut self, name: &str, after_star: bool) {
        if !name.is_empty() && !after_star {
            self.text.push(" ");
        }
        self.text.push(name);
    }
}
