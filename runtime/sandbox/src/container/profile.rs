//! The list of allowed system calls as a profile for container runtimes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::linux::bpf::{Condition, Verdict};
use crate::linux::seccomp;

/// Of an argument; the kernel ignores the upper half of those that are looked at.
const LOWER_HALF: u64 = 0xffff_ffff;
/// Of the lower half.
const HIGHEST_BIT: u64 = 0x8000_0000;

/// The same list as the native back end has. Runtimes with a kernel of their own may know of no
/// error but EPERM, after which libraries don't fall back to `clone`: they get `clone3`, and what it
/// makes is in that kernel only.
pub fn profile(own_kernel: bool) -> String {
    let mut always = Vec::new();
    let mut rules = Vec::new();
    for (name, verdict) in seccomp::named_verdicts() {
        match verdict {
            Verdict::Allow => always.push(name),
            Verdict::Errno(_) if own_kernel => always.push(name),
            Verdict::Errno(errno) => rules.push(json!({
                "names": [name],
                "action": "SCMP_ACT_ERRNO",
                "errnoRet": errno,
            })),
            Verdict::OneOf(argument, values) => {
                let values = values.iter();
                rules.extend(values.map(|value| {
                    json!({
                        "names": [name],
                        "action": "SCMP_ACT_ALLOW",
                        "args": [masked(argument, LOWER_HALF, (*value).into())],
                    })
                }));
            }
            Verdict::If(alternatives) => {
                let alternatives = alternatives.iter().flat_map(|all| arguments(all));
                rules.extend(alternatives.map(|args| {
                    json!({
                        "names": [name],
                        "action": "SCMP_ACT_ALLOW",
                        "args": args,
                    })
                }));
            }
        }
    }
    rules.insert(0, json!({"names": always, "action": "SCMP_ACT_ALLOW"}));
    let profile = json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": libc::EPERM,
        "syscalls": rules,
    });
    profile.to_string()
}

/// Alternatives that together say the same as all of these conditions. In a rule of a profile each
/// argument comes once.
fn arguments(conditions: &[(u32, Condition)]) -> Vec<Vec<Value>> {
    let mut same = Vec::new();
    let mut differing = BTreeMap::<u32, Vec<u64>>::new();
    for (index, condition) in conditions {
        match *condition {
            Condition::Equal(value) => same.push(masked(*index, LOWER_HALF, value.into())),
            Condition::NoneOf(bits) => same.push(masked(*index, bits.into(), 0)),
            Condition::Masked(mask, value) => {
                same.push(masked(*index, mask.into(), value.into()));
            }
            Condition::Differs(value) => differing.entry(*index).or_default().push(value.into()),
        }
    }
    let mut alternatives = vec![same];
    for (index, values) in differing {
        let mut others = Vec::new();
        all_but(&values, HIGHEST_BIT, 0, 0, &mut others);
        let with = |before: &Vec<Value>| {
            let before = before.clone();
            let rule = move |(mask, value): &(u64, u64)| {
                let mut rule = before.clone();
                rule.push(masked(index, *mask, *value));
                rule
            };
            others.iter().map(rule).collect::<Vec<_>>()
        };
        alternatives = alternatives.iter().flat_map(with).collect();
    }
    alternatives
}

/// Masks and values that fit every number but these, which all fit `mask` and `value` already:
/// profiles can't say that the lower half of an argument differs from a number.
fn all_but(values: &[u64], bit: u64, mask: u64, value: u64, others: &mut Vec<(u64, u64)>) {
    if bit == 0 {
        return;
    }
    for half in [0, bit] {
        let within: Vec<u64> = values.iter().copied().filter(|v| v & bit == half).collect();
        if within.is_empty() {
            others.push((mask | bit, value | half));
        } else {
            all_but(&within, bit >> 1, mask | bit, value | half, others);
        }
    }
}

fn masked(index: u32, mask: u64, value: u64) -> Value {
    json!({
        "index": index,
        "value": mask,
        "valueTwo": value,
        "op": "SCMP_CMP_MASKED_EQ",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_filter_is_in_the_profile_and_no_other() {
        let profile: Value = serde_json::from_str(&profile(false)).unwrap();
        let rules = profile["syscalls"].as_array().unwrap();
        let has = |name: &str| {
            let mut names = rules
                .iter()
                .flat_map(|rule| rule["names"].as_array().unwrap());
            names.any(|listed| listed == name)
        };
        for name in [
            "read",
            "execve",
            "clone",
            "clone3",
            "socket",
            "personality",
            "ioctl",
        ] {
            assert!(has(name), "{name}");
        }
        for name in [
            "mount",
            "bpf",
            "ptrace",
            "unshare",
            "setns",
            "io_uring_setup",
            "keyctl",
        ] {
            assert!(!has(name), "{name}");
        }
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
    }

    #[test]
    fn conditions_are_about_the_lower_half_of_arguments() {
        let equal = arguments(&[(0, Condition::Equal(1)), (1, Condition::NoneOf(6))]);
        assert_eq!(equal, [[masked(0, LOWER_HALF, 1), masked(1, 6, 0)]]);
        let part = arguments(&[(2, Condition::Masked(3, 1))]);
        assert_eq!(part, [[masked(2, 3, 1)]]);
    }

    #[test]
    fn all_other_numbers_fit_and_the_excluded_ones_do_not() {
        let excluded = [0x5412, 0x541c];
        let rules = arguments(&excluded.map(|value| (1, Condition::Differs(value))));
        let fits = |argument: u64| {
            let fits = |rule: &Vec<Value>| {
                let number = |field: &str| rule[0][field].as_u64().unwrap();
                argument & number("value") == number("valueTwo")
            };
            rules.iter().any(fits)
        };
        for number in 0..0x10000_u64 {
            let expected = !excluded.contains(&u32::try_from(number).unwrap());
            assert_eq!(fits(number), expected, "{number:x}");
            assert_eq!(fits(number | 0x7f_0000_0000), expected, "{number:x}");
            assert!(fits(number | 0x8000_0000));
        }
    }
}
