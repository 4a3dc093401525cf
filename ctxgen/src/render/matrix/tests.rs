//! Names from elsewhere stay names, in each format.

use std::path::Path;

use crate::matrix::Matrix;
use crate::matrix::Status;

use super::FORMATS;
use super::Format;
use super::github::github;
use super::html::html;
use super::junit::junit;
use super::markdown::markdown;
use super::sample::HOSTILE;
use super::sample::matrix;
use super::sarif::sarif;

/// What no format may have out of a name.
const NEVER: [&str; 4] = ["\u{202e}", "\u{1b}", "\u{2028}", "\0"];

#[test]
fn no_name_controls_a_terminal() {
    for Format {
        name: format,
        write: render,
        ..
    } in FORMATS
    {
        let text = render(&matrix(HOSTILE));
        for never in NEVER {
            assert!(!text.contains(never), "{format}: {never:?}");
        }
    }
}

#[test]
fn each_format_is_the_same_for_the_same() {
    for Format {
        name: format,
        write: render,
        ..
    } in FORMATS
    {
        assert_eq!(render(&matrix("a")), render(&matrix("a")), "{format}");
        assert!(render(&matrix("a")).contains('a'), "{format}");
        assert!(
            !render(&Matrix::default()).contains("wrong value:"),
            "{format}"
        );
    }
}

#[test]
fn a_name_closes_no_script_of_the_page() {
    let count = |text: &str, of: &str| text.matches(of).count();
    let [plain, hostile] = ["a", HOSTILE].map(|name| html(&matrix(name)));
    for of in ["<script", "</script", "<!--", "<td", "<button", "alert(1)<"] {
        let hostile = count(&hostile.to_lowercase(), of);
        assert_eq!(hostile, count(&plain.to_lowercase(), of), "{of}");
    }
    // A name of a part of the page is not replaced by that part.
    assert!(hostile.contains("{{data}}"));
    let data = hostile.split("id=\"data\">").nth(1).unwrap();
    let data = data.split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let name = data["programs"][0]["name"].as_str().unwrap();
    assert!(
        name.starts_with("</script><script>alert(1)</script>|`x`\"'&]]>"),
        "{name}"
    );
}

#[test]
fn a_name_adds_no_command_of_githubs() {
    let text = github(&matrix(HOSTILE));
    assert_eq!(text.lines().count(), 2, "{text}");
    let (properties, message) = text
        .strip_prefix("::error ")
        .unwrap()
        .split_once("::")
        .unwrap();
    assert_eq!(properties.split(',').count(), 3, "{properties}");
    assert!(properties.starts_with("file="), "{properties}");
    assert!(message.contains("%250A"), "{message}");
}

#[test]
fn a_name_adds_no_row_or_cell_of_markdown() {
    let [plain, hostile] = ["a", HOSTILE].map(|name| markdown(&matrix(name)));
    assert_eq!(plain.lines().count(), hostile.lines().count());
    for (plain, hostile) in plain.lines().zip(hostile.lines()) {
        assert_eq!(
            plain.matches('|').count(),
            hostile.matches('|').count(),
            "{hostile}"
        );
        assert!(!hostile.contains("<script"), "{hostile}");
    }
}

#[test]
fn a_summary_has_less_than_a_mebibyte() {
    let mut many = matrix(&"long_name_of_a_program ".repeat(20));
    let row = many.objects[0].programs[0].rows[0].clone();
    many.objects[0].programs[0].rows = vec![row; 2000];
    let kernel = many.kernels[0].clone();
    many.kernels = vec![kernel; 50_000];
    let text = markdown(&many);
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(text.contains(" more findings, for which there is no room here"));
    assert!(text.trim_end().ends_with("</details>"));
}

#[test]
fn cases_of_junit_end_as_the_command_does() {
    let mut sample = matrix("a");
    let ends = |sample: &Matrix| {
        let text = junit(sample);
        ["<failure", "<skipped", "<testcase"].map(|of| text.matches(of).count())
    };
    assert_eq!(ends(&sample), [1, 0, 2]);
    // In the baseline.
    sample.objects[0].programs[0].rows[0].findings[0].known = vec![1];
    sample.objects[0].programs[0].rows[0].findings[0].fails = false;
    assert_eq!(ends(&sample), [0, 1, 2]);
    // What is not known is not green.
    sample.objects[0].programs[0].rows.clear();
    sample.objects[0].programs[0].answers[0].status = Status::NotKnown;
    assert_eq!(ends(&sample), [0, 2, 2]);
    // Nor is what is not for the kernel.
    sample.objects[0].programs[0].answers[0].status = Status::Skipped;
    assert_eq!(ends(&sample), [0, 2, 2]);
    sample.objects[0].programs[0].answers[0].status = Status::Guarded;
    assert_eq!(ends(&sample), [0, 1, 2]);
}

#[test]
fn findings_of_sarif_have_what_it_asks_for() {
    let log: serde_json::Value = serde_json::from_str(&sarif(&matrix("src/a b.c"))).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert_eq!(result["level"], "error");
    assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/a%20b.c");
    assert_eq!(place["region"]["startLine"], 7);
    let print = &result["partialFingerprints"]["ctxgenFinding/v1"];
    assert_eq!(print, "0123456789abcdef");
    for rule in rules {
        for text in [&rule["shortDescription"]["text"], &rule["help"]["text"]] {
            assert!(text.as_str().is_some_and(|text| text.len() > 10), "{rule}");
        }
    }
}

#[test]
fn by_the_names_of_files() {
    for (path, name) in [
        ("report.txt", Some("text")),
        ("out/report.json", Some("json")),
        ("a.sarif.json", Some("sarif")),
        ("a.sarif", Some("sarif")),
        ("report", None),
        ("json", None),
        ("report.docx", None),
        ("", None),
    ] {
        let found = Format::of_file(Path::new(path)).map(|format| format.name);
        assert_eq!(found, name, "{path}");
    }
}

#[test]
fn names_and_ends_are_of_one_form_each() {
    for (at, format) in FORMATS.iter().enumerate() {
        assert_eq!(
            Format::by_name(format.name).map(|of| of.name),
            Some(format.name)
        );
        for other in &FORMATS[at + 1..] {
            assert!(!format.ends.iter().any(|end| other.ends.contains(end)));
        }
    }
}

#[test]
fn nothing_is_something() {
    for format in FORMATS {
        assert!(
            (format.write)(&Matrix::default()).ends_with('\n'),
            "{}",
            format.name
        );
    }
}
