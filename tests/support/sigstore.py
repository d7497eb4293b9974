# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A private Sigstore: a certificate authority, a certificate log and a transparency log, with keys of their own.

Nothing is simulated: a verifier that gets its trusted root runs all its checks on what is signed here.  The formats are those
of Fulcio, of Rekor v1, and of cosign: the layers of a tag `sha256-….sig`, and Sigstore bundles v0.3.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

START = datetime(2023, 1, 1, tzinfo=timezone.utc)
SIGNED_AT = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
FULCIO = "1.3.6.1.4.1.57264.1"
SCT = "1.3.6.1.4.1.11129.2.4.2"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SPDX = "https://spdx.dev/Document"
IN_TOTO = "application/vnd.in-toto+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

Key = ec.EllipticCurvePrivateKey
Certificate = x509.Certificate


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def compact(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def public(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(certificate: Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def payload(digest: str, kind: str = "cosign container image signature") -> bytes:
    """Returns the payload of a legacy signature."""
    critical = {
        "identity": {"docker-reference": "ghcr.io/chainguard-images/web"},
        "image": {"docker-manifest-digest": digest},
        "type": kind,
    }
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def statement(digest: str, predicate_type: str = SIGN, predicate: Any = None) -> bytes:
    """Returns the statement of a bundle: what `cosign sign` puts into it, or an attestation."""
    subject = [{"name": "", "digest": {"sha256": digest.partition(":")[2]}}]
    said = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate_type}
    return json.dumps({**said, "predicate": predicate or {}}, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Authority:
    """A certificate authority with a root and an intermediate certificate."""

    root_key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP384R1()))
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP384R1()))

    def certificates(self) -> tuple[Certificate, Certificate]:
        """Returns the intermediate certificate and the root."""
        root = self._certificate("root", self.root_key, None)
        return self._certificate("intermediate", self.key, root), root

    def _certificate(self, name: str, key: Key, parent: Certificate | None) -> Certificate:
        subject = _name(name)
        builder = _builder(subject, parent.subject if parent else subject, key, START, timedelta(days=3650))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0 if parent else None), True)
        builder = builder.add_extension(_usage(signs_certificates=True), True)
        if parent:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
        return _from(builder, self.root_key).sign(self.root_key, hashes.SHA384())


@dataclass(frozen=True)
class Signed:
    """The certificate of a signer, and its key."""

    certificate: Certificate
    key: Key

    def sign(self, content: bytes) -> bytes:
        return self.key.sign(content, ec.ECDSA(hashes.SHA256()))


