//! What ordinary programs need keeps working, and gives the same result every time.

use std::path::{Path, PathBuf};

use assay_sandbox::{Input, Layer, Request};

use crate::support::{assert_held, labs, python, text};

#[track_caller]
fn works(script: &str) {
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn threads() {
    works(
        "import threading, queue
results = queue.Queue()
threads = [threading.Thread(target=lambda i=i: results.put(i * i)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sorted(results.queue) == [i * i for i in range(8)]",
    );
}

#[test]
fn subprocesses() {
    works("import subprocess
assert subprocess.run(['/bin/sh', '-c', 'cat; exit 3'], input=b'x', stdout=subprocess.PIPE).returncode == 3
assert subprocess.check_output('echo a | tr a b', shell=True) == b'b\\n'
assert subprocess.check_output([sys.executable, '-I', '-S', '-c', 'print(1)']) == b'1\\n'");
}

#[test]
fn asyncio() {
    works(
        "import asyncio
async def main():
    process = await asyncio.create_subprocess_exec('/bin/cat', stdin=-1, stdout=-1)
    out, _ = await process.communicate(b'x')
    assert out == b'x'
    assert await asyncio.gather(*[asyncio.sleep(0.01, i) for i in range(5)]) == list(range(5))
    assert await asyncio.to_thread(abs, -1) == 1
asyncio.run(main())",
    );
}

#[test]
fn sockets_between_processes_of_a_box() {
    works(
        "import socket
a, b = socket.socketpair()
if os.fork() == 0:
    b.sendall(b'x'); os._exit(0)
assert a.recv(1) == b'x'",
    );
    for mut lab in labs() {
        if !lab.is_native() {
            // Without a root of its own, a path may be that of a socket of the host.
            continue;
        }
        let outcome = lab.run(&python(
            "import asyncio
async def main():
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'ping'); assert await reader.read(4) == b'pong'
path = os.environ['TMPDIR'] + '/socket'
async def serve():
    async def answer(reader, writer):
        await reader.read(4); writer.write(b'pong'); await writer.drain(); writer.close()
    server = await asyncio.start_unix_server(answer, path)
    await main()
    server.close()
asyncio.run(serve())",
        ));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn multiprocessing_with_pipes() {
    works("import multiprocessing as mp
context = mp.get_context('fork')
ours, theirs = context.Pipe()
def work(end): end.send(os.getpid()); end.close()
process = context.Process(target=work, args=(theirs,))
process.start(); pid = ours.recv(); process.join()
assert pid == process.pid and process.exitcode == 0
stuck = context.Process(target=time.sleep, args=(100,)); stuck.start(); stuck.terminate(); stuck.join()
assert stuck.exitcode == -15");
}

#[test]
fn multiprocessing_with_locks_and_pools() {
    for mut lab in labs() {
        if !lab.is_native() && !lab.has(Layer::DiskQuota) {
            eprintln!(
                "*** NOT TESTED *** {}: no shared memory of its own",
                lab.name
            );
            continue;
        }
        let outcome = lab.run(&python(
            "import multiprocessing as mp
from multiprocessing import shared_memory
context = mp.get_context('fork')
with context.Pool(3) as pool: assert pool.map(abs, range(-5, 0)) == [5, 4, 3, 2, 1]
queue = context.Queue()
process = context.Process(target=queue.put, args=('x',)); process.start()
assert queue.get() == 'x'; process.join()
block = shared_memory.SharedMemory(create=True, size=4096); block.buf[0] = 1; block.close(); block.unlink()",
        ));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn futures_of_threads() {
    works(
        "from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool: assert list(pool.map(abs, [-1, 2])) == [1, 2]",
    );
}

#[test]
fn temporary_files_and_home() {
    works(
        "import tempfile
with tempfile.TemporaryDirectory() as directory:
    open(directory + '/x', 'w').write('x')
with tempfile.NamedTemporaryFile() as file: file.write(b'x')
open(os.path.expanduser('~/x'), 'w').write('x')",
    );
}

#[test]
fn standard_library_and_clock() {
    works(
        "import sqlite3, json, hashlib, zlib, decimal, uuid, random, datetime, ssl
assert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,)
assert time.tzname[0] == 'UTC' and sys.getfilesystemencoding() == 'utf-8'
assert time.time() > 1.6e9 and uuid.uuid4() and os.urandom(8)",
    );
}

#[test]
fn standard_input_arrives_whole() {
    let mut request =
        python("import zlib; data = sys.stdin.buffer.read(); print(len(data), zlib.crc32(data))");
    request.stdin = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    let expected = format!("300000 {}\nHELD\n", crc32(&request.stdin));
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        assert_eq!(text(&outcome.stdout.data), expected, "{}", lab.name);
    }
}

#[test]
fn order_of_sets_and_dicts_is_the_same_every_time() {
    let script = "
import random
words = ['w%d' % i for i in range(50)]
print(set(words)); print({hash(word) for word in words}); print(dict.fromkeys(set(words)))
print(os.listdir('input'), sorted(os.environ), os.cpu_count() > 0, time.tzname)";
    let names = ["b", "a", "d/z", "d/y", "c", "e", "f", "g"];
    for mut lab in labs() {
        let mut outputs = Vec::new();
        for reversed in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let mut names = names.to_vec();
            if reversed {
                names.reverse();
            }
            for name in names {
                let path = directory.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, name).unwrap();
            }
            open_to_all(directory.path());
            // Hashes are seeded by the environment, which -I ignores.
            let mut request = Request::new("python3")
                .args(["-S", "-c"])
                .arg(format!("import os, time\n{script}"));
            request.input = Some(Input::Copy(directory.path().to_owned()));
            let outcome = lab.run(&request);
            assert!(
                outcome.success(),
                "{}: {}",
                lab.name,
                text(&outcome.stderr.data)
            );
            outputs.push(text(&outcome.stdout.data));
        }
        if lab.has(Layer::SortedInput) {
            let sorted = "['a', 'b', 'c', 'd', 'e', 'f', 'g']";
            assert!(outputs[0].contains(sorted), "{}: {}", lab.name, outputs[0]);
            assert_eq!(outputs[0], outputs[1], "{}", lab.name);
        } else {
            eprintln!("*** NOT TESTED *** {}: order of listings", lab.name);
            let sets = |output: &str| output.lines().take(3).collect::<Vec<_>>().join("\n");
            assert_eq!(sets(&outputs[0]), sets(&outputs[1]), "{}", lab.name);
        }
    }
}

fn open_to_all(path: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
    for entry in std::fs::read_dir(path).unwrap().flatten() {
        if entry.path().is_dir() {
            open_to_all(&entry.path());
        }
    }
}

#[test]
fn directories_of_the_input_list_in_order() {
    let files = ["z/b", "z/a", "y/q/2", "y/q/1", "x"].map(|name| (PathBuf::from(name), vec![]));
    for mut lab in labs() {
        if !lab.has(Layer::SortedInput) {
            eprintln!("*** NOT TESTED *** {}: order of listings", lab.name);
            continue;
        }
        let mut request = python(
            "print([(top, dirs, files) for top, dirs, files in os.walk('input')])
print(os.stat('input/x').st_mtime, os.stat('input/z').st_mtime)",
        );
        request.input = Some(Input::Files(files.clone().into()));
        let outcome = lab.run(&request);
        let expected = "[('input', ['y', 'z'], ['x']), ('input/y', ['q'], []), ('input/y/q', [], ['1', '2']), ('input/z', [], ['a', 'b'])]\n0.0 0.0\nHELD\n";
        assert_eq!(text(&outcome.stdout.data), expected, "{}", lab.name);
    }
}

/// As zlib has it.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
