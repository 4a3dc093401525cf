//! Types that share a name.

use super::Btf;
use super::KINDS;
use super::TypeId;
use super::types::defines_name;

/// The structs, unions, enums and typedefs that share their name with another one, in id order.
///
/// Names are compared by where they stand among the strings: whoever makes a BTF stores each string once.
pub(super) fn find(btf: &Btf<'_>) -> Vec<TypeId> {
    let (kinds, starts) = (&btf.places.kinds[..], &btf.places.starts[..]);
    let words = btf.words();
    let string_end = btf.string_end() as usize;
    let defines = std::array::from_fn::<bool, KINDS, _>(|kind| defines_name(kind as u32));
    // A bit for each byte. Numbers in their place would be megabytes, for a name here and there.
    let mut seen = vec![0_u8; string_end / 8 + 1];
    let seen = &mut seen[..];
    let mut shared = Vec::new();
    let mut index = 0;
    while index < kinds.len() {
        if defines[kinds[index] as usize] {
            let name = words[starts[index] as usize] as usize;
            let bit = 1 << (name & 7);
            if name != 0 && name < string_end {
                if seen[name >> 3] & bit != 0 {
                    shared.push(name);
                }
                seen[name >> 3] |= bit;
            }
        }
        index += 1;
    }

    seen.fill(0);
    for name in shared {
        seen[name >> 3] |= 1 << (name & 7);
    }
    let mut namesakes = Vec::new();
    let mut index = 0;
    while index < kinds.len() {
        if defines[kinds[index] as usize] {
            let name = words[starts[index] as usize] as usize;
            if name < string_end && seen[name >> 3] & 1 << (name & 7) != 0 {
                namesakes.push(TypeId(btf.first + index as u32));
            }
        }
        index += 1;
    }
    namesakes
}

#[cfg(test)]
mod tests {
    use super::super::Btf;
    use super::super::BtfWriter;
    use super::super::ByteOrder;
    use super::*;

    #[test]
    fn all_that_share_a_name_and_no_others() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("int", 4);
        for name in ["a", "b", "", "", "c", "a"] {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        writer.typedef("c", int);
        writer.typedef("x", int);
        writer.typedef("int", int);
        writer.forward("b", false);
        writer.typedef("a", int);
        let btf = Btf::parse(&writer.finish()).unwrap();
        assert_eq!(btf.namesakes(), [2, 6, 7, 8, 12].map(TypeId));
    }
}