@dataclass
class Sigstore:
    """A private Sigstore."""

    authority: Authority = field(default_factory=Authority)
    certificate_log: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    log: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    origin: str = "rekor.private.test"
    index: int = 0

    def __post_init__(self) -> None:
        self.intermediate, self.root = self.authority.certificates()

    def signer(self, identity: str, issuer: str, at: datetime = SIGNED_AT, with_sct: bool = True) -> Signed:
        """Returns a certificate for an identity, valid for ten minutes."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(x509.Name([]), self.intermediate.subject, key, at, timedelta(minutes=10))
        builder = builder.add_extension(_usage(signs_certificates=False), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
        name = x509.UniformResourceIdentifier(identity)
        builder = _from(builder, self.authority.key).add_extension(x509.SubjectAlternativeName([name]), True)
        builder = _with(builder, f"{FULCIO}.1", issuer.encode())
        builder = _with(builder, f"{FULCIO}.8", _der(0x0C, issuer.encode()))
        if with_sct:
            builder = _with(builder, SCT, self._sct(builder.sign(self.authority.key, hashes.SHA384()), at))
        return Signed(builder.sign(self.authority.key, hashes.SHA384()), key)

    def _sct(self, certificate: Certificate, at: datetime) -> bytes:
        """Returns the list of the one timestamp that the certificate log signs (RFC 6962, sections 3.2 and 3.3)."""
        signed, millis = certificate.tbs_certificate_bytes, int(at.timestamp() * 1000)
        about = sha256(public(self.authority.key)) + len(signed).to_bytes(3, "big") + signed + b"\0\0"
        signature = self.certificate_log.sign(struct.pack("!BBQH", 0, 0, millis, 1) + about, ec.ECDSA(hashes.SHA256()))
        one = (
            b"\0"
            + sha256(public(self.certificate_log))
            + struct.pack("!QH", millis, 0)
            + b"\x04\x03"
            + _sized(signature)
        )
        return _der(0x04, _sized(_sized(one)))

    def trusted_root(self) -> dict[str, Any]:
        """Returns the trusted root, as `cosign trusted-root create` writes it."""
        valid = {"start": START.strftime("%Y-%m-%dT%H:%M:%SZ")}
        chain = [{"rawBytes": encoded(each.public_bytes(Encoding.DER))} for each in (self.intermediate, self.root)]

        def log(url: str, key: Key) -> dict[str, Any]:
            details = {"rawBytes": encoded(public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
            identifier = {"keyId": encoded(sha256(public(key)))}
            return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": details, "logId": identifier}

        authority = {
            "subject": {"organization": "private.test", "commonName": "private"},
            "uri": "https://fulcio.private.test",
            "certChain": {"certificates": chain},
            "validFor": valid,
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(f"https://{self.origin}", self.log)],
            "certificateAuthorities": [authority],
            "ctlogs": [log("https://ct.private.test", self.certificate_log)],
            "timestampAuthorities": [],
        }

    def legacy(self, signer: Signed, content: bytes, logged: datetime | None = None) -> dict[str, str]:
        """Signs a payload; returns the annotations of the layer in a tag `sha256-….sig`."""
        signature = signer.sign(content)
        entry = {
            "data": {"hash": {"algorithm": "sha256", "value": sha256(content).hex()}},
            "signature": {
                "content": encoded(signature),
                "publicKey": {"content": encoded(pem(signer.certificate).encode())},
            },
        }
        _entry, promised = self._logged("hashedrekord", entry, logged or _soon(signer))
        return {
            "dev.cosignproject.cosign/signature": encoded(signature),
            "dev.sigstore.cosign/bundle": json.dumps(promised, separators=(",", ":")),
            "dev.sigstore.cosign/certificate": pem(signer.certificate),
            "dev.sigstore.cosign/chain": pem(self.intermediate) + pem(self.root),
        }

    def envelope(
        self, signer: Signed, said: bytes, logged: datetime | None = None, kind: str = "dsse"
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Signs a statement; returns the envelope, and the annotations of its layer in a tag `sha256-….att`.

        Args:
            signer: who signs it.
            said: the statement.
            logged: when it is logged.
            kind: the kind of the log entry: `dsse`, or `intoto` as earlier versions of cosign wrote it.
        """
        envelope, body = self._enveloped(signer, said)
        if kind == "intoto":
            body = _intoto(envelope, said, pem(signer.certificate))
        _entry, promised = self._logged(kind, body, logged or _soon(signer))
        annotations = {
            "dev.cosignproject.cosign/signature": "",
            "dev.sigstore.cosign/bundle": json.dumps(promised, separators=(",", ":")),
            "dev.sigstore.cosign/certificate": pem(signer.certificate),
            "dev.sigstore.cosign/chain": pem(self.intermediate) + pem(self.root),
        }
        return envelope, annotations

    def bundle(self, signer: Signed, said: bytes, logged: datetime | None = None) -> dict[str, Any]:
        """Signs a statement; returns the bundle."""
        envelope, body = self._enveloped(signer, said)
        entry, _promised = self._logged("dsse", body, logged or _soon(signer))
        certificate = {"rawBytes": encoded(signer.certificate.public_bytes(Encoding.DER))}
        material = {"certificate": certificate, "tlogEntries": [entry]}
        return {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope}

    def _enveloped(self, signer: Signed, said: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns the envelope of a statement, and what the log says about it."""
        about = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(said), said)
        signatures = [{"sig": encoded(signer.sign(about))}]
        envelope = {"payload": encoded(said), "payloadType": IN_TOTO, "signatures": signatures}
        verifier = encoded(pem(signer.certificate).encode())
        body = {
            "envelopeHash": _hash(json.dumps(envelope, separators=(",", ":")).encode()),
            "payloadHash": _hash(said),
            "signatures": [{"signature": each["sig"], "verifier": verifier} for each in signatures],
        }
        return envelope, body

    def _logged(self, kind: str, spec: dict[str, Any], at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        """Records an entry in the transparency log; returns it as bundles and as legacy annotations have it."""
        self.index += 1
        version = "0.0.2" if kind == "intoto" else "0.0.1"
        body = compact({"apiVersion": version, "kind": kind, "spec": spec})
        identifier, time = sha256(public(self.log)), int(at.timestamp())
        said = {"body": encoded(body), "integratedTime": time, "logID": identifier.hex(), "logIndex": self.index}
        promise = encoded(self.log.sign(compact(said), ec.ECDSA(hashes.SHA256())))
        entry = {
            "logIndex": str(self.index),
            "logId": {"keyId": encoded(identifier)},
            "kindVersion": {"kind": kind, "version": version},
            "integratedTime": str(time),
            "inclusionPromise": {"signedEntryTimestamp": promise},
            "inclusionProof": self._proof(body),
            "canonicalizedBody": encoded(body),
        }
        return entry, {"SignedEntryTimestamp": promise, "Payload": said}

    def _proof(self, body: bytes) -> dict[str, Any]:
        """Returns the proof that an entry is the second of a tree of two (RFC 6962, section 2.1)."""
        other = sha256(b"\0another entry")
        root = sha256(b"\1" + other + sha256(b"\0" + body))
        note = f"{self.origin} - 1\n2\n{encoded(root)}\n"
        signature = self.log.sign(note.encode(), ec.ECDSA(hashes.SHA256()))
        signed = f"{note}\n\u2014 {self.origin} {encoded(sha256(public(self.log))[:4] + signature)}\n"
        return {
            "logIndex": "1",
            "rootHash": encoded(root),
            "treeSize": "2",
            "hashes": [encoded(other)],
            "checkpoint": {"envelope": signed},
        }


def _intoto(envelope: dict[str, Any], said: bytes, certificate: str) -> dict[str, Any]:
    """Returns what the log says about an envelope in an entry of the kind intoto 0.0.2, where signatures are encoded twice."""
    key = encoded(certificate.encode())
    signatures = [{"publicKey": key, "sig": encoded(each["sig"].encode())} for each in envelope["signatures"]]
    kept = {"payloadType": envelope["payloadType"], "signatures": signatures}
    whole = _hash(json.dumps(envelope, separators=(",", ":")).encode())
    return {"content": {"envelope": kept, "hash": whole, "payloadHash": _hash(said)}}


def _soon(signer: Signed) -> datetime:
    return signer.certificate.not_valid_before_utc + timedelta(seconds=5)


def _hash(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": sha256(content).hex()}


def _name(common: str) -> x509.Name:
    pairs = ((NameOID.ORGANIZATION_NAME, "private.test"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in pairs])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, start: datetime, life: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), start, start + life
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)


def _from(builder: x509.CertificateBuilder, key: Key) -> x509.CertificateBuilder:
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)


def _with(builder: x509.CertificateBuilder, number: str, value: bytes) -> x509.CertificateBuilder:
    return builder.add_extension(x509.UnrecognizedExtension(ObjectIdentifier(number), value), False)


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _sized(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content
