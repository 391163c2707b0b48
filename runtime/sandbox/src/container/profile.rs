//! The list of allowed system calls as a profile for container runtimes.

use serde_json::{Value, json};

use crate::linux::bpf::{Condition, Verdict};
use crate::linux::seccomp;

/// Of the lower half of an argument.
const LOWER_HALF: u64 = 0xffff_ffff;

/// The same list as the other back ends have. `ioctl` is not looked into: profiles can't say that
/// the lower half of an argument differs from a number, and there is no terminal in a container.
pub fn profile() -> String {
    let mut always = Vec::new();
    let mut rules = Vec::new();
    for (name, verdict) in seccomp::named_verdicts() {
        match verdict {
            Verdict::Allow => always.push(name),
            Verdict::Errno(errno) => rules.push(json!({
                "names": [name],
                "action": "SCMP_ACT_ERRNO",
                "errnoRet": errno,
            })),
            Verdict::If(alternatives) => {
                for conditions in alternatives {
                    let args = conditions
                        .iter()
                        .filter_map(|(index, is)| argument(*index, is));
                    rules.push(json!({
                        "names": [name],
                        "action": "SCMP_ACT_ALLOW",
                        "args": args.collect::<Vec<_>>(),
                    }));
                }
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

fn argument(index: u32, condition: &Condition) -> Option<Value> {
    let (mask, masked) = match *condition {
        Condition::Equal(value) => (LOWER_HALF, u64::from(value)),
        Condition::NoneOf(bits) => (u64::from(bits), 0),
        Condition::Differs(_) => return None,
    };
    Some(json!({
        "index": index,
        "value": mask,
        "valueTwo": masked,
        "op": "SCMP_CMP_MASKED_EQ",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_filter_is_in_the_profile_and_no_other() {
        let profile: Value = serde_json::from_str(&profile()).unwrap();
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
    fn conditions_hold_for_the_lower_half_of_arguments() {
        let equal = argument(0, &Condition::Equal(1)).unwrap();
        assert_eq!(equal["value"], LOWER_HALF);
        assert_eq!(equal["valueTwo"], 1);
        let none = argument(0, &Condition::NoneOf(6)).unwrap();
        assert_eq!(none["value"], 6);
        assert_eq!(none["valueTwo"], 0);
    }
}
