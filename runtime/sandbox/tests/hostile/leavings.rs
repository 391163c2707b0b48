//! Programs that fill what they may write to with anything but bytes, or go on writing while it is
//! collected.

use std::path::Path;

use assay_sandbox::{EndReason, Layer, SkipReason};

use crate::support::{assert_held, labs, python, text};

/// Names, links, directories, pipes and holes take no bytes, but they take something.
#[test]
fn a_hundred_thousand_of_everything_is_refused() {
    let script = "made = 0
def make(where, kind, number):
    path = where + '/%s-%d' % (kind, number)
    if kind == 'file': os.close(os.open(path, os.O_CREAT))
    elif kind == 'link': os.symlink('x' * 4000, path)
    elif kind == 'directory': os.mkdir(path)
    elif kind == 'pipe': os.mkfifo(path)
    elif kind == 'name': os.link(where + '/file-0', path)
kinds = ['file', 'link', 'directory', 'pipe', 'name']
for where in [os.environ['ASSAY_OUTPUT'], os.environ['TMPDIR']]:
    for kind in kinds:
        try:
            for number in range(100000): make(where, kind, number); made += 1
        except OSError as error: print(where, kind, number, error)
        else: print('ESCAPED', kind)
time.sleep(0.5)
if made > 40000: print('ESCAPED', made)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        if lab.is_container() {
            // Their temporary directory has a size, but no number of files.
            let ends = [EndReason::Memory, EndReason::Output];
            assert!(
                ends.contains(&outcome.end),
                "{}: {:?}",
                lab.name,
                outcome.end
            );
        } else if lab.has(Layer::DiskQuota) {
            assert_held(&lab.name, &outcome);
        } else {
            assert_eq!(outcome.end, EndReason::Output, "{}", lab.name);
        }
        assert!(outcome.files.len() + outcome.skipped.len() <= 257);
        let next = lab.run(&python("pass"));
        assert_held(&lab.name, &next);
    }
}

#[test]
fn attributes_of_files_are_bounded() {
    let script = "written = 0
try:
    for number in range(100000):
        path = os.environ['TMPDIR'] + '/%d' % (number // 50)
        open(path, 'a').close()
        os.setxattr(path, 'user.%d' % number, bytes(32768)); written += 32768
except OSError as error: print(error)
else: print('ESCAPED')
if written > 64 << 20: print('ESCAPED', written)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        let stdout = text(&outcome.stdout.data);
        assert!(!stdout.contains("ESCAPED"), "{}: {stdout}", lab.name);
        let next = lab.run(&python("pass"));
        assert_held(&lab.name, &next);
    }
}

/// What was there when the program ended is taken, whole.
#[test]
fn nothing_changes_while_it_is_collected() {
    let script = "for number in range(4):
    if os.fork() == 0:
        os.setsid()
        while True:
            for letter in b'ab':
                name = 'output/%d-%c' % (number, letter)
                with open(name, 'wb') as file: file.write(bytes([letter]) * 65536)
                os.rename(name, 'output/%d' % number)
                try: os.symlink('/etc/shadow', name); os.rename(name, 'output/link%d' % number)
                except OSError: pass
time.sleep(0.3)";
    for mut lab in labs() {
        for _ in 0..5 {
            let outcome = lab.run(&python(script));
            assert_held(&lab.name, &outcome);
            for file in &outcome.files {
                let renamed = file.path.as_os_str().len() == 1;
                assert!(
                    !renamed || file.data.len() == 65536,
                    "{}: {:?} has {}",
                    lab.name,
                    file.path,
                    file.data.len()
                );
                let first = file.data.first();
                assert!(file.data.iter().all(|byte| Some(byte) == first));
            }
            for skipped in &outcome.skipped {
                assert_eq!(skipped.reason, SkipReason::SymbolicLink, "{}", lab.name);
            }
        }
    }
}

#[test]
fn the_output_directory_itself_can_not_be_replaced() {
    for mut lab in labs() {
        let outcome = lab.run(&python(
            "refused('removing', os.rmdir, 'output')
refused('renaming', os.rename, 'output', 'other')
refused('linking', os.symlink, '/etc', 'output2')
refused('exchanging', syscall, 'renameat2', -100, b'output', -100, b'input', 2)
refused('over it', os.rename, os.environ['TMPDIR'], 'output')
os.mkdir('output/output'); os.symlink('..', 'output/output/output')
open('output/x', 'w').write('x')",
        ));
        assert_held(&lab.name, &outcome);
        assert_eq!(outcome.files.len(), 1, "{}", lab.name);
        assert_eq!(outcome.files[0].path, Path::new("x"), "{}", lab.name);
    }
}

#[test]
fn memory_of_sockets_and_pipes_counts() {
    for mut lab in labs() {
        if !lab.has(Layer::MemoryCgroup) {
            eprintln!("*** NOT TESTED *** {}: no memory cgroup", lab.name);
            continue;
        }
        let mut request = python(
            "import socket
for process in range(15):
    if os.fork() == 0:
        kept = []
        try:
            while True:
                pair = socket.socketpair(); kept.append(pair)
                for end in pair:
                    end.setblocking(False)
                    try:
                        while True: end.send(bytes(1 << 16))
                    except BlockingIOError: pass
        except OSError: pass
        time.sleep(20)
time.sleep(20)
print('ESCAPED')",
        );
        request.limits.memory_bytes = 96 << 20;
        request.limits.open_files = 1024;
        request.limits.wall_ms = 15_000;
        let outcome = lab.run(&request);
        assert_eq!(outcome.end, EndReason::Memory, "{}", lab.name);
    }
}
