//! `rawtp`: arguments arrive as they were sent.

use crate::checks::Checks;
use crate::sample::Samples;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let exchanges = samples.run("rawtp", &[])?;
    checks.equal("twelve arguments, four times", 48, exchanges.len());
    for exchange in exchanges {
        let what = format!(
            "{}.{} among {}: {} arrives",
            exchange["tracepoint"], exchange["argument"], exchange["slot"], exchange["sent"]
        );
        checks.equal(&what, &exchange["sent"], &exchange["received"]);
    }
    Ok(())
}
