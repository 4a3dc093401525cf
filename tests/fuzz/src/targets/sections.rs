//! SEC names, names of hooks and structs, and names in every medium.

use ctxgen::Hook;
use ctxgen::SecName;
use ctxgen::is_identifier;
use ctxgen::text;

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines().take(64) {
        section(line);
        if let Ok(hook) = line.parse::<Hook>() {
            named(&hook);
        }
        if let Some(hook) = Hook::from_struct_name(line) {
            assert!(is_identifier(line), "{line:?}");
            assert_eq!(hook.struct_name(), line);
        }
    }
    media(&text);
}

fn section(name: &str) {
    match SecName::parse(name) {
        Ok(sec) => {
            named(&sec.hook);
            for hook in sec.listed() {
                named(hook);
            }
            let _ = sec.may_take("btf_fentry_x_ctx");
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let _ = SecName::nearest_sections(name);
        }
    }
}

/// A hook's name is read back, and its struct is one of C.
fn named(hook: &Hook) {
    let written = hook.to_string();
    // Of `struct_ops`, only a kernel tells where in the struct's name that of the member begins.
    if written.starts_with("struct ") {
        return;
    }
    let again = written.parse::<Hook>();
    let again = again.unwrap_or_else(|error| panic!("{written:?}: {error}"));
    // What controls terminals is escaped in what is written.
    if !written.contains("\\u") {
        assert_eq!(again, *hook, "{written:?}");
    }
    let name = hook.struct_name();
    if !hook.is_generic() && !hook.is_pattern() {
        assert!(is_identifier(&name), "{written:?}: {name:?}");
    }
    let _ = (hook.relocatable_name(), hook.module());
    assert!(
        hook.sharing_struct()
            .all(|other| other.struct_name() == name)
    );
    let _ = SecName::of_hook(hook);
}

/// Nothing in a text acts on what it is shown in.
fn media(name: &str) {
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text::terminal(name).contains(is_control));
    assert!(!text::name(name).contains(char::is_control));
    let comment = format!("/* {} */", text::c_comment(name));
    assert_eq!(comment.find("*/"), Some(comment.len() - 2), "{comment:?}");
    assert_eq!(comment.matches("/*").count(), 1, "{comment:?}");
    assert_eq!(comment.lines().count(), 1, "{comment:?}");
}
