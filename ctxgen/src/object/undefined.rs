//! What an object declares and does not define: data and functions of other objects, or of nobody.

use std::collections::HashSet;

use super::ObjectFile;
use super::names::MAX_FUNCTION;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::vlen;
use crate::declaration::declared;

/// `BTF_VAR_GLOBAL_EXTERN` and `BTF_FUNC_EXTERN` of `include/uapi/linux/btf.h`.
const EXTERN: u32 = 2;

/// A variable or function that is declared (`extern`), and that libbpf does not look for in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undefined {
    /// Its name.
    pub name: String,
    /// Its declaration in C, with `extern` and without a semicolon.
    pub declaration: String,
    /// Whether it is a function.
    pub is_function: bool,
}

impl ObjectFile {
    /// What is declared and not defined, but for what is in a section of the kernel's (`__ksym`,
    /// `__kconfig`), in the order of the object's BTF. Declarations that nothing uses are in no BTF.
    pub fn undefined(&self) -> Vec<Undefined> {
        let btf = self.btf();
        let placed = placed(btf);
        let types = btf.types().filter(|ty| !placed.contains(&ty.id()));
        types
            .filter(|ty| is_extern(ty) && ty.name().len() <= MAX_FUNCTION)
            .filter_map(|ty| {
                let declaration = declaration(btf, &ty)?;
                Some(Undefined {
                    name: ty.name().to_owned(),
                    declaration,
                    is_function: matches!(ty.kind(), Kind::Func(_)),
                })
            })
            .collect()
    }

    /// The declaration in C of a variable or function of that name, with `extern` where it is one;
    /// `None` where the object has none.
    pub fn declaration(&self, name: &str) -> Option<String> {
        let mut types = self.btf().types();
        types.find_map(|ty| match ty.name() == name {
            true => declaration(self.btf(), &ty),
            false => None,
        })
    }
}

fn declaration(btf: &Btf<'_>, ty: &Type<'_>) -> Option<String> {
    let (Kind::Var(of) | Kind::Func(of)) = ty.kind() else {
        return None;
    };
    let start = if is_extern(ty) { "extern " } else { "" };
    Some(format!("{start}{}", declared(btf, of, ty.name())))
}

fn is_extern(ty: &Type<'_>) -> bool {
    let linkage = match ty.kind() {
        Kind::Var(_) => ty.records().first().copied(),
        Kind::Func(_) => Some(vlen(ty.name_and_info().1)),
        _ => None,
    };
    linkage == Some(EXTERN)
}

/// What is in sections.
fn placed(btf: &Btf<'_>) -> HashSet<TypeId> {
    let sections = btf.types().filter(|ty| matches!(ty.kind(), Kind::DataSec));
    let placed = sections.flat_map(|section| section.children());
    placed.map(|child| child.id).collect()
}
