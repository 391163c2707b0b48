//! What tests, benchmarks and fuzz targets see of parsing. No interface for anyone else.

use std::collections::BTreeMap;
use std::convert::Infallible;

use rustpython_parser::ast::fold::{self, Fold};
use rustpython_parser::ast::{self, Constant, Expr, Pattern, Ranged, Stmt};
use rustpython_parser::text_size::TextRange;

use crate::finding::Finding;
use crate::source;

/// All that a tree says, in a form that CPython's tree can be written in as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// How often each node kind of CPython's `ast` module is there.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Names, attributes, constants and statements, each as `letter, text` and some with `@line`.
    pub items: Vec<Vec<u8>>,
    /// Height of the tree: statements, handlers, cases, expressions and patterns.
    pub height: usize,
    /// The bound on it that parsing computed beforehand.
    pub bound: usize,
}

/// Reads and parses a file and drops its tree, all on a thread with enough stack.
///
/// # Errors
/// Rule and message of the rejection.
pub fn parse_and_drop(bytes: &[u8]) -> Result<(), String> {
    with_tree(bytes, |_, _, _| ())
}

/// Reads and parses files one after the other on one thread, drops their trees and counts those that parse.
pub fn parse_all(files: &[Vec<u8>]) -> usize {
    let parses =
        |bytes: &&Vec<u8>| source::read(bytes).is_ok_and(|text| source::parse(&text).is_ok());
    source::on_large_stack(|| files.iter().filter(parses).count()).unwrap_or(0)
}

/// Reads and parses a file and writes its tree down.
///
/// # Errors
/// Rule and message of the rejection.
pub fn survey(bytes: &[u8]) -> Result<Survey, String> {
    with_tree(bytes, |text, body, bound| {
        let mut surveyor = Surveyor {
            survey: Survey {
                bound,
                ..Survey::default()
            },
            lines: line_starts(text),
            depth: 0,
            in_f_string: 0,
        };
        for statement in body {
            let Ok(_same) = surveyor.fold_stmt(statement);
        }
        surveyor.survey
    })
}

fn with_tree<T: Send>(
    bytes: &[u8],
    work: impl FnOnce(&str, Vec<Stmt>, usize) -> T + Send,
) -> Result<T, String> {
    let refuse = |finding: Finding| format!("{}: {}", finding.rule, finding.message);
    source::on_large_stack(|| {
        let text = source::read(bytes).map_err(refuse)?;
        let (body, bound) = source::parse_with_bound(&text).map_err(refuse)?;
        Ok(work(&text, body, bound))
    })?
}

fn line_starts(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    [0].into_iter().chain(ends).collect()
}

struct Surveyor {
    survey: Survey,
    lines: Vec<usize>,
    depth: usize,
    in_f_string: usize,
}

impl Surveyor {
    fn enter(&mut self, kind: &'static str) {
        *self.survey.kinds.entry(kind).or_default() += 1;
        self.depth += 1;
        self.survey.height = self.survey.height.max(self.depth);
    }

    fn item(&mut self, letter: char, text: &[u8]) {
        let mut item = letter.to_string().into_bytes();
        item.extend_from_slice(text);
        self.survey.items.push(item);
    }

    /// CPython 3.11 misplaces what is in f-strings, so that no line is compared there.
    fn placed(&mut self, letter: char, text: &str, range: TextRange) {
        let start = range.start().to_usize();
        let line = self.lines.partition_point(|line| *line <= start);
        let text = match self.in_f_string {
            0 => format!("{text}@{line}"),
            _ => text.to_owned(),
        };
        self.item(letter, text.as_bytes());
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Str(text) => self.item('s', text.as_bytes()),
            Constant::Bytes(bytes) => self.item('b', bytes),
            Constant::Int(value) => self.item('i', format!("{value:x}").as_bytes()),
            Constant::Float(value) => self.item('f', float(*value).as_bytes()),
            Constant::Complex { real, imag } => {
                let text = float(*real) + &float(*imag);
                self.item('c', text.as_bytes());
            }
            Constant::None => self.item('o', b"None"),
            Constant::Bool(true) => self.item('o', b"True"),
            Constant::Bool(false) => self.item('o', b"False"),
            Constant::Ellipsis => self.item('o', b"Ellipsis"),
            Constant::Tuple(_) => self.item('o', b"tuple"),
        }
    }
}

fn float(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}

impl Fold<TextRange> for Surveyor {
    type TargetU = TextRange;
    type Error = Infallible;
    type UserContext = ();

    fn will_map_user(&mut self, _range: &TextRange) {}

    fn map_user(&mut self, range: TextRange, _context: ()) -> Result<TextRange, Infallible> {
        Ok(range)
    }

    fn fold_stmt(&mut self, node: Stmt) -> Result<Stmt, Infallible> {
        let kind = statement_kind(&node);
        self.enter(kind);
        self.placed('t', kind, node.range());
        match &node {
            Stmt::FunctionDef(node) => self.item('d', node.name.as_bytes()),
            Stmt::AsyncFunctionDef(node) => self.item('d', node.name.as_bytes()),
            Stmt::ClassDef(node) => self.item('d', node.name.as_bytes()),
            Stmt::ImportFrom(node) => {
                let level = node.level.map_or(0, |level| level.to_u32());
                let module = node.module.as_ref().map_or("", |name| name.as_str());
                self.item('m', format!("{level}{module}").as_bytes());
            }
            _ => {}
        }
        let node = fold::fold_stmt(self, node);
        self.depth -= 1;
        node
    }

