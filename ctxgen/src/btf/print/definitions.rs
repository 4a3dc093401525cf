//! Definitions, each once, with what has to stand before them.

use super::DumpError;
use super::names::typedefs;
use super::states::Need;
use super::states::Stage;
use super::states::State;
use super::states::States;
use super::text::MAX_DECLARATION;
use super::text::MAX_STEPS_OF_DEFINITION;
use super::used::Used;
use super::writer::Writer;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// How many bytes of text the definitions of the smallest BTF may have.
const MOST_TEXT: usize = 8 << 20;

/// How many more for each byte of a BTF. `vmlinux.h` of a 7.3 kernel is smaller than its BTF.
const TEXT_OF_BYTE: usize = 4;

/// The most types of all definitions together. Those of a 7.2 kernel are below a million.
const MAX_STEPS: u32 = 1 << 23;

/// A compiler's list of variable arguments, which it has by itself.
const VA_LIST: &str = "__builtin_va_list";
/// The typedef of it, which old versions of gcc give no type.
const GNUC_VA_LIST: &str = "__gnuc_va_list";

/// Numbers that gcc has by itself for ARM's vectors, and other compilers do not.
const VECTORS: [(&str, &str); 4] = [
    ("__Poly8_t", "unsigned char"),
    ("__Poly16_t", "unsigned short"),
    ("__Poly64_t", "unsigned long long"),
    ("__Poly128_t", "unsigned __int128"),
];

/// What writes the definitions of one header: each type once, and the values of enums that share a name
/// told apart in the order in which they are written.
#[derive(Debug)]
pub struct Definitions<'b> {
    pub(super) writer: Writer<'b>,
    pub(super) states: States,
    /// What is to be written for the definition that was asked for.
    pub(super) queue: Vec<TypeId>,
    used: Used,
    /// Those of [`VECTORS`] that are written.
    vectors: [bool; VECTORS.len()],
    /// How many more types may be written.
    steps: u32,
}

impl<'b> Definitions<'b> {
    pub(super) fn new(btf: &'b Btf<'b>) -> Self {
        let room = MOST_TEXT.saturating_add(TEXT_OF_BYTE.saturating_mul(btf.len()));
        let mut writer = Writer::new(btf, room);
        for name in typedefs(btf) {
            *writer.identifiers.entry(name).or_default() += 1;
        }
        Self {
            writer,
            states: States::new(btf.type_count()),
            queue: Vec::new(),
            used: Used::default(),
            vectors: [false; VECTORS.len()],
            steps: MAX_STEPS,
        }
    }

    /// The same for a text beside another one that defines the values of enums.
    pub(crate) fn without_values(mut self) -> Self {
        self.writer.omits_values = true;
        self
    }

    /// Whether a typedef has this name, or a value that was written.
    pub(crate) fn has_identifier(&self, name: &str) -> bool {
        self.writer.identifiers.contains_key(name)
    }

    pub(super) fn btf(&self) -> &'b Btf<'b> {
        self.writer.btf
    }

    /// A declaration between the definitions: what is written out in it has its values told apart from
    /// those of the header.
    ///
    /// # Errors
    /// [`DumpError`], where the type cannot be written in C.
    pub fn declare(&mut self, id: TypeId, name: &str) -> Result<String, DumpError> {
        self.attempt(id, |this| this.writer.declaration(id, name, 0))?;
        Ok(self.writer.text.take())
    }

    /// The definition of a type and of all that has to stand before it, as far as these have not been
    /// given already.
    ///
    /// # Errors
    /// [`DumpError`], where the type cannot be written in C.
    pub fn define(&mut self, id: TypeId) -> Result<String, DumpError> {
        self.define_each([id])
    }

    /// The definitions of all types, in an order that C accepts.
    ///
    /// # Errors
    /// [`DumpError`], where a type cannot be written in C.
    pub fn define_all(&mut self) -> Result<String, DumpError> {
        self.define_each(self.btf().ids_from(TypeId(1)))
    }

