"""A certificate authority of a test's own, and what it issues, by OpenSSL's program."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_P256 = "ec -pkeyopt ec_paramgen_curve:P-256"


@dataclass(frozen=True)
class Authority:
    """folder: with ca.pem, and NAME.pem and NAME.key of each certificate."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, name: str, hosts: str, kind: str = _P256) -> tuple[Path, Path]:
        """The certificate and its key. hosts: subject alternative names (`DNS:a,IP:127.0.0.1`)."""
        folder = self.folder
        (folder / f"{name}.ext").write_text(f"subjectAltName={hosts}\n")
        self._openssl(
            f"req -nodes -newkey {kind} -subj /CN={name} -keyout {name}.key -out {name}.csr"
        )
        self._openssl(
            f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500"
            f" -extfile {name}.ext -out {name}.pem"
        )
        return folder / f"{name}.pem", folder / f"{name}.key"

    def lock(self, name: str, to: str, password: str) -> None:
        """Writes the key of a certificate to `to`.key, encrypted."""
        self._openssl(f"pkey -in {name}.key -aes256 -passout pass:{password} -out {to}.key")

    def _openssl(self, words: str) -> None:
        subprocess.run(
            ["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True
        )


def authority(folder: Path) -> Authority:
    """A new one. Skips where the program is not there."""
    if not shutil.which("openssl"):
        pytest.skip("the program openssl makes the certificates")
    made = Authority(folder)
    made._openssl(
        f"req -x509 -nodes -days 36500 -subj /CN=root -newkey {_P256} -keyout ca.key -out ca.pem"
        " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"
    )
    return made
