//! Bounds the height of the syntax tree, and its size, while its tokens are read.
//!
//! The parser survives any nesting, but dropping or walking its tree does not. The estimate never
//! undercounts: a bracket is as high as what is in it, binary operators are reduced by precedence as the
//! parser does, and every prefix operator, keyword and lambda may wrap what follows. What is flat in the
//! tree (commas, comparisons, `and`, `or`, `=`) adds a constant.

use std::fmt;

use rustpython_parser::Tok;

use super::limits::{MAX_ARGUMENTS, MAX_EXPRESSION_DEPTH, MAX_STATEMENT_DEPTH, MAX_TOKENS};

/// Precedences of binary operators, from `|` to `*`.
const PRECEDENCES: usize = 6;
/// Nodes that wrap flat things: a comparison in a conjunction in a disjunction in a tuple in a statement.
const FLAT_WRAPPERS: usize = 5;
/// Nodes from a statement to one in its block: the statement, and its handler or case.
const NODES_PER_BLOCK: usize = 2;

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Expressions,
    Blocks,
    Arguments,
    Tokens,
}

impl Excess {
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Expressions | Self::Blocks => "py.nesting",
            Self::Arguments | Self::Tokens => "py.size",
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expressions => write!(out, "expressions nested too deeply"),
            Self::Blocks => write!(out, "blocks nested too deeply"),
            Self::Arguments => write!(out, "more than {MAX_ARGUMENTS} arguments or parameters"),
            Self::Tokens => write!(out, "more than {MAX_TOKENS} tokens"),
        }
    }
}

/// Counters of one bracket level.
#[derive(Default)]
struct Level {
    /// Height of what commas ended.
    done: usize,
    /// Height of what comparisons, conjunctions and the like ended.
    flat: usize,
    /// Height of the operand that is being read.
    operand: usize,
    /// Heights of the left operands of binary operators whose right one is being read, by precedence; 0 is none.
    left: [usize; PRECEDENCES],
    /// Height of the left operands of `**`.
    base: usize,
    /// Signs, `await` and `**` before the operand.
    signs: usize,
    /// `not`s, which end with an operand of `and` and `or`.
    nots: usize,
    /// Prefixes that last to the next comma: `lambda`, `else`, `yield`.
    loose: usize,
    /// Whether something flat was there.
    has_flat: bool,
    /// Lambdas whose parameters are being read: their commas end nothing.
    lambdas: usize,
    lambda_parameters: usize,
    /// Parameters of a `def`, if the level holds any.
    parameters: Option<usize>,
    keywords: usize,
}

impl Level {
    fn current(&self) -> usize {
        self.flat.max(self.loose + self.nots + self.reduced(0))
    }

    /// Height of the operand with all operators before it that bind at least as tightly.
    fn reduced(&self, precedence: usize) -> usize {
        let height = self.operand.max(self.base) + self.signs;
        let tighter = self.left.iter().skip(precedence).rev();
        tighter
            .filter(|left| **left > 0)
            .fold(height, |height, left| height.max(*left) + 1)
    }

    fn wrappers(&self) -> usize {
        if self.has_flat { FLAT_WRAPPERS } else { 1 }
    }

    fn height(&self) -> usize {
        self.done.max(self.current() + self.wrappers())
    }

    /// An operand of this height was read.
    fn operand(&mut self, height: usize) {
        self.operand = self.operand.max(height);
    }

    fn binary(&mut self, precedence: usize) {
        let height = self.reduced(precedence);
        self.begin_operand(precedence);
        if let Some(left) = self.left.get_mut(precedence) {
            *left = height.max(1);
        }
    }

    fn begin_operand(&mut self, precedence: usize) {
        for left in self.left.iter_mut().skip(precedence) {
            *left = 0;
        }
        self.operand = 0;
        self.base = 0;
        self.signs = 0;
    }

    fn power(&mut self) {
        self.base = self.base.max(self.operand);
        self.operand = 0;
        self.signs += 1;
    }

    /// The next operand stands beside this one.
    fn flat(&mut self) {
        self.flat = self.current();
        self.begin_operand(0);
        self.has_flat = true;
    }

    /// The next operand stands below this token, and perhaps the one before as well.
    fn loose(&mut self) {
        self.flat += 1;
        self.loose += 1;
        self.has_flat = true;
    }

    fn comma(&mut self) {
        if self.lambdas > 0 {
            self.flat();
            self.nots = 0;
            self.lambda_parameters += 1;
            return;
        }
        self.done = self.height();
        self.flat = 0;
        self.begin_operand(0);
        self.nots = 0;
        self.loose = 0;
        if let Some(count) = &mut self.parameters {
            *count += 1;
        }
    }

    fn colon(&mut self) {
        if self.lambdas > 0 {
            self.lambdas -= 1;
            if self.lambdas == 0 {
                self.lambda_parameters = 0;
            }
        }
    }

    fn arguments(&self) -> usize {
        self.keywords
            .max(self.lambda_parameters)
            .max(self.parameters.unwrap_or(0))
    }
}

/// Estimates the height of the tree from the tokens.
pub(super) struct Depth {
    levels: Vec<Level>,
    /// `elif`s of the statement open in each block.
    elifs: Vec<usize>,
    /// Sum of these.
    all_elifs: usize,
    after_operand: bool,
    at_line_start: bool,
    after_def: bool,
    tokens: usize,
    /// Highest expression and deepest statement so far.
    peak: (usize, usize),
}