    fn fold_expr(&mut self, node: Expr) -> Result<Expr, Infallible> {
        self.enter(expression_kind(&node));
        let is_f_string = matches!(node, Expr::JoinedStr(_));
        match &node {
            Expr::Name(name) => self.placed('n', &name.id, name.range),
            Expr::Attribute(attribute) => self.item('a', attribute.attr.as_bytes()),
            Expr::Constant(constant) => self.constant(&constant.value),
            Expr::FormattedValue(value) => {
                let conversion = value.conversion.to_char().unwrap_or('-');
                self.item('v', conversion.to_string().as_bytes());
            }
            _ => {}
        }
        self.in_f_string += usize::from(is_f_string);
        let node = fold::fold_expr(self, node);
        self.in_f_string -= usize::from(is_f_string);
        self.depth -= 1;
        node
    }

    fn fold_pattern(&mut self, node: Pattern) -> Result<Pattern, Infallible> {
        self.enter(pattern_kind(&node));
        if let Pattern::MatchSingleton(singleton) = &node {
            self.constant(&singleton.value);
        }
        let node = fold::fold_pattern(self, node);
        self.depth -= 1;
        node
    }

    fn fold_excepthandler(
        &mut self,
        node: ast::ExceptHandler,
    ) -> Result<ast::ExceptHandler, Infallible> {
        self.enter("ExceptHandler");
        let node = fold::fold_excepthandler(self, node);
        self.depth -= 1;
        node
    }

    fn fold_match_case(&mut self, node: ast::MatchCase) -> Result<ast::MatchCase, Infallible> {
        self.enter("match_case");
        let node = fold::fold_match_case(self, node);
        self.depth -= 1;
        node
    }

    fn fold_alias(&mut self, node: ast::Alias) -> Result<ast::Alias, Infallible> {
        self.item('m', node.name.as_bytes());
        if let Some(name) = &node.asname {
            self.item('m', name.as_bytes());
        }
        fold::fold_alias(self, node)
    }

    fn fold_arg(&mut self, node: ast::Arg) -> Result<ast::Arg, Infallible> {
        self.item('p', node.arg.as_bytes());
        fold::fold_arg(self, node)
    }

    fn fold_keyword(&mut self, node: ast::Keyword) -> Result<ast::Keyword, Infallible> {
        let name = node
            .arg
            .as_ref()
            .map_or("**", |name| name.as_str())
            .to_owned();
        self.item('k', name.as_bytes());
        fold::fold_keyword(self, node)
    }
}

fn statement_kind(node: &Stmt) -> &'static str {
    match node {
        Stmt::FunctionDef(_) => "FunctionDef",
        Stmt::AsyncFunctionDef(_) => "AsyncFunctionDef",
        Stmt::ClassDef(_) => "ClassDef",
        Stmt::Return(_) => "Return",
        Stmt::Delete(_) => "Delete",
        Stmt::Assign(_) => "Assign",
        Stmt::TypeAlias(_) => "TypeAlias",
        Stmt::AugAssign(_) => "AugAssign",
        Stmt::AnnAssign(_) => "AnnAssign",
        Stmt::For(_) => "For",
        Stmt::AsyncFor(_) => "AsyncFor",
        Stmt::While(_) => "While",
        Stmt::If(_) => "If",
        Stmt::With(_) => "With",
        Stmt::AsyncWith(_) => "AsyncWith",
        Stmt::Match(_) => "Match",
        Stmt::Raise(_) => "Raise",
        Stmt::Try(_) => "Try",
        Stmt::TryStar(_) => "TryStar",
        Stmt::Assert(_) => "Assert",
        Stmt::Import(_) => "Import",
        Stmt::ImportFrom(_) => "ImportFrom",
        Stmt::Global(_) => "Global",
        Stmt::Nonlocal(_) => "Nonlocal",
        Stmt::Expr(_) => "Expr",
        Stmt::Pass(_) => "Pass",
        Stmt::Break(_) => "Break",
        Stmt::Continue(_) => "Continue",
    }
}

fn expression_kind(node: &Expr) -> &'static str {
    match node {
        Expr::BoolOp(_) => "BoolOp",
        Expr::NamedExpr(_) => "NamedExpr",
        Expr::BinOp(_) => "BinOp",
        Expr::UnaryOp(_) => "UnaryOp",
        Expr::Lambda(_) => "Lambda",
        Expr::IfExp(_) => "IfExp",
        Expr::Dict(_) => "Dict",
        Expr::Set(_) => "Set",
        Expr::ListComp(_) => "ListComp",
        Expr::SetComp(_) => "SetComp",
        Expr::DictComp(_) => "DictComp",
        Expr::GeneratorExp(_) => "GeneratorExp",
        Expr::Await(_) => "Await",
        Expr::Yield(_) => "Yield",
        Expr::YieldFrom(_) => "YieldFrom",
        Expr::Compare(_) => "Compare",
        Expr::Call(_) => "Call",
        Expr::FormattedValue(_) => "FormattedValue",
        Expr::JoinedStr(_) => "JoinedStr",
        Expr::Constant(_) => "Constant",
        Expr::Attribute(_) => "Attribute",
        Expr::Subscript(_) => "Subscript",
        Expr::Starred(_) => "Starred",
        Expr::Name(_) => "Name",
        Expr::List(_) => "List",
        Expr::Tuple(_) => "Tuple",
        Expr::Slice(_) => "Slice",
    }
}

fn pattern_kind(node: &Pattern) -> &'static str {
    match node {
        Pattern::MatchValue(_) => "MatchValue",
        Pattern::MatchSingleton(_) => "MatchSingleton",
        Pattern::MatchSequence(_) => "MatchSequence",
        Pattern::MatchMapping(_) => "MatchMapping",
        Pattern::MatchClass(_) => "MatchClass",
        Pattern::MatchStar(_) => "MatchStar",
        Pattern::MatchAs(_) => "MatchAs",
        Pattern::MatchOr(_) => "MatchOr",
    }
}
