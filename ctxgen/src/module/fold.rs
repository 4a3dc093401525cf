//! Types of a module that the kernel has already.
//!
//! Modules of Linux 7.2 repeat typedefs of their vmlinux (`u32` and some 200 others), and two modules
//! that use a third one's structs have a copy each. Two definitions of one name cannot stand in one
//! header, so what is equal is taken for the same.

use std::collections::HashMap;
use std::collections::HashSet;

use libbpf_rs::libbpf_sys;

use super::check::End;
use crate::btf::Btf;
use crate::btf::Shape;
use crate::btf::TypeId;

/// How many comparisons of two types may be made for each that there is. Types that were made to be
/// alike until their last member could take the square of their number.
const COMPARISONS: usize = 64;

/// How many definitions of one name are looked at. The most that a kernel has are 11 (6.12, s390x).
const NAMESAKES: usize = 16;

/// A module's type, and one of the kernel's.
type Pair = (TypeId, TypeId);

/// What is compared.
#[derive(Debug)]
pub(super) struct Fold<'a> {
    pub(super) split: &'a Btf<'a>,
    pub(super) base: End,
    /// All that there is already: the base, and other modules.
    pub(super) kernel: &'a Btf<'a>,
    /// Where the module's own names are in the string table of all.
    pub(super) names: &'a HashMap<u32, u32>,
}

impl Fold<'_> {
    /// The module's types that are there already.
    pub(super) fn run(&self) -> HashMap<TypeId, TypeId> {
        let mut folded = HashMap::new();
        let mut different: HashSet<Pair> = HashSet::new();
        let own = self.split.type_count().saturating_sub(self.base.types);
        let mut fuel = (own as usize).saturating_mul(COMPARISONS);
        for root in self.candidates() {
            if folded.contains_key(&root.0) || different.contains(&root) {
                continue;
            }
            match self.equal(root, &folded, &different, &mut fuel) {
                Ok(pairs) => {
                    for (own, to) in pairs {
                        folded.entry(own).or_insert(to);
                    }
                }
                Err(pair) => different.extend([pair, root]),
            }
            if fuel == 0 {
                break;
            }
        }
        folded
    }

    /// The module's definitions, each with those of the same name and kind.
    fn candidates(&self) -> impl Iterator<Item = Pair> {
        let mut there: HashMap<(u32, u32), Vec<TypeId>> = HashMap::new();
        let mut own = Vec::new();
        let ids = self.split.ids_from(TypeId(self.base.types));
        for ty in ids.filter_map(|id| self.split.get(id)) {
            let (name, info) = ty.name_and_info();
            if name != 0 && defines(ty.kind_number()) {
                let key = (self.name(name), info);
                there.entry(key).or_default();
                own.push((ty.id(), key));
            }
        }
        for ty in self.kernel.types() {
            if let Some(ids) = there.get_mut(&ty.name_and_info())
                && ids.len() < NAMESAKES
            {
                ids.push(ty.id());
            }
        }
        own.into_iter().flat_map(move |(own, key)| {
            let ids = there.get(&key).cloned().unwrap_or_default();
            ids.into_iter().map(move |id| (own, id))
        })
    }

    /// All that has to be equal for these two to be, themselves included; or a pair that is not.
    ///
    /// Types that refer to each other in a circle are equal unless something in it is not.
    fn equal(
        &self,
        root: Pair,
        folded: &HashMap<TypeId, TypeId>,
        different: &HashSet<Pair>,
        fuel: &mut usize,
    ) -> Result<HashSet<Pair>, Pair> {
        let mut pairs = HashSet::from([root]);
        let mut queue = vec![root];
        while let Some(pair) = queue.pop() {
            *fuel = fuel.saturating_sub(1);
            let below = self.compare(pair).filter(|_| *fuel > 0).ok_or(pair)?;
            for pair in below {
                if different.contains(&pair) {
                    return Err(pair);
                }
                if folded.get(&pair.0) != Some(&pair.1) && pairs.insert(pair) {
                    queue.push(pair);
                }
            }
        }
        Ok(pairs)
    }

    /// What has to be equal for these two to be; `None` where they are not, whatever that is.
    fn compare(&self, (own, to): Pair) -> Option<Vec<Pair>> {
        let own = self.split.get(own)?.words();
        let other = self.kernel.get(to)?.words();
        let shape = Shape::of(*own.get(1)?)?;
        if own.len() != other.len() || own[1] != other[1] {
            return None;
        }
        let mut plain = vec![true; own.len()];
        for at in shape.names(own.len()) {
            plain[at] = false;
            if self.name(own[at]) != other[at] {
                return None;
            }
        }
        let mut below = Vec::new();
        for at in shape.ids(own.len()) {
            plain[at] = false;
            match own[at] >= self.base.types {
                true => below.push((TypeId(own[at]), TypeId(other[at]))),
                false if own[at] == other[at] => {}
                false => return None,
            }
        }
        let same = |at: usize| !plain[at] || own[at] == other[at];
        (0..own.len()).all(same).then_some(below)
    }

    fn name(&self, offset: u32) -> u32 {
        self.names.get(&offset).copied().unwrap_or(offset)
    }
}

/// Whether a kind defines a name in C.
fn defines(kind: u32) -> bool {
    matches!(
        kind,
        libbpf_sys::BTF_KIND_INT
            | libbpf_sys::BTF_KIND_FLOAT
            | libbpf_sys::BTF_KIND_STRUCT
            | libbpf_sys::BTF_KIND_UNION
            | libbpf_sys::BTF_KIND_ENUM
            | libbpf_sys::BTF_KIND_ENUM64
            | libbpf_sys::BTF_KIND_TYPEDEF
    )
}
