# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Verifies signatures without cosign, with the library cryptography alone: a second opinion, and cosign's stand-in in tests.

It reads what the resolver hands to cosign: bundles v0.1 with a message signature and its payload, and bundles with a statement.

Run as a program, it takes the arguments of cosign that the resolver uses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.certificate_transparency import LogEntryType, SignedCertificateTimestamp
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

VERSION = "GitVersion:    v3.1.3"
FULCIO = "1.3.6.1.4.1.57264.1"


class Refused(Exception):
    """Why a signature is not valid."""


def verify_legacy(bundle: Any, payload: bytes, identity: str, issuer: str, root: Any) -> datetime:
    """Verifies a bundle with a message signature about a payload; returns when it was logged."""
    material, signature = bundle["verificationMaterial"], _decoded(bundle["messageSignature"]["signature"])
    leaf = x509.load_der_x509_certificate(_decoded(material["x509CertificateChain"]["certificates"][0]["rawBytes"]))
    if _decoded(bundle["messageSignature"]["messageDigest"]["digest"]) != hashlib.sha256(payload).digest():
        raise Refused("the payload has another digest")
    entry, body, when = _entry(material, root)
    if (body["kind"], body["apiVersion"]) != ("hashedrekord", "0.0.1"):
        raise Refused("the log entry is of another kind")
    spec = body["spec"]
    _require(spec["data"]["hash"] == _hash(payload), "the log entry is about another payload")
    _require(_decoded(spec["signature"]["content"]) == signature, "the log entry is about another signature")
    _require(_is(leaf, spec["signature"]["publicKey"]["content"]), "the log entry is about another certificate")
    _check_certificate(leaf, when, root)
    _check(leaf.public_key(), signature, payload, "the signature is wrong")
    _check_names(leaf, identity, issuer)
    _require(bool(entry["inclusionPromise"]), "the log made no promise")
    return when


def verify_statement(bundle: Any, predicate_type: str, digest: str, identity: str, issuer: str, root: Any) -> datetime:
    """Verifies a bundle with a statement of a type about a digest (hexadecimal); returns when it was logged."""
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    leaf = x509.load_der_x509_certificate(_leaf(material))
    said = _decoded(envelope["payload"])
    _, body, when = _entry(material, root)
    (signature,) = envelope["signatures"]
    payload_hash, logged_signature, logged_certificate = _logged_statement(body)
    _require(payload_hash == _hash(said), "the log entry is about another statement")
    _require(logged_signature == signature["sig"], "the log entry is about another signature")
    _require(_is(leaf, logged_certificate), "the log entry is about another certificate")
    _check_certificate(leaf, when, root)
    kind = envelope["payloadType"].encode()
    about = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(said), said)
    _check(leaf.public_key(), _decoded(signature["sig"]), about, "the signature is wrong")
    _check_names(leaf, identity, issuer)
    statement = json.loads(said)
    _require(statement["predicateType"] == predicate_type, "the statement is of another type")
    subjects = [subject["digest"].get("sha256") for subject in statement["subject"]]
    _require(digest in subjects, "the statement is about another digest")
    return when


def _leaf(material: Any) -> bytes:
    chain = material["x509CertificateChain"]["certificates"] if "x509CertificateChain" in material else ()
    return _decoded((chain[0] if chain else material["certificate"])["rawBytes"])


def _logged_statement(body: Any) -> tuple[Any, str, str]:
    """Returns the hash of the payload, the signature and the certificate in an entry about an envelope."""
    kind = (body["kind"], body["apiVersion"])
    if kind == ("dsse", "0.0.1"):
        (logged,) = body["spec"]["signatures"]
        return body["spec"]["payloadHash"], logged["signature"], logged["verifier"]
    if kind == ("intoto", "0.0.2"):
        content = body["spec"]["content"]
        (logged,) = content["envelope"]["signatures"]
        return content["payloadHash"], _decoded(logged["sig"]).decode(), logged["publicKey"]
    raise Refused("the log entry is of another kind")


