//! Options that several samples share.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;

/// What ends a sample that watches, besides Ctrl-C.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Stop after so many seconds (fractions allowed) [default: run until Ctrl-C]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,

    /// Stop after so many events
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<NonZeroU64>,
}

/// How a sample writes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Style {
    /// Write one JSON object per line
    #[arg(long)]
    pub json: bool,

    /// Pass on everything that libbpf says
    #[arg(long)]
    pub verbose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_fractions_but_no_sign() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err());
        assert!(seconds("soon").is_err());
    }
}
