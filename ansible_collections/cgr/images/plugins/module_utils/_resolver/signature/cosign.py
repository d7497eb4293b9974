# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""cosign, which does the cryptography: one process verifies one candidate, offline and without credentials.

`cosign verify IMAGE` is not used.  It takes an attestation for a signature, does not find a signature behind somebody else's,
and calls an image unsigned when the registry does not answer.

The environment can switch off cosign's checks (`COSIGN_INSECURE_IGNORE_SCT` and others), so cosign gets the few variables that
it needs and no others.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Mapping, Sequence

from ..auth.once import Answers
from ..errors import MissingDependency, RegistryUnavailable
from ..process import Output, ProcessFailed, find_program, run
from ..redaction import redact
from .candidates import Candidate
from .certificate import Named

MINIMUM = (3, 1, 1)
"""The oldest version whose answers are relied on: earlier ones had errors in verifying bundles offline (GHSA-whqx-f9j3-ch6m)."""

VERSION_SECONDS = 10.0
INSTALL = "https://docs.sigstore.dev/cosign/system_config/installation/"
VERIFIED = "Verified OK"

_NEEDED = ("PATH", "SYSTEMROOT", "SystemRoot", "TEMP", "TMP", "TMPDIR")
_FOR_NETWORK = (
    "HOME",
    "USERPROFILE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_VERSION = re.compile(r"GitVersion:\s*v?([0-9]+)\.([0-9]+)\.([0-9]+)")
_OUT_OF_DATE = ("not enough verified log entries", "certificate signed by unknown authority", "not enough verified sct")


class Cosign:
    """The program cosign.  Threads may share it; as many processes run at a time as there are processors.

    Args:
        program: its name or path.
        environment: the environment variables of the user.
        seconds: how long one process may take.
    """

    def __init__(self, program: str, environment: Mapping[str, str], seconds: float) -> None:
        self._program = program
        self._environment = environment
        self._seconds = seconds
        self._answers = Answers()
        self._free = threading.BoundedSemaphore(os.cpu_count() or 1)

    def reason_against(self, candidate: Candidate, digest: str, named: Named, root: bytes) -> str | None:
        """Returns why a candidate is not a valid signature by somebody; `None` if it is one.

        Args:
            candidate: the signature.
            digest: the digest that it signs.
            named: who must have signed it.
            root: the trusted root, as JSON.

        Raises:
            MissingDependency: cosign is not installed, is too old, or cannot be run.
            RegistryUnavailable: it did not finish in time.
        """
        with tempfile.TemporaryDirectory(prefix="cgr-signature-") as folder:
            files = {"bundle.json": candidate.bundle, "root.json": root, "payload": candidate.payload or b""}
            for name, content in files.items():
                Path(folder, name).write_bytes(content)
            command = [
                *_command(candidate, digest, folder),
                f"--bundle={folder}/bundle.json",
                f"--trusted-root={folder}/root.json",
                f"--certificate-identity={named.identity}",
                f"--certificate-oidc-issuer={named.issuer}",
                "--insecure-ignore-sct=false",
                "--insecure-ignore-tlog=false",
            ]
            status, output, errors = self._run(command, {**self._variables(_NEEDED), "HOME": folder}, self._seconds)
        said = f"{output}\n{errors}"
        if status == 0 and VERIFIED in said.splitlines():
            return None
        return _reason(said)

    def create_root(self) -> bytes:
        """Returns the trusted root of the public Sigstore, which cosign gets from the network, as JSON.

        Raises:
            MissingDependency: as above.
            RegistryUnavailable: cosign cannot get it.
        """
        network = self._variables((*_NEEDED, *_FOR_NETWORK, *(name.lower() for name in _FOR_NETWORK)))
        authorities = next((self._environment[name] for name in _CA_VARIABLES if self._environment.get(name)), None)
        if authorities:
            network.setdefault("SSL_CERT_FILE", authorities)
        with tempfile.TemporaryDirectory(prefix="cgr-signature-") as folder:
            out = Path(folder, "root.json")
            command = ["trusted-root", "create", "--with-default-services", f"--out={out}"]
            status, output, errors = self._run(command, network, self._seconds)
            if status == 0 and out.is_file():
                return out.read_bytes()
        raise RegistryUnavailable(
            f"cosign cannot get the trusted root of Sigstore: {_reason(output + errors)}. Try again, or name a file in"
            " 'trusted_root'.",
            "trusted_root",
        )

    def _run(self, command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Output:
        path = self._answers.get("path", self._checked_path)
        with self._free:
            output = _output([path, *command], environment, seconds)
        if output.status is None:
            raise RegistryUnavailable(f"cosign did not finish within {seconds:g} s. Increase 'timeout'.", "cosign")
        return output

    def _checked_path(self) -> str:
        path = find_program(self._program, self._environment)
        if path is None:
            raise MissingDependency(
                f"{redact(self._program)} is not on PATH, and signatures are verified with cosign. Install version"
                f" {_dotted(MINIMUM)} or newer: {INSTALL}",
                "cosign",
            )
        output = _output([path, "version"], self._variables(_NEEDED), VERSION_SECONDS)
        found = _VERSION.search(output.output + output.errors)
        if found is None:
            raise MissingDependency(
                f"{path} does not say which version of cosign it is, and {_dotted(MINIMUM)} or newer is required. Install it:"
                f" {INSTALL}",
                "cosign",
            )
        version = tuple(int(number) for number in found.groups())
        if version < MINIMUM:
            raise MissingDependency(
                f"{path} is cosign {_dotted(version)}, and {_dotted(MINIMUM)} or newer is required. Update it: {INSTALL}",
                "cosign",
            )
        return path

    def _variables(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self._environment[name] for name in names if name in self._environment}


def _command(candidate: Candidate, digest: str, folder: str) -> list[str]:
    if candidate.payload is not None:
        return ["verify-blob", f"{folder}/payload"]
    algorithm, _colon, value = digest.partition(":")
    # Without --type, any attestation about the digest would do.
    of_type = f"--type={candidate.predicate_type}"
    return ["verify-blob-attestation", of_type, f"--digest={value}", f"--digestAlg={algorithm}"]


def _output(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Output:
    try:
        output = run(command, environment, seconds)
    except ProcessFailed as error:
        raise MissingDependency(f"{command[0]} {error}. Install cosign again: {INSTALL}", "cosign") from None
    if output.status is not None and output.status < 0:
        raise MissingDependency(
            f"{command[0]} was ended by signal {-output.status}. Check that it runs here: cosign version", "cosign"
        )
    return output


def _reason(said: str) -> str:
    """Returns why, out of what cosign printed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")] or lines
    text = (
        errors[0].partition(":")[2].strip()
        if errors and errors[0].lower().startswith("error:")
        else "".join(errors[-1:])
    )
    hint = "; the trusted root may be out of date" if any(known in text.lower() for known in _OUT_OF_DATE) else ""
    return f"cosign says {redact(text)}{hint}" if text else "cosign gives no reason"


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
