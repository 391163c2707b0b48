//! Compiles a table of verdicts on system calls to the kernel's filter language.
//!
//! The kernel runs a new filter once for each system call there is, to remember what needs no
//! second look, and translates it to machine code; both happen in every run. So the table becomes a
//! search tree over ranges of numbers, a tenth of the length and a fraction of the steps that a
//! list of comparisons takes, which is what the usual compilers make.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{BpfProgram, sock_filter};

/// What a filter says about a system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes through.
    Allow,
    /// It fails with this error.
    Errno(u32),
    /// It goes through if all conditions of one of the lists hold for the arguments with these
    /// numbers, else it fails with EPERM.
    If(Vec<Vec<(u32, Condition)>>),
    /// It goes through if the lower half of the argument with this number is one of these, at most
    /// 255, else it fails with EPERM.
    OneOf(u32, Vec<u32>),
}

/// What must be true of the lower half of an argument. The kernel ignores the upper half of all
/// arguments that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is this.
    Equal(u32),
    /// It is not this.
    Differs(u32),
    /// None of these bits is set.
    NoneOf(u32),
    /// Its bits under the first are the second.
    Masked(u32, u32),
}

/// Of the calling convention that this program uses; programs can use others.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
const ARCHITECTURE: u32 = 0xc000_00f3;

/// Offsets in what a filter looks at.
const NUMBER_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;
const ARGUMENTS_OFFSET: u32 = 16;
/// Distance of arguments, lower half first.
const ARGUMENT_BYTES: u32 = 8;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const IF_ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;

/// Compiles the table; what is not in it fails with EPERM, and what comes by another calling
/// convention ends the process.
pub fn compile(table: &BTreeMap<c_long, Verdict>) -> BpfProgram {
    let mut program = vec![
        statement(LOAD, ARCHITECTURE_OFFSET),
        branch(IF_EQUAL, ARCHITECTURE, 1, 0),
        statement(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        statement(LOAD, NUMBER_OFFSET),
    ];
    program.extend(search(&ranges(table)));
    program
}

/// First number and verdict of each range; the last goes on without end.
fn ranges(table: &BTreeMap<c_long, Verdict>) -> Vec<(u32, Verdict)> {
    let denied = || Verdict::Errno(libc::EPERM as u32);
    let mut ranges = vec![(0, denied())];
    let mut add = |start: u32, verdict: Verdict| {
        if ranges.last().is_some_and(|(last, _)| *last == start) {
            ranges.pop();
        }
        if ranges.last().is_none_or(|(_, before)| *before != verdict) {
            ranges.push((start, verdict));
        }
    };
    for (call, verdict) in table {
        if let Ok(call) = u32::try_from(*call) {
            add(call, verdict.clone());
            add(call + 1, denied());
        }
    }
    ranges
}

/// Expects the number to be loaded.
fn search(ranges: &[(u32, Verdict)]) -> BpfProgram {
    if let Some(program) = with_ends(&tree(ranges)) {
        return program;
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let Some((start, _)) = upper.first() else {
        return Vec::new();
    };
    let (lower, upper) = (search(lower), search(upper));
    let mut program = match u8::try_from(lower.len()) {
        Ok(skipped) => vec![branch(IF_AT_LEAST, *start, skipped, 0)],
        Err(_) => vec![
            branch(IF_AT_LEAST, *start, 0, 1),
            statement(JUMP, lower.len() as u32),
        ],
    };
    program.extend(lower);
    program.extend(upper);
    program
}

/// Where a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Behind so many others.
    Skip(usize),
    /// To the end that returns this.
    End(u32),
}

/// A statement whose jumps are still open.
struct Step {
    statement: sock_filter,
    holds: Target,
    fails: Target,
}

/// A search without the ends of verdicts that need no second look.
fn tree(ranges: &[(u32, Verdict)]) -> Vec<Step> {
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let Some((start, verdict)) = upper.first() else {
        return Vec::new();
    };
    if lower.is_empty() {
        let closed = |statement: sock_filter| Step {
            holds: Target::Skip(statement.jt.into()),
            fails: Target::Skip(statement.jf.into()),
            statement,
        };
        return judge(verdict).into_iter().map(closed).collect();
    }
    let end = |ranges: &[(u32, Verdict)]| match ranges {
        [(_, verdict)] => constant(verdict),
        _ => None,
    };
    let steps = |ranges| match end(ranges) {
        Some(_) => Vec::new(),
        None => tree(ranges),
    };
    let (lower_steps, upper_steps) = (steps(lower), steps(upper));
    let mut program = vec![Step {
        statement: statement(IF_AT_LEAST, *start),
        holds: end(upper).map_or(Target::Skip(lower_steps.len()), Target::End),
        fails: end(lower).map_or(Target::Skip(0), Target::End),
    }];
    program.extend(lower_steps);
    program.extend(upper_steps);
    program
}

/// Puts the ends behind, each once; `None` if one is out of reach.
fn with_ends(steps: &[Step]) -> Option<BpfProgram> {
    let mut ends = Vec::new();
    let mut program = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut distance = |target| {
            let distance = match target {
                Target::Skip(skipped) => skipped,
                Target::End(value) => {
                    let known = ends.iter().position(|end| *end == value);
                    let end = known.unwrap_or_else(|| {
                        ends.push(value);
                        ends.len() - 1
                    });
                    steps.len() + end - at - 1
                }
            };
            u8::try_from(distance).ok()
        };
        let (jt, jf) = (distance(step.holds)?, distance(step.fails)?);
        program.push(branch(step.statement.code, step.statement.k, jt, jf));
    }
    program.extend(ends.into_iter().map(|value| statement(RETURN, value)));
    Some(program)
}

