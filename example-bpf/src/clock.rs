//! When an event happened, for people and for programs.

use std::mem::MaybeUninit;

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// The wall clock's time of an event, in nanoseconds since 1970 (UTC). `event_ns` is what
/// `bpf_ktime_get_ns()` said in the program, nanoseconds of `CLOCK_MONOTONIC`.
pub fn wall_clock_ns(event_ns: u64) -> u64 {
    let age = now_ns(libc::CLOCK_MONOTONIC).saturating_sub(event_ns);
    now_ns(libc::CLOCK_REALTIME).saturating_sub(age)
}

/// A clock's time in nanoseconds.
pub fn now_ns(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is ours to write to.
    unsafe { libc::clock_gettime(clock, &raw mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * SECOND + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// The time of day in the local time zone, to the millisecond: `14:03:09.250`.
pub fn time_of_day(wall_clock_ns: u64) -> String {
    let (seconds, rest) = (wall_clock_ns / SECOND, wall_clock_ns % SECOND);
    let seconds = libc::time_t::try_from(seconds).unwrap_or(0);
    let mut local = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: Both point to memory of the right type, and `localtime_r` keeps neither.
    unsafe { libc::localtime_r(&raw const seconds, local.as_mut_ptr()) };
    // SAFETY: All-zero is a valid `tm`, which is what is left there where the time is out of range.
    let local = unsafe { local.assume_init() };
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        local.tm_hour,
        local.tm_min,
        local.tm_sec,
        rest / 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_now_has_the_time_of_now() {
        let before = now_ns(libc::CLOCK_REALTIME);
        let event = now_ns(libc::CLOCK_MONOTONIC);
        let after = now_ns(libc::CLOCK_REALTIME);
        let slack = SECOND / 10;
        let time = wall_clock_ns(event);
        assert!((before - slack..=after + slack).contains(&time));
    }

    #[test]
    fn milliseconds_and_seconds_are_those_of_every_time_zone() {
        let time = time_of_day(1_700_000_041_250_999_999);
        assert_eq!(time.len(), "14:03:09.250".len());
        // Zones differ by quarters of an hour.
        assert!(time.ends_with(":01.250"), "{time}");
    }
}