def _entry(material: Any, root: Any) -> tuple[Any, Any, datetime]:
    """Checks that the log vouches for an entry and its time; returns the entry, its body and the time."""
    (entry,) = material["tlogEntries"]
    when = datetime.fromtimestamp(int(entry["integratedTime"]), timezone.utc)
    identifier, body = _decoded(entry["logId"]["keyId"]), _decoded(entry["canonicalizedBody"])
    key = _log_key(root["tlogs"], identifier, when, "transparency log")
    said = {
        "body": entry["canonicalizedBody"],
        "integratedTime": int(entry["integratedTime"]),
        "logID": identifier.hex(),
        "logIndex": int(entry["logIndex"]),
    }
    promise = _decoded(entry["inclusionPromise"]["signedEntryTimestamp"])
    _check(key, promise, json.dumps(said, sort_keys=True, separators=(",", ":")).encode(), "the log's promise is wrong")
    if "inclusionProof" in entry:
        _check_proof(entry["inclusionProof"], body, key)
    content = json.loads(body)
    named = (entry["kindVersion"]["kind"], entry["kindVersion"]["version"])
    _require((content["kind"], content["apiVersion"]) == named, "the log entry is of another kind than it says")
    return entry, content, when


def _check_proof(proof: Any, body: bytes, key: Any) -> None:
    """Checks an inclusion proof and its checkpoint (RFC 9162, section 2.1.3.2)."""
    index, size, node = int(proof["logIndex"]), int(proof["treeSize"]), hashlib.sha256(b"\0" + body).digest()
    _require(0 <= index < size, "the inclusion proof is wrong")
    last = size - 1
    for each in map(_decoded, proof["hashes"]):
        _require(last > 0, "the inclusion proof is wrong")
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + each + node).digest()
            while not index % 2 and index:
                index, last = index // 2, last // 2
        else:
            node = hashlib.sha256(b"\1" + node + each).digest()
        index, last = index // 2, last // 2
    _require(last == 0 and node == _decoded(proof["rootHash"]), "the inclusion proof is wrong")
    text, _blank, signatures = proof["checkpoint"]["envelope"].partition("\n\n")
    _origin, tree_size, root_hash = text.splitlines()[:3]
    _require((int(tree_size), root_hash) == (size, proof["rootHash"]), "the checkpoint is about another tree")
    _mark, _name, signature = signatures.splitlines()[0].split(" ")
    _check(key, _decoded(signature)[4:], f"{text}\n".encode(), "the checkpoint's signature is wrong")


def _check_certificate(leaf: x509.Certificate, when: datetime, root: Any) -> None:
    """Checks that a certificate was issued by an authority, was valid then, and is in a certificate log."""
    valid = leaf.not_valid_before_utc <= when <= leaf.not_valid_after_utc
    _require(valid, "it was logged when the certificate was not valid")
    _check_sct(leaf, _issuer_of(leaf, when, root), root)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    _require(ExtendedKeyUsageOID.CODE_SIGNING in usage, "the certificate is not for signing code")


def _issuer_of(leaf: x509.Certificate, when: datetime, root: Any) -> x509.Certificate:
    for authority in root["certificateAuthorities"]:
        if not _covers(authority["validFor"], when):
            continue
        listed = authority["certChain"]["certificates"]
        chain = [x509.load_der_x509_certificate(_decoded(each["rawBytes"])) for each in listed]
        try:
            for child, parent in zip([leaf, *chain], chain, strict=False):
                child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature):
            continue
        if all(each.not_valid_before_utc <= when <= each.not_valid_after_utc for each in chain):
            return chain[0]
    raise Refused("the certificate was not issued by an authority of the trusted root")


