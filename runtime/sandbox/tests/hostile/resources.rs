//! Programs that use more than they may.

use assay_sandbox::{EndReason, Exit, Flood, Layer, Outcome, Request};

use crate::support::{Lab, assert_held, labs, processes_with, python, text};

/// On every lab: ended for this reason.
#[track_caller]
fn ends(request: &Request, expected: EndReason) {
    for mut lab in labs() {
        let outcome = lab.run(request);
        assert_ended(&lab, &outcome, expected);
    }
}

#[track_caller]
fn assert_ended(lab: &Lab, outcome: &Outcome, expected: EndReason) {
    let stderr = text(&outcome.stderr.data);
    let tail: String = stderr
        .chars()
        .rev()
        .take(400)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_eq!(
        outcome.end, expected,
        "{}: {:?}\n{tail}",
        lab.name, outcome.exit
    );
}

#[test]
fn fork_bomb() {
    let mark = format!("assay-bomb-{}", std::process::id());
    let mut request = python(&format!(
        "'{mark}'
while True:
    try: os.fork()
    except OSError: pass"
    ));
    request.limits.processes = 16;
    request.limits.wall_ms = 20_000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Processes);
        assert!(processes_with(&mark).is_empty(), "{}", lab.name);
    }
}

#[test]
fn fork_bomb_of_sessions_that_lose_their_parents() {
    let mark = format!("assay-orphans-{}", std::process::id());
    let mut request = python(&format!(
        "'{mark}'
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork(): os._exit(0)
    except OSError: pass"
    ));
    request.limits.processes = 16;
    request.limits.wall_ms = 2000;
    for mut lab in labs() {
        // It may end itself, be ended for its number of processes, or for its time.
        lab.run(&request);
        assert!(processes_with(&mark).is_empty(), "{}", lab.name);
    }
}

#[test]
fn thread_bomb() {
    let mut request = python(
        "import threading
started = 0
try:
    while started < 500:
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        started += 1
except RuntimeError as error: print(error)
time.sleep(30)",
    );
    request.limits.processes = 16;
    ends(&request, EndReason::Processes);
}

#[test]
fn memory_bomb() {
    let mut request = python(
        "held = []
while True: held.append(bytearray(os.urandom(1 << 16)) * 16); time.sleep(0.001)",
    );
    request.limits.memory_bytes = 64 << 20;
    ends(&request, EndReason::Memory);
}

#[test]
fn memory_bomb_of_many_processes() {
    let mut request = python(
        "for i in range(7):
    if os.fork() == 0: break
held = []
for i in range(24): held.append(os.urandom(1 << 20)); time.sleep(0.002)
time.sleep(20)",
    );
    request.limits.memory_bytes = 100 << 20;
    ends(&request, EndReason::Memory);
}

#[test]
fn memory_in_files_counts() {
    for mut lab in labs() {
        if !lab.has(Layer::MemoryCgroup) {
            eprintln!("*** NOT TESTED *** {}: no memory cgroup", lab.name);
            continue;
        }
        let mut request = python(
            "fd = os.memfd_create('hidden', 0)
for i in range(4096): os.write(fd, bytes(1 << 20))",
        );
        request.limits.memory_bytes = 64 << 20;
        request.limits.file_bytes = 1 << 40;
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Memory);
    }
}

#[test]
fn more_address_space_than_memory_is_fine() {
    let mut request = python(
        "import mmap
reserved = [mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ) for _ in range(8)]",
    );
    request.limits.memory_bytes = 64 << 20;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn endless_loop() {
    let mut request = python("while True: pass");
    request.limits.cpu_ms = 500;
    request.limits.wall_ms = 60_000;
    ends(&request, EndReason::Cpu);
}

#[test]
fn endless_loop_of_many_processes() {
    let mut request = python(
        "for i in range(3): os.fork()
while True: pass",
    );
    request.limits.cpu_ms = 1000;
    request.limits.wall_ms = 60_000;
    ends(&request, EndReason::Cpu);
}

#[test]
fn ignoring_the_signal_for_cpu_time_does_not_help() {
    let mut request = python(
        "import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True: pass",
    );
    request.limits.cpu_ms = 300;
    request.limits.wall_ms = 60_000;
    ends(&request, EndReason::Cpu);
}

#[test]
fn sleeping_too_long() {
    let mut request = python("time.sleep(1000)");
    request.limits.wall_ms = 300;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Wall);
        assert_eq!(outcome.exit, Exit::Signal(9), "{}", lab.name);
        assert!(outcome.wall_us >= 300_000, "{}", lab.name);
    }
}

#[test]
fn ignoring_every_signal() {
    let mut request = python(
        "import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True: time.sleep(1)",
    );
    request.limits.wall_ms = 500;
    ends(&request, EndReason::Wall);
}

#[test]
fn stopping_itself() {
    let mut request = python("os.kill(os.getpid(), 19)");
    request.limits.wall_ms = 300;
    ends(&request, EndReason::Wall);
}

