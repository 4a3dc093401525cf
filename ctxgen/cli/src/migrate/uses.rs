//! What a function's body does with its arguments.

use clang_sys::CXCursor;
use clang_sys::CXCursor_ArraySubscriptExpr;
use clang_sys::CXCursor_CStyleCastExpr;
use clang_sys::CXCursor_DeclRefExpr;
use clang_sys::CXCursor_MemberRefExpr;
use clang_sys::CXCursor_ParenExpr;
use clang_sys::CXCursor_UnaryOperator;
use clang_sys::CXCursor_UnexposedExpr;
use clang_sys::CXEval_Int;
use clang_sys::CXType_Pointer;
use clang_sys::clang_Cursor_Evaluate;
use clang_sys::clang_Cursor_getOffsetOfField;
use clang_sys::clang_EvalResult_dispose;
use clang_sys::clang_EvalResult_getAsInt;
use clang_sys::clang_EvalResult_getKind;
use clang_sys::clang_equalCursors;
use clang_sys::clang_getCanonicalType;
use clang_sys::clang_getCursorReferenced;
use clang_sys::clang_getCursorType;
use ctxgen::layout::SLOT;
use ctxgen::migrate::Use;
use ctxgen::migrate::UseKind;

use super::clang::children;
use super::clang::extent;
use super::clang::line;
use super::clang::offset;
use super::clang::spelling;
use super::clang::type_spelling;

/// How deep expressions and statements are followed.
const MAX_DEPTH: usize = 512;

/// The member of libbpf's and the kernel's structs that has slots.
const SLOTS: &str = "args";

/// What was found.
pub(super) struct Found {
    /// Of each argument, whether it is used.
    pub(super) used: Vec<bool>,
    /// The uses of the first one.
    pub(super) context: Vec<Use>,
}

/// Looks through a body.
pub(super) fn find(body: CXCursor, arguments: &[CXCursor], text: &str) -> Found {
    let mut walk = Walk {
        arguments,
        text,
        above: Vec::new(),
        found: Found {
            used: vec![false; arguments.len()],
            context: Vec::new(),
        },
    };
    walk.visit(body);
    walk.found
}

struct Walk<'a> {
    arguments: &'a [CXCursor],
    text: &'a str,
    /// From the body on.
    above: Vec<CXCursor>,
    found: Found,
}

impl Walk<'_> {
    fn visit(&mut self, cursor: CXCursor) {
        if cursor.kind == CXCursor_DeclRefExpr {
            // SAFETY: the cursor's unit is alive.
            let referenced = unsafe { clang_getCursorReferenced(cursor) };
            // SAFETY: as above.
            let is_it =
                |argument: &CXCursor| unsafe { clang_equalCursors(*argument, referenced) != 0 };
            if let Some(number) = self.arguments.iter().position(is_it) {
                self.found.used[number] = true;
                if number == 0 {
                    let found = self.use_of(cursor);
                    self.found.context.push(found);
                }
            }
        }
        if self.above.len() < MAX_DEPTH {
            self.above.push(cursor);
            for child in children(cursor) {
                self.visit(child);
            }
            self.above.pop();
        }
    }

    fn use_of(&self, cursor: CXCursor) -> Use {
        let (mut range, kind) = self.kind(cursor);
        let written = self.text.get(range.clone()).unwrap_or_default();
        // Of what macros have made, nothing stands there that could be changed.
        let kind = match kind {
            UseKind::Element { .. } if !written.ends_with(']') || !written.contains('[') => {
                UseKind::Other
            }
            UseKind::Member { ref name, .. } if written != name => UseKind::Other,
            kind => kind,
        };
        if range.end < range.start {
            range = 0..0;
        }
        Use {
            line: line(cursor),
            range,
            kind,
        }
    }

    fn kind(&self, cursor: CXCursor) -> (std::ops::Range<usize>, UseKind) {
        let own = extent(cursor);
        let Some((parent, above, is_void)) = above(&self.above) else {
            return (own, UseKind::Other);
        };
        if is_void || parent.kind == CXCursor_CStyleCastExpr && is_pointer(parent) {
            return (own, UseKind::Passed);
        }
        #[expect(non_upper_case_globals, reason = "libclang's names")]
        match parent.kind {
            CXCursor_ArraySubscriptExpr => match element(parent, 0, above, self.text) {
                Some(kind) => (extent(parent), kind),
                None => (own, UseKind::Other),
            },
            CXCursor_MemberRefExpr => {
                let name = spelling(parent);
                // SAFETY: the cursor's unit is alive.
                let bits =
                    unsafe { clang_Cursor_getOffsetOfField(clang_getCursorReferenced(parent)) };
                let Ok(at) = u32::try_from(bits / 8) else {
                    return (own, UseKind::Other);
                };
                if name == SLOTS
                    && let Some((array, above, false)) = self::above(above)
                    && array.kind == CXCursor_ArraySubscriptExpr
                    && let Some(kind) = element(array, at, above, self.text)
                {
                    return (extent(array), kind);
                }
                let start = offset(parent);
                (
                    start..start + name.len(),
                    UseKind::Member { offset: at, name },
                )
            }
            _ => (own, UseKind::Other),
        }
    }
}

/// The first cursor above that is more than parentheses and conversions, what is above that, and whether the
/// value has become a `void *` on the way.
fn above(cursors: &[CXCursor]) -> Option<(CXCursor, &[CXCursor], bool)> {
    let mut is_void = false;
    let mut rest = cursors;
    while let Some((last, above)) = rest.split_last() {
        let is_passed = [CXCursor_UnexposedExpr, CXCursor_ParenExpr].contains(&last.kind);
        if !is_passed {
            return Some((*last, above, is_void));
        }
        is_void |= canonical(*last).trim_start_matches("const ") == "void *";
        rest = above;
    }
    None
}

/// An element of an array of slots; `None` where its place is not a constant, or where its address is taken.
fn element(array: CXCursor, base: u32, above: &[CXCursor], text: &str) -> Option<UseKind> {
    let index = index(*children(array).get(1)?)?;
    let (parent, ..) = self::above(above)?;
    if parent.kind == CXCursor_UnaryOperator && text.get(extent(parent))?.starts_with('&') {
        return None;
    }
    Some(UseKind::Element {
        offset: base.checked_add(index.checked_mul(SLOT)?)?,
        is_cast_to_pointer: parent.kind == CXCursor_CStyleCastExpr && is_pointer(parent),
    })
}

fn index(cursor: CXCursor) -> Option<u32> {
    // SAFETY: the cursor's unit is alive, and the result is disposed of.
    unsafe {
        let result = clang_Cursor_Evaluate(cursor);
        if result.is_null() {
            return None;
        }
        let is_number = clang_EvalResult_getKind(result) == CXEval_Int;
        let value = is_number.then(|| clang_EvalResult_getAsInt(result));
        let value = value.and_then(|value| u32::try_from(value).ok());
        clang_EvalResult_dispose(result);
        value
    }
}

fn is_pointer(cursor: CXCursor) -> bool {
    // SAFETY: the cursor's unit is alive.
    let ty = unsafe { clang_getCanonicalType(clang_getCursorType(cursor)) };
    ty.kind == CXType_Pointer
}

fn canonical(cursor: CXCursor) -> String {
    // SAFETY: the cursor's unit is alive.
    type_spelling(unsafe { clang_getCanonicalType(clang_getCursorType(cursor)) })
}
