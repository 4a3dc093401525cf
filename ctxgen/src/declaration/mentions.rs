//! What a C declaration mentions: the structs to declare before it, and the names that have to be
//! identifiers, since the BTF that they are from is not to be trusted.

use std::collections::BTreeSet;
use std::collections::HashSet;

use super::error::DeclarationError;
use super::spelling::first_bad;
use crate::btf::Btf;
use crate::btf::Definitions;
use crate::btf::DumpError;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::Origin;

/// How many types are walked over for declarations that are refused, before all others are.
const MAX_LOST: usize = 1 << 22;

/// Types of which all names can be emitted, by id: a bit for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Vec<u64>);

impl Seen {
    fn contains(&self, id: TypeId) -> bool {
        let bits = self.0.get(id.0 as usize / 64);
        bits.is_some_and(|bits| bits >> (id.0 % 64) & 1 == 1)
    }

    fn insert(&mut self, id: TypeId) {
        let at = id.0 as usize / 64;
        if at >= self.0.len() {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (id.0 % 64);
    }

    /// Without the types from that one on.
    pub(crate) fn below(mut self, end: TypeId) -> Self {
        let at = end.0 as usize / 64;
        self.0.truncate(at + 1);
        if let Some(bits) = self.0.get_mut(at) {
            *bits &= (1 << (end.0 % 64)) - 1;
        }
        self
    }
}

/// Collects over several declarations.
#[derive(Debug)]
pub(crate) struct Mentions<'b> {
    btf: &'b Btf<'b>,
    origin: &'b Origin,
    seen: Seen,
    /// How many types were walked over for declarations that were refused.
    lost: usize,
    structs: BTreeSet<TypeId>,
}

impl<'b> Mentions<'b> {
    pub(crate) fn new(btf: &'b Btf<'_>, origin: &'b Origin) -> Self {
        Self::with_seen(btf, origin, Seen::default())
    }

    /// One that knows these types already, and what they mention: it does not collect that again.
    pub(crate) fn with_seen(btf: &'b Btf<'_>, origin: &'b Origin, seen: Seen) -> Self {
        Self {
            btf,
            origin,
            seen,
            lost: 0,
            structs: BTreeSet::new(),
        }
    }

    /// Adds what a declaration with this type mentions.
    ///
    /// # Errors
    /// [`DeclarationError::BadName`] at a name that must not be emitted.
    pub(crate) fn add(&mut self, root: TypeId) -> Result<(), DeclarationError> {
        if self.seen.contains(root) {
            return Ok(());
        }
        let (mut seen, mut structs) = (HashSet::new(), Vec::new());
        match self.walk(root, &mut seen, &mut structs) {
            Ok(()) => {
                for id in seen {
                    self.seen.insert(id);
                }
                self.structs.extend(structs);
                Ok(())
            }
            // Of a declaration that is refused nothing is known to be fine, so that it is walked over
            // again from the next one that shares types with it.
            Err(error) => {
                self.lost += seen.len();
                Err(error)
            }
        }
    }

    fn walk(
        &self,
        root: TypeId,
        seen: &mut HashSet<TypeId>,
        structs: &mut Vec<TypeId>,
    ) -> Result<(), DeclarationError> {
        let mut queue = vec![root];
        while let Some(id) = queue.pop() {
            if self.seen.contains(id) || !seen.insert(id) {
                continue;
            }
            let Some(ty) = self.btf.get(id) else { continue };
            check_name(self.btf, &ty, self.origin)?;
            if self.lost + seen.len() > MAX_LOST {
                return Err(DeclarationError::Dump {
                    origin: self.origin.clone(),
                    error: DumpError::TooMuch(id),
                });
            }
            match ty.kind() {
                Kind::Ptr(to)
                | Kind::Volatile(to)
                | Kind::Const(to)
                | Kind::Restrict(to)
                | Kind::TypeTag(to) => queue.push(to),
                Kind::Array { element, .. } => queue.push(element),
                Kind::FuncProto { ret } => {
                    queue.push(ret);
                    queue.extend(ty.params().map(|param| param.type_id));
                }
                Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } if !ty.name().is_empty() => {
                    structs.push(id);
                }
                // An anonymous one is written out where it is used.
                Kind::Struct(composite) | Kind::Union(composite) => {
                    queue.extend(composite.members().map(|member| member.type_id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What was found to be fine.
    pub(crate) fn into_seen(self) -> Seen {
        self.seen
    }

    /// Adds what the members of a struct mention, and checks their names.
    ///
    /// # Errors
    /// As [`Mentions::add`].
    pub(crate) fn add_members(&mut self, id: TypeId) -> Result<(), DeclarationError> {
        let Some(ty) = self.btf.get(id) else {
            return Ok(());
        };
        check_name(self.btf, &ty, self.origin)?;
        if let Kind::Struct(composite) | Kind::Union(composite) = ty.kind() {
            for member in composite.members() {
                self.add(member.type_id)?;
            }
        }
        Ok(())
    }

    /// The declarations of all structs and unions mentioned, sorted.
    pub(crate) fn declarations(
        &self,
        definitions: &mut Definitions<'_>,
    ) -> Result<Vec<String>, DeclarationError> {
        let mut declarations = BTreeSet::new();
        for &id in &self.structs {
            let text = definitions
                .declare(id, "")
                .map_err(|error| DeclarationError::Dump {
                    origin: self.origin.clone(),
                    error,
                })?;
            declarations.insert(format!("{text};"));
        }
        Ok(declarations.into_iter().collect())
    }
}

/// Whether all names of a type can be emitted: its own, and its members', parameters' or values'.
///
/// # Errors
/// [`DeclarationError::BadName`] at the first that cannot.
fn check_name(btf: &Btf<'_>, ty: &Type<'_>, origin: &Origin) -> Result<(), DeclarationError> {
    let Some((at, name)) = first_bad(btf, ty) else {
        return Ok(());
    };
    let what = if at == 0 { "of" } else { "in" };
    Err(DeclarationError::BadName {
        origin: origin.clone(),
        name: name.to_owned(),
        place: format!("{what} type {}", ty.id()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_were_seen() {
        let mut seen = Seen::default();
        for id in [3, 64, 65, 200] {
            assert!(!seen.contains(TypeId(id)));
            seen.insert(TypeId(id));
        }
        for (end, known) in [(201, 4), (200, 3), (65, 2), (64, 1), (3, 0)] {
            seen = seen.below(TypeId(end));
            let left = (0..300).filter(|id| seen.contains(TypeId(*id)));
            assert_eq!(left.count(), known, "{end}");
        }
    }
}
