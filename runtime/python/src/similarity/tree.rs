//! The normalised program: trees in preorder, cut into units.

use std::collections::HashMap;
use std::rc::Rc;

/// What a token is, when it isn't a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Assert = 1,
    Assign,
    BitAnd,
    BitOr,
    BitXor,
    Break,
    Call,
    Case,
    Chain,
    Class,
    Condition,
    Constants,
    Continue,
    Decorator,
    Delete,
    Dict,
    Div,
    Except,
    ExceptStar,
    FloorDiv,
    For,
    Forever,
    Format,
    Function,
    IfExp,
    In,
    Invert,
    Is,
    IsNot,
    Keyword,
    KeywordRest,
    Lambda,
    LeftShift,
    Less,
    LessEqual,
    List,
    ListComp,
    Literal,
    Match,
    MatMul,
    Member,
    Mod,
    Mul,
    Name,
    Negative,
    None,
    Not,
    NotEqual,
    NotIn,
    And,
    Or,
    Add,
    Sub,
    Pow,
    Equal,
    PatternAny,
    PatternClass,
    PatternMapping,
    PatternOr,
    PatternSequence,
    PatternValue,
    Raise,
    Rest,
    Return,
    RightShift,
    Set,
    SetComp,
    DictComp,
    Slice,
    Starred,
    Statement,
    Subscript,
    Text,
    Tuple,
    While,
    With,
    Yield,
    YieldFrom,
}

/// No name: see [`Token::name`].
pub(super) const NO_NAME: u32 = u32::MAX;
/// Set in the symbols of names that are kept.
const KEPT: u64 = 1 << 63;

/// Whether an attribute's name may be the package's own; settled when the whole package is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// Settled.
    Known,
    /// The package's.
    Package,
    /// Attribute of any object.
    Any,
    /// Attribute of `self`, `cls`, or a class or module of the package.
    Receiver,
}

/// One node of a tree. Nodes stand in preorder, so that a tree is a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// Kind and count of children, or a kept name. Names of the package have one symbol for all.
    pub symbol: u64,
    /// Which of the package's names it is, or [`NO_NAME`].
    pub name: u32,
    /// Tokens of the tree that begins here; counted when the program is complete.
    pub size: u32,
    /// Byte in the file.
    pub offset: u32,
    /// Whether the name is written, not read.
    pub is_store: bool,
    pub owner: Owner,
}

impl Token {
    /// A kept name: one from outside of the package.
    pub(super) fn is_kept(&self) -> bool {
        self.symbol & KEPT != 0
    }
}

/// A simple statement or the head of a compound one: what survives any change around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// First token and end.
    pub tokens: (u32, u32),
    /// Units in the statement's blocks; they follow.
    pub blocks: u32,
    /// Number of the function (or module or class body) it stands in.
    pub function: u32,
    pub file: u32,
    /// Writes to names and does nothing else: dropped when nobody reads them.
    pub only_stores: bool,
    /// Dropped when all its blocks turn out to be empty.
    pub only_frames: bool,
}

/// All files of a package, lowered.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub tokens: Vec<Token>,
    pub units: Vec<Unit>,
    pub functions: u32,
    names: Vec<Name>,
    by_text: HashMap<Rc<str>, Text>,
    next_name: u32,
}

/// A name or dotted path of a program, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Text(u32);

#[derive(Debug, Clone)]
struct Name {
    text: Rc<str>,
    /// Its symbol when it is kept; made when it is asked for.
    symbol: Option<u64>,
    id: u32,
    is_builtin: bool,
    /// The package defines an attribute, a global, a class or a function of this name.
    is_defined: bool,
    is_builtin_method: bool,
}