/// What a filter returns for a verdict whatever the arguments.
fn constant(verdict: &Verdict) -> Option<u32> {
    match verdict {
        Verdict::Allow => Some(libc::SECCOMP_RET_ALLOW),
        Verdict::Errno(errno) => Some(libc::SECCOMP_RET_ERRNO | errno),
        Verdict::If(_) | Verdict::OneOf(..) => None,
    }
}

fn judge(verdict: &Verdict) -> BpfProgram {
    match verdict {
        Verdict::Allow | Verdict::Errno(_) => {
            let value = constant(verdict).into_iter();
            value.map(|value| statement(RETURN, value)).collect()
        }
        Verdict::OneOf(argument, values) => {
            let load = statement(LOAD, ARGUMENTS_OFFSET + ARGUMENT_BYTES * argument);
            let left = (1..=values.len()).rev();
            // To the end if it is the one.
            let tests = values.iter().zip(left);
            let tests = tests.map(|(value, left)| branch(IF_EQUAL, *value, left as u8, 0));
            let mut program: BpfProgram = std::iter::once(load).chain(tests).collect();
            program.push(statement(
                RETURN,
                libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
            ));
            program.push(statement(RETURN, libc::SECCOMP_RET_ALLOW));
            program
        }
        Verdict::If(alternatives) => {
            let mut program: BpfProgram = alternatives.iter().flat_map(|all| test(all)).collect();
            program.push(statement(
                RETURN,
                libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
            ));
            program
        }
    }
}

/// Allows if all hold, else goes on behind.
fn test(conditions: &[(u32, Condition)]) -> BpfProgram {
    let mut program = vec![statement(RETURN, libc::SECCOMP_RET_ALLOW)];
    for (argument, condition) in conditions.iter().rev() {
        let behind = program.len() as u8;
        let decide = match *condition {
            Condition::Equal(value) | Condition::Masked(_, value) => {
                branch(IF_EQUAL, value, 0, behind)
            }
            Condition::Differs(value) => branch(IF_EQUAL, value, behind, 0),
            Condition::NoneOf(bits) => branch(IF_ANY_BIT, bits, behind, 0),
        };
        program.insert(0, decide);
        if let Condition::Masked(mask, _) = *condition {
            program.insert(0, statement(AND, mask));
        }
        let load = statement(LOAD, ARGUMENTS_OFFSET + ARGUMENT_BYTES * argument);
        program.insert(0, load);
    }
    program
}

