//! The structs that libbpf relocates contexts against.

use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::compare::targets::Declared;
use crate::compare::targets::Target;
use crate::essential_name;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::sorted::sorted_by;

use super::copy::Copier;

impl Target {
    /// Adds the struct, where the kernel has the hook, without what is lacking. Where flavours declare
    /// a field as different kinds of types, an enum and an integer, each kind is in a struct of its own:
    /// libbpf looks at all of them, and takes a field only for one of its kind.
    pub(super) fn write(
        &self,
        writer: &mut BtfWriter,
        copier: &mut Copier<'_>,
        object: &ObjectFile,
        kernel: &KernelBtf,
    ) {
        let Ok(context) = &self.context else {
            return;
        };
        let mut fields = Vec::new();
        for name in self.field_names(object) {
            if let Ok((offset, declared)) = self.field(object, kernel, name) {
                fields.push((name, offset, declared));
            }
        }
        let fields = sorted_by(fields, |a, b| a.1.cmp(&b.1));
        let aliases = self.aliases(object);
        let ways = fields.iter().map(|field| field.2.len()).max();
        for way in 0..ways.unwrap_or(0).max(1) {
            let mut members = Vec::new();
            for (name, offset, declared) in &fields {
                let Some(declared) = declared.get(way) else {
                    continue;
                };
                let type_id = match *declared {
                    Declared::Local(id) => copier.copy(writer, id),
                    Declared::Unsigned(size) => writer.unsigned("", size),
                };
                members.push((*name, type_id, *offset));
            }
            let id = writer.structure(&self.name(way), context.size(kernel), &members);
            for alias in &aliases {
                writer.typedef(alias, id);
            }
        }
        // To libbpf a declaration is of another kind than a struct.
        let is_declared = |id: &TypeId| {
            let ty = object.btf().get(*id);
            ty.is_some_and(|ty| matches!(ty.kind(), Kind::Fwd { .. }))
        };
        if self.locals.iter().any(is_declared) {
            let id = writer.forward(&self.name(0), false);
            for alias in &aliases {
                writer.typedef(alias, id);
            }
        }
    }

    /// A name that libbpf compares by `essential`, which may have what looks like a flavour itself.
    fn name(&self, way: usize) -> String {
        match way == 0 && essential_name(&self.essential) == self.essential {
            true => self.essential.clone(),
            false => format!("{}___{way}", self.essential),
        }
    }
}
