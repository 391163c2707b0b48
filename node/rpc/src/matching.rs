//! Which route a call means.
//!
//! Method names are compared as they are; path and pattern are split at `/` and must have equally
//! many segments; `:name` captures one; the first match in the order of declaration wins. There is
//! no tolerance for a trailing slash.

use assay_api::challenge::Route;

/// The first route that matches, with its captures in order.
pub fn find<'a>(
    routes: &'a [Route],
    method: &str,
    path: &str,
) -> Option<(&'a Route, Vec<(String, String)>)> {
    routes
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| captures(&route.path, path).map(|captures| (route, captures)))
}

fn captures(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut captured = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix(':') {
            Some(name) => captured.push((name.to_owned(), segment.to_owned())),
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(captured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn routes() -> Vec<Route> {
        [
            ("GET", "/"),
            ("GET", "/agent/:hotkey/logs"),
            ("GET", "/agent/all/:what"),
            ("POST", "/submit"),
        ]
        .map(|(method, path)| Route::new("id", method, path, "", false))
        .to_vec()
    }

    fn pattern(method: &str, path: &str) -> Option<(String, Vec<(String, String)>)> {
        find(&routes(), method, path).map(|(route, captured)| (route.path.clone(), captured))
    }

    #[test]
    fn the_first_declared_match_wins_and_captures() {
        assert_eq!(
            pattern("GET", "/agent/all/logs"),
            Some((
                "/agent/:hotkey/logs".into(),
                vec![("hotkey".into(), "all".into())]
            ))
        );
        assert_eq!(
            pattern("GET", "/agent/all/code"),
            Some((
                "/agent/all/:what".into(),
                vec![("what".into(), "code".into())]
            ))
        );
        assert_eq!(pattern("GET", "/"), Some(("/".into(), vec![])));
    }

    #[test]
    fn near_misses_do_not_match() {
        for (method, path) in [
            ("GET", "/submit"),
            ("post", "/submit"),
            ("POST", "/submit/"),
            ("POST", "submit"),
            ("POST", "/submit/x"),
            ("GET", "/agent/logs"),
            ("GET", ""),
        ] {
            assert_eq!(pattern(method, path), None, "{method} {path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "\\PC*") {
            let _ = pattern("GET", &path);
        }
    }
}
