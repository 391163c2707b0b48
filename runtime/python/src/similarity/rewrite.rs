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
    let Program { tokens, units, .. } = program;
    // Statements only become shorter: the tokens move to the left.
    let mut end = 0;
    for unit in units {
        let start = end;
        let (mut at, unit_end) = (unit.tokens.0 as usize, unit.tokens.1 as usize);
        while let Some([first, rest @ ..]) = tokens.get(at..unit_end) {
            let mut token = *first;
            at += 1;
            if let [value, attribute, ..] = rest
                && token.symbol == member
                && value.symbol == own
                && attribute.symbol == own
            {
                token = Token {
                    offset: token.offset,
                    ..*attribute
                };
                at += 2;
            }
            if let Some(slot) = tokens.get_mut(end) {
                *slot = token;
                end += 1;
            }
        }
        unit.tokens = (place(start), place(end));
    }
    tokens.truncate(end);
}

/// Puts the value of a variable that is written once and read once, by the statement after it, in its
/// place: giving a part of an expression a name is free, and so is taking the name away.
pub(super) fn inline(program: &mut Program) {
    let uses = count_uses(program);
    let units = std::mem::take(&mut program.units);
    let mut rewriting = Rewriting {
        tokens: &mut program.tokens,
        end: 0,
        units: Vec::with_capacity(units.len()),
        waiting: Vec::new(),
        sizes: Vec::new(),
    };
    for unit in &units {
        let start = rewriting.end;
        rewriting.move_inlined(unit);
        let tokens = rewriting.since(start);
        let is_temporary = assigned(tokens).is_some_and(|name| {
            uses.get(name as usize)
                == Some(&Uses {
                    loads: 1,
                    stores: 1,
                })
                && tokens.len() <= MAX_INLINED_TOKENS + 2
        });
        if is_temporary && rewriting.waiting.len() < MAX_WAITING {
            let tokens = tokens.to_vec();
            rewriting.end = start;
            rewriting.waiting.push((*unit, tokens));
        } else if rewriting.waiting.is_empty() {
            rewriting.close(unit, start);
        } else {
            let tokens = tokens.to_vec();
            rewriting.end = start;
            rewriting.add_waiting();
            rewriting.add(unit, &tokens);
        }
    }
    rewriting.add_waiting();
    let end = rewriting.end;
    program.units = rewriting.units;
    program.tokens.truncate(end);
}

/// The program as it becomes, in its own place: what is written never gets longer than what was read,
/// since a value that is put in place of a variable was read with a variable of its own.
struct Rewriting<'p> {
    tokens: &'p mut Vec<Token>,
    /// Tokens that are written.
    end: usize,
    units: Vec<Unit>,
    /// Assignments that wait for the statement that uses them.
    waiting: Vec<(Unit, Vec<Token>)>,
    sizes: Vec<u32>,
}

impl Rewriting<'_> {
    fn since(&self, start: usize) -> &[Token] {
        self.tokens.get(start..self.end).unwrap_or_default()
    }

    fn write(&mut self, token: Token) {
        if let Some(slot) = self.tokens.get_mut(self.end) {
            *slot = token;
            self.end += 1;
        }
    }

    /// Moves a unit's tokens to the end, with the values of variables that wait in their places.
    fn move_inlined(&mut self, unit: &Unit) {
        for at in unit.tokens.0..unit.tokens.1 {
            let Some(token) = self.tokens.get(at as usize).copied() else {
                return;
            };
            let found = self.waiting.iter().position(|(before, assignment)| {
                before.function == unit.function
                    && !token.is_store
                    && assigned(assignment).is_some_and(|name| name == token.name)
            });
            match found {
                Some(at) => {
                    let (_, assignment) = self.waiting.remove(at);
                    assignment
                        .iter()
                        .skip(2)
                        .for_each(|token| self.write(*token));
                }
                None => self.write(token),
            }
        }
    }

    fn add_waiting(&mut self) {
        for (unit, tokens) in std::mem::take(&mut self.waiting) {
            self.add(&unit, &tokens);
        }
    }

    fn add(&mut self, unit: &Unit, tokens: &[Token]) {
        let start = self.end;
        tokens.iter().for_each(|token| self.write(*token));
        self.close(unit, start);
    }

    /// Makes the tokens from `start` on a unit.
    fn close(&mut self, unit: &Unit, start: usize) {
        let tokens = self.tokens.get_mut(start..self.end).unwrap_or_default();
        count_sizes(tokens, &mut self.sizes);
        self.units.push(Unit {
            tokens: (place(start), place(self.end)),
            ..*unit
        });
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
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
