#!/usr/bin/env python3
"""Signs and verifies with taster and with the reference client of OpenSSF Model Signing, each way round.

    check_oms.py TASTER

For every curve, for keys and certificates, for whole files and shards, for a folder and one file: what either signs both
verify, and neither verifies it any more once a byte was flipped or a file added, removed or renamed. The reference client
(model-signing from PyPI) is installed into a virtual environment of its own; where that cannot be done, the check is
skipped and says so. Exits 0 if all is as it should be or the check was skipped, else 1.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from environment import require_or_skip

PACKAGES = ["model-signing>=1.1,<1.2", "pyopenssl"]
CURVES = ["p256", "p384", "p521"]
SHARD = 1000


def main(taster):
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder), taster)
        for curve in CURVES:
            room.make_keys(curve)
            for method in ["key", "certificate"]:
                for shards in [False, True]:
                    for root in ["data", "one.bin"]:
                        room.check(curve, method, shards, root)
        room.check_policies()
    print(f"{room.checks} checks, {len(room.failures)} failed")
    return 1 if room.failures else 0


class Room:
    """A folder with data, keys and certificates."""

    def __init__(self, home, taster):
        self.home, self.taster = home, taster
        self.checks, self.failures = 0, []

    def expect(self, holds, wanted, what):
        self.checks += 1
        if holds != wanted:
            self.failures.append(what)
            print(f"FAILED: {what}: {'holds' if holds else 'does not hold'}")

    def write_data(self):
        subprocess.run(["rm", "-rf", self.home / "data"], check=True)
        for name, size in [("a.csv", 10), ("a-b.csv", 3 * SHARD), ("part/b c.bin", 12345), ("part/deep/模型.bin", 7)]:
            path = self.home / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(i * 7 % 251 for i in range(size)))
        (self.home / "data" / ".gitignore").write_text("not signed")
        (self.home / "one.bin").write_bytes(bytes(i % 241 for i in range(4 * SHARD + 17)))

    def make_keys(self, curve):
        run = [self.taster, "keygen", "--out", self.home / curve, "--algorithm", curve]
        subprocess.run(run, check=True, capture_output=True)
        make_certificates(self.home, curve)

    def certificates(self, curve):
        return [self.home / f"{curve}.leaf.pem", self.home / f"{curve}.intermediate.pem"]

    def check(self, curve, method, shards, root):
        self.write_data()
        what = f"{curve} {method} {'shards' if shards else 'files'} {root}"
        ours, theirs = self.home / "ours.sig", self.home / "theirs.sig"
        self.expect(self.sign_here(curve, method, shards, root, ours), True, f"{what}: signed here")
        self.sign_there(curve, method, shards, root, theirs)
        for bundle in [ours, theirs]:
            self.both(curve, method, root, bundle, True, f"{what}: {bundle.name}")
            self.tamper(curve, method, root, bundle, what)

    def both(self, curve, method, root, bundle, wanted, what):
        self.expect(self.verify_here(curve, method, root, bundle), wanted, f"{what} here")
        self.expect(self.verify_there(curve, method, root, bundle, what), wanted, f"{what} there")

    def tamper(self, curve, method, root, bundle, what):
        """Damages the data in one way after the other; neither may verify it."""
        data = self.home / root
        files = sorted(p for p in data.rglob("*") if p.is_file() and p.name != ".gitignore") or [data]
        for path in files:
            content = path.read_bytes()
            flipped = bytearray(content)
            flipped[len(flipped) * 3 // 4] ^= 1
            for damaged in [bytes(flipped), content[:-1], content + b"x"]:
                path.write_bytes(damaged)
                self.both(curve, method, root, bundle, False, f"{what}: {bundle.name}, {path.name} changed")
            path.unlink()
            self.both(curve, method, root, bundle, False, f"{what}: {bundle.name}, {path.name} removed")
            if data.is_dir():
                path.with_name("renamed").write_bytes(content)
                self.both(curve, method, root, bundle, False, f"{what}: {bundle.name}, {path.name} renamed")
                path.with_name("renamed").unlink()
            path.write_bytes(content)
        if data.is_dir():
            added = data / "part" / "added.bin"
            added.write_bytes(b"added")
            self.both(curve, method, root, bundle, False, f"{what}: {bundle.name}, added")
            added.unlink()
        self.both(curve, method, root, bundle, True, f"{what}: {bundle.name}, mended")

    def check_policies(self):
        """Paths that are left out, and links."""
        self.write_data()
        bundle = self.home / "data" / "dataset.sig"
        extra = ["--ignore-path", "part"]
        self.expect(self.sign_here("p256", "key", False, "data", bundle, extra), True, "ignored path")
        (self.home / "data" / "part" / "more").write_text("x")
        self.both("p256", "key", "data", bundle, True, "a path that is left out")
        bundle.unlink()
        (self.home / "data" / "link").symlink_to("a.csv")
        bundle = self.home / "links.sig"
        self.expect(self.sign_here("p256", "key", False, "data", bundle), False, "a link")
        self.expect(self.sign_here("p256", "key", False, "data", bundle, ["--allow-symlinks"]), True, "a link, allowed")
        self.both("p256", "key", "data", bundle, True, "a link, allowed")
        self.sign_there("p256", "key", False, "data", bundle, allow_symlinks=True)
        self.both("p256", "key", "data", bundle, True, "a link, allowed there")
        (self.home / "data" / "a.csv").write_text("other")
        self.both("p256", "key", "data", bundle, False, "the target of a link changed")

    def sign_here(self, curve, method, shards, root, out, extra=()):
        run = [self.taster, "sign", self.home / root, "--key", self.home / f"{curve}.pem", "--out", out, *extra]
        if method == "certificate":
            for path in self.certificates(curve):
                run += ["--certificate", path]
        if shards:
            run.append(f"--shards={SHARD}")
        return subprocess.run(run, capture_output=True, check=False).returncode == 0

    def verify_here(self, curve, method, root, bundle):
        trust = ["--key", self.home / f"{curve}.pub.pem"]
        if method == "certificate":
            trust = ["--certificate", self.home / f"{curve}.root.pem"]
        done = subprocess.run([self.taster, "verify", bundle, *trust, self.home / root], capture_output=True, check=False)
        if b"panicked" in done.stderr:
            self.failures.append(f"panic: {done.stderr}")
        return done.returncode == 0

    def sign_there(self, curve, method, shards, root, out, allow_symlinks=False):
        import model_signing

        hashing = hashing_there(shards, allow_symlinks)
        signing = model_signing.signing.Config()
        key = self.home / f"{curve}.pem"
        if method == "key":
            signing.use_elliptic_key_signer(private_key=key)
        else:
            leaf, *chain = self.certificates(curve)
            signing.use_certificate_signer(private_key=key, signing_certificate=leaf, certificate_chain=chain)
        signing.set_hashing_config(hashing).sign(self.home / root, out)

    def verify_there(self, curve, method, root, bundle, what):
        import model_signing

        verifying = model_signing.verifying.Config()
        if method == "key":
            verifying.use_elliptic_key_verifier(public_key=self.home / f"{curve}.pub.pem")
        else:
            verifying.use_certificate_verifier(certificate_chain=[self.home / f"{curve}.root.pem"])
        # Its own reading of shards and links from the bundle fails in 1.1, even for its own bundles.
        if "shards" in what or "link" in what:
            verifying.set_hashing_config(hashing_there("shards" in what, "link" in what))
        try:
            verifying.verify(self.home / root, bundle)
        except Exception:  # whatever it says, it does not hold
            return False
        return True


def hashing_there(shards, allow_symlinks):
    import model_signing

    hashing = model_signing.hashing.Config()
    if shards:
        hashing.use_shard_serialization(shard_size=SHARD)
    return hashing.set_allow_symlinks(allow_symlinks)


def make_certificates(home, curve):
    """A root, an intermediate authority, and a leaf for the key of this curve."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.timezone.utc)
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    digests = {"p256": hashes.SHA256(), "p384": hashes.SHA384(), "p521": hashes.SHA512()}

    def certificate(name, key, issuer_name, issuer_key, authority):
        named = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        usage = dict.fromkeys(["content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                               "crl_sign", "encipher_only", "decipher_only"], False)
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer_name))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        usage = x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, **usage)
        made = builder.add_extension(usage, critical=True).sign(issuer_key, digests[curve])
        return made.public_bytes(serialization.Encoding.PEM)

    leaf = serialization.load_pem_private_key((home / f"{curve}.pem").read_bytes(), None)
    root, intermediate = ec.generate_private_key(curves[curve]), ec.generate_private_key(curves[curve])
    (home / f"{curve}.root.pem").write_bytes(certificate("root", root, "root", root, True))
    (home / f"{curve}.intermediate.pem").write_bytes(certificate("middle", intermediate, "root", root, True))
    (home / f"{curve}.leaf.pem").write_bytes(certificate("leaf", leaf, "middle", intermediate, False))


if __name__ == "__main__":
    require_or_skip("oms", PACKAGES)
    sys.exit(main(sys.argv[1]))
