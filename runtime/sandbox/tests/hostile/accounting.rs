//! What is said about a run is true: time, memory, exit.

use assay_sandbox::{EndReason, Exit, Layer};

use crate::support::{labs, python};

#[test]
fn sleeping_uses_wall_time_but_no_cpu_time() {
    for mut lab in labs() {
        let outcome = lab.run(&python("time.sleep(0.5)"));
        assert!(outcome.wall_us >= 500_000, "{}: {outcome:?}", lab.name);
        assert!(outcome.cpu_us < 400_000, "{}: {outcome:?}", lab.name);
    }
}

#[test]
fn spinning_uses_cpu_time_of_children_as_well() {
    let script = "def spin():
    while time.process_time() < 0.3: pass
if os.fork() == 0: spin(); os._exit(0)
os.wait(); spin()";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        // The groups of a container are gone with it, and what it used last with them.
        let least = if lab.is_container() { 560_000 } else { 590_000 };
        assert!(outcome.cpu_us >= least, "{}: {outcome:?}", lab.name);
        assert!(outcome.cpu_us < 2_000_000, "{}: {outcome:?}", lab.name);
    }
}

#[test]
fn cpu_time_of_orphans_and_of_the_killed_counts() {
    let script = "import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    if os.fork() == 0:
        while True: pass
    os._exit(0)
time.sleep(0.8)";
    for mut lab in labs() {
        if !lab.has(Layer::CpuCgroup) {
            eprintln!("*** NOT TESTED *** {}: no cpu cgroup", lab.name);
            continue;
        }
        let outcome = lab.run(&python(script));
        assert!(outcome.cpu_us >= 150_000, "{}: {outcome:?}", lab.name);
    }
}

#[test]
fn peak_memory_is_what_was_touched() {
    for mut lab in labs() {
        let small = lab.run(&python("pass")).peak_memory_bytes.unwrap();
        let outcome = lab.run(&python("block = b'x' * (64 << 20); del block"));
        let large = outcome.peak_memory_bytes.unwrap();
        assert!(
            (60 << 20..100 << 20).contains(&large),
            "{}: {large}",
            lab.name
        );
        // Files of its image count for the first container that reads them.
        let most = if lab.is_container() {
            100 << 20
        } else {
            40 << 20
        };
        assert!(small < most, "{}: {small}", lab.name);
        let again = lab.run(&python("pass")).peak_memory_bytes.unwrap();
        assert!(again < 40 << 20, "{}: {again}", lab.name);
    }
}

#[test]
fn exit_codes_are_passed_on() {
    for mut lab in labs() {
        for code in [0, 1, 77, 255] {
            let outcome = lab.run(&python(&format!("os._exit({code})")));
            assert_eq!(outcome.exit, Exit::Code(code), "{}", lab.name);
            assert_eq!(outcome.end, EndReason::Exited, "{}", lab.name);
        }
    }
}

#[test]
fn signals_are_passed_on() {
    for mut lab in labs() {
        for signal in [6, 11, 15, 9, 34, 64] {
            let script = format!("os.kill(os.getpid(), {signal}); time.sleep(5)");
            let outcome = lab.run(&python(&script));
            assert_eq!(outcome.exit, Exit::Signal(signal), "{}", lab.name);
            assert_eq!(outcome.end, EndReason::Signalled, "{}", lab.name);
        }
    }
}

#[test]
fn layers_in_force_are_those_of_the_self_test() {
    for mut lab in labs() {
        let outcome = lab.run(&python("pass"));
        assert_eq!(outcome.backend, lab.backend);
        assert!(outcome.layers.is_sorted(), "{}", lab.name);
        for layer in [
            Layer::Seccomp,
            Layer::NoNewPrivileges,
            Layer::NoCapabilities,
        ] {
            assert!(outcome.layers.contains(&layer), "{}: {layer:?}", lab.name);
        }
        let all = outcome.layers.iter().all(|layer| lab.has(*layer));
        assert!(all, "{}: {:?}", lab.name, outcome.layers);
        assert_eq!(
            lab.is_native(),
            outcome.layers.contains(&Layer::PidNamespace)
        );
    }
}
