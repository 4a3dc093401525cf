//! What libclang says of a source.

use std::ffi::CStr;
use std::ffi::CString;
use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use clang_sys::CXChildVisit_Continue;
use clang_sys::CXChildVisitResult;
use clang_sys::CXClientData;
use clang_sys::CXCursor;
use clang_sys::CXCursor_CompoundStmt;
use clang_sys::CXCursor_DeclStmt;
use clang_sys::CXCursor_FunctionDecl;
use clang_sys::CXCursor_InclusionDirective;
use clang_sys::CXCursor_MacroExpansion;
use clang_sys::CXError_Success;
use clang_sys::CXIndex;
use clang_sys::CXSourceLocation;
use clang_sys::CXString;
use clang_sys::CXTranslationUnit;
use clang_sys::CXTranslationUnit_DetailedPreprocessingRecord;
use clang_sys::CXType;
use clang_sys::CXType_Bool;
use clang_sys::CXType_Enum;
use clang_sys::CXType_Int128;
use clang_sys::CXType_Pointer;
use clang_sys::clang_Cursor_getArgument;
use clang_sys::clang_Cursor_getNumArguments;
use clang_sys::clang_Type_getSizeOf;
use clang_sys::clang_createIndex;
use clang_sys::clang_disposeIndex;
use clang_sys::clang_disposeString;
use clang_sys::clang_disposeTranslationUnit;
use clang_sys::clang_getCString;
use clang_sys::clang_getCanonicalType;
use clang_sys::clang_getCursorExtent;
use clang_sys::clang_getCursorLocation;
use clang_sys::clang_getCursorSpelling;
use clang_sys::clang_getCursorType;
use clang_sys::clang_getFileLocation;
use clang_sys::clang_getFileName;
use clang_sys::clang_getPointeeType;
use clang_sys::clang_getRangeEnd;
use clang_sys::clang_getRangeStart;
use clang_sys::clang_getTranslationUnitCursor;
use clang_sys::clang_getTypeSpelling;
use clang_sys::clang_isCursorDefinition;
use clang_sys::clang_parseTranslationUnit2;
use clang_sys::clang_visitChildren;
use clang_sys::is_loaded;
use clang_sys::load;
use ctxgen::migrate::Category;
use ctxgen::migrate::Expansion;
use ctxgen::migrate::Function;
use ctxgen::migrate::Include;
use ctxgen::migrate::Parameter;
use ctxgen::migrate::Unit;
use ctxgen::migrate::is_migrated;

use super::uses;
use crate::output::Failure;

/// An index and a source that is parsed, until it is dropped.
struct Parsed {
    index: CXIndex,
    unit: CXTranslationUnit,
}

impl Drop for Parsed {
    fn drop(&mut self) {
        // SAFETY: both were made by libclang, and nothing is used any more that belongs to them.
        unsafe {
            clang_disposeTranslationUnit(self.unit);
            clang_disposeIndex(self.index);
        }
    }
}

/// Parses a source whose text is `text`.
pub(super) fn unit(path: &Path, text: &str, args: &[OsString]) -> Result<Unit, Failure> {
    if !is_loaded() {
        load().map_err(Failure::NoLibclang)?;
    }
    let parsed = parse(path, args).ok_or_else(|| Failure::Parse(path.to_owned()))?;
    // SAFETY: the unit lives until the end of this function, and so do its cursors.
    let root = unsafe { clang_getTranslationUnitCursor(parsed.unit) };
    let source = &*path.to_string_lossy();
    let mut unit = Unit::default();
    for cursor in children(root) {
        #[expect(non_upper_case_globals, reason = "libclang's names")]
        match cursor.kind {
            CXCursor_MacroExpansion => unit.expansions.extend(expansion(cursor, source)),
            CXCursor_InclusionDirective => include(&mut unit, cursor, source),
            CXCursor_FunctionDecl if is_in_source(cursor, source) => {
                unit.functions.extend(function(cursor, text));
            }
            _ => {}
        }
    }
    Ok(unit)
}

fn parse(path: &Path, args: &[OsString]) -> Option<Parsed> {
    let path = CString::new(path.to_str()?).ok()?;
    let args = args.iter().map(|arg| CString::new(arg.as_bytes()));
    let args: Vec<CString> = args.collect::<Result<_, _>>().ok()?;
    let args: Vec<_> = args.iter().map(|arg| arg.as_ptr()).collect();
    let mut unit = ptr::null_mut();
    // SAFETY: all pointers are valid during the call, and libclang copies what it keeps.
    unsafe {
        let index = clang_createIndex(0, 0);
        let error = clang_parseTranslationUnit2(
            index,
            path.as_ptr(),
            args.as_ptr(),
            i32::try_from(args.len()).ok()?,
            ptr::null_mut(),
            0,
            CXTranslationUnit_DetailedPreprocessingRecord,
            &mut unit,
        );
        if error != CXError_Success || unit.is_null() {
            clang_disposeIndex(index);
            return None;
        }
        Some(Parsed { index, unit })
    }
}

/// Adds a header. Those that it includes itself come behind it.
fn include(unit: &mut Unit, cursor: CXCursor, source: &str) {
    let name = spelling(cursor);
    let has_types = name.rsplit('/').next() == Some("vmlinux.h");
    if is_in_source(cursor, source) {
        let start = extent(cursor).start;
        unit.includes.push(Include {
            name,
            start,
            has_types,
        });
    } else if let Some(last) = unit.includes.last_mut() {
        last.has_types |= has_types;
    }
}

fn expansion(cursor: CXCursor, source: &str) -> Option<Expansion> {
    let name = spelling(cursor);
    if !is_migrated(&name) {
        return None;
    }
    let place = place(location(cursor));
    Some(Expansion {
        name,
        file: (!is_in_source(cursor, source)).then_some(place.file),
        line: place.line,
        range: extent(cursor),
    })
}

