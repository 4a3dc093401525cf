//! Probes that are set behind the start of a function.

use ctxgen::check::Unchecked;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::judge;

use super::build_text;
use super::kernel;
use super::of;

const PROBES: &str = "SEC(\"kprobe/vfs_unlink+0x10\")\n\
                      int ours(struct btf_kprobe_vfs_unlink_ctx *ctx) { return !ctx->dentry; }\n\
                      SEC(\"kprobe/vfs_unlink+0x10\")\n\
                      int registers(struct pt_regs *ctx) { return !ctx->di; }\n\
                      SEC(\"kprobe/vfs_unlink\")\n\
                      int start(struct btf_kprobe_vfs_unlink_ctx *ctx) { return !ctx->dentry; }\n";

#[test]
fn have_no_arguments_in_registers() {
    let object = build_text(PROBES, "6.1-x86_64", false);
    let kernel = kernel("6.1-x86_64");
    let all = check(&object, &kernel).unwrap();
    let within = Verdict::NotChecked(Unchecked::WithinFunction);
    assert_eq!(of(&all, "ours").verdict, within);
    assert_eq!(of(&all, "start").verdict, Verdict::Agrees);

    let judged = judge(&Examined::parse(&object).unwrap(), &kernel, None);
    let registers = judged.iter().find(|judged| judged.program == "registers");
    let registers = registers.expect("the program");
    assert_eq!(registers.answer, Answer::Unknown);
    let reasons: Vec<String> = registers.reasons.iter().map(ToString::to_string).collect();
    let said = "the probe is set behind the function's start";
    assert!(
        reasons.iter().any(|reason| reason.contains(said)),
        "{reasons:?}"
    );
}
