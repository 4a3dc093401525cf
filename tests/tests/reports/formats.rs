//! Each format of the matrix, as a golden file.

use ctxgen::render::matrix::FORMATS;
use ctxgen::render::matrix::Format;
use ctxgen_tests::bless;
use ctxgen_tests::clangs;
use ctxgen_tests::workspace;
use serde_json::Value;

use crate::matrix::matrix;

/// The report in that format.
fn report(format: &str) -> String {
    let format = Format::by_name(format).unwrap();
    (format.write)(&matrix(&clangs("reports")[0]))
}

#[test]
fn each_is_as_its_golden_file() {
    let folder = workspace().join("tests/golden/matrix");
    for clang in clangs("reports") {
        let matrix = matrix(clang);
        for format in FORMATS {
            let end = format.ends.first().unwrap_or(&format.name);
            let path = folder.join(format!("report.{end}"));
            bless(&path, &(format.write)(&matrix));
        }
    }
}

/// What objects of a log have, by the property that they are in. Each was looked up in the
/// [schema](https://docs.oasis-open.org/sarif/sarif/v2.1.0/), which allows no others, and so has to be what is
/// added. Bags of properties and of fingerprints may have any.
const SCHEMA: &[(&str, &[&str])] = &[
    ("", &["$schema", "runs", "version"]),
    ("artifactLocation", &["uri", "uriBaseId"]),
    ("defaultConfiguration", &["level"]),
    ("driver", &["fullName", "name", "rules", "semanticVersion"]),
    ("fullDescription", &["text"]),
    ("help", &["markdown", "text"]),
    ("locations", &["logicalLocations", "physicalLocation"]),
    ("logicalLocations", &["fullyQualifiedName", "kind", "name"]),
    ("message", &["text"]),
    ("physicalLocation", &["artifactLocation", "region"]),
    ("region", &["snippet", "startLine"]),
    ("relatedLocations", &["message", "physicalLocation"]),
    (
        "results",
        &[
            "level",
            "locations",
            "message",
            "partialFingerprints",
            "properties",
            "relatedLocations",
            "ruleId",
            "ruleIndex",
        ],
    ),
    (
        "rules",
        &[
            "defaultConfiguration",
            "fullDescription",
            "help",
            "id",
            "name",
            "properties",
            "shortDescription",
        ],
    ),
    ("runs", &["columnKind", "results", "tool"]),
    ("shortDescription", &["text"]),
    ("snippet", &["text"]),
    ("tool", &["driver"]),
];

/// Bags: what is in them is the tool's own.
const BAGS: [&str; 2] = ["partialFingerprints", "properties"];

/// The properties of a value, which is that of the property `within`, that its object cannot have.
fn unknown(within: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list
            .iter()
            .flat_map(|value| unknown(within, value))
            .collect(),
        Value::Object(_) if BAGS.contains(&within) => Vec::new(),
        Value::Object(object) => {
            let known = SCHEMA.iter().find(|(name, _)| *name == within);
            let known = known.map_or(&[][..], |(_, known)| known);
            let properties = object.iter();
            properties
                .flat_map(|(name, value)| match known.contains(&name.as_str()) {
                    true => unknown(name, value),
                    false => vec![format!("{within}/{name}")],
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn sarif_has_only_what_its_schema_has() {
    let mut log: Value = serde_json::from_str(&report("sarif")).unwrap();
    assert_eq!(unknown("", &log), [""; 0]);
    log["runs"][0]["results"][0]["colour"] = "red".into();
    assert_eq!(unknown("", &log), ["results/colour"]);
}

/// What code hosts show of what is written: the path of an object, and each property of it with the type of its
/// values.
const SARIF: &[(&str, &[(&str, Kind)])] = &[
    (
        "",
        &[
            ("version", Kind::Text),
            ("runs", Kind::List),
            ("$schema", Kind::Text),
        ],
    ),
    ("runs/*", &[("tool", Kind::Object), ("results", Kind::List)]),
    ("runs/*/tool", &[("driver", Kind::Object)]),
    (
        "runs/*/tool/driver",
        &[("name", Kind::Text), ("rules", Kind::List)],
    ),
    (
        "runs/*/tool/driver/rules/*",
        &[
            ("id", Kind::Text),
            ("name", Kind::Text),
            ("shortDescription", Kind::Object),
            ("fullDescription", Kind::Object),
            ("help", Kind::Object),
            ("defaultConfiguration", Kind::Object),
        ],
    ),
    (
        "runs/*/tool/driver/rules/*/help",
        &[("text", Kind::Text), ("markdown", Kind::Text)],
    ),
    (
        "runs/*/results/*",
        &[
            ("ruleId", Kind::Text),
            ("ruleIndex", Kind::Number),
            ("level", Kind::Text),
            ("message", Kind::Object),
            ("locations", Kind::List),
            ("partialFingerprints", Kind::Object),
        ],
    ),
    ("runs/*/results/*/message", &[("text", Kind::Text)]),
    (
        "runs/*/results/*/locations/*",
        &[
            ("physicalLocation", Kind::Object),
            ("logicalLocations", Kind::List),
        ],
    ),
    (
        "runs/*/results/*/locations/*/physicalLocation",
        &[("artifactLocation", Kind::Object)],
    ),
    (
        "runs/*/results/*/locations/*/physicalLocation/artifactLocation",
        &[("uri", Kind::Text), ("uriBaseId", Kind::Text)],
    ),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Number,
    List,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) if !text.is_empty() => Some(Self::Text),
            Value::Number(number) if number.is_u64() => Some(Self::Number),
            Value::Array(list) if !list.is_empty() => Some(Self::List),
            Value::Object(_) => Some(Self::Object),
            _ => None,
        }
    }
}

/// The values at a path, of which `*` is each of a list.
fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut values = vec![value];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        values = values
            .into_iter()
            .flat_map(|value| match (part, value) {
                ("*", Value::Array(list)) => list.iter().collect(),
                (part, value) => value.get(part).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    values
}

#[test]
fn sarif_has_what_is_shown() {
    let log: Value = serde_json::from_str(&report("sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    for (path, properties) in SARIF {
        let values = at(&log, path);
        assert!(!values.is_empty(), "{path}");
        for value in values {
            for (property, kind) in *properties {
                assert_eq!(
                    Kind::of(&value[*property]),
                    Some(*kind),
                    "{path}/{property}: {value}"
                );
            }
        }
    }
    for result in at(&log, "runs/*/results/*") {
        let index = result["ruleIndex"].as_u64().unwrap();
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][usize::try_from(index).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let level = result["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level), "{level}");
    }
    let lines = at(
        &log,
        "runs/*/results/*/locations/*/physicalLocation/region/startLine",
    );
    assert!(lines.len() > 3, "{lines:?}");
}

#[test]
fn findings_are_told_apart_by_their_fingerprints() {
    let log: Value = serde_json::from_str(&report("sarif")).unwrap();
    let results = at(&log, "runs/*/results/*");
    let print = |result: &&Value| result["partialFingerprints"]["ctxgenFinding/v1"].to_string();
    let mut prints: Vec<String> = results.iter().map(print).collect();
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), results.len());
}

#[test]
fn junit_counts_what_it_has() {
    let text = report("junit");
    let count = |of: &str| text.matches(of).count();
    let (tests, failures) = (count("<testcase "), count("<failure "));
    let skipped = count("<skipped ");
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
    // Of all, and of the one object.
    assert_eq!(count(&counts), 2, "{text}");
    assert!(
        tests > failures + skipped && failures > 1 && skipped > 1,
        "{counts}"
    );
}
