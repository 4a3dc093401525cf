//! SARIF 2.1.0, the Static Analysis Results Interchange Format.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::matrix::Matrix;
use crate::matrix::Status;
use crate::text::name;
use crate::text::report::uri;

use super::findings::Listed;
use super::findings::findings;
use super::rules::RULES;
use super::rules::Rule;
use super::words::Level;
use super::words::look;

/// The schema that the log is valid by.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name of our fingerprints, and their version.
const FINGERPRINT: &str = "ctxgenFinding/v1";

/// The folder that relative paths are of. Code hosts take the repository's for it.
const ROOT: &str = "%SRCROOT%";

/// The findings as a SARIF 2.1.0 log, the worst first: a result for each, at the line of source that reads
/// (of the object, where no line is known), with the kernels in its message and in `properties`. Each has a
/// fingerprint, by which code hosts know it again. Absolute paths of sources become `file` URIs; see
/// [`relative_to`](super::relative_to).
pub(super) fn sarif(matrix: &Matrix) -> String {
    let all = findings(matrix);
    let has_baseline = all.iter().any(|listed| !listed.finding.known.is_empty());
    let results = all.iter().map(|it| result(matrix, it, has_baseline));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver() },
            column_kind: "unicodeCodePoints",
            results: results.collect(),
        }],
    };
    let mut json = serde_json::to_string_pretty(&log).unwrap_or_default();
    json.push('\n');
    // What turns the direction of text is an escape in JSON too.
    crate::text::terminal(&json).into_owned()
}

fn driver() -> Driver {
    Driver {
        name: "ctxgen",
        full_name: "ctxgen matrix",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: RULES.iter().map(Descriptor::of).collect(),
    }
}

fn result<'m>(matrix: &'m Matrix, listed: &Listed<'m>, has_baseline: bool) -> SarifResult<'m> {
    let Listed {
        object,
        program,
        row,
        finding,
    } = *listed;
    let index = RULES.iter().position(|rule| rule.status == finding.status);
    let of_object = || ArtifactLocation::of(&object.file);
    let in_source = row.line.as_ref().map(|line| PhysicalLocation {
        artifact_location: ArtifactLocation::of(&line.file),
        region: Some(Region {
            start_line: line.number.max(1),
            snippet: Some(Text::of(&line.text)),
        }),
    });
    let in_object = || PhysicalLocation {
        artifact_location: of_object(),
        region: None,
    };
    let related = in_source.is_some().then(in_object);
    let kernels = finding.kernels.iter();
    SarifResult {
        rule_id: finding.status.id(),
        rule_index: index,
        level: level(listed.level()),
        message: Text::of(&listed.sentence()),
        locations: [Location {
            physical_location: in_source.unwrap_or_else(in_object),
            logical_locations: vec![LogicalLocation {
                name: name(&program.name).into_owned(),
                fully_qualified_name: name(&format!("{}/{}", object.name, program.name)).into(),
                kind: "function",
            }],
            message: None,
        }],
        related_locations: Vec::from_iter(related.map(|physical_location| Location {
            physical_location,
            logical_locations: Vec::new(),
            message: Some(Text::of("The object that was examined")),
        })),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, finding.fingerprint.as_str())]),
        baseline_state: has_baseline.then(|| baseline_state(listed)),
        properties: Properties {
            section: &program.section,
            what: &row.what,
            kernels: kernels
                .filter_map(|kernel| matrix.kernels.get(*kernel))
                .map(|kernel| kernel.label.as_str())
                .collect(),
        },
    }
}

fn baseline_state(listed: &Listed<'_>) -> &'static str {
    match (listed.is_known(), listed.finding.known.is_empty()) {
        (true, _) => "unchanged",
        (false, true) => "new",
        (false, false) => "updated",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// How severe GitHub takes a rule's results for.
fn severity(status: Status) -> &'static str {
    match Level::usual(status) {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "recommendation",
    }
}

#[derive(Serialize)]
struct Log<'m> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'m>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'m> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult<'m>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    full_name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: &'static str,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

impl Descriptor {
    fn of(rule: &Rule) -> Self {
        let look = look(rule.status);
        Self {
            id: rule.status.id(),
            name: rule.name,
            short_description: Text::of(&format!("A BPF program on a kernel: {}", look.word)),
            full_description: Text::of(&format!("{}.", look.meaning)),
            help: Help {
                text: rule.help.replace('`', ""),
                markdown: rule.help,
            },
            default_configuration: Configuration {
                level: level(Level::usual(rule.status)),
            },
            properties: RuleProperties {
                tags: rule.tags,
                severity: severity(rule.status),
            },
        }
    }
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: &'static [&'static str],
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

impl Text {
    fn of(text: &str) -> Self {
        let text = name(text).into_owned();
        Self { text }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'m> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, &'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties<'m>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    /// None of an object: it has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

impl ArtifactLocation {
    fn of(path: &str) -> Self {
        Self {
            uri: uri(path),
            uri_base_id: (!path.starts_with('/')).then_some(ROOT),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Properties<'m> {
    section: &'m str,
    what: &'m str,
    kernels: Vec<&'m str>,
}