impl Program {
    /// Tokens of a unit.
    pub(super) fn slice(&self, range: (u32, u32)) -> &[Token] {
        self.tokens
            .get(range.0 as usize..range.1 as usize)
            .unwrap_or_default()
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.tokens.len()).unwrap_or(u32::MAX)
    }

    /// Numbers of names are below this.
    pub(super) fn name_count(&self) -> usize {
        self.next_name as usize
    }

    /// A name that no other name of the package is confused with.
    pub(super) fn fresh(&mut self) -> u32 {
        let id = self.next_name;
        self.next_name += 1;
        id
    }

    /// The number of a text: what is written the same has the same.
    pub(super) fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let number = Text(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let text: Rc<str> = text.into();
        let name = Name {
            symbol: None,
            id: self.fresh(),
            is_builtin: super::known::is_builtin(&text),
            is_defined: false,
            is_builtin_method: super::known::is_builtin_method(&text),
            text: Rc::clone(&text),
        };
        self.names.push(name);
        self.by_text.insert(text, number);
        number
    }

    fn name(&self, text: Text) -> Option<&Name> {
        self.names.get(text.0 as usize)
    }

    /// What is written.
    pub(super) fn written(&self, text: Text) -> Rc<str> {
        self.name(text)
            .map_or_else(|| "".into(), |name| Rc::clone(&name.text))
    }

    /// Whether every module can read the name.
    pub(super) fn is_builtin(&self, text: Text) -> bool {
        self.name(text).is_some_and(|name| name.is_builtin)
    }

    /// Symbol and number of an attribute, global or kept name.
    pub(super) fn named(&mut self, text: Text) -> (u64, u32) {
        let Some(name) = self.names.get_mut(text.0 as usize) else {
            return (KEPT, NO_NAME);
        };
        let made = || first_u64(blake3::hash(name.text.as_bytes()).as_bytes()) | KEPT;
        (*name.symbol.get_or_insert_with(made), name.id)
    }

    /// Number of a name that the package defines.
    pub(super) fn define(&mut self, text: Text) -> u32 {
        self.names.get_mut(text.0 as usize).map_or(NO_NAME, |name| {
            name.is_defined = true;
            name.id
        })
    }

    /// Number of the keyword of a name. Keywords have names of their own: a parameter doesn't make an
    /// attribute of its name the package's.
    pub(super) fn keyword(&mut self, name: &str) -> Text {
        let mut keyword = String::with_capacity(name.len() + 1);
        keyword.push_str(name);
        keyword.push('=');
        self.text(&keyword)
    }

    /// Settles which attributes are the package's own, when all files are there.
    pub(super) fn settle(&mut self) {
        let mut by_id = vec![(false, false); self.name_count()];
        for name in &self.names {
            if let Some(slot) = by_id.get_mut(name.id as usize) {
                *slot = (name.is_defined, name.is_builtin_method);
            }
        }
        for token in &mut self.tokens {
            let (is_defined, is_builtin) =
                by_id.get(token.name as usize).copied().unwrap_or_default();
            let is_own = match token.owner {
                Owner::Known => continue,
                Owner::Package => true,
                Owner::Any => is_defined && !is_builtin,
                Owner::Receiver => is_defined,
            };
            token.owner = Owner::Known;
            if is_own {
                token.symbol = symbol(Kind::Name, 0);
            } else {
                token.name = NO_NAME;
            }
        }
    }
}

/// How many trees follow a token as its children.
fn children(token: &Token) -> u32 {
    if token.is_kept() {
        return 0;
    }
    u32::try_from(token.symbol & u64::from(u32::MAX)).unwrap_or_default()
}

/// Counts the tokens of each tree in a slice of whole trees. `sizes` is room for its work.
pub(super) fn count_sizes(tokens: &mut [Token], sizes: &mut Vec<u32>) {
    sizes.clear();
    for token in tokens.iter_mut().rev() {
        let after = sizes.len().saturating_sub(children(token) as usize);
        token.size = 1 + sizes.drain(after..).sum::<u32>();
        sizes.push(token.size);
    }
}

/// Symbol of a node that has no name.
pub(super) fn symbol(kind: Kind, children: u32) -> u64 {
    (kind as u64) << 32 | u64::from(children)
}

/// First eight bytes, little endian.
pub(super) fn first_u64(bytes: &[u8; 32]) -> u64 {
    bytes
        .iter()
        .take(8)
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