    /// The definitions of several types and of all that has to stand before them.
    ///
    /// Enums come first: values that share a name are told apart in the order in which they are written,
    /// and so have the same names whatever is written beside them.
    ///
    /// # Errors
    /// [`DumpError`], where a type cannot be written in C.
    pub fn define_each(
        &mut self,
        ids: impl IntoIterator<Item = TypeId>,
    ) -> Result<String, DumpError> {
        let ids: Vec<TypeId> = ids.into_iter().collect();
        let btf = self.btf();
        let is_enum = |id: TypeId| {
            let kind = btf.get(id).map(|ty| ty.kind());
            matches!(kind, Some(Kind::Enum { .. } | Kind::Enum64 { .. }))
        };
        let (enums, others): (Vec<TypeId>, Vec<TypeId>) =
            ids.into_iter().partition(|id| is_enum(*id));
        for id in enums.into_iter().chain(others) {
            if let Err(error) = self.attempt(id, |this| this.define_with_needed(id)) {
                self.writer.text.take();
                return Err(error);
            }
        }
        Ok(self.writer.text.take())
    }

    /// Writes something, all of it or nothing.
    fn attempt(
        &mut self,
        id: TypeId,
        write: impl FnOnce(&mut Self) -> Result<(), DumpError>,
    ) -> Result<(), DumpError> {
        let start = self.writer.text.len();
        self.writer
            .text
            .restart(self.steps.min(MAX_STEPS_OF_DEFINITION));
        let mut done = write(self);
        self.steps -= self.writer.text.steps();
        if done.is_ok() {
            done = self.writer.text.step(id);
        }
        match done {
            Ok(()) => self.states.keep(),
            Err(_) => {
                self.states.take_back();
                self.writer.reset();
                self.writer.text.truncate(start);
            }
        }
        done
    }

    fn define_with_needed(&mut self, id: TypeId) -> Result<(), DumpError> {
        self.queue.clear();
        self.used.is_asked_for(id);
        let _: Need = self.order(id, false)?;
        for at in 0..self.queue.len() {
            self.write(self.queue[at], None)?;
        }
        Ok(())
    }

    /// Whether a type is part of another one.
    pub(super) fn is_used(&mut self, id: TypeId) -> bool {
        self.used.is_used(self.writer.btf, id)
    }

    fn set_written(&mut self, id: TypeId, written: Stage) {
        let state = self.states.of(id);
        self.states.set(id, State { written, ..state });
    }

    fn set_declared(&mut self, id: TypeId) {
        let state = self.states.of(id);
        self.states.set(
            id,
            State {
                declared: true,
                ..state
            },
        );
    }

    /// Writes the definition of a type, or what has to stand before that of `within`, which it is in.
    fn write(&mut self, id: TypeId, within: Option<TypeId>) -> Result<(), DumpError> {
        let state = self.states.of(id);
        if state.written == Stage::Done {
            return Ok(());
        }
        self.writer.enter(id)?;
        let ty = self.btf().get(id).ok_or(DumpError::NoType(id))?;
        match state.written {
            Stage::Underway if state.declared => {}
            Stage::Underway => self.write_before(&ty, within)?,
            _ => self.write_type(&ty, within)?,
        }
        self.writer.leave(1);
        Ok(())
    }

