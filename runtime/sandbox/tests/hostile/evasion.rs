//! Programs that try to be overlooked by who counts and ends them.

use std::time::{Duration, Instant};

use crate::support::{Lab, assert_held, labs, processes_with, python, text};
use assay_sandbox::{EndReason, Layer, Request};

/// A process that its parent leaves behind, outside of its session, does `work`.
fn orphan(work: &str) -> Request {
    python(&format!(
        "if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    {work}
    os._exit(0)
os.wait()
time.sleep(20)"
    ))
}

/// The first thread of a process ends, another one does `work`.
fn headless(work: &str) -> String {
    format!(
        "import threading
def work():
    {work}
    os._exit(0)
threading.Thread(target=work).start()
syscall('exit', 0)"
    )
}

#[track_caller]
fn ends(request: &Request, expected: EndReason) {
    for mut lab in labs() {
        let outcome = lab.run(request);
        let (stdout, stderr) = (text(&outcome.stdout.data), text(&outcome.stderr.data));
        assert_eq!(outcome.end, expected, "{}\n{stdout}\n{stderr}", lab.name);
    }
}

#[test]
fn memory_of_orphans_counts() {
    let mut request = orphan("held = os.urandom(1 << 20) * 150; time.sleep(20)");
    request.limits.memory_bytes = 64 << 20;
    ends(&request, EndReason::Memory);
}

#[test]
fn number_of_orphans_counts() {
    let mut request = orphan(
        "
    try:
        for i in range(12): os.fork() or time.sleep(20)
    except OSError: pass
    time.sleep(20)",
    );
    request.limits.processes = 8;
    ends(&request, EndReason::Processes);
}

#[test]
fn cpu_time_of_short_lived_orphans_counts() {
    let mut request = python(
        "end = time.monotonic() + 20
while time.monotonic() < end:
    if os.fork() == 0:
        if os.fork() == 0:
            begun = time.process_time()
            while time.process_time() - begun < 0.03: pass
        os._exit(0)
    os.wait(); time.sleep(0.02)",
    );
    request.limits.cpu_ms = 500;
    request.limits.wall_ms = 30_000;
    ends(&request, EndReason::Cpu);
}

