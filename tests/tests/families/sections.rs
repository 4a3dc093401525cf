//! No section is without a program.

use std::collections::BTreeSet;

use ctxgen::Family;
use ctxgen::SecName;
use ctxgen_tests::families;

#[test]
fn each_section_of_each_family_has_a_program() {
    let names: Vec<String> = families::sources()
        .iter()
        .flat_map(families::sections)
        .collect();
    let has: BTreeSet<&str> = names
        .iter()
        .map(|name| SecName::parse(name).unwrap().section)
        .collect();
    let missing: Vec<&str> = Family::all()
        .flat_map(Family::sections)
        .filter(|section| !has.contains(*section))
        .copied()
        .collect();
    assert_eq!(missing, [""; 0]);
    assert!(names.len() >= 100, "{} programs", names.len());
}
