//! Programs of `struct_ops`: what their sections do not say, the variables that they are assigned to do. In
//! objects of either byte order.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;

const PROGRAMS: &str = "\
SEC(\"struct_ops/any_name\")
int opens(struct btf_struct_ops_chess_ops_open_ctx *ctx)
{
	return ctx_get(ctx, player) ? ctx_get(ctx, rated) : -1;
}

SEC(\"struct_ops.s\")
int closes(struct btf_struct_ops_chess_ops_close_ctx *ctx)
{
	return !ctx->player;
}

SEC(\"struct_ops/chess_ops/next\")
u64 nexts(struct btf_struct_ops_chess_ops_next_ctx *ctx)
{
	return (u64)ctx->arg0;
}
";

/// What the build says of these programs and these variables, for each byte order the same.
fn said(programs: &str, variables: &str) -> Vec<String> {
    let project = Project::with(&format!("{programs}\n{variables}"));
    let source = project.path("src/prog.bpf.c");
    let [little, big] = Order::BOTH.map(|order| {
        let built = project.builder_for(order).source(&source).generate();
        match built {
            Ok(_) => Vec::new(),
            Err(Error::Mismatch(mismatches)) => {
                mismatches.iter().map(ToString::to_string).collect()
            }
            Err(error) => panic!("{error}"),
        }
    });
    assert_eq!(little, big);
    let start = format!("{}: program ", source.display());
    let rest = |text: &String| text.strip_prefix(&start).expect(text).to_owned();
    little.iter().map(rest).collect()
}

/// A variable of the ops type, with these members set.
fn variable(section: &str, members: &str) -> String {
    format!("SEC(\"{section}\")\nstruct chess_ops chess = {{ {members} }};\n")
}

#[test]
fn what_is_assigned_right_is_accepted() {
    let members =
        ".open = (void *)opens, .close = (void *)closes, .next = (void *)nexts, .flags = 3";
    for section in [
        ".struct_ops",
        ".struct_ops.link",
        "?.struct_ops",
        "?.struct_ops.link",
    ] {
        assert!(
            said(PROGRAMS, &variable(section, members)).is_empty(),
            "{section}"
        );
    }
    // In no variable at all, or in two.
    assert!(said(PROGRAMS, "").is_empty());
    let two = "SEC(\".struct_ops.link\") struct chess_ops one = { .open = (void *)opens };\n\
               SEC(\".struct_ops.link\") struct chess_ops two = { .close = (void *)closes, \
               .open = (void *)opens };\n";
    assert!(said(PROGRAMS, two).is_empty());
    let flavour = "struct chess_ops___old { void *gone; void (*close)(void); };\n\
                   SEC(\".struct_ops\") struct chess_ops___old old = { .close = (void *)closes };\n";
    assert!(said(PROGRAMS, flavour).is_empty());
}

#[test]
fn what_is_assigned_wrong_is_not() {
    let members = ".open = (void *)closes, .close = (void *)opens, .next = (void *)nexts";
    let said = said(PROGRAMS, &variable(".struct_ops.link", members));
    assert_eq!(
        said,
        [
            "closes, SEC(\"struct_ops.s\"), is chess_ops.open; its context is declared as struct \
             btf_struct_ops_chess_ops_close_ctx, and should be struct btf_struct_ops_chess_ops_open_ctx",
            "opens, SEC(\"struct_ops/any_name\"), is chess_ops.close; its context is declared as struct \
             btf_struct_ops_chess_ops_open_ctx, and should be struct btf_struct_ops_chess_ops_close_ctx",
        ]
    );
}

#[test]
fn one_wrong_variable_of_two_is_found() {
    let two = "SEC(\".struct_ops.link\") struct chess_ops one = { .close = (void *)closes };\n\
               struct chess_ops___new { void *more; int (*open)(void); void (*close)(void); };\n\
               SEC(\".struct_ops.link\") struct chess_ops___new two = { .more = 0, .open = (void *)closes };\n";
    let said = said(PROGRAMS, two);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("is chess_ops.open; "), "{said:?}");
}

#[test]
fn a_section_that_names_the_member_counts_where_nothing_is_assigned() {
    let program = "SEC(\"struct_ops/chess_ops/open\")\n\
                   int opens(struct btf_struct_ops_chess_ops_close_ctx *ctx) { return 0; }\n";
    let said_of = |variables: &str| said(program, variables);
    let [wrong] = &said_of("")[..] else {
        panic!("accepted");
    };
    assert!(
        wrong.ends_with("and should be struct btf_struct_ops_chess_ops_open_ctx"),
        "{wrong}"
    );
    // libbpf takes no notice of the section.
    let right = said_of(&variable(".struct_ops", ".close = (void *)opens"));
    assert!(right.is_empty(), "{right:?}");
}

#[test]
fn another_familys_context_is_refused() {
    let program = "SEC(\"struct_ops/x\")\n\
                   int opens(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n";
    let said = said(program, "");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("its context cannot be struct btf_lsm_file_open_ctx"),
        "{said:?}"
    );
}
