//! The order of definitions.
//!
//! C wants a type defined before it is held by value, and declared before it is pointed to. So what a type
//! holds by value comes first, and a circle of types has to lead through a pointer to a struct or union
//! with a name, which a declaration is enough for.

use super::DumpError;
use super::definitions::Definitions;
use super::states::Need;
use super::states::Stage;
use crate::btf::Composite;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

impl Definitions<'_> {
    /// Puts a type into the queue, behind what has to be defined before it.
    ///
    /// # Errors
    /// [`DumpError::Nesting`], where a type holds itself by value.
    pub(super) fn order(&mut self, id: TypeId, behind_pointer: bool) -> Result<Need, DumpError> {
        if self.states.of(id).ordered == Stage::Done {
            return Ok(Need::Definition);
        }
        self.writer.enter(id)?;
        let need = self.order_next(id, behind_pointer)?;
        self.writer.leave(1);
        Ok(need)
    }

    fn order_next(&mut self, id: TypeId, behind_pointer: bool) -> Result<Need, DumpError> {
        let ty = self.btf().get(id).ok_or(DumpError::NoType(id))?;
        let is_declarable = behind_pointer && ty.name_offset() != 0;
        if self.states.of(id).ordered == Stage::Underway {
            return match ty.kind() {
                Kind::Struct(_) | Kind::Union(_) if is_declarable => Ok(Need::Declaration),
                _ => Err(DumpError::Nesting(id)),
            };
        }
        match ty.kind() {
            Kind::Ptr(to) => {
                let need = self.order(to, true)?;
                self.ordered(id, Stage::Done);
                Ok(need)
            }
            Kind::Array { element, .. } => self.order(element, false),
            Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                self.order(to, behind_pointer)
            }
            Kind::Unknown { .. } => Ok(Need::Definition),
            Kind::Struct(_) | Kind::Union(_) if is_declarable => Ok(Need::Declaration),
            Kind::Struct(composite) | Kind::Union(composite) => {
                self.order_members(&ty, composite)?;
                Ok(Need::Definition)
            }
            Kind::Enum { .. } | Kind::Enum64 { .. } | Kind::Fwd { .. } => {
                // One without a name is written where it is used.
                if ty.name_offset() != 0 || !self.is_used(id) {
                    self.queue.push(id);
                }
                self.ordered(id, Stage::Done);
                Ok(Need::Definition)
            }
            Kind::Typedef(to) => {
                let need = self.order(to, behind_pointer)?;
                if behind_pointer && need == Need::Declaration {
                    return Ok(need);
                }
                self.queue.push(id);
                self.ordered(id, Stage::Done);
                Ok(Need::Definition)
            }
            Kind::FuncProto { ret } => {
                let mut need = self.order(ret, behind_pointer)?;
                for param in ty.params() {
                    if self.order(param.type_id, behind_pointer)? == Need::Definition {
                        need = Need::Definition;
                    }
                }
                Ok(need)
            }
            // Numbers are there, and the others are no types.
            _ => {
                self.ordered(id, Stage::Done);
                Ok(Need::Declaration)
            }
        }
    }

    fn order_members(&mut self, ty: &Type<'_>, composite: Composite<'_>) -> Result<(), DumpError> {
        self.ordered(ty.id(), Stage::Underway);
        for member in composite.members() {
            self.order(member.type_id, false)?;
        }
        if ty.name_offset() != 0 {
            self.queue.push(ty.id());
        }
        self.ordered(ty.id(), Stage::Done);
        Ok(())
    }

    fn ordered(&mut self, id: TypeId, ordered: Stage) {
        let state = self.states.of(id);
        self.states
            .set(id, super::states::State { ordered, ..state });
    }
}
