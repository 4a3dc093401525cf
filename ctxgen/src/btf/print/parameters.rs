//! Parameters that C has no room for the name of.
//!
//! A parameter's name holds from its declaration to the end of the list. Another one cannot have it, and a typedef
//! of that name is hidden from those behind it. The values of an enum that is written out in the list are such names
//! too. A declaration says the same without the name.

use std::collections::BTreeSet;
use std::collections::HashSet;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// How many types of one list of parameters are looked at for typedefs. Those of kernels have some tens.
const MOST: usize = 1 << 12;

/// The numbers of the parameters that are written without their names.
pub(super) fn nameless(btf: &Btf<'_>, proto: &Type<'_>) -> BTreeSet<usize> {
    let params = proto.params();
    let mut nameless = BTreeSet::new();
    let params: Vec<_> = params.collect();
    let mut behind = Behind::new(btf);
    let mut names = HashSet::new();
    for (number, param) in params.iter().enumerate().rev() {
        if behind.typedefs.contains(param.name) {
            nameless.insert(number);
        }
        behind.add(param.type_id);
    }
    for (number, param) in params.iter().enumerate() {
        let is_taken = behind.values.contains(param.name);
        if !param.name.is_empty()
            && !nameless.contains(&number)
            && (is_taken || !names.insert(param.name))
        {
            nameless.insert(number);
        }
    }
    nameless
}

/// What the parameters behind another one are written with.
struct Behind<'b> {
    btf: &'b Btf<'b>,
    typedefs: HashSet<&'b str>,
    /// The values of enums without names.
    values: HashSet<&'b str>,
    seen: HashSet<TypeId>,
}

impl<'b> Behind<'b> {
    fn new(btf: &'b Btf<'_>) -> Self {
        Self {
            btf,
            typedefs: HashSet::new(),
            values: HashSet::new(),
            seen: HashSet::new(),
        }
    }

    /// Adds the typedefs that a declaration of this type mentions.
    fn add(&mut self, id: TypeId) {
        let mut queue = vec![id];
        while let Some(id) = queue.pop() {
            if self.seen.len() >= MOST || !self.seen.insert(id) {
                continue;
            }
            let Some(ty) = self.btf.get(id) else { continue };
            match ty.kind() {
                Kind::Typedef(_) => {
                    self.typedefs.insert(ty.name());
                }
                // What has a tag is no more than mentioned.
                _ if ty.is_composite() && ty.name_offset() != 0 => {}
                Kind::Enum { .. } | Kind::Enum64 { .. } if ty.name_offset() == 0 => {
                    let values = ty.enumerators();
                    self.values.extend(values.iter().map(|value| value.name));
                }
                _ => queue.extend(ty.children().map(|child| child.id)),
            }
        }
    }
}
