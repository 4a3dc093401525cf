//! Functions of programs in user space, from what their own files have of them.

use std::path::Path;

use super::Prototype;
use super::proto_of;
use super::protos::Proto;
use super::protos::agreed;
use super::unknown;
use crate::btf::Kind;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::kernel::Types;
use crate::prototype::PrototypeError;

/// The function's prototype, or where no file's BTF has it the registers as they are: whoever attaches to
/// a program by its path may have no BTF of it, and whoever names the function's struct means to.
pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    let users = kernel.users();
    let wanted = hook.binary();
    for (number, user) in users.iter().enumerate() {
        if wanted.is_some_and(|wanted| !is_same_file(wanted, user.path())) {
            continue;
        }
        if let Some(reason) = user.refusal(hook.target()) {
            return Err(PrototypeError::Unsupported {
                hook: hook.clone(),
                reason: reason.clone().into(),
            });
        }
        let types = Types::User(number);
        let named = user.functions(hook.target());
        let protos: Vec<Proto<'_>> = named.filter_map(|ty| proto_of(&user.btf, &ty)).collect();
        let Some(first) = protos.first() else {
            continue;
        };
        let origin = Origin::File(user.path().to_owned());
        let signature = agreed(&user.btf, &origin, hook, first, &protos)?;
        return Ok(Prototype::Function(super::Signature { types, ..signature }));
    }
    match (wanted, users) {
        (Some(_), _) => super::generic::resolve(kernel, hook),
        (None, []) => Err(PrototypeError::NoUserBtf { hook: hook.clone() }),
        (None, _) => {
            let tried = users.iter().map(|user| {
                let path = user.path().display();
                format!("the function {} in {path}", hook.target())
            });
            Err(unknown(kernel, hook, tried.collect()))
        }
    }
}

/// Whether a section's path is that of a file, as far as names tell: libbpf looks for files without a
/// slash on its own paths, and what is built here runs elsewhere.
fn is_same_file(section: &str, path: &Path) -> bool {
    Path::new(section).file_name() == path.file_name()
}

pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let of_user = kernel.users().iter().flat_map(|user| {
        let path = user.path().display();
        let functions = user.btf.types().filter_map(|ty| match ty.kind() {
            Kind::Func(_) => Some(format!("{path}:{}", ty.name())),
            _ => None,
        });
        let refused = user.refused().map(|name| format!("{path}:{name}"));
        functions.chain(refused).collect::<Vec<_>>()
    });
    of_user.collect()
}
