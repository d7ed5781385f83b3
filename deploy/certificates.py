"""A private authority and the certificates of the servers of a cluster, that only this authority is trusted for."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.private_files import write_private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["AUTHORITY_DAYS", "SERVER_DAYS", "Authority"]

AUTHORITY_DAYS: Final = 3650
"""Days that an authority is good for."""
SERVER_DAYS: Final = 397
"""Days that a server's certificate is good for; made anew each year."""


class Authority:
    """An authority of one's own, in two files of a directory: `ca.pem`, for everyone, and `ca.key`, for nobody else."""

    def __init__(self, directory: Path) -> None:
        """Read the authority that the directory holds, or make one. Raises OSError or ValueError when it cannot."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self.certificate_file = directory / "ca.pem"
        key_file = directory / "ca.key"
        if key_file.exists():
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("the key of the authority is of another kind")
            self._key: EllipticCurvePrivateKey = key
            self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Kind in beeld: the ledger's own authority")
        builder = _builder(name, name, self._key, AUTHORITY_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_others=True), critical=True)
        self._certificate = _signed(builder, self._key)
        write_private(key_file, _pem_of(self._key))
        write_private(self.certificate_file, self.pem)

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return _certificate_pem(self._certificate)

    def issue(self, name: str, hosts: Iterable[str]) -> tuple[str, str]:
        """Make a certificate for who answers at these hosts (names or addresses); give it and its key, as PEM."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), self._certificate.subject, key, SERVER_DAYS)
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_others=False), critical=True)
        # Between servers both ends show theirs.
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(ours, critical=False)
        return _certificate_pem(_signed(builder, self._key)), _pem_of(key)


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(identifier, critical=False)
    )


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signed(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> x509.Certificate:
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())


def _certificate_pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem_of(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization

    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
