//! Programs that look for rarely used doors of the kernel: filters of their own, options, signals and
//! timers for others, priorities, devices, descriptors by path.

use std::time::{Duration, Instant};

use assay_sandbox::{EndReason, Layer};

use crate::support::{assert_held, held, labs, processes_with, python, text};

/// Until a program has begun.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The kernel would translate them to machine code of its own.
#[test]
fn filters_can_not_be_given_to_the_kernel() {
    held(
        "import socket, struct
accept = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
program = struct.pack('HxxxxxxP', 1, ctypes.addressof(accept))
pair = socket.socketpair()
for option in [26, 50]:
    refused_with([errno.EPERM], 'socket filter', pair[0].setsockopt, socket.SOL_SOCKET, option, program)
for option in [51, 52]:
    refused_with([errno.EPERM], 'reuse filter', pair[0].setsockopt, socket.SOL_SOCKET, option, program)
pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
buffer = ctypes.create_string_buffer(program)
refused_with([errno.EPERM], 'prctl', syscall, 'prctl', 22, 2, ctypes.addressof(buffer), 0, 0)
refused_with([errno.EPERM], 'seccomp', syscall, 'seccomp', 1, 8, ctypes.addressof(buffer))",
    );
}

#[test]
fn options_of_a_process_that_nobody_needs_are_refused() {
    held(
        "for option in [5, 6, 13, 22, 25, 26, 31, 32, 33, 35, 50, 57, 59, 62, 65, 71, 78, 79, 80, 999, 0x53564d41, 0xffffffff]:
    refused_with([errno.EPERM], option, syscall, 'prctl', option, 0, 0, 0, 0)
# Everyday ones are not.
for option in [3, 16, 21, 30, 37, 39]: libc.prctl(option, ctypes.create_string_buffer(64), 0, 0, 0)
if libc.prctl(15, b'name', 0, 0, 0) or libc.prctl(1, 9, 0, 0, 0) or libc.prctl(36, 1, 0, 0, 0): print('ESCAPED')",
    );
}

#[test]
fn the_way_memory_is_laid_out_stays() {
    held(
        "for persona in [0x0040000, 0x0400000, 0x0200000, 0x0100000, 8]:
    refused_with([errno.EPERM], 'personality %x' % persona, syscall, 'personality', persona)
if syscall('personality', 0xffffffff) & 0x0440000: print('ESCAPED')",
    );
}

#[test]
fn system_calls_of_newer_kernels_are_refused() {
    held(
        "for number in [425, 426, 427, 442, 443, 447, 448, 450, 451] + list(range(453, 600)):
    refused_with([errno.EPERM], number, syscall, number, 0, 0, 0, 0, 0)",
    );
}

