//! What is known of helpers, by their numbers (`enum bpf_func_id` of `include/uapi/linux/bpf.h`).

/// How many arguments each takes. No helper has been added since number 211, and none will be.
const ARGUMENTS: &[u8; 212] = b"52423050055533002131442215435333231032322103231125434424352242243254544444434141024255132244311111155433344421553333210445113053124322221111144434233541421242020315453413231111341454332101144533231442255333220442";

/// Those whose first argument is the context (`ARG_PTR_TO_CTX`) in at least one kind of program, sorted.
/// Where it is something else in others, it is no pointer that a context can be changed into.
const OF_CONTEXT: &[u8] = &[
    9, 10, 11, 12, 13, 17, 18, 19, 20, 21, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 38, 39, 40, 41,
    43, 44, 46, 47, 48, 49, 50, 52, 53, 54, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
    70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 82, 83, 84, 85, 90, 91, 92, 97, 99, 101, 102, 103, 104,
    119, 122, 124, 135, 142, 143, 144, 151, 163, 173, 174, 183, 184, 185, 188, 189, 190, 192,
];

/// Helpers that call a function of the program: number, which argument that is, which argument they pass
/// on to it, and as which.
const CALLBACKS: &[(i32, u8, u8, u8)] = &[
    // bpf_for_each_map_elem
    (164, 2, 3, 4),
    // bpf_find_vma
    (180, 3, 4, 3),
    // bpf_loop
    (181, 2, 3, 2),
    // bpf_user_ringbuf_drain
    (209, 2, 3, 2),
];

/// Helpers that copy memory: number, and which arguments have the address that is written, the length and
/// the address that is read.
const COPIES: &[(i32, u8, u8, u8)] = &[
    // bpf_probe_read, bpf_probe_read_str, and their variants of the kernel's memory and the user's
    (4, 1, 2, 3),
    (45, 1, 2, 3),
    (112, 1, 2, 3),
    (113, 1, 2, 3),
    (114, 1, 2, 3),
    (115, 1, 2, 3),
];

/// Helpers by their arguments that are memory which they read or write: keys and values of maps
/// (`ARG_PTR_TO_MAP_KEY`, `ARG_PTR_TO_MAP_VALUE`), memory of a length that is given or fixed
/// (`ARG_PTR_TO_MEM`, and `ARG_PTR_TO_LONG` of earlier kernels), and what is passed on to a function of the
/// program (`ARG_PTR_TO_STACK_OR_NULL`). A context is none of them for any verifier (`mem_types` and its like
/// in `kernel/bpf/verifier.c`). Others take any value (`ARG_ANYTHING`), as an address that is to be copied
/// from.
const OF_MEMORY: &[(&[u8], &[i32])] = &[
    (
        &[1],
        &[
            4, 6, 16, 45, 112, 113, 114, 115, 148, 167, 176, 191, 197, 201,
        ],
    ),
    (&[1, 2], &[204, 205, 206, 207]),
    (&[1, 3], &[28, 149, 177, 182]),
    (&[1, 3, 4], &[165]),
    (&[1, 4], &[105, 106, 179]),
    (
        &[2],
        &[
            1, 3, 20, 21, 29, 30, 36, 56, 64, 67, 69, 84, 85, 87, 88, 89, 99, 101, 102, 103, 104,
            119, 127, 130, 141, 142, 143, 147, 150, 152, 161, 166, 184, 193, 195,
        ],
    ),
    (&[2, 3], &[2]),
    (&[2, 4], &[100, 110, 126]),
    (
        &[3],
        &[
            9, 26, 53, 55, 66, 68, 70, 71, 72, 73, 74, 76, 82, 107, 120, 145, 156, 163, 164, 181,
            183, 189, 190, 202, 209, 210,
        ],
    ),
    (&[4], &[25, 49, 57, 111, 121, 180]),
];

/// `bpf_get_func_arg` and `bpf_get_func_ret`.
pub(super) const GET_ARGUMENT: i32 = 183;
pub(super) const GET_RETURNED: i32 = 184;

/// Which arguments of a helper that copies memory have the address that is written, the length and the
/// address that is read.
pub(super) fn copy(number: i32) -> Option<(u8, u8, u8)> {
    let known = COPIES.iter().find(|known| known.0 == number);
    known.map(|&(_, to, len, from)| (to, len, from))
}

