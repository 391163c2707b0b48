//! Identifiers and dotted paths as small numbers.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use rustpython_parser::ast::Identifier;

/// An identifier, in the normal form in which Python compares identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(u32);

impl Symbol {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A dotted path from outside of the package: `os.path.join`. A segment `()` stands for the result of a
/// call, `[]` for an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathId(u32);

/// Segments of the longest path that is told apart; what is below it counts as the path itself.
const MAX_SEGMENTS: u32 = 10;

/// Segment of a call's result.
const CALLED: &str = "()";
/// Segment of an element.
const ELEMENT: &str = "[]";

struct PathEntry {
    parent: Option<PathId>,
    last: Symbol,
    text: Rc<str>,
    segments: u32,
    /// Whether a value was made on the way: it is no module, class or function any more.
    is_made: bool,
}

/// All identifiers and paths of an analysis.
pub(crate) struct Names<'p> {
    symbols: HashMap<Box<str>, Symbol>,
    /// Symbols of identifiers by where they are written.
    places: FxHashMap<usize, Symbol>,
    texts: Vec<Box<str>>,
    paths: Vec<PathEntry>,
    /// Texts of the paths through made values that mean something. What is below others counts as them.
    told_apart: &'p BTreeSet<String>,
    /// The segments of a call's result and of an element.
    pub called: Symbol,
    pub element: Symbol,
    children: FxHashMap<(Option<PathId>, Symbol), PathId>,
}

/// Beginnings of the paths through made values (`a.b().c`), from the made value on.
pub(crate) fn told_apart<'t>(paths: impl Iterator<Item = &'t str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in paths {
        let ends = path
            .match_indices(['.', '(', '['])
            .map(|(at, _)| at)
            .chain([path.len()]);
        let made = path.find(['(', '[']).unwrap_or(path.len());
        let beginnings = ends
            .filter(|end| *end > made)
            .filter_map(|end| path.get(..end));
        all.extend(beginnings.map(str::to_owned));
    }
    all
}

impl<'p> Names<'p> {
    /// Names that tell these paths through made values apart from others.
    pub(crate) fn telling_apart(told_apart: &'p BTreeSet<String>) -> Self {
        let mut names = Self {
            symbols: HashMap::default(),
            places: FxHashMap::default(),
            texts: Vec::new(),
            paths: Vec::new(),
            told_apart,
            called: Symbol(0),
            element: Symbol(0),
            children: FxHashMap::default(),
        };
        names.called = names.exact(CALLED);
        names.element = names.exact(ELEMENT);
        names
    }

    /// The symbol of an identifier, in the normal form in which the lexer gives it.
    pub(crate) fn symbol(&mut self, identifier: &str) -> Symbol {
        self.exact(unmangled(identifier))
    }

    /// The symbol of an identifier of the program, which stays where it is while the program is analysed.
    pub(crate) fn written(&mut self, identifier: &Identifier) -> Symbol {
        let place = identifier.as_str().as_ptr().addr();
        if let Some(symbol) = self.places.get(&place) {
            return *symbol;
        }
        let symbol = self.symbol(identifier);
        if !identifier.is_empty() {
            self.places.insert(place, symbol);
        }
        symbol
    }

    /// The symbol of a string that is looked up as it stands.
    pub(crate) fn exact(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.symbols.insert(text.into(), symbol);
        symbol
    }

