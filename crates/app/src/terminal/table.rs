//! Tables: aligned and cut to the window on a terminal, tab-separated and whole in a pipe.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// Blanks between two columns.
const GAP: usize = 2;

/// No flexible column is made narrower than this, however small the window.
const FLEXIBLE_WIDTH_MIN: usize = 10;

/// On which side the blanks go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text begins at the left edge.
    #[default]
    Left,
    /// Numbers end at the right edge.
    Right,
}

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    align: Align,
    flexible: bool,
    optional: bool,
}

impl Column {
    /// A column as wide as its widest cell.
    pub(crate) const fn new(title: &'static str) -> Self {
        Self { title, align: Align::Left, flexible: false, optional: false }
    }

    /// The same with the blanks on the other side of its cells.
    pub(crate) const fn aligned(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// The same, left out when the window is too narrow for all columns. Of several the last goes first.
    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The same, giving way when the window is too narrow.
    pub(crate) const fn flexible(self) -> Self {
        Self { flexible: true, ..self }
    }
}

/// One field. Its text must be a single safe line; see [`single_line`](super::single_line).
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A field in a style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::PLAIN)
    }
}

/// Rows under a head.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row. Missing fields are empty, surplus ones are dropped.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut cells: Vec<Cell> = cells.into_iter().take(self.columns.len()).collect();
        cells.resize_with(self.columns.len(), || Cell::from(""));
        self.rows.push(cells);
    }

    /// The table for a window of `width` columns: a dimmed head, flexible columns cut to fit, no line
    /// wider than the window.
    pub(crate) fn for_window(&self, width: usize) -> String {
        let widths = self.widths(width);
        let head: Vec<Cell> = self.columns.iter().map(|column| Cell::styled(column.title, Style::DIM)).collect();
        let mut text = String::new();
        for cells in std::iter::once(&head).chain(&self.rows) {
            self.write_line(cells, &widths, &mut text);
        }
        text
    }

    /// The rows alone, fields whole and separated by tabs, for `cut` and `awk`.
    pub(crate) fn for_pipe(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let fields: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
            text.push_str(&fields.join("\t"));
            text.push('\n');
        }
        text
    }

    /// The width of each column in a window; 0 for those that are left out.
    fn widths(&self, window: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| column.title.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        while self.least_width(&widths) > window
            && let Some(index) = (0..widths.len()).rfind(|&index| self.columns[index].optional && widths[index] > 0)
        {
            widths[index] = 0;
        }
        self.shrink(&mut widths, window, |column| if column.flexible { FLEXIBLE_WIDTH_MIN } else { usize::MAX });
        self.shrink(&mut widths, window, |_| 1);
        widths
    }

    /// What the columns need when the flexible ones have given way.
    fn least_width(&self, widths: &[usize]) -> usize {
        let least = widths
            .iter()
            .zip(&self.columns)
            .map(|(&width, column)| if column.flexible { width.min(FLEXIBLE_WIDTH_MIN) } else { width });
        total(least)
    }

    /// Takes from the widest column that is wider than its least width, until all fit.
    fn shrink(&self, widths: &mut [usize], window: usize, least: impl Fn(&Column) -> usize) {
        let mut surplus = total(widths.iter().copied()).saturating_sub(window);
        while surplus > 0 {
            let may_give = |&index: &usize| widths[index] > least(&self.columns[index]);
            let Some(index) = (0..widths.len()).filter(may_give).max_by_key(|&index| widths[index]) else { return };
            widths[index] -= 1;
            surplus -= 1;
        }
    }

    fn write_line(&self, cells: &[Cell], widths: &[usize], out: &mut String) {
        let mut blanks_due = 0;
        for ((cell, column), &width) in cells.iter().zip(&self.columns).zip(widths).filter(|(_, width)| **width > 0) {
            let text = cut(&cell.text, width);
            let blanks = width.saturating_sub(text.width());
            if column.align == Align::Right {
                blanks_due += blanks;
            }
            // Blanks are written when something follows them, so that no line ends in any.
            if !text.is_empty() {
                out.push_str(&" ".repeat(blanks_due));
                out.push_str(&cell.style.paint(&text));
                blanks_due = 0;
            }
            blanks_due += GAP + if column.align == Align::Left { blanks } else { 0 };
        }
        out.push('\n');
    }
}

/// The width of columns side by side.
fn total(widths: impl Iterator<Item = usize>) -> usize {
    let (count, sum) = widths.filter(|width| *width > 0).fold((0, 0), |(count, sum), width| (count + 1, sum + width));
    sum + GAP * usize::saturating_sub(count, 1)
}

/// `text` in at most `width` terminal columns, marked `…` when cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let mut kept = String::new();
    for char in text.chars() {
        used += char.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(char);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Table {
        let mut table =
            Table::new([Column::new("ID"), Column::new("TITLE").flexible(), Column::new("COST").aligned(Align::Right)]);
        table.row(["099a8057".into(), "Rewrite the whole of the parser".into(), "$0.12".into()]);
        table.row(["0badcafe".into(), "日本語の題名です、とても長い".into(), "-".into()]);
        table
    }

    #[test]
    fn a_wide_window_shows_everything() {
        assert_eq!(
            anstream::adapter::strip_str(&sample().for_window(80)).to_string(),
            "ID        TITLE                             COST\n\
             099a8057  Rewrite the whole of the parser  $0.12\n\
             0badcafe  日本語の題名です、とても長い         -\n"
        );
    }

    #[test]
    fn a_narrow_window_cuts_the_flexible_column() {
        assert_eq!(
            anstream::adapter::strip_str(&sample().for_window(36)).to_string(),
            "ID        TITLE                 COST\n\
             099a8057  Rewrite the whole…   $0.12\n\
             0badcafe  日本語の題名です、…      -\n"
        );
    }

    #[test]
    fn a_window_too_narrow_for_all_columns_does_without_the_optional_ones() {
        let optional = Column::new("AGENT").optional();
        let mut table = Table::new([Column::new("ID"), optional, Column::new("TITLE").flexible()]);
        table.row(["099a8057".into(), "builtin".into(), "Rewrite the whole of the parser".into()]);
        assert_eq!(table.for_pipe(), "099a8057\tbuiltin\tRewrite the whole of the parser\n");
        assert_eq!(
            anstream::adapter::strip_str(&table.for_window(24)).to_string(),
            "ID        TITLE\n099a8057  Rewrite the w…\n"
        );
    }

    #[test]
    fn a_pipe_gets_whole_fields_and_no_head() {
        assert_eq!(sample().for_pipe().lines().next(), Some("099a8057\tRewrite the whole of the parser\t$0.12"));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_window(titles in proptest::collection::vec("[ -~é日]{0,60}", 0..5), width in 10_usize..120) {
            let optional = Column::new("AGENT").optional();
            let mut table = Table::new([Column::new("ID"), optional, optional, Column::new("TITLE").flexible()]);
            for title in titles {
                table.row(["099a8057".into(), "builtin".into(), "another".into(), title.into()]);
            }
            for line in anstream::adapter::strip_str(&table.for_window(width)).to_string().lines() {
                prop_assert!(line.width() <= width, "{line:?} in {width}");
            }
        }
    }
}