/// Whoever owns a descriptor gets a signal of the program's choice when something happens to it.
#[test]
fn news_of_descriptors_do_not_go_to_others() {
    for mut lab in labs() {
        if !lab.root && !lab.is_native() && !lab.has(Layer::LandlockScope) {
            eprintln!("*** NOT TESTED *** {}: no scope of signals", lab.name);
            continue;
        }
        let script = format!(
            "import fcntl, signal, socket, struct
for owner in [{}, {}, os.getppid(), -{}, 1]:
    for kind in [0, 1, 2]:
        pair = socket.socketpair()
        try:
            fcntl.fcntl(pair[0], 10, signal.SIGKILL)
            fcntl.fcntl(pair[0], 15, struct.pack('ii', kind, abs(owner)))
            fcntl.fcntl(pair[0], fcntl.F_SETOWN, owner)
            fcntl.fcntl(pair[0], fcntl.F_SETFL, os.O_ASYNC)
        except OSError as error: print(error)
        pair[1].send(b'x')
time.sleep(0.05)",
            lab.pid(),
            std::process::id(),
            lab.pid(),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn timers_do_not_signal_others() {
    for mut lab in labs() {
        // value, signal, SIGEV_THREAD_ID, thread
        let script = format!(
            "import struct
for thread in [{}, {}, os.getppid() or 1]:
    event = ctypes.create_string_buffer(struct.pack('Qiii', 0, 9, 4, thread) + bytes(44))
    number = ctypes.c_int()
    refused('timer', syscall, 'timer_create', 1, event, ctypes.byref(number))",
            lab.pid(),
            std::process::id(),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn a_sibling_made_by_clone_does_not_outlive_the_run() {
    // CLONE_PARENT, twice, as leader of a session each; the second tells that it is there.
    leaves_nobody(
        "sibling",
        "became, becomes = os.pipe()
if syscall('clone', 0x8000 | 17, 0, 0, 0, 0) == 0:
    os.setsid()
    if syscall('clone', 0x8000 | 17, 0, 0, 0, 0) == 0:
        os.setsid()
        for fd in range(3): os.close(fd)
        os.execv(sys.executable, [mark, '-I', '-S', '-c', 'import time; time.sleep(1000)'])
    os._exit(0)
os.close(becomes)
os.read(became, 1)",
    );
}

#[test]
fn a_subreaper_keeps_nothing_from_the_end() {
    leaves_nobody(
        "subreaper",
        "became, becomes = os.pipe()
if os.fork() == 0:
    os.setsid(); libc.prctl(36, 1, 0, 0, 0)
    if os.fork() == 0:
        if os.fork(): os._exit(0)
        for fd in range(3): os.close(fd)
        os.execv(sys.executable, [mark, '-I', '-S', '-c', 'import time; time.sleep(1000)'])
    os.close(becomes)
    for fd in range(3): os.close(fd)
    time.sleep(1000)
os.close(becomes)
os.read(became, 1)",
    );
}

/// Runs a program that lets a process of the name `mark` behind.
#[track_caller]
fn leaves_nobody(name: &str, script: &str) {
    for mut lab in labs() {
        let mark = format!("assay-{name}-{}-{}", std::process::id(), lab.pid());
        let outcome = lab.run(&python(&format!("mark = '{mark}'\n{script}")));
        assert_held(&lab.name, &outcome);
        assert!(processes_with(&mark).is_empty(), "{}", lab.name);
    }
}

#[test]
fn stopping_everything_does_not_stop_the_end() {
    let mut request = python(
        "import signal
for i in range(4):
    if os.fork() == 0:
        while True: os.kill(os.getpid(), signal.SIGSTOP)
try: os.kill(-1, signal.SIGSTOP)
except OSError as error: print(error)
os.kill(os.getpid(), signal.SIGSTOP)",
    );
    request.limits.wall_ms = 500;
    for mut lab in labs() {
        if !lab.root && !lab.is_native() && !lab.has(Layer::LandlockScope) {
            eprintln!("*** NOT TESTED *** {}: no scope of signals", lab.name);
            continue;
        }
        let outcome = lab.run(&request);
        assert_eq!(outcome.end, EndReason::Wall, "{}", lab.name);
        let next = lab.run(&python("pass"));
        assert_held(&lab.name, &next);
    }
}

#[test]
fn nobody_gets_ahead_of_others_by_priority() {
    held(
        "import resource, struct
for policy in [os.SCHED_FIFO, os.SCHED_RR]:
    for pid in [0, os.getpid()]: refused('policy', os.sched_setscheduler, pid, policy, os.sched_param(1))
deadline = ctypes.create_string_buffer(struct.pack('IIQiIQQQ', 48, 6, 0, 0, 0, 10000000, 20000000, 20000000))
refused_with([errno.EPERM], 'deadline', syscall, 'sched_setattr', 0, deadline, 0)
refused_with([errno.EPERM], 'disk', syscall, 'ioprio_set', 1, 0, 1 << 13)
refused_with([errno.EPERM], 'memory policy', syscall, 'set_mempolicy', 0, None, 0)
refused_with([errno.EPERM], 'moving pages', syscall, 'move_pages', 0, 0, 0, 0, 0, 0)
for limit in [resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE]:
    if resource.getrlimit(limit) != (0, 0): print('ESCAPED', resource.getrlimit(limit))
    refused('limit', resource.setrlimit, limit, (1, 1))
if os.nice(0) < 0: print('ESCAPED')
refused('nice', os.nice, -1)",
    );
}

#[test]
fn memory_can_not_be_locked_beyond_the_limit() {
    let mut request = python(
        "libc.mlockall(7)
import mmap
try:
    for i in range(100): mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x2000 | 0x8000)
except OSError as error: print('refused', error)
else: print('ESCAPED')
time.sleep(0.3)",
    );
    request.limits.memory_bytes = 64 << 20;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        let stdout = text(&outcome.stdout.data);
        assert!(!stdout.contains("ESCAPED"), "{}: {stdout}", lab.name);
    }
}

#[test]
fn devices_and_the_kernels_file_systems_are_out_of_reach() {
    for mut lab in labs() {
        // Containers have terminals and message queues of their own.
        let own = if lab.is_container() {
            ""
        } else {
            "'ptmx', 'pts/ptmx', 'mqueue'"
        };
        let script = format!("for name in [{own}] + ['kmsg', 'mem', 'kmem', 'port', 'kvm', 'fuse', 'net/tun', 'pts/0', 'tty', 'tty0', 'console',
             'loop-control', 'loop0', 'vda', 'sda', 'nvme0n1', 'dm-0', 'mapper/control', 'userfaultfd', 'vhost-net', 'vhost-vsock',
             'vsock', 'hwrng', 'rtc0', 'watchdog', 'snapshot', 'uinput', 'input/event0', 'dri/card0', 'nvidia0', 'cuse', 'autofs',
             'hpet', 'cpu_dma_latency', 'cpu/0/msr', 'udmabuf', 'dma_heap/system', 'log', 'initctl', 'hugepages']:
    for flags in [os.O_RDONLY, os.O_WRONLY, os.O_RDWR]:
        refused((name, flags), os.open, '/dev/' + name, flags | os.O_NONBLOCK)
for path in ['/sys/kernel', '/sys/fs/cgroup', '/sys/fs/bpf', '/sys/kernel/debug', '/sys/kernel/tracing', '/sys/kernel/security',
             '/sys/class', '/sys/devices', '/sys/firmware', '/sys/module', '/boot', '/lost+found', '/root', '/home', '/srv', '/media']:
    try: names = os.listdir(path)
    except OSError: continue
    # Where the interpreter's tree is, nothing but it is.
    if set(names) - set(sys.prefix.split('/')): print('ESCAPED', path, names)");
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn the_programs_own_entries_in_proc_are_no_door() {
    for mut lab in labs() {
        let outcome = lab.run(&python("for name in ['exe', 'root/usr/bin/env', 'root/etc/passwd']:
    for me in ['self', 'thread-self', str(os.getpid())]:
        refused(name, open, '/proc/%s/%s' % (me, name), 'r+b')
        refused(name, os.truncate, '/proc/%s/%s' % (me, name), 0)
for me in ['self', '1']:
    for path in ['root/../etc/shadow', 'cwd/../../etc/shadow', 'root/proc/1/root/etc/shadow', 'cwd/../../../../../etc/shadow',
                 'task/%d/root/etc/shadow' % os.getpid()]:
        refused(path, open, '/proc/%s/%s' % (me, path))
for kind in ['mnt', 'user', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time']:
    for owner in ['self', '1', str(os.getppid())]:
        try: handle = os.open('/proc/%s/ns/%s' % (owner, kind), os.O_RDONLY)
        except OSError: continue
        refused_with([errno.EPERM], kind, syscall, 'setns', handle, 0)
        os.close(handle)
handle = os.pidfd_open(os.getpid())
refused_with([errno.EPERM], 'setns', syscall, 'setns', handle, 0x10000000)
for request in [0xff01, 0xff02, 0xff05, 0xff06, 0xff09, 0xff0a]:
    refused_with([errno.EPERM], 'namespace of a process', syscall, 'ioctl', handle, request, 0)"));
        assert_held(&lab.name, &outcome);
        if lab.is_container() {
            // Files of one's own process can be opened there, they lead to nothing.
            continue;
        }
        let outcome = lab.run(&python("for name in ['mem', 'clear_refs', 'oom_adj', 'oom_score_adj', 'timens_offsets', 'loginuid',
             'coredump_filter', 'sched', 'comm', 'setgroups', 'gid_map', 'projid_map', 'attr/exec', 'autogroup', 'make-it-fail']:
    for owner in ['self', '1']:
        refused(name, open, '/proc/%s/%s' % (owner, name), 'r+b', 0)"));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn streams_opened_anew_give_no_other_rights() {
    for mut lab in labs() {
        let mut request = python(
            "for fd in [0, 1, 2]:
    # A pipe has two ends, both of this program alone; nothing of the node's can be read or stopped.
    try: again = os.open('/proc/self/fd/%d' % fd, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error: print('refused', error); continue
    os.write(again, b'') ; os.close(again)
try:
    import fcntl
    fcntl.fcntl(1, 1031, 4096); fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK)
except OSError as error: print('refused', error)
sys.stdout.write('x' * 200000 + '\\n')",
        );
        request.stdin = b"input".to_vec();
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        assert!(outcome.stdout.data.len() > 200_000, "{}", lab.name);
    }
}

#[test]
fn messages_between_processes_carry_no_false_names() {
    held(
        "import socket, struct
here, there = socket.socketpair()
there.setsockopt(socket.SOL_SOCKET, 16, 1)
for credentials in [(1, os.getuid(), os.getgid()), (os.getpid(), 0, 0), (os.getppid() or 2, os.getuid(), os.getgid())]:
    refused('credentials', here.sendmsg, [b'x'], [(socket.SOL_SOCKET, 2, struct.pack('iII', *credentials))])
reading, writing = os.pipe()
there.setsockopt(socket.SOL_SOCKET, 16, 0)
socket.send_fds(here, [b'x'], [writing])
_, received, _, _ = socket.recv_fds(there, 1, 1)
os.write(received[0], b'passed on')
assert os.read(reading, 9) == b'passed on'",
    );
}

/// The kernel counts them by user, and boxes may have the node's own.
#[test]
fn descriptors_on_their_way_are_bounded_and_stop_no_other_box() {
    let mut labs: Vec<_> = labs().collect();
    for flooding in 0..labs.len() {
        let mark = format!("assay-way-{flooding}-{}", std::process::id());
        let request = python(&format!(
            "import socket
kept = []
def flood():
    for i in range(100000):
        pair = socket.socketpair(); kept.append(pair)
        for _ in range(100): socket.send_fds(pair[0], [b'x'], [pair[0].fileno(), pair[1].fileno()])
refused('flood', flood)
if os.fork() == 0: os.execv(sys.executable, ['{mark}' + '-there', '-I', '-S', '-c', 'import time; time.sleep(1000)'])
time.sleep(2)"
        ));
        labs[flooding].send(&request);
        let begun = Instant::now();
        while processes_with(&format!("{mark}-there")).is_empty() {
            assert!(begun.elapsed() < WAIT_MAX, "{}", labs[flooding].name);
            std::thread::yield_now();
        }
        for other in (0..labs.len()).filter(|other| *other != flooding) {
            let outcome = labs[other].run(&python("pass"));
            assert_held(&labs[other].name, &outcome);
        }
        let outcome = labs[flooding].answer().unwrap();
        assert_held(&labs[flooding].name, &outcome);
        let next = labs[flooding].run(&python("pass"));
        assert_held(&labs[flooding].name, &next);
    }
}

#[test]
fn programs_start_as_every_program_expects() {
    for mut lab in labs() {
        // The first processes of containers keep some signals back, and don't undo that.
        let mask = if lab.is_container() { "False" } else { "True" };
        let outcome = lab.run(&python(&format!(
            "import resource, signal
for number in range(1, 65):
    if number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ, 32, 33): continue
    if signal.getsignal(number) != signal.SIG_DFL: print('ESCAPED handler', number)
if {mask} and signal.pthread_sigmask(signal.SIG_BLOCK, []): print('ESCAPED mask')
if signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0): print('ESCAPED timer')
if os.umask(0) != 0o22: print('ESCAPED umask')
if os.getpgrp() == 0 or os.getsid(0) == 0: print('ESCAPED session of the node')
if set(os.getgroups()) - {{os.getgid()}}: print('ESCAPED groups', os.getgroups())
try: print('ESCAPED terminal', os.tcgetpgrp(0))
except OSError: pass
if resource.getrlimit(resource.RLIMIT_CORE)[1] > 1: print('ESCAPED core')"
        )));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn the_name_of_the_host_is_not_told() {
    for mut lab in labs() {
        let script = "for name in [os.uname().nodename, __import__('socket').gethostname()]:
    if name != 'sandbox': print('ESCAPED', name)
if os.uname().version and os.path.exists('/etc/hostname') and open('/etc/hostname').read().strip() not in ('', 'sandbox'): print('ESCAPED file')
for path in ['/etc/machine-id', '/var/lib/dbus/machine-id', '/proc/sys/kernel/random/boot_id', '/etc/resolv.conf', '/sys/class/dmi/id/product_uuid']:
    try:
        if open(path).read().strip(): print('ESCAPED', path)
    except OSError: pass";
        // Without a namespace for it the name is the host's.
        if lab.has(Layer::UtsNamespace) || lab.is_native() {
            let outcome = lab.run(&python(script));
            assert_held(&lab.name, &outcome);
        }
    }
}
