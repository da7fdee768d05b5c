//! What was measured: told as it comes, then as one table, and kept as JSON.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{Figure, Goal};

/// What was measured so far.
#[derive(Debug, Default)]
pub struct Report {
    group: &'static str,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    group: &'static str,
    figure: Figure,
    baseline: Option<Figure>,
    goal: Goal,
}

impl Report {
    /// What comes now belongs to `group`.
    pub fn begin(&mut self, group: &'static str) {
        self.group = group;
        say(&format!("\n{group}"));
    }

    /// Tells one figure, its ratio to the baseline, its goal and whether it is met.
    ///
    /// # Panics
    /// When standard output is closed.
    pub fn add(&mut self, figure: &Figure, baseline: Option<&Figure>, goal: Goal) {
        let line = Line { group: self.group, figure: figure.clone(), baseline: baseline.cloned(), goal };
        say(&format!("  {}", line.row().join("  ")));
        self.lines.push(line);
    }

    /// Tells everything once more as a table in Markdown, and keeps it as JSON in `folder`, a file for each group.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, folder: &Path) -> io::Result<()> {
        say("\n| figure | value | times the baseline | baseline | goal |\n|---|--:|--:|---|---|");
        for line in &self.lines {
            say(&format!("| {} |", line.row().join(" | ")));
        }
        let missed = self.lines.iter().filter(|line| line.is_missed()).count();
        say(&format!("\n{} figures, {missed} missed their goal; kept in {}", self.lines.len(), folder.display()));
        fs::create_dir_all(folder)?;
        for group in self.lines.chunk_by(|one, next| one.group == next.group) {
            let figures: Vec<Value> = group.iter().map(Line::json).collect();
            fs::write(folder.join(format!("{}.json", group[0].group)), format!("{:#}\n", Value::from(figures)))?;
        }
        Ok(())
    }
}

impl Line {
    fn is_missed(&self) -> bool {
        !self.figure.meets(self.goal, self.baseline.as_ref())
    }

    fn row(&self) -> [String; 5] {
        let baseline = self.baseline.as_ref();
        let verdict = match self.goal {
            Goal::None => String::new(),
            goal if self.is_missed() => format!("MISSED: {goal}"),
            goal => format!("ok: {goal}"),
        };
        [
            self.figure.name.clone(),
            self.figure.to_string(),
            baseline.map_or_else(String::new, |baseline| format!("{:.2}", self.figure.ratio(baseline))),
            baseline.map_or_else(String::new, |baseline| format!("{}: {baseline}", baseline.name)),
            verdict,
        ]
    }

    fn json(&self) -> Value {
        let baseline = self.baseline.as_ref();
        json!({
            "name": self.figure.name,
            "value": self.figure.value,
            "unit": self.figure.unit(),
            "baseline": baseline.map(|baseline| json!({ "name": baseline.name, "value": baseline.value })),
            "times_the_baseline": baseline.map(|baseline| self.figure.ratio(baseline)),
            "goal": self.goal.to_string(),
            "met": !self.is_missed(),
        })
    }
}

/// Benchmarks talk to whoever started them.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").expect("somebody reads what is measured");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_is_kept_by_group_with_ratios_and_verdicts() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut report = Report::default();
        let (fast, slow) =
            (Figure::time("fast", Duration::from_millis(5)), Figure::time("slow", Duration::from_millis(10)));
        report.begin("first");
        report.add(&fast, Some(&slow), Goal::Within(Duration::from_millis(6)));
        report.begin("second");
        report.add(&slow, None, Goal::Within(Duration::from_millis(6)));
        report.finish(folder.path()).expect("written");
        let read = |name: &str| -> Value {
            let text = fs::read_to_string(folder.path().join(name)).expect("written");
            serde_json::from_str(&text).expect("JSON")
        };
        let (first, second) = (read("first.json"), read("second.json"));
        assert_eq!((&first[0]["times_the_baseline"], &first[0]["met"]), (&json!(2.0), &json!(true)));
        assert_eq!((&second[0]["baseline"], &second[0]["met"]), (&Value::Null, &json!(false)));
    }
}
