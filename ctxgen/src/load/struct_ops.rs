//! Members of `struct_ops` that the kernel lacks.

use std::ptr::NonNull;

use libbpf_rs::MapType;
use libbpf_rs::OpenObject;
use libbpf_rs::libbpf_sys::bpf_program;

/// A pointer, as a map's value has it.
const POINTER: usize = size_of::<usize>();

/// Takes programs out of the object's `struct_ops` maps: libbpf refuses a map with a member that the kernel
/// lacks, unless it is NULL (`bpf_map__init_kern_struct_ops` of `libbpf.c`). A map that has had no other
/// programs is not made at all.
pub(super) fn leave(object: &mut OpenObject, absent: &[NonNull<bpf_program>]) {
    if absent.is_empty() {
        return;
    }
    let addresses = |programs: &[NonNull<bpf_program>]| -> Vec<[u8; POINTER]> {
        let addresses = programs.iter().map(|program| program.as_ptr() as usize);
        addresses.map(usize::to_ne_bytes).collect()
    };
    let all: Vec<NonNull<bpf_program>> = object
        .progs_mut()
        .map(|program| libbpf_rs::AsRawLibbpf::as_libbpf_object(&program))
        .collect();
    let (all, absent) = (addresses(&all), addresses(absent));
    for mut map in object.maps_mut() {
        if map.map_type() != MapType::StructOps {
            continue;
        }
        let Some(value) = map.initial_value_mut() else {
            continue;
        };
        // Until the object is loaded, members that are functions point to libbpf's programs.
        let (mut left, mut kept) = (0, 0);
        for pointer in value.chunks_exact_mut(POINTER) {
            if absent.iter().any(|address| pointer == address) {
                pointer.fill(0);
                left += 1;
            } else if all.iter().any(|address| pointer == address) {
                kept += 1;
            }
        }
        if left > 0 && kept == 0 {
            // It fails only once the object is loaded.
            let _ = map.set_autocreate(false);
        }
    }
}