impl Depth {
    pub(super) fn new() -> Self {
        Self {
            levels: vec![Level::default()],
            elifs: vec![0],
            all_elifs: 0,
            after_operand: false,
            at_line_start: true,
            after_def: false,
            tokens: 0,
            peak: (0, NODES_PER_BLOCK),
        }
    }

    /// The largest height that the tree of all tokens so far can have.
    pub(super) fn peak(&self) -> usize {
        self.peak.0 + self.peak.1
    }

    /// Takes a token into account.
    pub(super) fn feed(&mut self, token: &Tok) -> Result<(), Excess> {
        self.tokens += 1;
        if self.tokens > MAX_TOKENS {
            return Err(Excess::Tokens);
        }
        self.statement(token)?;
        let after_operand = std::mem::replace(&mut self.after_operand, ends_operand(token));
        match token {
            Tok::Lpar | Tok::Lsqb | Tok::Lbrace => {
                let is_parameters =
                    matches!(token, Tok::Lpar) && std::mem::take(&mut self.after_def);
                self.levels.push(Level {
                    parameters: is_parameters.then_some(0),
                    ..Level::default()
                });
                return Ok(());
            }
            Tok::Rpar | Tok::Rsqb | Tok::Rbrace if self.levels.len() > 1 => {
                let height = self.levels.pop().map_or(0, |level| level.height());
                if let Some(level) = self.levels.last_mut() {
                    level.operand(height);
                    level.operand += 1;
                }
            }
            Tok::Newline | Tok::Semi => {
                self.levels.clear();
                self.levels.push(Level::default());
                return Ok(());
            }
            _ => {
                let is_nested = self.levels.len() > 1;
                if let Some(level) = self.levels.last_mut() {
                    expression(level, token, after_operand, is_nested);
                }
            }
        }
        let Some(level) = self.levels.last() else {
            return Ok(());
        };
        let height = level.height();
        self.peak.0 = self.peak.0.max(height);
        if height > MAX_EXPRESSION_DEPTH {
            return Err(Excess::Expressions);
        }
        if level.arguments() > MAX_ARGUMENTS {
            return Err(Excess::Arguments);
        }
        Ok(())
    }

    fn statement(&mut self, token: &Tok) -> Result<(), Excess> {
        let begins_line = self.at_line_start;
        self.at_line_start = matches!(token, Tok::Newline | Tok::Indent | Tok::Dedent);
        match token {
            Tok::Indent => self.elifs.push(0),
            Tok::Dedent => {
                self.all_elifs -= self.elifs.pop().unwrap_or(0);
            }
            Tok::Elif => {
                self.all_elifs += 1;
                if let Some(count) = self.elifs.last_mut() {
                    *count += 1;
                }
            }
            Tok::Else | Tok::Newline => {}
            Tok::Def => self.after_def = true,
            _ if begins_line => {
                if let Some(count) = self.elifs.last_mut() {
                    self.all_elifs -= std::mem::take(count);
                }
            }
            _ => {}
        }
        if matches!(token, Tok::Indent | Tok::Elif | Tok::Name { .. }) {
            let depth = NODES_PER_BLOCK * self.elifs.len() + self.all_elifs;
            self.peak.1 = self.peak.1.max(depth);
            if depth > MAX_STATEMENT_DEPTH {
                return Err(Excess::Blocks);
            }
        }
        Ok(())
    }
}

/// Whether an operator after this token has it on its left.
fn ends_operand(token: &Tok) -> bool {
    matches!(
        token,
        Tok::Name { .. }
            | Tok::Int { .. }
            | Tok::Float { .. }
            | Tok::Complex { .. }
            | Tok::String { .. }
            | Tok::Ellipsis
            | Tok::None
            | Tok::True
            | Tok::False
            | Tok::Rpar
            | Tok::Rsqb
            | Tok::Rbrace
    )
}

fn expression(level: &mut Level, token: &Tok, after_operand: bool, is_nested: bool) {
    match token {
        _ if ends_operand(token) => level.operand(1),
        Tok::Comma => level.comma(),
        Tok::Colon => level.colon(),
        Tok::Dot => level.operand += 1,
        Tok::Vbar => level.binary(0),
        Tok::CircumFlex => level.binary(1),
        Tok::Amper => level.binary(2),
        Tok::LeftShift | Tok::RightShift => level.binary(3),
        Tok::Plus | Tok::Minus if after_operand => level.binary(4),
        Tok::Star | Tok::At if after_operand => level.binary(5),
        Tok::Slash | Tok::DoubleSlash | Tok::Percent => level.binary(5),
        Tok::DoubleStar if after_operand => level.power(),
        Tok::Plus | Tok::Minus | Tok::Tilde | Tok::Await => level.signs += 1,
        Tok::Not if !after_operand => level.nots += 1,
        Tok::Or | Tok::And => {
            level.flat();
            level.nots = 0;
        }
        Tok::Not
        | Tok::In
        | Tok::Is
        | Tok::EqEqual
        | Tok::NotEqual
        | Tok::Less
        | Tok::LessEqual
        | Tok::Greater
        | Tok::GreaterEqual => level.flat(),
        Tok::Equal => {
            level.flat();
            level.nots = 0;
            level.keywords += usize::from(is_nested);
        }
        Tok::Lambda => {
            level.lambdas += 1;
            level.loose();
        }
        _ => level.loose(),
    }
}
