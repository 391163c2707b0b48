//! Findings of the Python check as a compiler prints them: what, where, the line with a mark, what to
//! do instead.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use assay_challenge_sdk::abi::{PythonCheckResponse, PythonVerdict, PythonViolation};

use crate::snippet::{self, lines};
use crate::sources::Sources;
use crate::text::{count, visible};

/// Of refusals.
const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
/// Of what somebody should look at.
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Of everything that says nothing about the verdict.
const NOTE: Style = AnsiColor::BrightCyan.on_default().bold();
/// Of line numbers and the frame beside the code.
pub(crate) const GUTTER: Style = AnsiColor::BrightBlue.on_default().bold();
const STRONG: Style = Style::new().bold();

/// Everything that was found, with escape sequences for colours; code takes at most `columns`.
pub fn render(response: &PythonCheckResponse, sources: &Sources, columns: usize) -> String {
    let mut text = String::new();
    let mut lines_of = BTreeMap::new();
    for violation in &response.violations {
        let lines: &Vec<String> = lines_of.entry(violation.file.as_str()).or_insert_with(|| {
            match sources.file(&violation.file) {
                Some(file) => lines(&file.source),
                None => Vec::new(),
            }
        });
        let line = (violation.line as usize)
            .checked_sub(1)
            .and_then(|index| lines.get(index));
        text.push_str(&one(violation, line.map(String::as_str), sources, columns));
        text.push('\n');
    }
    text.push_str(&summary(response, sources.files.len()));
    text
}

/// One finding and its line.
fn one(
    violation: &PythonViolation,
    line: Option<&str>,
    sources: &Sources,
    columns: usize,
) -> String {
    let (severity, style) = match violation.severity {
        PythonVerdict::Deny => ("error", ERROR),
        PythonVerdict::Review => ("warning", WARNING),
        PythonVerdict::Allow => ("note", NOTE),
    };
    let rule = visible(&violation.rule);
    let message = visible(&violation.message);
    let mut text = format!("{style}{severity}[{rule}]{style:#}{STRONG}: {message}{STRONG:#}\n");
    let number = violation.line.to_string();
    let gutter = " ".repeat(if line.is_some() { number.len() } else { 1 });
    if !violation.file.is_empty() {
        let mut place = sources.shown_path(&violation.file);
        for position in [violation.line, violation.column] {
            if position > 0 {
                // Writing into a text does not fail.
                let _ = write!(place, ":{position}");
            }
        }
        text.push_str(&format!("{gutter}{GUTTER}-->{GUTTER:#} {place}\n"));
    }
    if let Some(line) = line {
        let snippet = snippet::marked(line, violation.column, violation.width, columns);
        let (code, indent) = (snippet.code, " ".repeat(snippet.indent));
        let mark = "^".repeat(snippet.marked);
        text.push_str(&format!(
            "{GUTTER}{gutter} |{GUTTER:#}\n\
             {GUTTER}{number} |{GUTTER:#} {code}\n\
             {GUTTER}{gutter} |{GUTTER:#} {indent}{style}{mark}{style:#}\n"
        ));
    }
    if !violation.hint.is_empty() {
        let hint = visible(&violation.hint);
        text.push_str(&format!(
            "{gutter} {GUTTER}={GUTTER:#} {STRONG}help{STRONG:#}: {hint}\n"
        ));
    }
    text
}

/// `3 files checked: denied, 2 errors, 1 warning`
fn summary(response: &PythonCheckResponse, files: usize) -> String {
    let (verdict, style) = match response.verdict {
        PythonVerdict::Allow => ("allowed", AnsiColor::Green.on_default().bold()),
        PythonVerdict::Review => ("needs review", WARNING),
        PythonVerdict::Deny => ("denied", ERROR),
    };
    let mut text = format!(
        "{} checked: {style}{verdict}{style:#}",
        count(files, "file")
    );
    for (severity, noun) in [
        (PythonVerdict::Deny, "error"),
        (PythonVerdict::Review, "warning"),
    ] {
        let of_it = |violation: &&PythonViolation| violation.severity == severity;
        let found = response.violations.iter().filter(of_it).count();
        if found > 0 {
            text.push_str(&format!(", {}", count(found, noun)));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use assay_challenge_sdk::abi::PythonFile;
    use insta::assert_snapshot;

    use super::*;

    fn finding(line: u32, column: u32, width: u32, rule: &str, message: &str) -> PythonViolation {
        PythonViolation {
            rule: rule.into(),
            severity: PythonVerdict::Deny,
            file: "lib/agent.py".into(),
            line,
            column,
            width,
            message: message.into(),
            hint: String::new(),
        }
    }

    #[test]
    fn findings_look_like_those_of_a_compiler() {
        let source = "import os\n\ndef run(command):\n\tos.system(command)\n\n\n\n\n\
            ünïcode = '中文\u{301}', getattr(os, 'sys' + 'tem')\n\
            x = '\u{202e}\u{1b}[2J' + eval(x)\n"
            .to_owned()
            + &format!("y = [{}exec(y){}]\n", "1, ".repeat(100), ", 1".repeat(100));
        let sources = Sources {
            files: vec![PythonFile {
                path: "lib/agent.py".into(),
                source: source.into(),
            }],
            ..Sources::default()
        };
        let hinted = PythonViolation {
            hint: "run nothing\u{7}".into(),
            ..finding(4, 2, 9, "py.process", "starts a program: `os.system`")
        };
        let warning = PythonViolation {
            severity: PythonVerdict::Review,
            ..finding(9, 18, 26, "py.reflection", "computed attribute")
        };
        let more = PythonViolation {
            rule: "py.more".into(),
            message: "7 more findings".into(),
            ..PythonViolation::default()
        };
        let response = PythonCheckResponse {
            verdict: PythonVerdict::Deny,
            violations: vec![
                hinted,
                warning,
                finding(10, 15, 7, "py.eval", "evaluates \u{1b}[31mcode"),
                finding(11, 306, 4, "py.exec", "executes code"),
                finding(4, 0, 0, "py.line", "a whole line"),
                finding(0, 0, 0, "py.encoding", "a whole file"),
                finding(99, 1, 1, "py.gone", "a line that is not there"),
                more,
            ],
        };
        let rendered = render(&response, &sources, 60);
        assert_snapshot!(anstream::adapter::strip_str(&rendered).to_string());
        assert!(rendered.contains("\u{1b}[1m\u{1b}[91merror[py.process]\u{1b}[0m"));
    }

    #[test]
    fn the_last_line_says_what_it_means() {
        let of = |verdict, severities: &[PythonVerdict]| {
            let violations = severities.iter().map(|severity| PythonViolation {
                severity: *severity,
                ..PythonViolation::default()
            });
            let response = PythonCheckResponse {
                verdict,
                violations: violations.collect(),
            };
            anstream::adapter::strip_str(&summary(&response, 1)).to_string()
        };
        use PythonVerdict::{Allow, Deny, Review};
        assert_eq!(of(Allow, &[]), "1 file checked: allowed\n");
        assert_eq!(
            of(Review, &[Review]),
            "1 file checked: needs review, 1 warning\n"
        );
        assert_eq!(
            of(Deny, &[Deny, Review, Deny, Allow]),
            "1 file checked: denied, 2 errors, 1 warning\n"
        );
    }
}
