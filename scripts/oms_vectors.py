"""Bundles of OpenSSF Model Signing as its specification describes them, well-formed and not, for fixtures/oms.

Their signatures are no signatures: whether a bundle is one is decided before that. Used by make_fixtures.py.
"""

import base64
import copy
import hashlib
import json

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
FILES = {"config.json": b"{}", "data/train.csv": b"a,b\n1,2\n", "data/模型.bin": bytes(range(40))}
SHARD = 16


def vectors():
    """File name below fixtures/oms to its bytes."""
    valid = {
        "key-files": bundle(),
        "key-shards": bundle(shards=True),
        "single-file": bundle(files={".": b"a,b\n1,2\n"}),
        "ignored-paths": bundle(ignored=[".git", "cache"]),
        "empty-hint": edited(bundle(), lambda b: b["verificationMaterial"]["publicKey"].update(hint="")),
        "unknown-predicate-field": bundle(change=lambda s: s["predicate"].update({"later": {"version": 2}})),
        "null-keyid": edited(bundle(), lambda b: b["dsseEnvelope"]["signatures"][0].update(keyid=None)),
        "key-itself": edited(bundle(), lambda b: b["verificationMaterial"].update(
            publicKey={"rawBytes": encode(b"a key"), "keyDetails": "PKIX_ECDSA_P384_SHA_256"})),
        "no-log-entries": edited(bundle(), lambda b: b["verificationMaterial"].pop("tlogEntries")),
        "keyless": edited(bundle(), lambda b: b.update(
            verificationMaterial={"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [{"logIndex": "1"}]})),
        "symlinks-allowed": bundle(change=lambda s: s["predicate"]["serialization"].update(allow_symlinks=True)),
        "shards-called-sha256": bundle(shards=True, change=lambda s: [
            r.update(algorithm="sha256") for r in s["predicate"]["resources"]]),
        "no-keyid": edited(bundle(), lambda b: b["dsseEnvelope"]["signatures"][0].pop("keyid")),
    }
    resources = lambda statement: statement["predicate"]["resources"]
    invalid = {
        "media-type": edited(bundle(), lambda b: b.update(mediaType="application/json")),
        "no-envelope": edited(bundle(), lambda b: b.pop("dsseEnvelope")),
        "no-material": edited(bundle(), lambda b: b.pop("verificationMaterial")),
        "no-key-named": edited(bundle(), lambda b: b["verificationMaterial"]["publicKey"].clear()),
        "two-materials": edited(bundle(), lambda b: b["verificationMaterial"].update(
            x509CertificateChain={"certificates": [{"rawBytes": "AAAA"}]})),
        "certificate-is-none": edited(bundle(), lambda b: b.update(
            verificationMaterial={"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}})),
        "keyless-without-log": edited(bundle(), lambda b: b.update(
            verificationMaterial={"certificate": {"rawBytes": "AAAA"}, "tlogEntries": []})),
        "no-certificates": edited(bundle(), lambda b: b.update(
            verificationMaterial={"x509CertificateChain": {"certificates": []}})),
        "no-signatures": edited(bundle(), lambda b: b["dsseEnvelope"].update(signatures=[])),
        "signatures-left-out": edited(bundle(), lambda b: b["dsseEnvelope"].pop("signatures")),
        "two-signatures": edited(bundle(), lambda b: b["dsseEnvelope"]["signatures"].append({"sig": "AAAA"})),
        "signature-empty": edited(bundle(), lambda b: b["dsseEnvelope"]["signatures"][0].update(sig="")),
        "signature-not-base64": edited(bundle(), lambda b: b["dsseEnvelope"]["signatures"][0].update(sig="{}")),
        "payload-type": edited(bundle(), lambda b: b["dsseEnvelope"].update(payloadType="application/json")),
        "payload-left-out": edited(bundle(), lambda b: b["dsseEnvelope"].pop("payload")),
        "payload-not-base64": edited(bundle(), lambda b: b["dsseEnvelope"].update(payload="{}")),
        "payload-not-json": edited(bundle(), lambda b: b["dsseEnvelope"].update(payload=encode(b"resources"))),
        "statement-type": bundle(change=lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")),
        "predicate-type": bundle(change=lambda s: s.update(predicateType="https://model_signing/signature/v2.0")),
        "no-subject": bundle(change=lambda s: s.update(subject=[])),
        "two-subjects": bundle(change=lambda s: s["subject"].append(s["subject"][0])),
        "subject-without-digest": bundle(change=lambda s: s["subject"][0].pop("digest")),
        "subject-of-another-hash": bundle(change=lambda s: s["subject"][0].update(digest={"sha512": "0" * 128})),
        "predicate-left-out": bundle(change=lambda s: s.pop("predicate")),
        "wrong-root": bundle(change=lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)),
        "no-resources": bundle(change=lambda s: s["predicate"].pop("resources")),
        "empty-resources": bundle(files={}),
        "resource-twice": bundle(change=lambda s: resources(s).append(resources(s)[0]), reroot=True),
        "resource-digest-short": bundle(change=lambda s: resources(s)[0].update(digest="00")),
        "resource-algorithm": bundle(change=lambda s: resources(s)[0].update(algorithm="md5")),
        "path-above": bundle(change=lambda s: resources(s)[0].update(name="../config.json")),
        "path-absolute": bundle(change=lambda s: resources(s)[0].update(name="/etc/passwd")),
        "path-doubled-slash": bundle(change=lambda s: resources(s)[0].update(name="data//config.json")),
        "path-empty": bundle(change=lambda s: resources(s)[0].update(name="")),
        "resource-without-name": bundle(change=lambda s: resources(s)[0].pop("name")),
        "resource-without-digest": bundle(change=lambda s: resources(s)[0].pop("digest")),
        "resource-without-algorithm": bundle(change=lambda s: resources(s)[0].pop("algorithm")),
        "no-serialization": bundle(change=lambda s: s["predicate"].pop("serialization")),
        "serialization-method": bundle(change=lambda s: s["predicate"]["serialization"].update(method="rows")),
        "serialization-hash": bundle(change=lambda s: s["predicate"]["serialization"].update(hash_type="md5")),
        "shard-size-zero": bundle(shards=True, change=lambda s: s["predicate"]["serialization"].update(shard_size=0)),
        "shard-backwards": bundle(shards=True, change=lambda s: resources(s)[0].update(name="config.json:2:0")),
        "shard-empty": bundle(shards=True, change=lambda s: resources(s)[0].update(name="config.json:0:0")),
        "shard-off-the-grid": bundle(shards=True, change=lambda s: resources(s)[0].update(name="config.json:1:2")),
        "shard-too-long": bundle(shards=True, change=lambda s: resources(s)[0].update(name="config.json:0:99")),
        "shard-gap": bundle(shards=True, change=lambda s: resources(s).pop(-2), reroot=True),
        "shard-name": bundle(shards=True, change=lambda s: resources(s)[0].update(name="config.json")),
    }
    files = {f"oms/valid/{name}.json": b for name, b in valid.items()}
    files |= {f"oms/invalid/{name}.json": b for name, b in invalid.items()}
    return {name: (json.dumps(b, indent=1, ensure_ascii=False) + "\n").encode() for name, b in files.items()}


def bundle(files=FILES, shards=False, ignored=(), change=lambda statement: None, reroot=False):
    resources = []
    for name, content in sorted(files.items()):
        if shards:
            for start in range(0, len(content), SHARD):
                end = min(start + SHARD, len(content))
                resources.append(resource(f"{name}:{start}:{end}", content[start:end], f"sha256-sharded-{SHARD}"))
        else:
            resources.append(resource(name, content, "sha256"))
    serialization = {"method": "shards" if shards else "files", "hash_type": "sha256", "allow_symlinks": False,
                     "ignore_paths": list(ignored)}
    if shards:
        serialization["shard_size"] = SHARD
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "dataset", "digest": {"sha256": root(resources)}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"resources": resources, "serialization": serialization},
    }
    change(statement)
    if reroot:
        statement["subject"][0]["digest"]["sha256"] = root(statement["predicate"]["resources"])
    return {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": "00" * 32}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": encode(json.dumps(statement, ensure_ascii=False).encode()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": encode(b"no signature"), "keyid": ""}],
        },
    }


def edited(bundle, change):
    bundle = copy.deepcopy(bundle)
    change(bundle)
    return bundle


def resource(name, content, algorithm):
    return {"name": name, "digest": hashlib.sha256(content).hexdigest(), "algorithm": algorithm}


def root(resources):
    return hashlib.sha256(b"".join(bytes.fromhex(r["digest"]) for r in resources)).hexdigest()


def encode(data):
    return base64.b64encode(data).decode()