/// How many arguments a helper takes; all that can be passed where it is not known.
pub(super) fn arguments(number: i32) -> u8 {
    let number = usize::try_from(number).ok();
    let digit = number.and_then(|number| ARGUMENTS.get(number));
    digit.map_or(crate::object::instruction::LAST_ARGUMENT, |digit| {
        digit - b'0'
    })
}

/// Whether a helper takes the context as its first argument, and takes no other than an unmodified one.
pub fn takes_context(number: i32) -> bool {
    u8::try_from(number).is_ok_and(|number| OF_CONTEXT.binary_search(&number).is_ok())
}

/// Whether an argument of a helper, counted from 1, is memory that it reads or writes, which no context is. Of
/// helpers that are not known, none is.
pub fn takes_memory(number: i32, argument: u8) -> bool {
    let mut rows = OF_MEMORY.iter();
    rows.any(|(arguments, numbers)| arguments.contains(&argument) && numbers.contains(&number))
}

/// The argument of a helper that is a function, the one that is passed on to that, and as which.
pub(super) fn callback(number: i32) -> Option<(u8, u8, u8)> {
    let known = CALLBACKS.iter().find(|known| known.0 == number);
    known.map(|&(_, function, from, to)| (function, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_libbpf_declares_them() {
        let (_, header) = libbpf_rs::libbpf_sys::API_HEADERS
            .iter()
            .find(|(name, _)| *name == "bpf_helper_defs.h")
            .unwrap();
        let mut seen = 0;
        for line in header.lines().filter(|line| line.contains("(* const bpf_")) {
            let (declared, number) = line.split_once(" = (void *) ").unwrap();
            let number: i32 = number.trim_end_matches(';').parse().unwrap();
            let (_, list) = declared.split_once(")(").unwrap();
            let list: Vec<&str> = list.trim_end_matches(')').split(", ").collect();
            let expected = match list[..] {
                ["void"] => 0,
                [.., "..."] => 5,
                _ => u8::try_from(list.len()).unwrap(),
            };
            assert_eq!(arguments(number), expected, "{line}");
            let first_is_context = ["ctx", "__sk_buff *", "xdp_md *", "sk_msg_md *"]
                .iter()
                .any(|word| list[0].contains(word));
            // bpf_skb_output and bpf_xdp_output take pointers that are loaded from the context.
            if first_is_context && ![111, 121].contains(&number) {
                assert!(takes_context(number), "{line}");
            }
            seen += 1;
        }
        assert!(seen > 200, "{seen}");
    }

    /// What points to something and is no memory is an object of the kernel's, the context, or any address.
    #[test]
    fn memory_as_libbpf_declares_it() {
        const OTHERS: [&str; 11] = [
            "struct ",
            "*map",
            "*ctx",
            "*sk",
            "unsafe_ptr",
            "user_ptr",
            "ringbuf",
            "callback_fn",
            "percpu_ptr",
            "prog_array_map",
            "*inode",
        ];
        let (_, header) = libbpf_rs::libbpf_sys::API_HEADERS
            .iter()
            .find(|(name, _)| *name == "bpf_helper_defs.h")
            .unwrap();
        let mut others = Vec::new();
        for line in header.lines().filter(|line| line.contains("(* const bpf_")) {
            let (declared, number) = line.split_once(" = (void *) ").unwrap();
            let number: i32 = number.trim_end_matches(';').parse().unwrap();
            let (_, list) = declared.split_once(")(").unwrap();
            for (argument, text) in (1..).zip(list.trim_end_matches(')').split(", ")) {
                let is_memory = takes_memory(number, argument);
                assert!(!is_memory || text.contains('*') || text == "...", "{line}");
                let is_other = OTHERS.iter().any(|other| text.contains(other));
                if text.contains('*') && !is_memory && !is_other {
                    others.push(format!("{number} {text}"));
                }
            }
        }
        assert_eq!(
            others,
            [
                // Any address of user space.
                "36 void *dst",
                // Sockets, or the context.
                "49 void *bpf_socket",
                "57 void *bpf_socket",
                "86 void *sock",
                "116 void *tp",
                // What was reserved.
                "132 void *data",
                "133 void *data",
                "194 void *dst",
                "194 void *ptr",
            ]
        );
    }

    #[test]
    fn sorted() {
        assert!(OF_CONTEXT.is_sorted());
        assert_eq!(arguments(-1), 5);
        assert_eq!(arguments(212), 5);
        assert!(!takes_context(1));
        assert_eq!(callback(181), Some((2, 3, 2)));
    }
}
