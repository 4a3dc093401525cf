//! What the functions of a program that attaches to several have in common.

use crate::Context;
use crate::Shape;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::hook::Hook;
use crate::hook::SecName;
use crate::kernel::KernelBtf;
use crate::layout::Field;

/// Why a program whose section lists several functions cannot take the context of this one of them: it reads
/// an argument that the others lack, or have elsewhere or of another type. `None` where all have what it
/// reads, whatever they call it, and where the section lists no such function.
///
/// `may_read` tells of a field's name whether the program reads it: in `fentry.multi/vfs_read,vfs_fsync`, one
/// that reads nothing but `file` runs on both, with the struct of either.
pub fn unshared(
    kernel: &KernelBtf,
    sec: &SecName,
    struct_name: &str,
    may_read: impl Fn(&str) -> bool,
) -> Option<String> {
    let mut listed = sec.listed().iter();
    let own = listed.find(|hook| hook.struct_name() == struct_name)?;
    let context = |hook: &Hook| Context::of_hook_alone(kernel, hook);
    // Another check reports errors of this hook alone.
    let fields = context(own).ok().map(fields)?;
    for other in sec.listed().iter().filter(|other| *other != own) {
        let theirs = match context(other) {
            Ok(context) => self::fields(context),
            Err(error) => return Some(error.to_string()),
        };
        let is_shared = |field: &Field| theirs.iter().any(|their| is_same(kernel, field, their));
        let mut read = fields.iter().filter(|field| may_read(&field.name));
        if let Some(field) = read.find(|field| !is_shared(field)) {
            return Some(format!(
                "`{}` of {own}, which it reads, is not the same in {other}, to which it attaches too: it can \
                 read the arguments that all share, or slots (`unsigned long long *ctx`)",
                field.name
            ));
        }
    }
    None
}

fn fields(context: Context) -> Vec<Field> {
    match context.shape {
        Shape::Generated { layout, .. } => layout.fields,
        Shape::Kernel { .. } | Shape::Other { .. } => Vec::new(),
    }
}

/// Whether what is read as the one may be the other: names do not matter.
fn is_same(kernel: &KernelBtf, one: &Field, other: &Field) -> bool {
    let btf = kernel.btf();
    // An argument is no returned value.
    (one.offset, one.size, one.argument) == (other.offset, other.size, other.argument)
        && agreement((btf, one.type_id), (btf, other.type_id)) == Agreement::Same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::btf::IntEncoding;
    use crate::btf::TypeId;
    use crate::kernel::Origin;

    #[test]
    fn what_all_share() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, IntEncoding::Signed);
        let file = writer.forward("file", false);
        let file = writer.pointer(file);
        let mut function = |name: &str, params: &[(&str, TypeId)], ret| {
            let proto = writer.prototype(params, ret);
            writer.function(name, proto);
        };
        function("read", &[("file", file), ("count", int)], int);
        function("write", &[("f", file), ("size", int)], int);
        function("sync", &[("file", file)], int);
        function("other", &[("count", int)], int);
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
        for (section, takes, is_shared) in [
            ("fentry.multi/read,write", "btf_fentry_read_ctx", true),
            ("fexit.multi/read,write", "btf_fexit_write_ctx", true),
            ("fentry.multi/read,sync", "btf_fentry_sync_ctx", true),
            ("fentry.multi/read,sync", "btf_fentry_read_ctx", false),
            // The returned value is behind the last argument.
            ("fexit.multi/read,sync", "btf_fexit_sync_ctx", false),
            ("fentry.multi/sync,other", "btf_fentry_sync_ctx", false),
            ("fentry.multi/sync,nothing", "btf_fentry_sync_ctx", false),
            ("fentry.multi/read", "btf_fentry_read_ctx", true),
        ] {
            let sec = SecName::parse(section).unwrap();
            let why = unshared(&kernel, &sec, takes, |_| true);
            assert_eq!(why.is_none(), is_shared, "{section}, {takes}: {why:?}");
        }
        let sec = SecName::parse("fentry.multi/read,sync").unwrap();
        let reads = |field| unshared(&kernel, &sec, "btf_fentry_read_ctx", |name| name == field);
        assert_eq!(reads("file"), None);
        assert!(reads("count").is_some());
        let sec = SecName::parse("fexit.multi/read,sync").unwrap();
        let why = unshared(&kernel, &sec, "btf_fexit_sync_ctx", |_| true).unwrap();
        assert!(why.contains("`ret` of fexit/sync"), "{why}");
        assert!(why.contains("fexit/read"), "{why}");
    }

    #[test]
    fn a_pattern_gets_slots() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        writer.int("int", 4, IntEncoding::Signed);
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
        let hook = "fentry.multi/vfs_*".parse().unwrap();
        let context = Context::of_hook(&kernel, &hook).unwrap();
        assert!(matches!(context.shape, Shape::Other { .. }), "{context:?}");
    }
}
