//! Rewrites of the whole program: what can be had in two ways is brought into one.

use super::tree::{Kind, NO_NAME, Program, Token, Unit, count_sizes, symbol};

/// Tokens of the largest value that is put in place of a variable: bounds the copying.
const MAX_INLINED_TOKENS: usize = 40;
/// Variables that wait for the statement that uses them.
const MAX_WAITING: usize = 8;

/// Makes `self.total` the name `total`, and so for each variable and attribute of the package: turning
/// functions into methods and variables into attributes is free.
pub(super) fn join_members(program: &mut Program) {
    let own = symbol(Kind::Name, 0);
    let member = symbol(Kind::Member, 2);
    rebuild(program, |unit, rewritten| {
        let mut rest = unit.tokens;
        let mut tokens = Vec::with_capacity(rest.len());
        loop {
            match rest {
                [object, value, attribute, after @ ..]
                    if object.symbol == member
                        && value.symbol == own
                        && attribute.symbol == own =>
                {
                    let offset = object.offset;
                    tokens.push(Token {
                        offset,
                        ..*attribute
                    });
                    rest = after;
                }
                [token, after @ ..] => {
                    tokens.push(*token);
                    rest = after;
                }
                [] => break,
            }
        }
        rewritten.add(unit.unit, &tokens);
    });
}

/// Puts the value of a variable that is written once and read once, by the statement after it, in its
/// place: giving a part of an expression a name is free, and so is taking the name away.
pub(super) fn inline(program: &mut Program) {
    let uses = count_uses(program);
    let mut waiting: Vec<(Unit, Vec<Token>)> = Vec::new();
    rebuild(program, |unit, rewritten| {
        let mut tokens = Vec::with_capacity(unit.tokens.len());
        for token in unit.tokens {
            let found = waiting.iter().position(|(before, assignment)| {
                before.function == unit.unit.function
                    && !token.is_store
                    && assigned(assignment).is_some_and(|name| name == token.name)
            });
            match found {
                Some(at) => {
                    let (_, assignment) = waiting.remove(at);
                    tokens.extend(assignment.iter().skip(2));
                }
                None => tokens.push(*token),
            }
        }
        let is_temporary = assigned(&tokens).is_some_and(|name| {
            uses.get(name as usize)
                == Some(&Uses {
                    loads: 1,
                    stores: 1,
                })
                && tokens.len() <= MAX_INLINED_TOKENS + 2
        });
        if is_temporary && waiting.len() < MAX_WAITING {
            waiting.push((*unit.unit, tokens));
        } else {
            for (before, tokens) in waiting.drain(..) {
                rewritten.add(&before, &tokens);
            }
            rewritten.add(unit.unit, &tokens);
        }
        if unit.is_last {
            for (before, tokens) in waiting.drain(..) {
                rewritten.add(&before, &tokens);
            }
        }
    });
}

/// The name that a statement assigns to, if that is all it does.
fn assigned(tokens: &[Token]) -> Option<u32> {
    match tokens {
        [assign, target, ..]
            if assign.symbol == symbol(Kind::Assign, 2)
                && target.is_store
                && target.name != NO_NAME =>
        {
            Some(target.name)
        }
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Uses {
    loads: u32,
    stores: u32,
}

fn count_uses(program: &Program) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); program.name_count()];
    for unit in &program.units {
        for token in program.slice(unit.tokens) {
            if let Some(uses) = uses.get_mut(token.name as usize) {
                let count = if token.is_store {
                    &mut uses.stores
                } else {
                    &mut uses.loads
                };
                *count += 1;
            }
        }
    }
    uses
}

/// A unit that is to be rewritten.
struct Old<'a> {
    unit: &'a Unit,
    tokens: &'a [Token],
    is_last: bool,
}

/// The program as it becomes.
#[derive(Default)]
struct Rewritten {
    tokens: Vec<Token>,
    units: Vec<Unit>,
}

impl Rewritten {
    fn add(&mut self, unit: &Unit, tokens: &[Token]) {
        let place = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let start = self.tokens.len();
        self.tokens.extend_from_slice(tokens);
        count_sizes(self.tokens.get_mut(start..).unwrap_or_default());
        self.units.push(Unit {
            tokens: (place(start), place(self.tokens.len())),
            ..*unit
        });
    }
}

fn rebuild(program: &mut Program, mut rewrite: impl FnMut(&Old<'_>, &mut Rewritten)) {
    let mut rewritten = Rewritten::default();
    for (at, unit) in program.units.iter().enumerate() {
        let old = Old {
            unit,
            tokens: program.slice(unit.tokens),
            is_last: at + 1 == program.units.len(),
        };
        rewrite(&old, &mut rewritten);
    }
    program.tokens = rewritten.tokens;
    program.units = rewritten.units;
}
