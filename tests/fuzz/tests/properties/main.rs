//! What holds of any valid BTF. `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer.

mod compiled;

use ctxgen::ByteOrder;
use ctxgen::Trim;
use ctxgen::btf::Btf;
use ctxgen::btf::TypeId;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_fuzz::agree;
use ctxgen_fuzz::blob::Blob;
use ctxgen_fuzz::blob::NAME;
use ctxgen_fuzz::blob::RawType;
use ctxgen_fuzz::generate;
use ctxgen_fuzz::prng::Prng;
use ctxgen_fuzz::rounds;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// How many kernels each property is asked of.
const KERNELS: usize = 400;

/// What makes another seed of one.
const OTHER: u64 = 1 << 40;

/// So many hooks of each family.
const HOOKS: usize = 6;

/// The bytes that a kernel is generated of.
fn bytes(seed: u64) -> Vec<u8> {
    let mut prng = Prng::new(seed);
    let len = 100 + prng.below(1500);
    (0..len).map(|_| prng.next_u64() as u8).collect()
}

/// The types, with the text of each name in place of where it stands.
fn spelled(blob: &Blob) -> Vec<(RawType, Vec<String>)> {
    let spelled = blob.types.iter().map(|ty| {
        let mut words = ty.clone();
        let mut names = Vec::new();
        for place in names_of(ty) {
            names.push(blob.str(ty.words[place]).to_owned());
            words.words[place] = 0;
        }
        (words, names)
    });
    spelled.collect()
}

/// Which words of a type are names.
fn names_of(ty: &RawType) -> Vec<usize> {
    use libbpf_rs::libbpf_sys as sys;
    let width = match ty.kind() {
        sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
        sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
        _ => return vec![NAME],
    };
    [NAME]
        .into_iter()
        .chain((3..ty.words.len()).step_by(width))
        .collect()
}

#[test]
fn written_and_read_and_written_it_is_the_same() {
    for seed in 0..rounds(KERNELS) as u64 {
        for order in ORDERS {
            let blob = generate::kernel(&bytes(seed), order);
            let btf = Btf::parse(&blob.to_bytes()).unwrap();
            assert_eq!(btf.byte_order(), order);
            assert_eq!(btf.to_bytes(), blob.to_bytes(), "{seed}");
            let first = written(&btf);
            assert_eq!(spelled(&Blob::parse(&first)), spelled(&blob), "{seed}");
            let again = written(&Btf::parse(&first).unwrap());
            assert!(again == first, "{seed}");
        }
    }
}

/// All types, written by ctxgen's own writer.
fn written(btf: &Btf<'_>) -> Vec<u8> {
    let mut trim = Trim::new(btf);
    (1..btf.type_count()).for_each(|id| trim.define(TypeId(id)));
    trim.finish()
}

#[test]
fn both_byte_orders_are_the_same_text() {
    for seed in 0..rounds(KERNELS) as u64 {
        let texts = ORDERS.map(|order| {
            let blob = generate::kernel(&bytes(seed), order);
            render::vmlinux(&agree::kernel(&blob.to_bytes())).map_err(|error| error.to_string())
        });
        assert_eq!(texts[0], texts[1], "{seed}");
        assert!(texts[0].is_ok(), "{seed}: {texts:?}");
    }
}

#[test]
fn trimmed_and_whole_agree() {
    for seed in 0..rounds(KERNELS) as u64 {
        let blob = generate::kernel(&bytes(seed), *Prng::new(seed).pick(&ORDERS));
        let kernel = agree::kernel(&blob.to_bytes());
        let source = agree::source(&kernel, &bytes(seed ^ OTHER));
        agree::trimmed_and_whole(&kernel, &source);
    }
}

#[test]
fn pinned_and_whole_agree() {
    for seed in 0..rounds(KERNELS) as u64 {
        let blob = generate::kernel(&bytes(seed), *Prng::new(seed).pick(&ORDERS));
        let kernel = agree::kernel(&blob.to_bytes());
        let families = ctxgen::Family::all();
        let hooks = families.flat_map(|family| prototype::hooks(&kernel, family).take(HOOKS));
        let hooks: Vec<_> = hooks.collect();
        // Few names: a source that uses all has nothing left out.
        let chosen: Vec<u8> = bytes(seed ^ OTHER)
            .chunks(2)
            .map(|two| two.iter().fold(0xff, |a, b| a & b))
            .collect();
        agree::pinned_and_whole(&kernel, &hooks, &agree::source(&kernel, &chosen));
    }
}
