//! Programs that attack the kernel and the host: each is run as root and as an ordinary user on each
//! back end, and says what must be true.

use std::io::Write;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use crate::support::{assert_held, held, labs, processes_with, python, text};
use assay_sandbox::{EndReason, Exit, Layer};

#[test]
fn password_hashes_are_not_readable() {
    held(
        "for path in ['/etc/shadow', '/etc/gshadow', '/root/.ssh/id_rsa', '/etc/sudoers']:
    refused(path, open, path)",
    );
}

#[test]
fn files_of_the_node_are_not_readable() {
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"a key").unwrap();
    // Even if its permissions are wrong.
    let everybody = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(secret.path(), everybody).unwrap();
    for mut lab in labs() {
        let state = lab.state_dir.clone();
        let script = format!(
            "refused('secret', open, {:?})
# In a box with a root of its own the paths may be made anew.
try: open({:?}, 'w').write('overwritten')
except OSError as error: print(error)
try: os.unlink({:?})
except OSError as error: print(error)
refused('lock', open, {:?})
refused('journal', open, {:?}, 'a')",
            secret.path(),
            secret.path(),
            secret.path(),
            state.join("lock"),
            state.join("0/cgroups"),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
    assert_eq!(std::fs::read(secret.path()).unwrap(), b"a key");
}

#[test]
fn environment_of_the_node_is_not_seen() {
    for mut lab in labs() {
        let script = format!(
            "import glob
if 'ASSAY_TEST_SECRET' in os.environ: print('ESCAPED environment')
for path in glob.glob('/proc/*/environ') + ['/proc/{}/environ', '/proc/1/environ']:
    try:
        if b'secret of the node' in open(path, 'rb').read(): print('ESCAPED', path)
    except OSError: pass",
            lab.pid()
        );
        let outcome = lab.run(&python(&script).env("EXPLICIT", "yes"));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn environment_is_the_fixed_and_the_explicit_one() {
    for mut lab in labs() {
        // Whoever adds some tells nothing about the host by them.
        let known = "{'HOSTNAME': 'sandbox', 'TERM': 'xterm', 'container': 'podman'}";
        let request = python(&format!(
            "for name, value in {known}.items():
    if os.environ.get(name, value) != value: print('ESCAPED', name, os.environ[name])
print(sorted(os.environ))"
        ));
        let outcome = lab.run(&request.env("EXPLICIT", "yes"));
        let expected = "['ASSAY_INPUT', 'ASSAY_OUTPUT', 'EXPLICIT', 'HOME', 'LANG', 'LC_ALL', 'PATH', \
                        'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'PYTHONNOUSERSITE', \
                        'SOURCE_DATE_EPOCH', 'TMPDIR', 'TZ']\nHELD\n";
        let mut found = text(&outcome.stdout.data);
        if lab.is_container() {
            // Podman and Docker add these, whatever they are told.
            for added in ["'HOSTNAME', ", "'TERM', ", ", 'container'"] {
                found = found.replacen(added, "", 1);
            }
        }
        assert_eq!(found, expected, "{}", lab.name);
    }
}

/// Landlock looks at cutting files only since Linux 6.2; the filter does on every kernel.
#[test]
fn without_a_root_of_its_own_a_program_cuts_only_what_it_has_opened_for_writing() {
    let request = python(
        "path = os.path.join(os.environ['ASSAY_OUTPUT'], 'x')
open(path, 'w').write('abc')
refused('by name', os.truncate, path, 0)
refused('by reading', os.open, path, os.O_RDONLY | os.O_TRUNC)
refused('by neither', os.open, path, os.O_ACCMODE | os.O_TRUNC)
assert open(path).read() == 'abc'
os.truncate(os.open(path, os.O_WRONLY), 1)
assert open(path).read() == 'a'
open(path, 'w').close()
assert open(path).read() == ''",
    );
    for mut lab in labs().filter(|lab| !lab.is_native()) {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn nothing_outside_of_the_work_directory_is_writable() {
    held("for path in ['/x', '/usr/x', '/usr/bin/x', '/etc/x', '/root/x', '/home/x', '/var/x', '/run/x', '/dev/x',
             '/work/x', 'x', 'input/x', '/sys/x', '/proc/x', os.path.dirname(os.environ['ASSAY_OUTPUT']) + '/x',
             os.path.dirname(os.path.dirname(os.environ['ASSAY_OUTPUT'])) + '/x', sys.executable]:
    refused(path, open, path, 'w')
    refused('directory ' + path, os.mkdir, path + 'd')
refused('truncating', os.truncate, sys.executable, 0)
refused('removing', os.unlink, sys.executable)
refused('renaming', os.rename, '/usr/bin', '/usr/nib')
refused('permissions', os.chmod, '/usr/bin', 0o777)");
}

#[test]
fn local_services_are_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    held(&format!(
        "import socket
for address in [('127.0.0.1', {port}), ('192.0.2.1', 80)]:
    refused('connect', socket.create_connection, address, 1)
for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW]:
    refused('socket', socket.socket, socket.AF_INET, kind)
    refused('socket', socket.socket, socket.AF_INET6, kind)"
    ));
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn ports_are_not_bound() {
    held(
        "import socket
def bind(kind):
    with socket.socket(socket.AF_INET, kind) as s: s.bind(('127.0.0.1', 0))
refused('tcp', bind, socket.SOCK_STREAM)
refused('udp', bind, socket.SOCK_DGRAM)
refused('server', socket.create_server, ('127.0.0.1', 0))",
    );
}

#[test]
fn abstract_sockets_of_the_host_are_not_reached() {
    let name = format!("assay-sandbox-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    listener.set_nonblocking(true).unwrap();
    held(&format!(
        "import socket
refused('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\\0{name}'))"
    ));
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn sockets_of_the_host_are_not_reached_by_path() {
    let directory = tempfile::tempdir().unwrap();
    let everybody = || std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(directory.path(), everybody()).unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let datagrams = directory.path().join("datagrams");
    let receiver = std::os::unix::net::UnixDatagram::bind(&datagrams).unwrap();
    receiver.set_nonblocking(true).unwrap();
    for path in [&path, &datagrams] {
        std::fs::set_permissions(path, everybody()).unwrap();
    }
    held(&format!(
        "import socket
refused('stream', lambda: socket.socket(socket.AF_UNIX).connect({path:?}))
refused('datagram', lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', {datagrams:?}))
refused('pair', lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', {datagrams:?}))
refused('stream pair', lambda: socket.socketpair()[0].sendto(b'x', {path:?}))
refused('stream pair', lambda: socket.socketpair()[0].connect({path:?}))"
    ));
    assert!(listener.accept().is_err(), "somebody connected");
    assert!(receiver.recv(&mut [0]).is_err(), "somebody sent");
}

#[test]
fn other_processes_are_not_limited_or_slowed() {
    for mut lab in labs() {
        let script = format!(
            "import resource
for pid in [{}, {}]:
    refused('limit', resource.prlimit, pid, resource.RLIMIT_NOFILE, (3, 3))
    refused('cpu', resource.prlimit, pid, resource.RLIMIT_CPU, (1, 1))
    refused('nice', os.setpriority, os.PRIO_PROCESS, pid, 19)
    refused('affinity', os.sched_setaffinity, pid, {{0}})
    refused('idle', os.sched_setscheduler, pid, os.SCHED_IDLE, os.sched_param(0))
refused('nice all', os.setpriority, os.PRIO_USER, os.getuid(), 19)
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
os.nice(1); os.sched_setaffinity(0, os.sched_getaffinity(0))",
            lab.pid(),
            std::process::id(),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn unusual_socket_families_are_refused() {
    held(
        "import socket
for family in [16, 17, 40, 38, 29, 44, 2, 10, 4, 31]:
    for kind in [1, 2, 3, 5]:
        refused((family, kind), socket.socket, family, kind)",
    );
}

#[test]
fn other_processes_are_not_seen() {
    for mut lab in labs() {
        let script = format!(
            "mine = {{os.getpid(), os.getppid(), 1}}
try: found = [int(name) for name in os.listdir('/proc') if name.isdigit()]
except OSError: found = []
print(found)
if {} and set(found) - mine: print('ESCAPED', found)
if not {} and found: print('ESCAPED', found)
refused('cmdline', open, '/proc/{}/cmdline')",
            if lab.is_native() { "True" } else { "False" },
            if lab.is_native() { "True" } else { "False" },
            lab.pid(),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn other_processes_are_not_signalled() {
    for mut lab in labs() {
        if !lab.root && !lab.is_native() && !lab.has(Layer::LandlockScope) {
            eprintln!("*** NOT TESTED *** {}: no scope of signals", lab.name);
            continue;
        }
        // In a pid namespace the parent is 0 and the number belongs to nobody.
        let script = format!(
            "import signal
for pid in [{0}, {1}]:
    refused('signal', os.kill, pid, 0)
    refused('kill', os.kill, pid, signal.SIGKILL)
    refused('pidfd', lambda pid: signal.pidfd_send_signal(os.pidfd_open(pid), 9), pid)
if os.getppid() > 1: refused('parent', os.kill, os.getppid(), 9)
if os.getpid() != 1 and os.getppid() == 1: os.kill(1, 9)
time.sleep(0.05)",
            lab.pid(),
            std::process::id(),
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn kill_everything_ends_only_the_box() {
    for mut lab in labs() {
        if !lab.root && !lab.is_native() && !lab.has(Layer::LandlockScope) {
            eprintln!("*** NOT TESTED *** {}: no scope of signals", lab.name);
            continue;
        }
        let before = lab.pid();
        let outcome = lab.run(&python(
            "import signal
if os.fork() == 0: time.sleep(100)
try: os.kill(-1, signal.SIGKILL)
except OSError as error: print(error)",
        ));
        assert!(
            outcome.end == EndReason::Exited,
            "{}: {outcome:?}",
            lab.name
        );
        let after = lab.run(&python("pass"));
        assert_held(&lab.name, &after);
        assert_eq!(lab.pid(), before);
    }
}

#[test]
fn mounting_is_refused() {
    held(
        "null = None
refused('mount', syscall, 'mount', b'tmpfs', b'/tmp', b'tmpfs', 0, null)
refused('bind', syscall, 'mount', b'/', b'/tmp', null, 4096, null)
refused('umount', syscall, 'umount2', b'/proc', 2)
refused('remount', syscall, 'mount', null, b'/', null, 32, null)
for name in ['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr']:
    refused_with([errno.EPERM], name, syscall, name, -100, b'/', 0, 0, 0)",
    );
}

#[test]
fn namespaces_are_refused() {
    held("for flag in [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]:
    refused_with([errno.EPERM], 'unshare %x' % flag, syscall, 'unshare', flag)
refused_with([errno.EPERM], 'setns', syscall, 'setns', 0, 0)");
}

#[test]
fn clone_with_namespaces_is_refused_and_clone3_is_absent() {
    held("for flag in [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]:
    refused_with([errno.EPERM], 'clone %x' % flag, syscall, 'clone', flag | 17, 0, 0, 0, 0)
args = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
refused_with([errno.ENOSYS], 'clone3', syscall, 'clone3', args, ctypes.sizeof(args))");
}

#[test]
fn memory_of_other_processes_is_refused() {
    held(
        "for request in [0, 16, 0x4206]:
    refused_with([errno.EPERM], 'ptrace', syscall, 'ptrace', request, os.getppid(), 0, 0)
refused_with([errno.EPERM], 'readv', syscall, 'process_vm_readv', os.getppid(), 0, 0, 0, 0, 0)
refused_with([errno.EPERM], 'writev', syscall, 'process_vm_writev', os.getppid(), 0, 0, 0, 0, 0)
refused_with([errno.EPERM], 'kcmp', syscall, 'kcmp', os.getpid(), 1, 0, 0, 0)
refused_with([errno.EPERM], 'pidfd_getfd', syscall, 'pidfd_getfd', 0, 0, 0)
refused_with([errno.EPERM], 'process_madvise', syscall, 'process_madvise', 0, 0, 0, 0, 0)",
    );
    for mut lab in labs() {
        if lab.is_container() {
            // The daemon's init is there for one program, as confined, and knows nothing else.
            continue;
        }
        let outcome = lab.run(&python(
            "for name in ['mem', 'maps', 'environ', 'root', 'cwd', 'fd/0', 'ns/net']:
    refused('/proc/1/' + name, open, '/proc/1/' + name, 'rb')
    refused('/proc/parent/' + name, open, '/proc/%d/%s' % (os.getppid(), name), 'rb')",
        ));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn large_attack_surfaces_are_refused() {
    held("for name in ['bpf', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'keyctl', 'add_key',
             'request_key', 'userfaultfd', 'perf_event_open', 'fanotify_init', 'seccomp', 'memfd_secret',
             'modify_ldt', 'uselib', 600]:
    refused_with([errno.EPERM], name, syscall, name, 0, 0, 0, 0, 0)");
}

#[test]
fn acts_on_the_whole_machine_are_refused() {
    held("for name in ['reboot', 'kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module',
             'swapon', 'swapoff', 'settimeofday', 'clock_settime', 'adjtimex', 'clock_adjtime', 'acct',
             'syslog', 'sethostname', 'setdomainname', 'quotactl', 'iopl', 'ioperm', 'sync', 'syncfs',
             'vhangup', 'nfsservctl']:
    refused_with([errno.EPERM], name, syscall, name, 0, 0, 0, 0, 0)");
}

#[test]
fn objects_that_outlive_a_run_are_refused() {
    held(
        "for name in ['shmget', 'semget', 'msgget', 'mq_open']:
    refused_with([errno.EPERM], name, syscall, name, 0, 4096, 0o1600, 0)",
    );
}

#[test]
fn changing_the_root_is_refused() {
    held(
        "refused_with([errno.EPERM], 'chroot', os.chroot, os.environ['TMPDIR'])
refused_with([errno.EPERM], 'pivot_root', syscall, 'pivot_root', b'.', b'.')
for path in ['/..', '/../..', '/proc/1/root', '/proc/self/root/../..']:
    try: names = os.listdir(path)
    except OSError: continue
    if 'home' in names or 'boot' in names: print('ESCAPED', path, names)",
    );
}

#[test]
fn files_by_handle_are_refused() {
    held(
        "handle = (ctypes.c_ubyte * 136)(128)
refused_with([errno.EPERM], 'name_to_handle_at', syscall, 'name_to_handle_at', -100, b'/', handle, handle, 0)
refused_with([errno.EPERM], 'open_by_handle_at', syscall, 'open_by_handle_at', -100, handle, 0)",
    );
}

#[test]
fn core_pattern_and_other_settings_are_out_of_reach() {
    let before = std::fs::read("/proc/sys/kernel/core_pattern").unwrap();
    held("for path in ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/vm/panic_on_oom',
             '/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/sys/kernel/uevent_helper',
             '/sys/fs/cgroup/memory/release_agent']:
    refused(path, open, path, 'r+')");
    for mut lab in labs() {
        // Files of one's own process can be opened in a container.
        let how = if lab.is_container() {
            "os.write(os.open(path, os.O_WRONLY), b'-1000')"
        } else {
            "open(path, 'r+')"
        };
        let script = format!(
            "for path in ['/proc/self/oom_score_adj', '/proc/1/oom_score_adj', '/proc/self/uid_map']:
    refused(path, lambda: {how})"
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
    }
    assert_eq!(
        std::fs::read("/proc/sys/kernel/core_pattern").unwrap(),
        before
    );
}

#[test]
fn facts_about_the_host_are_not_in_proc() {
    held("for name in ['cpuinfo', 'meminfo', 'version', 'cmdline', 'mounts', 'stat', 'uptime', 'loadavg', 'kallsyms',
             'modules', 'partitions', 'keys', 'config.gz', 'sys', 'net/tcp', 'interrupts', 'kcore', 'kmsg']:
    path = '/proc/' + name
    if name == 'mounts': continue
    if name.startswith('net'): path = '/proc/self/' + name
    try:
        data = os.listdir(path) if name == 'sys' else open(path).read(200)
        if name.startswith('net') and data.count('\\n') <= 1: continue
        if not data: continue
        print('ESCAPED', path, data)
    except OSError as error: print(error)");
}

#[test]
fn privileges_can_not_be_gained() {
    held("for call in [lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0),
             lambda: os.setreuid(0, 0), lambda: os.chown('output', 0, 0)]:
    refused('change of user', call)
if os.getuid() == 0 or os.geteuid() == 0: print('ESCAPED root')
if libc.prctl(39, 0, 0, 0, 0) != 1: print('ESCAPED new privileges')
head = (ctypes.c_uint32 * 2)(0x20080522, 0)
sets = (ctypes.c_uint32 * 6)()
syscall('capget', head, sets)
if any(sets): print('ESCAPED capabilities', list(sets))
full = (ctypes.c_uint32 * 6)(*[0xffffffff] * 6)
refused('capset', syscall, 'capset', head, full)
refused('ambient', lambda: 1 / 0 if libc.prctl(47, 2, 21, 0, 0) == 0 else os.stat('/nowhere'))");
}

#[test]
fn set_uid_programs_give_nothing() {
    held("import subprocess
for program in ['/usr/bin/su', '/bin/su', '/usr/bin/mount', '/usr/bin/passwd', '/usr/bin/newgrp', '/usr/bin/sudo']:
    if not os.path.exists(program): continue
    done = subprocess.run([program, '-c', 'id -u'], capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode == 0 and done.stdout.strip() == b'0': print('ESCAPED', program)");
}

#[test]
fn typing_into_terminals_is_refused() {
    held(
        "import fcntl
for fd in [0, 1, 2]:
    refused_with([errno.EPERM], 'TIOCSTI', fcntl.ioctl, fd, 0x5412, b'x')
    refused_with([errno.EPERM], 'TIOCLINUX', fcntl.ioctl, fd, 0x541c, b'x')
    # The kernel looks at the lower half only.
    refused_with([errno.EPERM], 'TIOCSTI', syscall, 'ioctl', fd, 0x7f00005412, b'x')
refused('tty', open, '/dev/tty', 'r+')
refused('console', open, '/dev/console', 'r+')",
    );
}

#[test]
fn no_descriptors_are_inherited() {
    held(
        "for fd in range(3, 1024):
    refused(fd, os.fstat, fd)",
    );
}

#[test]
fn limits_can_not_be_raised() {
    held("import resource
for limit in [resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE,
              resource.RLIMIT_CORE, resource.RLIMIT_DATA]:
    refused(limit, resource.setrlimit, limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
refused('real time', os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
refused('nice', os.setpriority, os.PRIO_PROCESS, 0, -1)");
}

#[test]
fn other_calling_conventions_are_refused() {
    for mut lab in labs() {
        for attack in [
            "refused_with([errno.EPERM], 'x32', syscall, 0x40000000 + 39)",
            "refused_with([errno.EPERM], 'x32', syscall, 0x40000000 + 272, 0x10000000)",
            "refused_with([errno.EPERM], 'x32', syscall, 0x40000000 + 520, b'/bin/true', 0, 0)",
        ] {
            let outcome = lab.run(&python(attack));
            if lab.is_container() {
                // Container runtimes end the process.
                assert_eq!(outcome.exit, Exit::Signal(31), "{}: {attack}", lab.name);
            } else {
                assert_held(&lab.name, &outcome);
            }
        }
        let outcome = lab.run(&python(
            "refused_with([errno.EPERM], 'unknown', syscall, 9999)
import mmap
# mov eax, 20; int 0x80; ret
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
child = os.fork()
if child == 0:
    ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    os._exit(0)
_, status = os.waitpid(child, 0)
if not os.WIFSIGNALED(status): print('ESCAPED int 0x80', status)",
        ));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn a_program_in_memory_is_as_confined() {
    held("code = os.memfd_create('program', 0)
os.write(code, open('/bin/sh', 'rb').read())
child = os.fork()
if child == 0:
    os.execve('/proc/self/fd/%d' % code if os.path.exists('/proc/self') else code, ['sh', '-c', 'cat /etc/shadow; : > /usr/x'], {})
_, status = os.waitpid(child, 0)
if status == 0: print('ESCAPED')");
}

#[test]
fn a_crash_leaves_no_core_file() {
    for mut lab in labs() {
        let outcome = lab.run(&python("os.chdir('output')\nos.kill(os.getpid(), 11)"));
        assert_eq!(outcome.end, EndReason::Signalled, "{}", lab.name);
        assert_eq!(outcome.exit, Exit::Signal(11), "{}", lab.name);
        assert!(outcome.files.is_empty(), "{}", lab.name);
    }
}

#[test]
fn landlock_and_seccomp_can_not_be_taken_off() {
    held(
        "if libc.prctl(21, 0, 0, 0, 0) != 2: print('ESCAPED seccomp')
refused_with([errno.EPERM], 'strict', syscall, 'seccomp', 0, 0, 0)
ruleset = (ctypes.c_uint64 * 3)((1 << 13) - 1, 0, 0)
fd = syscall('landlock_create_ruleset', ruleset, 8, 0)
syscall('landlock_restrict_self', fd, 0)
refused('after', open, '/etc/shadow')",
    );
}

#[test]
fn a_daemon_does_not_outlive_the_run() {
    for mut lab in labs() {
        let mark = format!("assay-daemon-{}-{}", std::process::id(), lab.pid());
        let script = format!(
            "for i in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(3): os.close(fd)
            os.execv(sys.executable, ['{mark}', '-I', '-S', '-c', 'import time; time.sleep(1000)'])
        os._exit(0)
time.sleep(0.2)"
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
        assert_eq!(
            processes_with(&mark),
            Vec::<std::ffi::OsString>::new(),
            "{}",
            lab.name
        );
    }
}

#[test]
fn a_daemon_that_holds_the_streams_does_not_delay_the_end() {
    for mut lab in labs() {
        let mut request = python(
            "import signal
if os.fork() == 0:
    os.setsid()
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except OSError: pass
    while True: time.sleep(100)",
        );
        request.limits.wall_ms = 60_000;
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        assert!(outcome.wall_us < 30_000_000, "{}", lab.name);
    }
}
