//! Who is told a session.

use crate::terminal::{Sanitizer, Wrapper, cut};

/// A window that no line is too wide for.
const WHOLE_LINES: usize = usize::MAX / 8;

/// Who hears it, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A person at a terminal: everything in one place, prose broken at blanks, over-long lines cut.
    Terminal {
        /// The width of the window.
        columns: usize,
    },
    /// A file or a pager: everything in one place, whole.
    Page,
    /// A program: the agent's words by themselves, what is around them apart, thinking left out.
    Program,
}

impl Audience {
    /// What makes text harmless to it.
    pub(super) const fn sanitizer(self) -> Sanitizer {
        match self {
            Self::Terminal { .. } => Sanitizer::for_terminal(),
            Self::Page | Self::Program => Sanitizer::for_pipe(),
        }
    }

    /// A line that says only what something is about, cut to fit.
    pub(super) fn fit(self, line: &str) -> String {
        match self {
            Self::Terminal { columns } => cut(line, columns),
            Self::Page | Self::Program => line.to_owned(),
        }
    }

    /// What breaks its prose.
    pub(super) fn wrapper(self) -> Wrapper {
        match self {
            Self::Terminal { columns } => Wrapper::new(columns),
            Self::Page | Self::Program => Wrapper::new(WHOLE_LINES),
        }
    }
}