    /// What there has to be of a type that is being written, for something in it that points to it.
    fn write_before(&mut self, ty: &Type<'b>, within: Option<TypeId>) -> Result<(), DumpError> {
        match ty.kind() {
            Kind::Struct(_) | Kind::Union(_) => {
                if within == Some(ty.id()) || ty.name_offset() == 0 {
                    return Ok(());
                }
                self.declare_tag(ty)
            }
            Kind::Typedef(_) => {
                self.write_typedef(ty)?;
                self.set_declared(ty.id());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn write_type(&mut self, ty: &Type<'b>, within: Option<TypeId>) -> Result<(), DumpError> {
        let id = ty.id();
        match ty.kind() {
            Kind::Int { .. } => {
                self.write_vector(ty.name());
                self.set_written(id, Stage::Done);
            }
            Kind::Enum { .. } | Kind::Enum64 { .. } => {
                if within.is_none() {
                    self.writer.enumeration(ty, 0)?;
                    self.end();
                }
                self.set_written(id, Stage::Done);
            }
            Kind::Ptr(to)
            | Kind::Volatile(to)
            | Kind::Const(to)
            | Kind::Restrict(to)
            | Kind::TypeTag(to) => self.write(to, within)?,
            Kind::Array { element, .. } => self.write(element, within)?,
            Kind::Fwd { .. } => {
                self.writer.tagged(ty)?;
                self.end();
                self.set_written(id, Stage::Done);
            }
            Kind::Typedef(to) => {
                self.set_written(id, Stage::Underway);
                self.write(to, Some(id))?;
                if !self.states.of(id).declared {
                    self.write_typedef(ty)?;
                }
                self.set_written(id, Stage::Done);
            }
            Kind::Struct(_) | Kind::Union(_) => self.write_composite(ty, within)?,
            Kind::FuncProto { ret } => {
                self.write(ret, within)?;
                for param in ty.params() {
                    self.write(param.type_id, within)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write_composite(&mut self, ty: &Type<'b>, within: Option<TypeId>) -> Result<(), DumpError> {
        let id = ty.id();
        let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
            return Ok(());
        };
        self.set_written(id, Stage::Underway);
        let is_anonymous = ty.name_offset() == 0;
        if within.is_none() || is_anonymous {
            let owner = if is_anonymous { within } else { Some(id) };
            for member in composite.members() {
                self.write(member.type_id, owner)?;
            }
        } else if !self.states.of(id).declared && within != Some(id) {
            self.declare_tag(ty)?;
        }
        if within.is_some() {
            self.set_written(id, Stage::Ahead);
            return Ok(());
        }
        self.writer.composite(ty, composite, 0)?;
        self.end();
        self.set_written(id, Stage::Done);
        Ok(())
    }

    fn declare_tag(&mut self, ty: &Type<'b>) -> Result<(), DumpError> {
        self.writer.tagged(ty)?;
        self.end();
        self.set_declared(ty.id());
        Ok(())
    }

    fn write_typedef(&mut self, ty: &Type<'b>) -> Result<(), DumpError> {
        let Kind::Typedef(to) = ty.kind() else {
            return Ok(());
        };
        match ty.name() {
            VA_LIST => return Ok(()),
            GNUC_VA_LIST if to == TypeId::VOID => {
                self.writer.text.push("typedef ");
                self.writer.text.push(VA_LIST);
                self.writer.text.push(" ");
                self.writer.text.push(GNUC_VA_LIST);
            }
            _ => {
                self.writer.text.push("typedef ");
                let name = self.writer.typedef_name(ty)?;
                self.writer.declaration(to, &name, 0)?;
            }
        }
        self.end();
        Ok(())
    }

    fn write_vector(&mut self, name: &str) {
        let Some(at) = VECTORS.iter().position(|vector| vector.0 == name) else {
            return;
        };
        if !std::mem::replace(&mut self.vectors[at], true) {
            for text in ["typedef ", VECTORS[at].1, " ", name] {
                self.writer.text.push(text);
            }
            self.end();
        }
    }

    fn end(&mut self) {
        self.writer.text.push(";\n\n");
    }
}

/// A declaration of less than so many bytes.
pub(super) fn declared(
    btf: &Btf<'_>,
    id: TypeId,
    name: &str,
    most: usize,
) -> Result<String, DumpError> {
    let mut writer = Writer::new(btf, most);
    writer.declaration(id, name, 0)?;
    writer.text.step(id)?;
    Ok(writer.text.take())
}

/// How a compiler aligns a type.
pub(super) fn aligned(btf: &Btf<'_>, id: TypeId) -> Option<u32> {
    let mut writer = Writer::new(btf, MAX_DECLARATION);
    writer.align_of(id, id).ok()
}
