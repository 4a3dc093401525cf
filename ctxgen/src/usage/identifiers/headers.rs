//! What a source has of headers with a kernel's types, besides the generated one.
//!
//! A project may have a `vmlinux.h` of its own: a complete one that bpftool has made, or one that
//! includes the generated one (`#include_next <vmlinux.h>`) and adds to it. The macro by which
//! bpftool's headers know each other (`__VMLINUX_H__`) is defined by both. What tells them apart is
//! that the generated one is read while the other one still is.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Place;
use super::marker::Segment;
use super::marker::segments;
use crate::text::ident::is_word;

/// The macro by which headers with a kernel's types know each other.
const GUARD: &str = "__VMLINUX_H__";
/// The macro that gives a source the types of the generated `vmlinux.h` although a header that includes
/// it has defined [`GUARD`].
const WRAPPED: &str = "CTXGEN_WRAPPED_VMLINUX_H";
/// No header that was written by hand defines as many structs and unions, and no kernel has fewer.
const MANY: usize = 512;
/// A struct that every kernel has, and no header for user space, as many as there may be.
const TASK: &str = "struct task_struct {";

/// Headers with a kernel's types that a preprocessed source includes.
#[derive(Debug, Default)]
pub(super) struct KernelHeaders<'t> {
    /// The files of which complete ones consist that are not the generated one.
    complete: BTreeSet<Cow<'t, str>>,
    /// Whether one of them was read before the generated one.
    is_first: bool,
    /// Whether that has no guard.
    is_unguarded: bool,
    /// Whether the generated one was read.
    is_generated_read: bool,
    /// Whether another one had defined the guard by then.
    is_guarded_by_other: bool,
}

/// A file that is being read.
#[derive(Debug, Default)]
struct Open<'t> {
    /// With those that it includes.
    files: Vec<Cow<'t, str>>,
    /// The definitions of structs and unions in it and in those.
    definitions: usize,
    /// Whether one of them is the kernel's task.
    has_task: bool,
    /// Whether it or one of those defines the guard.
    has_guard: bool,
    /// Whether the generated header is one of those.
    has_generated: bool,
}

impl<'t> KernelHeaders<'t> {
    /// `generated` are the folders of the generated headers.
    pub(super) fn new(text: &'t str, generated: &[&str]) -> Self {
        let mut headers = Self::default();
        let mut open: Vec<Open<'_>> = vec![Open::default()];
        for Segment { marker, text } in segments(text) {
            if marker.leaves && open.len() > 1 {
                headers.leave(&mut open);
            }
            let Some(file) = marker.file() else {
                if marker.enters {
                    open.push(Open::default());
                }
                continue;
            };
            let place = Place::of(&file, generated);
            if marker.enters {
                open.push(Open::default());
                if place == Place::Nowhere {
                    headers.enter_generated(&mut open);
                }
            }
            // The first one is the source.
            if let [_, .., last] = &mut *open
                && place == Place::Source
            {
                last.add(file, text);
            }
        }
        headers
    }

    /// The macros that the source has to be compiled with, for the generated header to be what it is
    /// meant to be there.
    pub(super) fn macros(&self) -> Option<&'static str> {
        if self.is_first {
            return self.is_unguarded.then_some(GUARD);
        }
        (self.is_generated_read && self.is_guarded_by_other).then_some(WRAPPED)
    }

    /// Whether a file is, or is part of, a complete header.
    pub(super) fn has(&self, file: &str) -> bool {
        self.complete.contains(file)
    }

    fn enter_generated(&mut self, open: &mut [Open<'t>]) {
        if !self.is_generated_read {
            self.is_guarded_by_other = open.iter().skip(1).any(|open| open.has_guard);
        }
        self.is_generated_read = true;
        for open in open {
            open.has_generated = true;
        }
    }

    /// Ends the last file. What is none of a kernel's counts for the file that includes it.
    fn leave(&mut self, open: &mut Vec<Open<'t>>) {
        let (Some(file), Some(parent)) = (open.pop(), open.last_mut()) else {
            return;
        };
        let has_all = file.definitions >= MANY && file.has_task;
        let is_kernel = has_all || file.has_guard && file.definitions > 0;
        if is_kernel && !file.has_generated {
            self.complete.extend(file.files);
            if !self.is_generated_read {
                self.is_first = true;
                self.is_unguarded |= !file.has_guard;
            }
            return;
        }
        parent.definitions += file.definitions;
        parent.has_task |= file.has_task;
        parent.has_guard |= file.has_guard;
        parent.files.extend(file.files);
    }
}

