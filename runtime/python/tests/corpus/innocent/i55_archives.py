# innocent: archives in memory and on disk
import bz2
import gzip
import io
import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path


def zip_folder(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def unzip(data: bytes, target: Path, limit: int = 1 << 20) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = []
        for info in archive.infolist():
            path = (target / info.filename).resolve()
            if not path.is_relative_to(target.resolve()) or info.file_size > limit:
                raise ValueError(f"won't extract {info.filename}")
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink)
            names.append(info.filename)
    return names


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "in" / "sub").mkdir(parents=True)
        (root / "in" / "a.txt").write_text("a" * 100)
        (root / "in" / "sub" / "b.bin").write_bytes(os.urandom(16))
        print(unzip(zip_folder(root / "in"), root / "out"))
        with tarfile.open(root / "x.tar.gz", "w:gz") as tar:
            tar.add(root / "in", arcname="in", filter=lambda info: info if info.size < 50 else None)
        with tarfile.open(root / "x.tar.gz") as tar:
            print(sorted(member.name for member in tar.getmembers()))
        for module in (bz2, gzip, lzma, zlib):
            assert module.decompress(module.compress(b"exec" * 10)) == b"exec" * 10


if __name__ == "__main__":
    main()
