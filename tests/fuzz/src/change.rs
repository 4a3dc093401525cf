//! Types in which something was changed: ids, sizes, offsets, names and kinds, so that most of it still is BTF.

use libbpf_rs::libbpf_sys as sys;

use crate::blob::Blob;
use crate::blob::INFO;
use crate::blob::NAME;
use crate::blob::TARGET;
use crate::prng::Prng;

/// Is in names that are no identifiers, and in nothing else.
pub const EVIL: &str = "evil";

/// Names that are no identifiers, each with something that is in no type tag and no integer's name
/// either.
pub const EVIL_NAMES: &[&str] = &[
    "x; evil",
    "*/ evil /*",
    "/* evil",
    "// evil",
    "evil\n#define x",
    "\"); evil(\"",
    "}; struct evil {",
    "evil[1]",
    "x=evil",
    "\\evil",
    "évil evil",
    "evil%s%s%s%n",
    "?evil",
    "evil\u{7f}\u{1b}[0m",
    "evil..isra.0",
    ".evil",
    "#evil",
    "evil\t@",
];

/// Changes one thing.
pub fn change(blob: &mut Blob, prng: &mut Prng) {
    let id = u32::try_from(prng.below(blob.types.len()) + 1).unwrap();
    let any_id = u32::try_from(prng.below(blob.types.len() + 1)).unwrap();
    let last = blob.get(id).words.len() - 1;
    match prng.below(12) {
        // A reference to any other type, even itself.
        0..=3 => {
            let mut places = blob.get(id).id_places();
            places.retain(|place| *place <= last);
            if !places.is_empty() {
                let place = *prng.pick(&places);
                blob.get_mut(id).words[place] = any_id;
            }
        }
        // A name that is no identifier.
        4 | 5 => {
            let name = *prng.pick(EVIL_NAMES);
            let offset = blob.string(name);
            blob.get_mut(id).words[NAME] = offset;
        }
        // The same for a member, a parameter or a value.
        6 => {
            let name = *prng.pick(EVIL_NAMES);
            let names = match blob.get(id).kind() {
                sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
                sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
                _ => return,
            };
            let records = (last - TARGET) / names;
            if records > 0 {
                let place = 3 + names * prng.below(records);
                let offset = blob.string(name);
                blob.get_mut(id).words[place] = offset;
            }
        }
        // A size, or what stands in its place.
        7 => blob.get_mut(id).words[TARGET] = number(prng),
        // Whatever is in a word.
        8 => {
            let place = prng.below(last + 1);
            blob.get_mut(id).words[place] = number(prng);
        }
        // Another kind with as much behind it.
        9 => {
            let kind = u32::try_from(prng.below(20)).unwrap();
            let words = &mut blob.get_mut(id).words;
            words[INFO] = words[INFO] & !(0x1f << 24) | kind << 24;
        }
        // The flag.
        10 => blob.get_mut(id).words[INFO] ^= 1 << 31,
        // One type instead of another.
        _ => {
            if any_id != 0 {
                *blob.get_mut(id) = blob.get(any_id).clone();
            }
        }
    }
}

/// A number that somebody might stumble over.
fn number(prng: &mut Prng) -> u32 {
    const ODD: &[u32] = &[
        0,
        1,
        3,
        8,
        12,
        17,
        63,
        64,
        65,
        0x7f,
        0xff,
        0xffff,
        0x1_0000,
        0x0fff_ffff,
        0x1fff_ffff,
        0x2000_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff8,
        0xffff_ffff,
    ];
    match prng.once_in(4) {
        true => u32::try_from(prng.next_u64() >> 32).unwrap(),
        false => *prng.pick(ODD),
    }
}
