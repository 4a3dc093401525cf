//! What `ctxgen-build` says of its builder, as the command's options.

/// A method of the builder's, and what gives the command the same. With arguments, where these are not what the
/// option takes.
const WORDS: [(&str, &str); 28] = [
    // The command takes no objects.
    (" or Builder::obj_as", ""),
    (
        "give it longer with Builder::clang_timeout, or where that is not called, with more seconds in the \
         CTXGEN_CLANG_TIMEOUT variable",
        "give it longer with --clang-timeout, or with more seconds in the CTXGEN_CLANG_TIMEOUT variable",
    ),
    (
        "name a BPF C file with Builder::source",
        "name a BPF C file, or a hook with --hook",
    ),
    (
        "Builder::clang_args([\"-idirafter\", …])",
        "`-- -idirafter FOLDER`",
    ),
    ("Builder::relocatable(true)", "--relocatable"),
    ("Builder::vmlinux(Vmlinux::Full)", "--vmlinux full"),
    ("Builder::source_as(\"name\", ", "--name NAME ("),
    ("Builder::btf", "--btf"),
    ("Builder::clang_timeout", "--clang-timeout"),
    ("Builder::clang_args", "`--`"),
    ("Builder::clang", "--clang"),
    ("Builder::debug_root", "--debug-root"),
    ("Builder::deny_drift", "--deny-drift"),
    ("Builder::formats", "--formats"),
    ("Builder::generate", "ctxgen build"),
    ("Builder::headers", "ctxgen header"),
    ("Builder::hook", "--hook"),
    ("Builder::kernel", "--btf"),
    ("Builder::module_file", "--module"),
    ("Builder::module", "--module"),
    ("Builder::object", "--name"),
    ("Builder::out_dir", "--output"),
    ("Builder::own_section", "--own-section"),
    ("Builder::source_as", "--name"),
    ("Builder::sources", "the arguments"),
    ("Builder::target", "--target"),
    ("Builder::user", "--user"),
    ("Builder::vmlinux", "--vmlinux"),
];

/// A text of `ctxgen-build`'s in the command's words. `Builder::target("x")` is `--target "x"`.
pub(crate) fn of_command(text: &str) -> String {
    let mut text = text.to_owned();
    for (builders, own) in WORDS {
        let mut said = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once(builders) {
            said.push_str(before);
            said.push_str(own);
            rest = behind;
            let argument = behind
                .strip_prefix('(')
                .filter(|_| !builders.ends_with(')'));
            if let Some((argument, behind)) = argument.and_then(|text| text.split_once(')')) {
                said.push(' ');
                said.push_str(argument);
                rest = behind;
            }
        }
        said.push_str(rest);
        text = said;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn texts() {
        for (text, expected) in [
            ("(from Builder::kernel)", "(from --btf)"),
            (
                "Builder::hook(\"fexit/a\"): none",
                "--hook \"fexit/a\": none",
            ),
            (
                "relocatable with Builder::relocatable(true), or",
                "relocatable with --relocatable, or",
            ),
            (
                "build for arm64 with Builder::target(\"aarch64-unknown-linux-gnu\")",
                "build for arm64 with --target \"aarch64-unknown-linux-gnu\"",
            ),
            (
                "with Builder::clang or the CLANG variable",
                "with --clang or the CLANG variable",
            ),
            (
                "Builder::source_as(\"name\", \"a/-.c\")",
                "--name NAME (\"a/-.c\")",
            ),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(of_command(text), expected);
        }
    }

    /// Every method of the builder that `ctxgen-build` tells people to call has its words here, and these are
    /// options that there are.
    #[test]
    fn all_that_can_be_said_has_words() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ctxgen-build/src");
        let mut seen = 0;
        for path in ctxgen_layers::files(&sources) {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let is_comment = line.trim_start().starts_with("//");
                // Of the crate's own, not of others' (`ObjectBuilder::`).
                let said = [" Builder::", "\"Builder::", "(Builder::", "`Builder::"];
                if !is_comment && said.iter().any(|said| line.contains(said)) {
                    seen += 1;
                    let told = of_command(line);
                    assert!(!told.contains(" Builder::"), "{}: {told}", path.display());
                }
            }
        }
        assert!(seen >= 20, "{seen}");

        let mut command = crate::Cli::command();
        let build = command.find_subcommand_mut("build").unwrap();
        let help = build.render_long_help().to_string();
        for (_, own) in WORDS {
            for option in own.split([' ', ',']).filter(|word| word.len() > 2) {
                if option.starts_with("--") {
                    assert!(help.contains(option), "{option}");
                }
            }
        }
    }
}
