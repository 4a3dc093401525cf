//! Of which structs a source asks whether and where they have a member.
//!
//! That is `__builtin_preserve_field_info(p->member, kind)`, which libbpf's `bpf_core_field_exists` and
//! its like become. The type of `p` is not known without a compiler; what is known is which structs the
//! source's variables, parameters and members of that name point to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

const QUESTION: &str = "__builtin_preserve_field_info";
/// What may stand between the star and a name.
const QUALIFIERS: [&str; 3] = ["const", "volatile", "restrict"];

/// What a source asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked<'t> {
    /// The words of each question, and the tags among them.
    questions: Vec<Question<'t>>,
    /// The structs that what has this name points to.
    pointees: BTreeMap<&'t str, BTreeSet<&'t str>>,
    state: State<'t>,
}

#[derive(Clone, Debug, Default)]
struct Question<'t> {
    words: Vec<&'t str>,
    tags: Vec<&'t str>,
}

/// What was read last.
#[derive(Clone, Debug, Default)]
struct State<'t> {
    is_tag_next: bool,
    /// The struct of a declaration that may go on.
    tag: Option<&'t str>,
    is_behind_star: bool,
    /// How many parentheses of a question are open; none before the first.
    question: Option<(usize, Question<'t>)>,
}

impl<'t> Asked<'t> {
    pub(super) fn word(&mut self, word: &'t str) {
        let state = &mut self.state;
        if std::mem::take(&mut state.is_tag_next) {
            state.tag = Some(word);
            state.is_behind_star = false;
            if let Some((_, question)) = &mut state.question {
                question.tags.push(word);
            }
            return;
        }
        match word {
            "struct" | "union" => state.is_tag_next = true,
            QUESTION => state.question = Some((0, Question::default())),
            _ if QUALIFIERS.contains(&word) => {}
            _ => {
                if let Some((_, question)) = &mut state.question {
                    question.words.push(word);
                }
                if std::mem::take(&mut state.is_behind_star)
                    && let Some(tag) = state.tag
                {
                    self.pointees.entry(word).or_default().insert(tag);
                }
            }
        }
    }

    pub(super) fn mark(&mut self, mark: u8) {
        let state = &mut self.state;
        state.is_behind_star = mark == b'*';
        if matches!(mark, b';' | b'{' | b'}') {
            state.tag = None;
        }
        let Some((open, _)) = &mut state.question else {
            return;
        };
        match mark {
            b'(' => *open += 1,
            b')' => *open = open.saturating_sub(1),
            _ => {}
        }
        // The kind of the question is not what is asked of.
        let is_over = *open == 0 || *open == 1 && mark == b',';
        if is_over && let Some((_, question)) = state.question.take() {
            self.questions.push(question);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.questions.extend(other.questions);
        for (name, tags) in other.pointees {
            self.pointees.entry(name).or_default().extend(tags);
        }
    }

    /// Whether one of these structs may be asked of.
    pub(super) fn of(&self, is_one: impl Fn(&str) -> bool) -> bool {
        self.questions.iter().any(|question| {
            let pointees = question
                .words
                .iter()
                .filter_map(|word| self.pointees.get(word));
            let mut tags = question.tags.iter().chain(pointees.flatten()).peekable();
            // What is not known may be anything.
            tags.peek().is_none() || tags.any(|tag| is_one(tag))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Names;

    fn asks(text: &str) -> bool {
        let mut names = Names::new();
        names.add_preprocessed(text, &[]);
        names.ask_of(|tag| tag == "xdp_md")
    }

    #[test]
    fn what_is_asked_of() {
        for (text, expected) in [
            ("int f(struct xdp_md *ctx) { return ctx->data; }", false),
            (
                "int f(struct xdp_md *ctx) { return __builtin_preserve_field_info(ctx->data, 2); }",
                true,
            ),
            (
                "int f(struct xdp_md *ctx, struct sock *sk)\n\
                 { return __builtin_preserve_field_info((sk)->flags, 2) + ctx->data; }",
                false,
            ),
            (
                "int f(void) { return __builtin_preserve_field_info(((typeof(struct xdp_md) *)0)->data, 2); }",
                true,
            ),
            (
                "int f(void) { return __builtin_preserve_field_info(((typeof(struct sock) *)0)->data, 2); }",
                false,
            ),
            (
                "int f(const struct xdp_md *const volatile ctx) { return __builtin_preserve_field_info(ctx->data, 2); }",
                true,
            ),
            (
                "struct own { struct xdp_md *ctx; };\n\
                 int f(struct own *own) { return __builtin_preserve_field_info(own->ctx->data, 2); }",
                true,
            ),
            (
                "int f(struct xdp_md *a) { own_t *b = a; return __builtin_preserve_field_info(b->data, 2); }",
                true,
            ),
            (
                "struct xdp_md *a, *b; int f(void) { return __builtin_preserve_field_info(b->data, 2); }",
                true,
            ),
            ("int g = __builtin_preserve_field_info", false),
        ] {
            assert_eq!(asks(text), expected, "{text}");
        }
    }
}
