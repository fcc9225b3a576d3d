//! CycloneDX 1.7 (ECMA-424): the dataset as a component of type `data`.

use serde_json::{Value, json};

use super::{About, Exported, croissant::media_type};

/// The dataset of this manifest as a bill of materials.
///
/// Files are components of the dataset with their hashes. Manifest, findings and quarantine list are external references
/// with theirs, relative to where the manifest is.
pub fn to_cyclonedx(exported: &Exported, about: &About) -> Value {
    let predicate = &exported.statement.predicate;
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": serial_number(&exported.sha256.0),
        "version": 1,
        "metadata": {
            "timestamp": predicate.metadata.scan_finished_on,
            "tools": {"components": [{"type": "application", "name": "taster", "version": predicate.scanner.version}]},
        },
        "components": [component(exported, about)],
    })
}

fn component(exported: &Exported, about: &About) -> Value {
    let predicate = &exported.statement.predicate;
    let dataset = &predicate.dataset;
    let name = Exported::name(about);
    let mut component = json!({
        "type": "data",
        "bom-ref": "dataset",
        "name": name,
        "description": exported.description(about),
        "data": [data(exported, about)],
        "externalReferences": references(exported),
        "properties": properties(&[
            ("taster:verdict", predicate.result.verdict.to_string()),
            ("taster:reason", predicate.result.reason.clone()),
            ("taster:rows", dataset.rows.to_string()),
            ("taster:rows-root", dataset.rows_root.to_string()),
            ("taster:row-digest", dataset.row_digest.clone()),
            ("taster:quarantined-rows", predicate.result.quarantined_rows.to_string()),
            ("taster:config-sha256", predicate.config_sha256.to_string()),
        ]),
    });
    if let Some(version) = &about.version {
        component["version"] = json!(version);
    }
    let licences = exported.licences(about);
    if !licences.is_empty() {
        component["licenses"] = licences.iter().map(|licence| json!({"license": self::licence(licence)})).collect();
    }
    let file = |file: &crate::ScannedFile| {
        json!({
            "type": "file",
            "bom-ref": format!("file:{}", file.name),
            "name": file.name,
            "mime-type": media_type(file),
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
            "properties": properties(&[
                ("taster:bytes", file.bytes.to_string()),
                ("taster:rows", file.rows.to_string()),
                ("taster:rows-root", file.rows_root.to_string()),
            ]),
        })
    };
    // A dataset of one file is that file; of several, no hash is defined but ours over the rows.
    if let [only] = &dataset.files[..] {
        component["hashes"] = json!([{"alg": "SHA-256", "content": only.sha256}]);
    }
    component["components"] = dataset.files.iter().map(file).collect();
    component
}

fn data(exported: &Exported, about: &About) -> Value {
    let mut data = json!({"type": "dataset", "name": Exported::name(about), "contents": {}});
    if let Some(url) = &about.url {
        data["contents"]["url"] = json!(url);
    }
    let columns = exported.statement.predicate.dataset.columns.iter();
    let columns: Vec<(String, String)> =
        columns.map(|c| (format!("taster:column:{}", c.name), format!("{} {}", c.role, c.kind))).collect();
    let columns: Vec<(&str, String)> = columns.iter().map(|(name, told)| (name.as_str(), told.clone())).collect();
    data["contents"]["properties"] = properties(&columns);
    let owners: Vec<Value> =
        exported.creators(about).into_iter().map(|name| json!({"organization": {"name": name}})).collect();
    if !owners.is_empty() {
        data["governance"] = json!({"owners": owners});
    }
    data
}

fn references(exported: &Exported) -> Value {
    let reference = |kind: &str, url: &str, sha256: &dyn std::fmt::Display, comment: &str| {
        let hashes = json!([{"alg": "SHA-256", "content": sha256.to_string()}]);
        json!({"type": kind, "url": url, "hashes": hashes, "comment": comment})
    };
    let manifest = "in-toto statement about the scan of this dataset, in a DSSE envelope";
    let mut references = vec![reference("attestation", "manifest.json", &exported.sha256, manifest)];
    if let Some(proof) = &exported.log_proof {
        references.push(reference("log", "manifest.tlog-proof", proof, "proof that the manifest is in a log"));
    }
    if let Some((url, digest)) = &exported.threat_model {
        references.push(reference("threat-model", url, digest, "threats to this dataset, and what answers them"));
    }
    let predicate = &exported.statement.predicate;
    for (name, digest) in predicate.report_files.iter().chain(&predicate.report_views) {
        let (kind, comment) = match name.as_str() {
            "findings.json" => ("quality-metrics", "findings of the scan"),
            "quarantine.parquet" => ("evidence", "every row that was quarantined, and why"),
            "dataset.sig" => ("digital-signature", "OpenSSF Model Signing bundle over the files"),
            "report.html" => ("static-analysis-report", "the findings, for people"),
            "results.sarif" => ("static-analysis-report", "the findings, as SARIF"),
            _ => continue,
        };
        references.push(reference(kind, name, &digest.sha256, comment));
    }
    for (name, source) in exported.sources() {
        let Some(origin) = source.origin else { continue };
        references.push(json!({"type": "distribution", "url": origin, "comment": format!("where {name} comes from")}));
    }
    json!(references)
}

/// By name, as not every text is an SPDX id that CycloneDX knows.
fn licence(licence: &str) -> Value {
    if licence.contains("://") { json!({"name": licence, "url": licence}) } else { json!({"name": licence}) }
}

fn properties(pairs: &[(&str, String)]) -> Value {
    pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A UUID of version 8 (RFC 9562) out of a digest, so that the same manifest gives the same bill.
fn serial_number(digest: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}