    /// Whether the program has a name like this.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.symbols.contains_key(text)
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("", |text| text)
    }

    /// The path of one segment.
    pub(crate) fn root(&mut self, name: Symbol) -> PathId {
        self.path(None, name)
    }

    /// The path one segment below.
    pub(crate) fn child(&mut self, parent: PathId, name: Symbol) -> PathId {
        self.path(Some(parent), name)
    }

    /// The path of a dotted text.
    pub(crate) fn dotted(&mut self, text: &str) -> Option<PathId> {
        let mut path = None;
        for segment in text.split('.') {
            let name = self.symbol(segment);
            path = Some(self.path(path, name));
        }
        path
    }

    pub(crate) fn parent(&self, path: PathId) -> Option<PathId> {
        self.entry(path)?.parent
    }

    pub(crate) fn last(&self, path: PathId) -> &str {
        self.entry(path).map_or("", |entry| self.text(entry.last))
    }

    /// Whether the path may be a module, a class or a function rather than some value made by a call.
    pub(crate) fn is_static(&self, path: PathId) -> bool {
        self.entry(path).is_some_and(|entry| !entry.is_made)
    }

    pub(crate) fn is_root(&self, path: PathId) -> bool {
        self.entry(path).is_some_and(|entry| entry.parent.is_none())
    }

    /// The first segment.
    pub(crate) fn root_of(&self, path: PathId) -> &str {
        let mut at = path;
        while let Some(parent) = self.parent(at) {
            at = parent;
        }
        self.last(at)
    }

    pub(crate) fn path_text(&self, path: PathId) -> Rc<str> {
        self.entry(path)
            .map(|entry| Rc::clone(&entry.text))
            .unwrap_or_default()
    }

    fn path(&mut self, parent: Option<PathId>, name: Symbol) -> PathId {
        if let Some(id) = self.children.get(&(parent, name)) {
            return *id;
        }
        let (segments, was_made) = parent
            .and_then(|parent| self.entry(parent))
            .map_or((0, false), |entry| (entry.segments, entry.is_made));
        if let Some(parent) = parent
            && (segments >= MAX_SEGMENTS || (was_made && !self.is_told_apart(parent, name)))
        {
            self.children.insert((Some(parent), name), parent);
            return parent;
        }
        let text = self.text(name);
        let is_made = was_made || matches!(text, CALLED | ELEMENT) || text.starts_with('<');
        let id = PathId(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        let above = parent
            .map(|parent| self.path_text(parent))
            .unwrap_or_default();
        let text = join(&above, self.text(name)).into();
        self.paths.push(PathEntry {
            parent,
            last: name,
            text,
            segments: segments + 1,
            is_made,
        });
        self.children.insert((parent, name), id);
        id
    }

    /// Whether there are paths through values made by calling this that mean something.
    pub(crate) fn leads_to_told_apart(&self, path: &str) -> bool {
        let called = format!("{path}{CALLED}");
        let mut from = self.told_apart.range(called.clone()..);
        from.next().is_some_and(|known| known.starts_with(&called))
    }

    /// Whether a path through made values means something.
    pub(crate) fn is_told_apart_path(&self, path: PathId) -> bool {
        self.told_apart.contains(&*self.path_text(path))
    }

    fn is_told_apart(&self, parent: PathId, name: Symbol) -> bool {
        self.told_apart
            .contains(&join(&self.path_text(parent), self.text(name)))
    }

    fn entry(&self, path: PathId) -> Option<&PathEntry> {
        self.paths.get(path.0 as usize)
    }
}

/// The text of a path with one segment more.
fn join(path: &str, segment: &str) -> String {
    let dot = if path.is_empty() || matches!(segment, CALLED | ELEMENT) {
        ""
    } else {
        "."
    };
    format!("{path}{dot}{segment}")
}

/// `__x` for `_Class__x`: in a class both name the same thing, and so they do everywhere here. A class may
/// have `__` in its name, so what follows the last one stands for all that end like this.
fn unmangled(identifier: &str) -> &str {
    if !identifier.starts_with('_') || identifier.ends_with("__") {
        return identifier;
    }
    identifier
        .rfind("__")
        .and_then(|at| identifier.get(at..))
        .unwrap_or(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mangled_names_are_the_names_in_the_class() {
        let nothing = BTreeSet::new();
        let mut names = Names::telling_apart(&nothing);
        for (written, meant) in [
            ("_Agent__backend", "__backend"),
            ("_A__B__x", "__x"),
            ("__a__x", "__x"),
        ] {
            assert_eq!(names.symbol(written), names.symbol(meant), "{written}");
        }
        for own in ["_private", "__globals__", "_A__init__", "a__b"] {
            assert_eq!(names.symbol(own), names.exact(own));
        }
    }

    #[test]
    fn paths_are_written_as_people_write_them_and_end_somewhere() {
        let known = told_apart(["pandas.DataFrame().eval"].into_iter());
        let mut names = Names::telling_apart(&known);
        let path = names.dotted("pandas.DataFrame").unwrap();
        let made = names.child(path, names.called);
        let eval = names.symbol("eval");
        let method = names.child(made, eval);
        assert_eq!(&*names.path_text(method), "pandas.DataFrame().eval");
        assert!(names.is_static(path) && !names.is_static(method));
        let other = names.symbol("sum");
        assert_eq!(names.child(made, other), made);
        let mut deep = path;
        for _ in 0..100 {
            deep = names.child(deep, eval);
        }
        assert_eq!(deep, names.child(deep, eval));
    }
}
