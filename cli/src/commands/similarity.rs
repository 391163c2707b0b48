//! `assay similarity`: how alike two packages are, and where.

use std::path::Path;

use assay_python::similarity::{
    Fingerprint, FingerprintError, Place, Region, compare, fingerprint, regions,
};
use serde::Serialize;

use super::output::{code_columns, read_sources, write_json, write_text};
use crate::args::{Global, SimilarityArgs};
use crate::comparison::{Comparison, Side, render, render_code};
use crate::exit::{Exit, Failure};
use crate::text::visible;

/// What `--json` prints. Scores are in 1/10,000.
#[derive(Serialize)]
struct SimilarityView<'a> {
    similarity: u32,
    contained: u32,
    containing: u32,
    regions: Vec<RegionView<'a>>,
}

#[derive(Serialize)]
struct RegionView<'a> {
    a: PlaceView<'a>,
    b: PlaceView<'a>,
    tokens: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlaceView<'a> {
    file: &'a str,
    first_line: u32,
    last_line: u32,
}

/// Compares the sources at two paths.
pub fn run(global: &Global, args: &SimilarityArgs) -> Result<Exit, Failure> {
    let template = match &args.template {
        Some(path) => Some(of_path(global, path, None)?.1),
        None => None,
    };
    let (a, print_a) = of_path(global, &args.a, template.as_ref())?;
    let (b, print_b) = of_path(global, &args.b, template.as_ref())?;
    let scores = compare(&print_a, &print_b);
    let regions = regions(&a.sources.files, &b.sources.files, template.as_ref())
        .map_err(|error| failure("", error))?;
    let comparison = Comparison {
        a,
        b,
        scores,
        regions,
    };
    if global.json {
        write_json(&SimilarityView {
            similarity: scores.similarity,
            contained: scores.contained,
            containing: scores.containing,
            regions: comparison.regions.iter().map(region_view).collect(),
        })?;
    } else {
        let mut text = render(&comparison);
        if args.show {
            text.push_str(&render_code(&comparison, code_columns()));
        }
        write_text(&text)?;
    }
    Ok(match args.fail_over {
        Some(limit) if scores.similarity > limit => Exit::Other,
        _ => Exit::Ok,
    })
}

/// The package at a path and its fingerprint.
fn of_path(
    global: &Global,
    path: &Path,
    template: Option<&Fingerprint>,
) -> Result<(Side, Fingerprint), Failure> {
    let sources = read_sources(global, path)?;
    let name = path.display().to_string();
    let print = fingerprint(&sources.files, template).map_err(|error| match &error {
        FingerprintError::File { file, .. } => failure(&sources.shown_path(file), error.clone()),
        _ => failure(&visible(&name), error),
    })?;
    if print.is_empty() && (!global.json || global.verbose) {
        eprintln!("note: {}: nothing in it counts", visible(&name));
    }
    Ok((Side { name, sources }, print))
}

/// What can't be compared, at its place.
fn failure(shown: &str, error: FingerprintError) -> Failure {
    let text = match error {
        FingerprintError::File {
            line,
            column,
            rule,
            reason,
            ..
        } => {
            let place = if line > 0 {
                format!(":{line}:{column}")
            } else {
                String::new()
            };
            format!("{shown}{place}: {rule}: {}", visible(&reason))
        }
        other if shown.is_empty() => visible(&other.to_string()),
        other => format!("{shown}: {}", visible(&other.to_string())),
    };
    Failure::usage(anyhow::anyhow!(text))
}

fn region_view(region: &Region) -> RegionView<'_> {
    RegionView {
        a: place_view(&region.a),
        b: place_view(&region.b),
        tokens: region.tokens,
    }
}

fn place_view(place: &Place) -> PlaceView<'_> {
    PlaceView {
        file: &place.file,
        first_line: place.first_line,
        last_line: place.last_line,
    }
}