fn function(cursor: CXCursor, text: &str) -> Option<Function> {
    // SAFETY: the cursor's unit is alive.
    if unsafe { clang_isCursorDefinition(cursor) } == 0 {
        return None;
    }
    let body = children(cursor)
        .into_iter()
        .find(|child| child.kind == CXCursor_CompoundStmt)?;
    // SAFETY: as above, and the numbers are those of arguments that there are.
    let arguments: Vec<CXCursor> = unsafe {
        let count = u32::try_from(clang_Cursor_getNumArguments(cursor)).unwrap_or(0);
        (0..count)
            .map(|number| clang_Cursor_getArgument(cursor, number))
            .collect()
    };
    let found = uses::find(body, &arguments, text);
    let parameter = |(argument, is_used): (&CXCursor, &bool)| parameter(*argument, *is_used);
    Some(Function {
        name: spelling(cursor),
        line: place(location(cursor)).line,
        parameters: arguments.iter().zip(&found.used).map(parameter).collect(),
        body: extent(body),
        starts_with_declaration: children(body)
            .first()
            .is_some_and(|first| first.kind == CXCursor_DeclStmt),
        context: found.context,
    })
}

fn parameter(cursor: CXCursor, is_used: bool) -> Parameter {
    // SAFETY: the cursor's unit is alive, and so are its types.
    let (canonical, size) = unsafe {
        let canonical = clang_getCanonicalType(clang_getCursorType(cursor));
        (canonical, clang_Type_getSizeOf(canonical))
    };
    Parameter {
        name: spelling(cursor),
        range: extent(cursor),
        canonical: type_spelling(canonical),
        category: category(canonical),
        size: u32::try_from(size).unwrap_or(0),
        is_used,
    }
}

fn category(canonical: CXType) -> Category {
    if canonical.kind == CXType_Pointer {
        // SAFETY: the type's unit is alive.
        let pointee = unsafe { clang_getCanonicalType(clang_getPointeeType(canonical)) };
        let spelling = type_spelling(pointee);
        let plain = spelling
            .trim_start_matches("const ")
            .trim_start_matches("volatile ");
        let tag = plain
            .strip_prefix("struct ")
            .or(plain.strip_prefix("union "));
        let tag = tag.filter(|tag| ctxgen::is_identifier(tag));
        return tag.map_or(Category::Pointer, |tag| Category::PointerTo(tag.to_owned()));
    }
    #[expect(non_upper_case_globals, reason = "libclang's names")]
    match canonical.kind {
        CXType_Bool..=CXType_Int128 | CXType_Enum => Category::Number,
        _ => Category::Other,
    }
}

/// Where a location is in a file: of what a macro was given, where that is written.
struct Spot {
    file: String,
    line: u32,
    offset: usize,
}

fn place(location: CXSourceLocation) -> Spot {
    let mut file = ptr::null_mut();
    let (mut line, mut offset) = (0, 0);
    // SAFETY: the location's unit is alive, and the pointers are to variables.
    let file = unsafe {
        clang_getFileLocation(location, &mut file, &mut line, ptr::null_mut(), &mut offset);
        match file.is_null() {
            true => String::new(),
            false => text(clang_getFileName(file)),
        }
    };
    Spot {
        file,
        line,
        offset: offset as usize,
    }
}

pub(super) fn line(cursor: CXCursor) -> u32 {
    place(location(cursor)).line
}

pub(super) fn offset(cursor: CXCursor) -> usize {
    place(location(cursor)).offset
}

fn location(cursor: CXCursor) -> CXSourceLocation {
    // SAFETY: the cursor's unit is alive.
    unsafe { clang_getCursorLocation(cursor) }
}

/// What a cursor takes of the source.
pub(super) fn extent(cursor: CXCursor) -> Range<usize> {
    // SAFETY: the cursor's unit is alive.
    let [start, end] = unsafe {
        let range = clang_getCursorExtent(cursor);
        [clang_getRangeStart(range), clang_getRangeEnd(range)]
    };
    place(start).offset..place(end).offset
}

/// Whether that is in the source itself, and in no header. What a macro has made is where the macro is used.
fn is_in_source(cursor: CXCursor, source: &str) -> bool {
    place(location(cursor)).file == source
}

pub(super) fn spelling(cursor: CXCursor) -> String {
    // SAFETY: the cursor's unit is alive.
    text(unsafe { clang_getCursorSpelling(cursor) })
}

pub(super) fn type_spelling(ty: CXType) -> String {
    // SAFETY: the type's unit is alive.
    text(unsafe { clang_getTypeSpelling(ty) })
}

fn text(string: CXString) -> String {
    // SAFETY: libclang's strings end with a 0, and live until they are disposed of.
    unsafe {
        let bytes = clang_getCString(string);
        let text = match bytes.is_null() {
            true => String::new(),
            false => CStr::from_ptr(bytes).to_string_lossy().into_owned(),
        };
        clang_disposeString(string);
        text
    }
}

/// What is directly below a cursor.
pub(super) fn children(cursor: CXCursor) -> Vec<CXCursor> {
    extern "C" fn visit(child: CXCursor, _: CXCursor, data: CXClientData) -> CXChildVisitResult {
        // SAFETY: it is the vector below, of which there is no other reference during the visit.
        let found = unsafe { &mut *data.cast::<Vec<CXCursor>>() };
        found.push(child);
        CXChildVisit_Continue
    }
    let mut found: Vec<CXCursor> = Vec::new();
    // SAFETY: the vector lives through the call.
    unsafe { clang_visitChildren(cursor, visit, ptr::from_mut(&mut found).cast()) };
    found
}
