//! Croissant 1.1, written: <http://mlcommons.org/croissant/1.1>.

use serde_json::{Map, Value, json};
use taster_core::Role;

use super::{About, Exported};
use crate::{ColumnRecord, ScannedFile};

/// The id of the set of all files, where there are several.
const FILES: &str = "files";

/// The id of the set of all rows.
const ROWS: &str = "rows";

/// What Croissant demands of every dataset and neither the manifest nor the caller knows.
pub type Missing = Vec<&'static str>;

/// The dataset of this manifest as a Croissant description, and what Croissant asks for beyond it.
pub fn to_croissant(exported: &Exported, about: &About) -> (Value, Missing) {
    let dataset = &exported.statement.predicate.dataset;
    let mut out = Map::new();
    let mut missing = Missing::new();
    out.insert("@context".into(), context());
    out.insert("@type".into(), json!("sc:Dataset"));
    out.insert("conformsTo".into(), json!("http://mlcommons.org/croissant/1.1"));
    out.insert("name".into(), json!(Exported::name(about)));
    out.insert("description".into(), json!(exported.description(about)));
    let mut demand = |key: &'static str, value: Option<Value>| match value {
        Some(value) => drop(out.insert(key.into(), value)),
        None => missing.push(key),
    };
    let some = |values: Vec<Value>| (!values.is_empty()).then_some(Value::Array(values));
    demand("url", about.url.as_ref().map(|url| json!(url)));
    demand("license", some(exported.licences(about).into_iter().map(Value::String).collect()));
    let creator = |name: String| json!({"@type": "sc:Organization", "name": name});
    demand("creator", some(exported.creators(about).into_iter().map(creator).collect()));
    demand("datePublished", about.published.as_ref().map(|date| json!(date)));
    demand("version", about.version.as_ref().map(|version| json!(version)));
    out.insert("isLiveDataset".into(), json!(false));
    provenance(exported, &mut out);
    out.insert("distribution".into(), distribution(exported, &dataset.files));
    let source = if let [file] = &dataset.files[..] { ("fileObject", file.name.as_str()) } else { ("fileSet", FILES) };
    let fields = dataset.columns.iter().map(|column| field(column, source));
    let id = dataset.columns.iter().filter(|c| c.role == Role::Id).map(|c| json!({"@id": field_id(&c.name)}));
    let mut rows = json!({"@type": "cr:RecordSet", "@id": ROWS, "name": ROWS, "field": fields.collect::<Vec<_>>()});
    match &id.collect::<Vec<_>>()[..] {
        [] => {}
        [one] => rows["key"] = one.clone(),
        several => rows["key"] = json!(several),
    }
    out.insert("recordSet".into(), json!([rows]));
    (Value::Object(out), missing)
}

/// The context that the specification recommends, and PROV.
fn context() -> Value {
    let mut context = json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "description": {"@container": "@language"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "name": {"@container": "@language"},
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
    });
    let terms = [
        "arrayShape",
        "citeAs",
        "column",
        "containedIn",
        "equivalentProperty",
        "extract",
        "field",
        "fileObject",
        "fileProperty",
        "fileSet",
        "format",
        "includes",
        "isArray",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
        "repeated",
        "replace",
        "samplingRate",
        "separator",
        "source",
        "subField",
        "transform",
    ];
    for term in terms {
        context[term] = json!(format!("cr:{term}"));
    }
    context["conformsTo"] = json!("dct:conformsTo");
    context
}

