//! The outermost blocks of a header, with what stands before them.
//!
//! A function in a header has to compile, whether or not it is called. So what its arguments and variables
//! point to has to be there if a member of anything is used in it.

/// A block that is being read, or a statement outside of any.
#[derive(Debug, Default)]
pub(super) struct Block<'t> {
    /// How many braces are open.
    depth: usize,
    /// The structs whose pointers its head and its statements mention.
    tags: Vec<&'t str>,
    /// Whether a member is accessed.
    has_access: bool,
}

impl<'t> Block<'t> {
    /// Takes the structs whose pointers a statement mentions, whether it accesses a member, and the mark
    /// behind it; the structs that have to be defined for what ends with it.
    pub(super) fn end(
        &mut self,
        mark: u8,
        tags: &[&'t str],
        has_access: bool,
    ) -> impl Iterator<Item = &'t str> + use<'t> {
        self.tags.extend(tags);
        self.has_access |= has_access;
        match mark {
            b'{' => self.depth += 1,
            b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let ended = match self.depth {
            0 => std::mem::take(self),
            _ => Self::default(),
        };
        let needed = if ended.has_access {
            ended.tags
        } else {
            Vec::new()
        };
        needed.into_iter()
    }
}