impl<'t> Open<'t> {
    fn add(&mut self, file: Cow<'t, str>, text: &str) {
        if !self.files.contains(&file) {
            self.files.push(file);
        }
        self.has_guard |= defines_guard(text);
        self.has_task |= text.contains(TASK);
        if self.definitions < MANY {
            let is_definition = |line: &&str| {
                let line = line.trim_start();
                (line.starts_with("struct ") || line.starts_with("union ")) && line.contains('{')
            };
            self.definitions += text.lines().filter(is_definition).count();
        }
    }
}

/// Whether the guard is defined in a text in which the preprocessor has left the definitions.
fn defines_guard(text: &str) -> bool {
    const DEFINE: &str = "#define ";
    text.match_indices(GUARD).any(|(at, _)| {
        let line = &text[..at];
        let ends = text.as_bytes().get(at + GUARD.len());
        line.ends_with(DEFINE) && !ends.is_some_and(|byte| is_word(*byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "# 1 \"/out/include/vmlinux.h\" 1 3\n";

    fn of(text: &str) -> KernelHeaders<'_> {
        KernelHeaders::new(text, &["/out/include"])
    }

    #[test]
    fn a_wrapper() {
        for (guard, expected) in [
            ("", None),
            ("#define __VMLINUX_H__ \n", Some(WRAPPED)),
            ("#define __VMLINUX_H__ 1\n", Some(WRAPPED)),
            ("#define __VMLINUX_H__X\n", None),
        ] {
            let text = format!(
                "# 1 \"a.c\"\n# 1 \"own/vmlinux.h\" 1\n{guard}struct a {{ }};\n{OURS}\
                 # 4 \"own/vmlinux.h\" 2\nstruct b {{ }};\n# 2 \"a.c\" 2\n"
            );
            let headers = of(&text);
            assert_eq!(headers.macros(), expected, "{guard}");
            assert!(!headers.has("own/vmlinux.h"));
        }
    }

    #[test]
    fn a_guard_in_a_file_of_the_wrapper() {
        let text = format!(
            "# 1 \"a.c\"\n# 1 \"w.h\" 1\n# 1 \"g.h\" 1\n#define __VMLINUX_H__\n# 2 \"w.h\" 2\n{OURS}\
             # 3 \"w.h\" 2\n# 2 \"a.c\" 2\n"
        );
        assert_eq!(of(&text).macros(), Some(WRAPPED));
    }

    #[test]
    fn a_complete_header_with_the_guard() {
        let text = format!(
            "# 1 \"a.c\"\n# 1 \"own/vmlinux.h\" 1\n# 1 \"x86.h\" 1\n#define __VMLINUX_H__ \n\
             struct a {{\n}};\n# 2 \"own/vmlinux.h\" 2\nstruct b *b;\n# 2 \"a.c\" 2\n{OURS}"
        );
        let headers = of(&text);
        assert_eq!(headers.macros(), None);
        assert!(headers.has("x86.h"));
        assert!(!headers.has("own/vmlinux.h"));
    }

    #[test]
    fn complete_or_not_without_the_guard() {
        for (count, task, expected) in [
            (MANY - 1, "task_struct", Some(GUARD)),
            (MANY - 2, "task_struct", None),
            (MANY, "tasks", None),
        ] {
            let structs = "struct a {\n};\n".repeat(count) + &format!("struct {task} {{\n}};\n");
            let text = format!("# 1 \"a.c\"\n# 1 \"own.h\" 1\n{structs}# 2 \"a.c\" 2\n{OURS}");
            assert_eq!(of(&text).macros(), expected, "{count}");
            assert_eq!(of(&text).has("own.h"), expected.is_some());
        }
    }

    #[test]
    fn one_behind_the_generated_header() {
        let text =
            format!("# 1 \"a.c\"\n{OURS}# 2 \"a.c\" 2\n# 1 \"own/vmlinux.h\" 1\n# 3 \"a.c\" 2\n");
        assert_eq!(of(&text).macros(), None);
    }

    #[test]
    fn a_source_that_does_without() {
        let text = format!("# 1 \"a.c\"\n#define __VMLINUX_H__ \nstruct a {{ }};\n{OURS}");
        assert_eq!(of(&text).macros(), None);
        assert!(!of(&text).has("a.c"));
    }

    /// Markers that do not fit together are no reason to fail.
    #[test]
    fn more_ends_than_files() {
        of("# 1 \"a.c\" 2\n# 1 \"b.c\" 2\n# 1 \"c.c\" 1\n");
    }
}