/// Where it comes from, what was done to it, and what is known against it.
fn provenance(exported: &Exported, out: &mut Map<String, Value>) {
    let predicate = &exported.statement.predicate;
    let origins = exported.sources().into_values().filter_map(|source| source.origin);
    let mut derived: Vec<Value> = origins.map(|origin| json!({"@id": origin})).collect();
    derived.dedup();
    if !derived.is_empty() {
        out.insert("prov:wasDerivedFrom".into(), json!(derived));
    }
    out.insert(
        "prov:wasGeneratedBy".into(),
        json!({
            "@type": "prov:Activity",
            "prov:label": exported.verdict(),
            "prov:startedAtTime": predicate.metadata.scan_started_on,
            "prov:endedAtTime": predicate.metadata.scan_finished_on,
            "prov:wasAssociatedWith": {"@type": "prov:SoftwareAgent", "@id": predicate.scanner.uri},
        }),
    );
    let limits = format!(
        "{}. {} of {} rows are on the quarantine list. The scan is attested by the manifest with SHA-256 {}.",
        exported.verdict(),
        predicate.result.quarantined_rows,
        predicate.dataset.rows,
        exported.sha256,
    );
    out.insert("rai:dataLimitations".into(), json!(limits));
}

fn distribution(exported: &Exported, files: &[ScannedFile]) -> Value {
    let sources = exported.sources();
    let object = |file: &ScannedFile| {
        let origin = sources.get(&file.name).and_then(|source| source.origin.clone());
        // A source may come from a page; a file is fetched only from an address that ends in its name.
        let origin = origin.filter(|origin| last(origin) == last(&file.name));
        json!({
            "@type": "cr:FileObject",
            "@id": file.name,
            "name": file.name,
            "contentUrl": origin.unwrap_or_else(|| file.name.clone()),
            "contentSize": format!("{} B", file.bytes),
            "encodingFormat": media_type(file),
            "sha256": file.sha256,
        })
    };
    let mut distribution: Vec<Value> = files.iter().map(object).collect();
    if files.len() > 1 {
        let mut types: Vec<&str> = files.iter().map(media_type).collect();
        types.sort_unstable();
        types.dedup();
        distribution.push(json!({
            "@type": "cr:FileSet",
            "@id": FILES,
            "name": FILES,
            "encodingFormat": types,
            "includes": files.iter().map(|file| literal(&file.name)).collect::<Vec<_>>(),
        }));
    }
    json!(distribution)
}

/// The last part of a path or an address.
fn last(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path)
}

/// A pattern that only this name matches.
fn literal(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '*' | '?' | '[') { format!("[{c}]") } else { c.to_string() }).collect()
}

pub(super) fn media_type(file: &ScannedFile) -> &'static str {
    let lines = file.name.contains(".jsonl") || file.name.contains(".ndjson");
    match file.format.as_str() {
        "parquet" => "application/vnd.apache.parquet",
        "csv.gz" | "json.gz" => "application/gzip",
        "csv.zst" | "json.zst" => "application/zstd",
        "json" if lines => "application/jsonlines",
        "json" => "application/json",
        "csv" if file.name.contains(".tsv") => "text/tab-separated-values",
        _ => "text/csv",
    }
}

fn field(column: &ColumnRecord, (kind, id): (&str, &str)) -> Value {
    let mut types = vec![data_type(&column.kind)];
    if column.role == Role::Label {
        types.push("cr:Label");
    }
    let mut field = json!({
        "@type": "cr:Field",
        "@id": field_id(&column.name),
        "name": column.name,
        "description": format!("{} ({})", column.role, column.kind),
        "dataType": if types.len() == 1 { json!(types[0]) } else { json!(types) },
        "source": {kind: {"@id": id}, "extract": {"column": column.name}},
    });
    if column.kind.starts_with("list(") {
        field["isArray"] = json!(true);
        field["arrayShape"] = json!("-1");
    }
    field
}

fn field_id(column: &str) -> String {
    format!("{ROWS}/{column}")
}

/// The data type of a column; of a list, that of its items.
fn data_type(kind: &str) -> &'static str {
    let item = kind.rsplit("list(").next().unwrap_or(kind);
    match item.trim_end_matches(')') {
        "bool" => "sc:Boolean",
        "int" | "duration" => "sc:Integer",
        "float" => "sc:Float",
        "date" => "sc:Date",
        "time" => "sc:Time",
        kind if kind.starts_with("timestamp") => "sc:DateTime",
        kind if kind.starts_with("decimal") => "sc:Float",
        _ => "sc:Text",
    }
}
