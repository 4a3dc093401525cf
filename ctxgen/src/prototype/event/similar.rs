//! The nearest events to one that does not exist.

use super::call::Call;
use super::of_kernels;
use crate::hook::ANY_CATEGORY;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::prototype::list::all;
use crate::prototype::list::nearest_of;
use crate::prototype::syscall;

/// What names of system calls have more than others of the same call: an older or newer variant, one for
/// numbers of another width, one of another ABI.
const BEFORE: [&str; 5] = ["new", "old_", "old", "rt_", "ia32_"];
const BEHIND: [&str; 6] = ["_time32", "_time64", "_64", "64", "32", "16"];

/// Of a system call, the events of its variants that the kernel has first: `newstat` for `stat`, `chown` for
/// `chown16`.
pub(in crate::prototype) fn nearest_hooks(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let all = all(kernel, hook.family());
    let parts = hook.parts();
    let calls = parts.iter().filter_map(|(category, event)| {
        let call = Call::of(category, event);
        let bare = (*category == syscall::CATEGORY).then_some(*event);
        call.map(|call| (Some(call), call.name()))
            .or(bare.map(|name| (None, name)))
    });
    let wanted: Vec<_> = calls.collect();
    let mut found: Vec<String> = Vec::new();
    for other in &all {
        let is_variant = other.parts().iter().any(|(category, event)| {
            let other = Call::of(category, event);
            other.is_some_and(|other| wanted.iter().any(|wanted| is_variant(wanted, other)))
        });
        if is_variant {
            found.push(other.to_string());
        }
    }
    for near in nearest_of(&all, hook.own_name()) {
        if !found.contains(&near) {
            found.push(near);
        }
    }
    in_category(&all, &found, hook)
}

/// The same names, in the category that was asked for where the kernel's BTF does not say which one it is: there,
/// an event is looked up in any.
fn in_category(all: &[Hook], found: &[String], asked: &Hook) -> Vec<String> {
    let parts = asked.parts();
    let category = parts.first().map(|(category, _)| *category);
    let category = category.filter(|category| *category != ANY_CATEGORY);
    let named = |name: &String| {
        let hook = all.iter().find(|hook| hook.to_string() == *name)?;
        let (of, event) = *hook.parts().first()?;
        if of != ANY_CATEGORY {
            return None;
        }
        let right = of_kernels(event).into_iter().next();
        let category = right.as_deref().or(category)?;
        Some(hook.with_parts(category, event).to_string())
    };
    found
        .iter()
        .map(|name| named(name).unwrap_or_else(|| name.clone()))
        .collect()
}

/// Whether an event is that of a variant of a call: entered or left as it is wanted, or both where the wanted
/// name does not say.
fn is_variant((wanted, name): &(Option<Call<'_>>, &str), other: Call<'_>) -> bool {
    let same_side = match wanted {
        Some(Call::Enter(_)) => matches!(other, Call::Enter(_)),
        Some(Call::Exit(_)) => matches!(other, Call::Exit(_)),
        None => true,
    };
    same_side && stem(name) == stem(other.name())
}

/// A call's name without what tells its variants apart.
pub(in crate::prototype) fn stem(name: &str) -> &str {
    let mut stem = name;
    loop {
        let before = BEFORE.iter().find_map(|part| stem.strip_prefix(part));
        let shorter = before.or_else(|| BEHIND.iter().find_map(|part| stem.strip_suffix(part)));
        match shorter {
            Some(shorter) if !shorter.is_empty() => stem = shorter,
            _ => return stem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_share_a_stem() {
        for (one, other) in [
            ("stat", "newstat"),
            ("olduname", "newuname"),
            ("chown16", "chown"),
            ("futex_time32", "futex"),
            ("clock_gettime32", "clock_gettime"),
            ("sendfile", "sendfile64"),
            ("ia32_fadvise64_64", "fadvise64"),
            ("sigprocmask", "rt_sigprocmask"),
            ("old_getrlimit", "getrlimit"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        for (one, other) in [("open", "openat"), ("stat", "statx"), ("pipe", "pipe2")] {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
        assert_eq!(stem("64"), "64");
        assert_eq!(stem(""), "");
    }
}
