//! Pairs of small prototypes.

use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;

/// The pairs of two prototypes, written as `type name, type name`: the types are `int`, `long`, `u`
/// and pointers to structs `a*`.
fn of(before: &str, after: &str) -> Vec<String> {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let texts = [before, after].map(|text| {
        let arguments = text.split(", ").filter(|text| !text.is_empty());
        let arguments = arguments.map(|argument| argument.split_once(' ').unwrap());
        let typed = arguments.map(|(ty, name)| {
            let id = match ty {
                "int" => writer.int("int", 4, IntEncoding::Signed),
                "long" => writer.int("long", 8, IntEncoding::Signed),
                "u" => writer.unsigned("unsigned int", 4),
                pointer => {
                    let to = writer.forward(pointer.trim_end_matches('*'), false);
                    writer.pointer(to)
                }
            };
            (name, id)
        });
        typed.collect::<Vec<_>>()
    });
    let blob = writer.finish();
    let btf = Btf::parse(&blob).unwrap();
    let [before, after] = texts.map(|list| Arguments {
        btf: &btf,
        list: list
            .into_iter()
            .map(|(name, id)| Argument {
                names: name.split('|').collect(),
                types: vec![id],
                is_result: name == "ret",
            })
            .collect(),
    });
    let pairs = pair(&before, &after);
    let texts = before.list.iter().zip(pairs).map(|(old, pair)| match pair {
        None => format!("{}: none", old.names[0]),
        Some(Pair { place, by }) => {
            format!("{}: {} by {by:?}", old.names[0], after.list[place].names[0])
        }
    });
    texts.collect()
}

#[test]
fn the_same_prototype() {
    for (before, after, expected) in [
        (
            "c* cred, ns* targ_ns, int cap",
            "c* cred, ns* target_ns, int cap",
            &[
                "cred: cred by Name",
                "targ_ns: target_ns by Prototype",
                "cap: cap by Name",
            ][..],
        ),
        // Nothing is called as it was, and two are of one type.
        (
            "int a, int b",
            "int x, int y",
            &["a: x by Prototype", "b: y by Prototype"],
        ),
        (
            "int arg0, a* arg1",
            "int x, a* y",
            &["arg0: x by Prototype", "arg1: y by Prototype"],
        ),
        // What is returned is no argument.
        (
            "int a, int ret",
            "int x, long ret",
            &["a: x by Prototype", "ret: ret by Name"],
        ),
        (
            "int a, int ret",
            "int x",
            &["a: x by Prototype", "ret: none"],
        ),
        ("int a", "int x, int ret", &["a: x by Prototype"]),
        // One of several names does.
        (
            "int a|b, u c",
            "u c, int b",
            &["a: b by Name", "c: c by Name"],
        ),
    ] {
        assert_eq!(of(before, after), expected, "{before}; {after}");
    }
}

#[test]
fn names_that_say_otherwise() {
    for (before, after, expected) in [
        // Changed places: the names tell.
        (
            "a* x, a* y",
            "a* y, a* x",
            &["x: x by Name", "y: y by Name"][..],
        ),
        // One was dropped in front, and another appended; or all were renamed.
        (
            "int a, int b, int c",
            "int b, int c, int d",
            &["a: none", "b: b by Name", "c: c by Name"],
        ),
    ] {
        assert_eq!(of(before, after), expected, "{before}; {after}");
    }
}

#[test]
fn where_more_has_changed() {
    for (before, after, expected) in [
        // Between the same neighbours.
        (
            "d* dir, f* file, int mode",
            "d* dir, f* filp, int mode, u flags",
            &[
                "dir: dir by Name",
                "file: filp by Neighbours",
                "mode: mode by Name",
            ][..],
        ),
        // At the ends.
        (
            "f* file, u x",
            "f* filp, u x, int flags",
            &["file: filp by Neighbours", "x: x by Name"],
        ),
        // Beside it, there is one more.
        (
            "u x, f* file",
            "u x, f* filp, int flags",
            &["x: x by Name", "file: none"],
        ),
        // Another one of that type is left elsewhere.
        (
            "u x, f* file, u y",
            "u x, f* filp, u y, f* other",
            &["x: x by Name", "file: none", "y: y by Name"],
        ),
        // Of another type.
        (
            "u x, f* file, u y",
            "u x, g* filp, u y",
            &["x: x by Name", "file: none", "y: y by Name"],
        ),
        // The neighbours are others.
        (
            "u x, f* file, u y, int z",
            "u y, f* filp, u x, int z",
            &["x: x by Name", "file: none", "y: y by Name", "z: z by Name"],
        ),
        ("int a", "", &["a: none"]),
    ] {
        assert_eq!(of(before, after), expected, "{before}; {after}");
    }
}

#[test]
fn arguments_without_names() {
    for (before, after, expected) in [
        (
            "a* arg0, int arg1",
            "b* p, a* q, int r",
            &["arg0: q by Type", "arg1: r by Type"][..],
        ),
        ("b* p, a* q", "a* arg0", &["p: none", "q: arg0 by Type"]),
        // Two are of one type.
        (
            "int arg0, a* arg1",
            "int x, int y, a* z",
            &["arg0: none", "arg1: z by Type"],
        ),
        // They would have changed places.
        (
            "int arg0, a* arg1",
            "a* x, int y",
            &["arg0: none", "arg1: none"],
        ),
    ] {
        assert_eq!(of(before, after), expected, "{before}; {after}");
    }
}

/// No time is spent on what no compiler makes.
#[test]
fn many_arguments() {
    let list = |prefix: &str| {
        let names = (0..20_000).map(|number| format!("int {prefix}{number}"));
        names.collect::<Vec<_>>().join(", ")
    };
    let same = of(&list("a"), &list("b"));
    assert_eq!(same[19_999], "a19999: b19999 by Prototype");
    let more = of(&list("a"), &format!("{}, u x", list("b")));
    assert_eq!(more[0], "a0: none");
}