#[test]
fn slow_trickle_does_not_extend_the_time() {
    let mut request = python("while True: print('x', flush=True); time.sleep(0.02)");
    // Long enough for an interpreter to start on a busy machine.
    request.limits.wall_ms = 2000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Wall);
        assert!(outcome.stdout.data.starts_with(b"x\n"), "{}", lab.name);
        assert!(!outcome.stdout.truncated, "{}", lab.name);
    }
}

#[test]
fn flood_of_standard_output() {
    let mut request = python("while True: os.write(1, b'x' * 65536)");
    request.limits.stdout_bytes = 100_000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Output);
        assert_eq!(outcome.stdout.data.len(), 100_000, "{}", lab.name);
        assert!(outcome.stdout.truncated, "{}", lab.name);
    }
}

#[test]
fn flood_of_standard_error() {
    let mut request = python("while True: os.write(2, b'x' * 65536)");
    request.limits.stderr_bytes = 1000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Output);
        assert_eq!(outcome.stderr.data.len(), 1000, "{}", lab.name);
    }
}

#[test]
fn discarded_flood_lets_the_program_end() {
    let mut request =
        python("for i in range(64): os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)");
    request.limits.stdout_bytes = 10;
    request.limits.stderr_bytes = 0;
    request.flood = Flood::Discard;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_ended(&lab, &outcome, EndReason::Exited);
        assert_eq!(outcome.stdout.data, b"xxxxxxxxxx", "{}", lab.name);
        assert!(
            outcome.stdout.truncated && outcome.stderr.truncated,
            "{}",
            lab.name
        );
    }
}

#[test]
fn disk_fill() {
    let script = "written = 0
try:
    for name in range(1000):
        with open('output/%d' % name, 'wb') as file:
            for i in range(8): written += file.write(os.urandom(1 << 14))
except OSError as error: print(error)
time.sleep(0.3)
if written > 300 << 10: print('ESCAPED', written)";
    let mut request = python(script);
    request.limits.output_bytes = 256 << 10;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        if lab.has(Layer::DiskQuota) {
            assert_held(&lab.name, &outcome);
        } else {
            assert_ended(&lab, &outcome, EndReason::Output);
        }
    }
}

#[test]
fn temporary_files_fill() {
    let script = "written = 0
try:
    for name in range(1000):
        with open(os.environ['TMPDIR'] + '/%d' % name, 'wb') as file:
            written += file.write(bytes(1 << 20)); time.sleep(0.002)
except OSError as error: print(error)
time.sleep(0.3)
if written > 5 << 20: print('ESCAPED', written)";
    let mut request = python(script);
    request.limits.tmp_bytes = 4 << 20;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        if lab.has(Layer::DiskQuota) || lab.is_container() {
            assert_held(&lab.name, &outcome);
        } else {
            assert_ended(&lab, &outcome, EndReason::Output);
        }
    }
}

#[test]
fn too_many_files() {
    let script = "made = 0
try:
    for name in range(20000): open('output/%d' % name, 'w').close(); made += 1
except OSError as error: print(error)
time.sleep(0.3)
if made > 100: print('ESCAPED', made)";
    let mut request = python(script);
    request.limits.output_files = 100;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        if lab.has(Layer::DiskQuota) {
            assert_held(&lab.name, &outcome);
            assert_eq!(outcome.files.len(), 100, "{}", lab.name);
        } else {
            assert_ended(&lab, &outcome, EndReason::Output);
            assert!(outcome.files.len() <= 100, "{}", lab.name);
        }
    }
}

#[test]
fn one_large_file() {
    let mut request = python(
        "try: open('output/large', 'wb').write(bytes(1 << 20))
except OSError as error: print(error)
print(os.path.getsize('output/large'))",
    );
    request.limits.file_bytes = 8192;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        assert!(
            outcome.files.iter().all(|file| file.data.len() <= 8192),
            "{}",
            lab.name
        );
    }
}

#[test]
fn too_many_descriptors() {
    let mut request = python("refused('descriptors', lambda: [os.dup(0) for _ in range(1000)])");
    request.limits.open_files = 64;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn too_many_queued_signals_and_timers() {
    let script = "def timers():
    for _ in range(100000):
        syscall('timer_create', 1, None, ctypes.byref(ctypes.c_int()))
refused('timers', timers)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn huge_argument_lists() {
    let script = "refused('arguments', os.execv, '/bin/true', ['x' * 100000] * 100)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
        let huge = Request::new("true").args(vec!["x".repeat(100_000); 20]);
        let refused = lab.try_run(&huge).unwrap_err();
        assert!(refused.contains("args and env"), "{}: {refused}", lab.name);
    }
}

#[test]
fn standard_input_that_nobody_reads() {
    let mut request = python("pass");
    request.stdin = vec![b'x'; 300_000];
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn closed_streams() {
    let mut request = python("for fd in range(3): os.close(fd)\ntime.sleep(0.1)\nos._exit(7)");
    request.stdin = vec![b'x'; 200_000];
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_eq!(outcome.exit, Exit::Code(7), "{}", lab.name);
    }
}
