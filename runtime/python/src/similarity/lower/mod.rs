//! From a syntax tree to the normalised [`Program`].
//!
//! Every struct of the tree is taken apart without `..`, so that a field that is forgotten doesn't
//! compile. What is dropped on purpose is bound to `_`: annotations, type comments, type parameters, ranges.

mod expressions;
mod logic;
mod loops;
mod patterns;
mod statements;

use rustpython_parser::ast::Stmt;
use rustpython_parser::text_size::TextRange;

use super::package::Package;
use super::scope::{Binding, ScopeKind, Scopes};
use super::tree::{Kind, NO_NAME, Owner, Program, Text, Token, Unit, symbol};

/// Adds a file to the program. What it imports from the package is known.
pub(super) fn lower(body: &[Stmt], file: u32, package: &Package<'_>, program: &mut Program) {
    let mut lowering = Lowering {
        scopes: Scopes::new(package, file),
        function: program.functions,
        file,
        program,
    };
    lowering.program.functions += 1;
    lowering.scopes.enter(ScopeKind::Module);
    lowering.scopes.bind_block(body, lowering.program);
    lowering.block(body);
    lowering.scopes.leave();
}

struct Lowering<'p> {
    program: &'p mut Program,
    scopes: Scopes<'p>,
    file: u32,
    function: u32,
}

impl Lowering<'_> {
    fn push(&mut self, symbol: u64, range: TextRange) -> usize {
        let at = self.program.tokens.len();
        self.program.tokens.push(Token {
            symbol,
            name: NO_NAME,
            size: 1,
            offset: range.start().to_u32(),
            is_store: false,
            owner: Owner::Known,
        });
        at
    }

    fn leaf(&mut self, kind: Kind, range: TextRange) {
        self.push(symbol(kind, 0), range);
    }

    /// Adds a node and, through `add`, its children; `add` returns how many.
    fn node(&mut self, kind: Kind, range: TextRange, add: impl FnOnce(&mut Self) -> usize) {
        let at = self.push(symbol(kind, 0), range);
        let children = add(self);
        self.finish(at, kind, children);
    }

    /// Says what the node begun at token `at` has become.
    fn finish(&mut self, at: usize, kind: Kind, children: usize) {
        if let Some(token) = self.program.tokens.get_mut(at) {
            token.symbol = symbol(kind, u32::try_from(children).unwrap_or(u32::MAX));
        }
    }

    /// A name of the package.
    fn own(&mut self, id: u32, is_store: bool, range: TextRange) {
        let at = self.push(symbol(Kind::Name, 0), range);
        if let Some(token) = self.program.tokens.get_mut(at) {
            token.name = id;
            token.is_store = is_store;
        }
    }

    /// A name from outside.
    fn kept(&mut self, text: Text, range: TextRange) {
        let (symbol, _) = self.program.named(text);
        self.push(symbol, range);
    }

    fn kept_text(&mut self, text: &str, range: TextRange) {
        let text = self.program.text(text);
        self.kept(text, range);
    }

    /// An attribute's name, without the object.
    fn attribute_name(&mut self, text: Text, owner: Owner, is_store: bool, range: TextRange) {
        let (symbol, id) = self.program.named(text);
        let at = self.push(symbol, range);
        if let Some(token) = self.program.tokens.get_mut(at) {
            token.name = id;
            token.owner = owner;
            token.is_store = is_store;
        }
    }

    fn name(&mut self, text: &str, is_store: bool, range: TextRange) {
        let (text, binding) = self.meaning(text);
        self.bound_name(text, binding, is_store, range);
    }

    /// A name as it is written and what it means here.
    fn meaning(&mut self, name: &str) -> (Text, Option<Binding>) {
        let text = self.program.text(name);
        (text, self.scopes.look_up(text))
    }

    fn bound_name(
        &mut self,
        text: Text,
        binding: Option<Binding>,
        is_store: bool,
        range: TextRange,
    ) {
        match binding {
            Some(
                Binding::Own(id)
                | Binding::Receiver(id)
                | Binding::Module(id, _)
                | Binding::Options(id),
            ) => self.own(id, is_store, range),
            Some(Binding::Path(path) | Binding::Alias(path)) => self.kept(path, range),
            None if self.program.is_builtin(text) => self.kept(text, range),
            // From a file that isn't here or a starred import.
            None => self.attribute_name(text, Owner::Package, is_store, range),
        }
    }

    /// A simple statement, or the head of a compound one, whose blocks come next until
    /// [`Lowering::close`]. Its number is returned.
    fn head(&mut self, shape: Shape, add: impl FnOnce(&mut Self)) -> usize {
        let start = self.program.len();
        add(self);
        self.push_unit(start, shape)
    }

    fn push_unit(&mut self, start: u32, shape: Shape) -> usize {
        let at = self.program.units.len();
        self.program.units.push(Unit {
            tokens: (start, self.program.len()),
            blocks: 0,
            function: self.function,
            file: self.file,
            only_stores: shape == Shape::OnlyStores,
            only_frames: shape == Shape::OnlyFrames,
        });
        at
    }

    /// Ends the blocks of a compound statement.
    fn close(&mut self, at: usize) {
        let blocks = self.program.units.len().saturating_sub(at + 1);
        if let Some(unit) = self.program.units.get_mut(at) {
            unit.blocks = u32::try_from(blocks).unwrap_or(u32::MAX);
        }
    }

    /// Runs `body` in a function, class or module body of its own.
    fn in_function(&mut self, kind: ScopeKind, body: impl FnOnce(&mut Self)) {
        let outer = self.function;
        self.function = self.program.functions;
        self.program.functions += 1;
        self.scopes.enter(kind);
        body(self);
        self.scopes.leave();
        self.function = outer;
    }
}

/// What becomes of a statement when what it does isn't used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// It stays.
    Acts,
    /// It goes when the names it writes are never read.
    OnlyStores,
    /// It goes when its blocks are empty.
    OnlyFrames,
}

fn frames_shape(is_pure: bool) -> Shape {
    if is_pure {
        Shape::OnlyFrames
    } else {
        Shape::Acts
    }
}
