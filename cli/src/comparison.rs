//! How alike two packages are, for people: scores, the lines that match, and the code of some.

use assay_python::similarity::{Place, Region, Scores};

use crate::findings::GUTTER;
use crate::limits::{REGION_LINES_MAX, REGIONS_LISTED_MAX, REGIONS_SHOWN_MAX};
use crate::snippet::{lines, padded, plain};
use crate::sources::Sources;
use crate::text::{count, visible};

/// Two packages, compared.
pub struct Comparison {
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// How alike they are.
    pub scores: Scores,
    /// What matches, the largest first.
    pub regions: Vec<Region>,
}

/// One of the packages.
pub struct Side {
    /// As it was named.
    pub name: String,
    /// Its files.
    pub sources: Sources,
}

/// Scores and regions, with escape sequences for colours.
pub fn render(comparison: &Comparison) -> String {
    let Comparison {
        a,
        b,
        scores,
        regions,
    } = comparison;
    let mut text = format!(
        "A  {}, {}\nB  {}, {}\n\nSimilarity  {:>7}\nA in B      {:>7}\nB in A      {:>7}\n\n",
        visible(&a.name),
        count(a.sources.files.len(), "file"),
        visible(&b.name),
        count(b.sources.files.len(), "file"),
        percent(scores.similarity),
        percent(scores.contained),
        percent(scores.containing),
    );
    if regions.is_empty() {
        text.push_str("No matching regions\n");
        return text;
    }
    text.push_str(&table(comparison));
    let tokens: usize = regions.iter().map(|region| region.tokens as usize).sum();
    text.push_str(&format!(
        "\n{}, {}\n",
        count(regions.len(), "matching region"),
        count(tokens, "token")
    ));
    text
}

/// The code of the largest regions side by side, in at most `columns` and the gutters.
pub fn render_code(comparison: &Comparison, columns: usize) -> String {
    let mut text = String::new();
    for region in comparison.regions.iter().take(REGIONS_SHOWN_MAX) {
        let (a, b) = (&comparison.a.sources, &comparison.b.sources);
        text.push_str(&format!(
            "\n{} {GUTTER}↔{GUTTER:#} {}, {}\n",
            shown(a, &region.a),
            shown(b, &region.b),
            count(region.tokens as usize, "token")
        ));
        text.push_str(&side_by_side(
            &code(a, &region.a),
            &code(b, &region.b),
            columns / 2,
        ));
    }
    text
}

/// Sizes and places, largest first.
fn table(comparison: &Comparison) -> String {
    let listed = comparison.regions.iter().take(REGIONS_LISTED_MAX);
    let rows: Vec<[String; 3]> = listed
        .map(|region| {
            [
                region.tokens.to_string(),
                shown(&comparison.a.sources, &region.a),
                shown(&comparison.b.sources, &region.b),
            ]
        })
        .collect();
    let widest = rows
        .iter()
        .map(|[_, a, _]| unicode_width::UnicodeWidthStr::width(a.as_str()));
    let columns = widest.max().unwrap_or_default();
    let row = |size: &str, a: &str, b: &str| {
        format!(
            "{size:>6}  {} {GUTTER}↔{GUTTER:#} {b}\n",
            padded(a, columns)
        )
    };
    let mut text = row("tokens", "A", "B");
    for [size, a, b] in &rows {
        text.push_str(&row(size, a, b));
    }
    let more = comparison.regions.len() - rows.len();
    if more > 0 {
        text.push_str(&format!(
            "     …  and {more} smaller ones; --json has all\n"
        ));
    }
    text
}

/// Lines with their numbers, next to each other.
fn side_by_side(a: &[(u32, String)], b: &[(u32, String)], columns: usize) -> String {
    let last = a.last().into_iter().chain(b.last());
    let digits = last
        .map(|(number, _)| number.to_string().len())
        .max()
        .unwrap_or(1);
    let cell = |line: Option<&(u32, String)>| match line {
        Some((number, code)) => (format!("{number:>digits$}"), plain(code, columns)),
        None => (" ".repeat(digits), String::new()),
    };
    let mut text = String::new();
    for index in 0..a.len().max(b.len()).min(REGION_LINES_MAX) {
        let (number_a, code_a) = cell(a.get(index));
        let (number_b, code_b) = cell(b.get(index));
        let line = format!(
            "{GUTTER}{number_a} |{GUTTER:#} {}  {GUTTER}{number_b} |{GUTTER:#} {code_b}",
            padded(&code_a, columns)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let more = a.len().max(b.len()).saturating_sub(REGION_LINES_MAX);
    if more > 0 {
        text.push_str(&format!("{}… {more} more lines\n", " ".repeat(digits + 1)));
    }
    text
}

/// The lines of a place.
fn code(sources: &Sources, place: &Place) -> Vec<(u32, String)> {
    let source = sources.file(&place.file).map(|file| lines(&file.source));
    (1..)
        .zip(source.unwrap_or_default())
        .filter(|(number, _)| (place.first_line..=place.last_line).contains(number))
        .collect()
}

/// `lib/util.py:3-17`
fn shown(sources: &Sources, place: &Place) -> String {
    let path = sources.shown_path(&place.file);
    match place.first_line {
        first if first == place.last_line => format!("{path}:{first}"),
        first => format!("{path}:{first}-{}", place.last_line),
    }
}

/// `97.05%` of 9,705.
fn percent(score: u32) -> String {
    format!("{}.{:02}%", score / 100, score % 100)
}

#[cfg(test)]
mod tests {
    use assay_challenge_sdk::abi::PythonFile;
    use insta::assert_snapshot;

    use super::*;

    fn side(name: &str, file: &str, lines: usize) -> Side {
        let line = |n: usize| format!("\tvalue_{n} = compute('中文\u{202e}', {n}, other={n})\n");
        let sources = Sources {
            files: vec![PythonFile {
                path: file.into(),
                source: (1..=lines).map(line).collect::<String>().into(),
            }],
            ..Sources::default()
        };
        Side {
            name: name.into(),
            sources,
        }
    }

    fn region(tokens: u32, a: (u32, u32), b: (u32, u32)) -> Region {
        let place = |file: &str, (first_line, last_line)| Place {
            file: file.into(),
            first_line,
            last_line,
        };
        Region {
            a: place("lib/中.py", a),
            b: place("b.py", b),
            tokens,
        }
    }

    fn comparison(regions: Vec<Region>) -> Comparison {
        Comparison {
            a: side("my\u{1b}agent", "lib/中.py", 120),
            b: side("other.zip", "b.py", 9),
            scores: Scores {
                similarity: 9_705,
                contained: 10_000,
                containing: 42,
            },
            regions,
        }
    }

    fn drawn(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn scores_regions_and_code_are_shown_side_by_side() {
        let mut regions = vec![
            region(512, (7, 120), (1, 9)),
            region(80, (3, 3), (2, 2)),
            region(9, (1, 2), (4, 5)),
            region(8, (1, 2), (4, 5)),
        ];
        regions.extend(std::iter::repeat_n(region(7, (1, 1), (1, 1)), 30));
        let comparison = comparison(regions);
        assert_snapshot!("comparison", drawn(&render(&comparison)));
        assert_snapshot!("comparison_code", drawn(&render_code(&comparison, 70)));
    }

    #[test]
    fn two_programs_without_anything_in_common_say_so() {
        let comparison = comparison(Vec::new());
        assert!(drawn(&render(&comparison)).ends_with("No matching regions\n"));
        assert_eq!(render_code(&comparison, 70), "");
    }
}