#[test]
fn ended_orphans_make_room_for_others() {
    let mut request = python(
        "for i in range(100):
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait(); time.sleep(0.01)",
    );
    request.limits.processes = 16;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn an_orphan_whose_first_thread_ended_does_not_outlive_the_run() {
    for mut lab in labs() {
        let mark = format!("assay-headless-{}-{}", std::process::id(), lab.pid());
        let program = headless("time.sleep(1000)");
        let script = format!(
            "if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    for fd in range(3): os.close(fd)
    os.execv(sys.executable, ['{mark}', '-I', '-S', '-c', 'import ctypes, os, time; libc = ctypes.CDLL(None)\\n' + {program:?}])
os.wait()
time.sleep(0.3)"
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
        assert!(processes_with(&mark).is_empty(), "{}", lab.name);
    }
}

#[test]
fn memory_of_a_process_whose_first_thread_ended_counts() {
    let work = "held = os.urandom(1 << 20) * 150; time.sleep(20)";
    let mut request = python(&headless(work));
    request.limits.memory_bytes = 64 << 20;
    ends(&request, EndReason::Memory);
}

#[test]
fn memory_that_is_shared_counts() {
    let mut request = python(
        "import mmap
block = mmap.mmap(-1, 150 << 20)
for at in range(0, len(block), 4096): block[at] = 1
time.sleep(20)",
    );
    request.limits.memory_bytes = 64 << 20;
    ends(&request, EndReason::Memory);
}

#[test]
fn memory_that_many_share_counts_once() {
    let mut request = python(
        "import mmap
block = mmap.mmap(-1, 24 << 20)
children = []
for i in range(6):
    child = os.fork()
    if child == 0:
        for at in range(0, len(block), 4096): block[at] = 1
        time.sleep(1); os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)",
    );
    request.limits.memory_bytes = 100 << 20;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

/// Writes far more than the 256 KiB that it may, after `prepare`, to files that `open` names.
fn hidden_files(prepare: &str, open: &str) {
    let mut request = python(&format!(
        "files = []
os.chdir('output')
try:
    {prepare}
    for i in range(64):
        file = {open}
        files.append(file)
        for k in range(8): os.write(file, os.urandom(1 << 14))
        time.sleep(0.01)
except OSError as error: print(error)
else: print('ESCAPED')
time.sleep(0.3)"
    ));
    stopped_at_256_kib(&mut request);
}

/// What keeps more than 256 KiB of files is stopped: by the file system, or by who looks.
#[track_caller]
fn stopped_at_256_kib(request: &mut Request) {
    request.limits.output_bytes = 256 << 10;
    request.limits.tmp_bytes = 256 << 10;
    for mut lab in labs() {
        let outcome = lab.run(request);
        if lab.has(Layer::DiskQuota) {
            assert_held(&lab.name, &outcome);
        } else {
            assert_eq!(outcome.end, EndReason::Output, "{}", lab.name);
        }
    }
}

const CREATE: &str = "os.O_RDWR | os.O_CREAT";

#[test]
fn files_in_a_directory_that_can_not_be_listed_count() {
    hidden_files(
        "os.mkdir('d', 0o300)",
        &format!("os.open('d/%d' % i, {CREATE})"),
    );
}

#[test]
fn files_deeper_than_any_path_count() {
    hidden_files(
        "for i in range(25): os.mkdir('d' * 250); os.chdir('d' * 250)",
        &format!("os.open('%d' % i, {CREATE})"),
    );
}

#[test]
fn files_without_a_name_count() {
    hidden_files(
        "def nameless(): file = os.open('f', os.O_RDWR | os.O_CREAT); os.unlink('f'); return file",
        "nameless()",
    );
}

/// Where they have the same uid, the kernel counts them together.
#[test]
fn processes_of_other_boxes_take_nothing_from_a_limit() {
    for mut lab in labs() {
        let request = python(
            "import resource
print(resource.getrlimit(resource.RLIMIT_NPROC)[0])",
        );
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        let limit: u64 = text(&outcome.stdout.data)
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let others = if lab.root || lab.is_native() {
            0
        } else {
            2 * 64
        };
        assert!(
            limit >= request.limits.processes + others,
            "{}: {limit}",
            lab.name
        );
    }
}

/// The kernel then never chooses the helper, which may be larger than any process of the program.
#[test]
fn programs_are_the_first_to_go_when_memory_is_out() {
    for mut lab in labs() {
        let mark = format!("assay-first-{}-{}", std::process::id(), lab.pid());
        lab.send(&python(&format!(
            "'{mark}'\nsys.stdin.read()\ntime.sleep(1)"
        )));
        let score = wait_for_score(&lab, &mark);
        lab.answer().unwrap();
        assert_eq!(score, "1000", "{}", lab.name);
    }
}

fn wait_for_score(lab: &Lab, mark: &str) -> String {
    let begun = Instant::now();
    loop {
        let found = processes_with(mark).into_iter().next();
        let score = found.and_then(|pid| {
            let path = std::path::Path::new("/proc")
                .join(pid)
                .join("oom_score_adj");
            std::fs::read_to_string(path).ok()
        });
        if let Some(score) = score {
            return score.trim().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", lab.name);
        std::thread::yield_now();
    }
}

/// A page that is read in each two megabytes costs nothing but the tables that lead to it.
#[test]
fn memory_of_page_tables_counts() {
    let mut request = python(
        "import mmap
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_size_t]
base = libc.mmap(None, 1 << 37, 1, 0x4022, -1, 0)
libc.madvise(ctypes.c_void_p(base), ctypes.c_size_t(1 << 37), 15)
for at in range(0, 1 << 37, 2 << 20): ctypes.string_at(base + at, 1)
print('ESCAPED')
time.sleep(20)",
    );
    request.limits.memory_bytes = 64 << 20;
    request.limits.wall_ms = 30_000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_eq!(outcome.end, EndReason::Memory, "{}: {outcome:?}", lab.name);
    }
}

#[test]
fn memory_of_a_process_that_lets_nobody_look_counts() {
    let mut request =
        orphan("libc.prctl(4, 0, 0, 0, 0); held = os.urandom(1 << 20) * 150; time.sleep(20)");
    request.limits.memory_bytes = 64 << 20;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        // Where files are looked at, it is taken for one that hides some.
        let expected = if lab.has(Layer::DiskQuota) {
            EndReason::Memory
        } else {
            EndReason::Output
        };
        assert_eq!(outcome.end, expected, "{}", lab.name);
    }
}

#[test]
fn files_without_a_name_of_a_process_that_lets_nobody_look_count() {
    hidden_files(
        "libc.prctl(4, 0, 0, 0, 0)
    def nameless(): file = os.open('f', os.O_RDWR | os.O_CREAT); os.unlink('f'); return file",
        "nameless()",
    );
}

/// No descriptor leads to them, only memory; of the first thread or of another.
#[test]
fn files_without_a_name_that_are_only_mapped_count() {
    let fill = "os.chdir('output')
try:
    for i in range(64):
        file = os.open('f', os.O_RDWR | os.O_CREAT)
        for k in range(8): os.write(file, os.urandom(1 << 14))
        address = syscall('mmap', 0, 4096, 1, 1, file, 0)
        os.unlink('f'); os.close(file)
        time.sleep(0.01)
except OSError as error: print(error)
else: print('ESCAPED')
time.sleep(0.3)
print('HELD', flush=True)";
    for script in [fill.to_owned(), headless(&fill.replace('\n', "\n    "))] {
        let mut request = python(&script);
        stopped_at_256_kib(&mut request);
    }
}

/// As libraries share memory where there is no place for it: the descriptor stays.
#[test]
fn a_small_file_without_a_name_may_be_mapped() {
    let request = python(
        "import mmap, tempfile
file = tempfile.TemporaryFile()
file.write(bytes(8192)); file.flush()
block = mmap.mmap(file.fileno(), 8192)
block[0] = 1
time.sleep(0.3)",
    );
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}