def _check_sct(leaf: x509.Certificate, issuer: x509.Certificate, root: Any) -> None:
    try:
        (sct,) = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    except x509.ExtensionNotFound:
        raise Refused("the certificate is not in a certificate log") from None
    _require(sct.entry_type == LogEntryType.PRE_CERTIFICATE, "the timestamp is of another kind")
    when = sct.timestamp.replace(tzinfo=timezone.utc)
    key = _log_key(root["ctlogs"], sct.log_id, when, "certificate log")
    _check(key, sct.signature, _signed_by_log(leaf, issuer, sct), "the timestamp of the certificate log is wrong")


def _signed_by_log(leaf: x509.Certificate, issuer: x509.Certificate, sct: SignedCertificateTimestamp) -> bytes:
    signed = leaf.tbs_precertificate_bytes
    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    millis = round(sct.timestamp.replace(tzinfo=timezone.utc).timestamp() * 1000)
    about = hashlib.sha256(key).digest() + len(signed).to_bytes(3, "big") + signed
    extensions = struct.pack("!H", len(sct.extension_bytes)) + sct.extension_bytes
    return struct.pack("!BBQH", 0, 0, millis, 1) + about + extensions


def _check_names(leaf: x509.Certificate, identity: str, issuer: str) -> None:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [*names.get_values_for_type(x509.UniformResourceIdentifier), *names.get_values_for_type(x509.RFC822Name)]
    _require(found == [identity], f"signed by {found}, not by {identity}")
    issuers = {_extension(leaf, 1, lambda value: value), _extension(leaf, 8, lambda value: value[2:])} - {None}
    _require(issuers == {issuer.encode()}, f"with the issuers {issuers}, not with {issuer}")


def _extension(leaf: x509.Certificate, number: int, content: Callable[[bytes], bytes]) -> bytes | None:
    try:
        found = leaf.extensions.get_extension_for_oid(ObjectIdentifier(f"{FULCIO}.{number}")).value
    except x509.ExtensionNotFound:
        return None
    return content(found.value) if isinstance(found, x509.UnrecognizedExtension) else None


def _log_key(logs: Any, identifier: bytes, when: datetime, what: str) -> Any:
    for log in logs:
        if _decoded(log["logId"]["keyId"]) == identifier:
            _require(_covers(log["publicKey"]["validFor"], when), f"the key of the {what} was not valid then")
            return load_der_public_key(_decoded(log["publicKey"]["rawBytes"]))
    raise Refused(f"the trusted root does not have the {what}")


def _covers(valid: Any, when: datetime) -> bool:
    start, end = (_instant(valid[bound]) if bound in valid else None for bound in ("start", "end"))
    return (start is None or start <= when) and (end is None or when <= end)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _check(key: Any, signature: bytes, content: bytes, message: str) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, content)
    except InvalidSignature:
        raise Refused(message) from None


def _is(leaf: x509.Certificate, text: str) -> bool:
    return x509.load_pem_x509_certificate(_decoded(text)) == leaf


def _hash(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _require(is_so: bool, message: str) -> None:
    if not is_so:
        raise Refused(message)


def main(arguments: list[str]) -> int:
    """Takes the arguments of cosign, and prints what it prints."""
    options = dict(each[2:].split("=", 1) for each in arguments if each.startswith("--") and "=" in each)
    if arguments[0] == "version":
        print(VERSION)
        return 0
    try:
        if arguments[0] == "trusted-root":
            Path(options["out"]).write_bytes(Path.home().joinpath(".sigstore", "trusted_root.json").read_bytes())
            return 0
        bundle = json.loads(Path(options["bundle"]).read_bytes())
        root = json.loads(Path(options["trusted-root"]).read_bytes())
        named = options["certificate-identity"], options["certificate-oidc-issuer"]
        if arguments[0] == "verify-blob":
            verify_legacy(bundle, Path(arguments[1]).read_bytes(), *named, root)
        else:
            verify_statement(bundle, options["type"], options["digest"], *named, root)
    except (Refused, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"Error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("Verified OK", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