fn statement(code: u16, k: u32) -> sock_filter {
    branch(code, k, 0, 0)
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel does with a filter.
    fn interpret(program: &[sock_filter], words: &BTreeMap<u32, u32>) -> u32 {
        let (mut at, mut accumulator) = (0_usize, 0_u32);
        loop {
            let sock_filter { code, jt, jf, k } = program[at].clone();
            at += 1;
            let holds = match code {
                LOAD => {
                    accumulator = words[&k];
                    continue;
                }
                AND => {
                    accumulator &= k;
                    continue;
                }
                RETURN => return k,
                JUMP => {
                    at += k as usize;
                    continue;
                }
                IF_EQUAL => accumulator == k,
                IF_AT_LEAST => accumulator >= k,
                IF_ANY_BIT => accumulator & k != 0,
                _ => panic!("unknown code {code}"),
            };
            at += usize::from(if holds { jt } else { jf });
        }
    }

    fn decide(program: &[sock_filter], call: u32, arguments: [u32; 2]) -> u32 {
        let words = [
            (NUMBER_OFFSET, call),
            (ARCHITECTURE_OFFSET, ARCHITECTURE),
            (ARGUMENTS_OFFSET, arguments[0]),
            (ARGUMENTS_OFFSET + ARGUMENT_BYTES, arguments[1]),
        ];
        interpret(program, &words.into())
    }

    #[test]
    fn every_number_gets_its_verdict() {
        let mut table = BTreeMap::new();
        for call in 0..600 {
            match call % 7 {
                0 | 1 | 4 => table.insert(call, Verdict::Allow),
                2 => table.insert(call, Verdict::Errno(libc::ENOSYS as u32)),
                _ => None,
            };
        }
        let program = compile(&table);
        let deny = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        for call in (0..700).chain([0x4000_0000, 0x4000_0001, u32::MAX]) {
            let expected = match table.get(&c_long::from(call)) {
                Some(Verdict::Allow) => libc::SECCOMP_RET_ALLOW,
                Some(Verdict::Errno(errno)) => libc::SECCOMP_RET_ERRNO | errno,
                _ => deny,
            };
            assert_eq!(decide(&program, call, [0, 0]), expected, "call {call}");
        }
    }

    /// As many as don't fit into one search, between verdicts of every length.
    #[test]
    fn long_tables_get_their_verdicts() {
        let conditions = |call: c_long| match call % 5 {
            0 => Some(Verdict::Allow),
            1 => Some(Verdict::OneOf(0, (0..call as u32 % 60).collect())),
            2 => Some(Verdict::Errno(call as u32 % 7)),
            3 => Some(Verdict::If(vec![
                vec![(1, Condition::Equal(call as u32))];
                3
            ])),
            _ => None,
        };
        let table: BTreeMap<_, _> = (0..500)
            .filter_map(|call| Some((call, conditions(call)?)))
            .collect();
        let program = compile(&table);
        let deny = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        for call in 0..600_u32 {
            for arguments in [[0, 0], [7, call], [59, 1]] {
                let allowed = match table.get(&c_long::from(call)) {
                    Some(Verdict::Allow) => true,
                    Some(Verdict::OneOf(_, values)) => values.contains(&arguments[0]),
                    Some(Verdict::If(_)) => arguments[1] == call,
                    _ => false,
                };
                let expected = match table.get(&c_long::from(call)) {
                    Some(Verdict::Errno(errno)) => libc::SECCOMP_RET_ERRNO | errno,
                    _ if allowed => libc::SECCOMP_RET_ALLOW,
                    _ => deny,
                };
                let decided = decide(&program, call, arguments);
                assert_eq!(decided, expected, "{call} {arguments:?}");
            }
        }
    }

    #[test]
    fn conditions_hold_together_and_alternatives_alone() {
        let both = vec![(0, Condition::Equal(5)), (1, Condition::NoneOf(0b110))];
        let other = vec![(1, Condition::Equal(7)), (0, Condition::Differs(9))];
        let table = [(3, Verdict::If(vec![both, other]))].into();
        let program = compile(&table);
        let allowed = |arguments| decide(&program, 3, arguments) == libc::SECCOMP_RET_ALLOW;
        assert!(allowed([5, 1]));
        assert!(!allowed([5, 2]));
        assert!(!allowed([4, 1]));
        assert!(allowed([4, 7]));
        assert!(!allowed([9, 7]));
        assert!(allowed([5, 8]));
    }

    #[test]
    fn one_of_some_numbers_goes_through_and_no_other() {
        let numbers = [3, 5, 8, u32::MAX];
        let table = [(3, Verdict::OneOf(1, numbers.to_vec()))].into();
        let program = compile(&table);
        for number in (0..20).chain([u32::MAX - 1, u32::MAX]) {
            let allowed = decide(&program, 3, [3, number]) == libc::SECCOMP_RET_ALLOW;
            assert_eq!(allowed, numbers.contains(&number), "{number}");
        }
    }

    #[test]
    fn another_calling_convention_ends_the_process() {
        let program = compile(&[(1, Verdict::Allow)].into());
        let words = [(NUMBER_OFFSET, 1), (ARCHITECTURE_OFFSET, 0x4000_0003)].into();
        assert_eq!(interpret(&program, &words), libc::SECCOMP_RET_KILL_PROCESS);
    }
}
