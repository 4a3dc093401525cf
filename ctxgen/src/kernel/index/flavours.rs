//! Names in all of their flavours, which CO-RE takes for one.

use super::Index;
use crate::btf::Btf;
use crate::btf::KSYM_NAME_LEN;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::sorted::set;

/// How many bytes are looked at in one step.
const STEP: usize = 64;

impl Index {
    /// The types of one of these kinds (`BTF_KIND_*` numbers) and of this name, which has no flavour, in any
    /// flavour, in id order.
    pub(crate) fn flavours(&self, btf: &Btf<'_>, kinds: &[u32], name: &str) -> Vec<TypeId> {
        let mut found = self.of_kinds(btf, kinds, name);
        let underscores = self.underscores.get_or_init(|| underscores(btf.strings()));
        for at in underscores {
            if let Some(flavour) = flavour(btf.strings(), *at, name) {
                found.extend(self.of_kinds(btf, kinds, flavour));
            }
        }
        set(found)
    }
}

/// The flavour of a name that has its underscores there.
fn flavour<'s>(strings: &'s [u8], underscores: usize, name: &str) -> Option<&'s str> {
    let before = strings[..underscores].strip_suffix(name.as_bytes())?;
    let text = &strings[before.len()..];
    let text = &text[..text.len().min(KSYM_NAME_LEN)];
    let end = text.iter().position(|byte| *byte == 0)?;
    let text = str::from_utf8(&text[..end]).ok()?;
    (essential_name(text) == name).then_some(text)
}

/// Where three underscores begin.
fn underscores(strings: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let is_there = |at: usize| strings[at..].starts_with(b"___");
    let mut at = 0;
    // Without a branch for each byte, so that several are compared at once.
    while let Some(step) = strings.get(at..at + STEP + 2) {
        let mut any = false;
        for i in 0..STEP {
            any |= (step[i] == b'_') & (step[i + 1] == b'_') & (step[i + 2] == b'_');
        }
        if any {
            found.extend((at..at + STEP).filter(|at| is_there(*at)));
        }
        at += STEP;
    }
    found.extend((at..strings.len()).filter(|at| is_there(*at)));
    found
}

#[cfg(test)]
mod tests {
    use libbpf_rs::libbpf_sys;

    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    #[test]
    fn flavours_of_one_name() {
        const STRUCT: u32 = libbpf_sys::BTF_KIND_STRUCT;
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("task___int", 4);
        let far = format!("task___{}", "x".repeat(STEP));
        for name in [
            "task",
            "task___old",
            "task____old",
            "task___a___b",
            "a_task___old",
            &far,
            "task___",
        ] {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        for index in [Index::default(), Index::ready(&btf)] {
            for (name, expected) in [
                ("task", &[2, 3, 7][..]),
                ("task___a", &[5]),
                ("a_task", &[6]),
                ("tas", &[]),
                ("none", &[]),
            ] {
                let found = index.flavours(&btf, &[STRUCT], name);
                let found: Vec<u32> = found.iter().map(|id| id.0).collect();
                assert_eq!(found, expected, "{name}");
            }
        }
    }
}
