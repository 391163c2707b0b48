# innocent: files and folders the old way
import errno
import fnmatch
import glob
import os
import os.path
import shutil
import tempfile
from os import path as osp
from os.path import basename, join, splitext

HOME = os.path.expanduser("~")
DATA = os.environ.get("DATA_DIR") or osp.join(HOME, "data")
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
BINARY = getattr(os, "O_BINARY", 0)


def tree_size(root):
    total = 0
    for folder, folders, files in os.walk(root, topdown=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in fnmatch.filter(files, "*.txt"):
            total += os.path.getsize(join(folder, name))
    return total


def newest(pattern):
    found = glob.glob(pattern, recursive=True)
    return max(found, key=os.path.getmtime, default=None)


def ensure(folder):
    try:
        os.makedirs(folder)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    return folder


def main():
    old = os.getcwd()
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        for i in range(3):
            name = f"file{i}.txt"
            with open(join(ensure("sub"), name), "w") as file:
                file.write("x" * i)
        shutil.copy("sub/file2.txt", "copy.txt")
        shutil.move("copy.txt", "moved.txt")
        print(tree_size("."), splitext(basename(newest("**/*.txt") or ""))[1], sorted(os.listdir(".")))
        with os.scandir("sub") as entries:
            print(sorted(entry.name for entry in entries if entry.is_file()))
        fd = os.open("raw.bin", os.O_CREAT | os.O_RDWR | BINARY, 0o600)
        os.write(fd, b"abc")
        os.close(fd)
        os.rename("raw.bin", "raw2.bin")
        os.remove("raw2.bin")
        print(os.stat("sub").st_mode, os.sep, os.linesep == "\n", os.cpu_count(), os.access(".", os.R_OK))
        os.chdir(old)
    os.environ["DEMO"] = "1"
    os.environ.setdefault("DEMO", "2")
    print(os.path.exists(root), os.name, bool(IS_ROOT), os.getpid() > 0, shutil.which("no-such-program"))


if __name__ == "__main__":
    main()
