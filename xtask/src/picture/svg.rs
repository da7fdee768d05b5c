//! A terminal's screen as SVG.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

const CELL_WIDTH: f32 = 8.4;
const LINE_HEIGHT: f32 = 19.0;
const MARGIN: f32 = 16.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d7dae0";

/// The sixteen colours of a terminal, in their order.
const PALETTE: [&str; 16] = [
    "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0", "#6b7280", "#ef8189",
    "#b0d88f", "#f0d399", "#80c1f7", "#d898ea", "#74cbd6", "#ffffff",
];

/// Draws the screen.
pub(super) fn draw(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) =
        (2.0 * MARGIN + f32::from(columns) * CELL_WIDTH, 2.0 * MARGIN + f32::from(rows) * LINE_HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" role=\"img\" \
         aria-label=\"switchboard demo: eight agents at work\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..rows {
        draw_row(screen, row, columns, &mut svg);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn draw_row(screen: &Screen, row: u16, columns: u16, svg: &mut String) {
    let y = MARGIN + (f32::from(row) + 0.75) * LINE_HEIGHT;
    let mut column = 0;
    while column < columns {
        let Some(cell) = screen.cell(row, column) else { break };
        let (style, start) = (Style::of(cell), column);
        let mut text = String::new();
        while let Some(cell) = screen.cell(row, column).filter(|cell| column < columns && Style::of(cell) == style) {
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
            column += 1;
        }
        if !text.trim().is_empty() {
            let x = MARGIN + f32::from(start) * CELL_WIDTH;
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\"{}>{}</text>",
                style.attributes(),
                escape(text.trim_end())
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Style {
    color: Color,
    bold: bool,
    dim: bool,
}

impl Style {
    fn of(cell: &Cell) -> Self {
        Self { color: cell.fgcolor(), bold: cell.bold(), dim: cell.dim() }
    }

    fn attributes(self) -> String {
        let color = match self.color {
            Color::Default => FOREGROUND.to_owned(),
            Color::Idx(index) => PALETTE.get(usize::from(index)).copied().unwrap_or(FOREGROUND).to_owned(),
            Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        };
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let opacity = if self.dim { " opacity=\"0.6\"" } else { "" };
        format!(" fill=\"{color}\"{weight}{opacity}")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use super::*;

    #[test]
    fn a_screen_is_drawn_with_its_colours_and_without_its_escapes() {
        let [rows, columns] = [2, 20].map(|size| NonZeroU16::new(size).expect("not zero"));
        let mut terminal = vt100::Parser::new(rows, columns, 0);
        terminal.process(b"a \x1b[1;31m<b>\x1b[0m & c");
        let svg = draw(terminal.screen());
        assert!(svg.contains("fill=\"#e06c75\" font-weight=\"bold\">&lt;b&gt;</text>"), "{svg}");
        assert!(svg.contains("&amp; c"), "{svg}");
        assert!(!svg.contains('\u{1b}'), "{svg}");
    }
}
