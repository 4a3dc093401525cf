//! Plans for the judge, and its answers held against them.
//!
//! ```text
//! verify plan BTF PLAN [--functions none|sampled|every]
//! verify compare BTF ANSWERS [--functions none|sampled|every]
//! ```
//!
//! `compare` prints a line of tab-separated counts for each family and for the values, then what is wrong, and fails
//! where anything is.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use ctxgen::KernelBtf;
use ctxgen_tests::verify::EventCase;
use ctxgen_tests::verify::Plan;
use ctxgen_tests::verify::Selection;
use ctxgen_tests::verify::TracedCase;
use ctxgen_tests::verify::ValueCase;
use ctxgen_tests::verify::compare;
use ctxgen_tests::verify::compare_events;
use ctxgen_tests::verify::compare_traced;
use ctxgen_tests::verify::compare_values;
use ctxgen_tests::verify::event_cases;
use ctxgen_tests::verify::event_plan;
use ctxgen_tests::verify::subjects;
use ctxgen_tests::verify::traced_cases;
use ctxgen_tests::verify::traced_plan;
use ctxgen_tests::verify::value_cases;
use ctxgen_tests::verify::value_plan;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    libbpf_rs::set_print(None);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (command, btf, file, functions) = match arguments[..] {
        [command, btf, file] => (command, btf, file, "sampled"),
        [command, btf, file, "--functions", functions] => (command, btf, file, functions),
        _ => {
            return Err(
                "usage: verify plan|compare BTF FILE [--functions none|sampled|every]".into(),
            );
        }
    };
    let selection = match functions {
        "none" => Selection::NoFunctions,
        "sampled" => Selection::Sampled,
        "every" => Selection::Every,
        other => return Err(format!("--functions {other} is none of none, sampled, every").into()),
    };
    let kernel = KernelBtf::from_path(btf)?;
    let plan = Plan::new(&kernel, &subjects(&kernel, selection)?);
    let events = event_cases(&kernel)?;
    let traced = traced_cases(Path::new(btf))?;
    let values = value_cases(Path::new(btf))?;
    match command {
        "plan" => {
            std::fs::write(
                file,
                plan.text() + &event_plan(&events) + &traced_plan(&traced) + &value_plan(&values),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        "compare" => {
            let formatted = KernelBtf::from_path(btf)?;
            report(
                &kernel,
                &plan,
                (formatted, &events),
                (&values, &traced),
                Path::new(file),
            )
        }
        other => Err(format!("{other} is neither plan nor compare").into()),
    }
}

/// How many disagreements are printed.
const SHOWN: usize = 200;

fn report(
    kernel: &KernelBtf,
    plan: &Plan,
    (formatted, events): (KernelBtf, &[EventCase]),
    (values, traced): (&[ValueCase], &[TracedCase]),
    answers: &Path,
) -> Result<ExitCode, Box<dyn Error>> {
    let answers = std::fs::read_to_string(answers)?;
    let mut report = compare(kernel, plan, answers.lines());
    compare_events(kernel, formatted, events, answers.lines(), &mut report);
    for (family, row) in &report.rows {
        println!(
            "row\t{family}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.hooks, row.fields, row.confirmed, row.refused, row.outside, row.wrong
        );
    }
    let mut values = compare_values(values, answers.lines());
    compare_traced(traced, answers.lines(), &mut values);
    println!("values\t{}\t{}", values.right, values.wrong.len());
    for (why, count) in &report.outside {
        println!("outside\t{count}\t{why}");
    }
    for wrong in report.wrong.iter().take(SHOWN) {
        let at = wrong.offset.map_or(String::new(), |at| format!(" +{at}"));
        println!(
            "wrong\t{}{at}\t{}\t{}",
            wrong.hook, wrong.promised, wrong.said
        );
    }
    for wrong in values.wrong.iter().take(SHOWN) {
        println!("wrong\t{wrong}");
    }
    for trouble in report.trouble.iter().take(SHOWN) {
        println!("trouble\t{trouble}");
    }
    match report.wrong.is_empty() && report.trouble.is_empty() && values.wrong.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}
