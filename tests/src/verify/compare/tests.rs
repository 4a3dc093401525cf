use super::*;

#[test]
fn registers() {
    assert_eq!(pointee("trusted_ptr_task_struct"), Some("task_struct"));
    assert_eq!(pointee("ptr_or_null_sock"), Some("sock"));
    assert_eq!(pointee("scalar"), None);
    assert!(is_number("scalar"));
    assert!(is_number("inv"));
    assert!(!is_number("ptr_sock"));
}

#[test]
fn refusals_that_btf_does_not_tell() {
    for (reason, why) in [
        (
            "JIT does not support fsession",
            Some("not supported by the kernel's JIT"),
        ),
        ("points to disabled hook", Some("LSM hook switched off")),
        ("invalid bpf_context access off=8 size=8", None),
    ] {
        assert_eq!(not_in_btf(reason), why, "{reason}");
    }
}

#[test]
fn releases() {
    assert_eq!(version("5.10.0-32-cloud-amd64"), Some((5, 10)));
    assert_eq!(version("6.18.44"), Some((6, 18)));
    assert_eq!(version(""), None);
}
