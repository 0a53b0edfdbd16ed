//! Findings in the form that code review takes: SARIF 2.1.0, the standard of OASIS.

use std::path::Path;

use amp_session::permission::{Check, Finding, Severity};
use serde::Serialize;
use serde_json::{Value, json};

/// Where the standard's own description of the format lies.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Returns a log of one run of the linter; files below `directory` are named from there.
pub(super) fn log(findings: &[Finding], build: &str, directory: &Path) -> impl Serialize {
    let checks = Check::ALL.map(|check| {
        json!({
            "id": check.id(),
            "shortDescription": {"text": check.description()},
        })
    });
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(finding, directory))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ampctl permissions lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": checks,
            }},
            "properties": {"ampBuild": build},
            "results": results,
        }],
    })
}

fn result(finding: &Finding, directory: &Path) -> Value {
    let number = finding.number.map(|number| format!("rule {number}: "));
    let safer = finding.safer.as_ref();
    let safer = safer.map(|safer| format!("\nRather: {safer}"));
    let text = [
        number.as_deref().unwrap_or_default(),
        &finding.message,
        safer.as_deref().unwrap_or_default(),
    ]
    .concat();
    let mut result = json!({
        "ruleId": finding.check.id(),
        "ruleIndex": Check::ALL.iter().position(|check| *check == finding.check),
        "level": match finding.severity {
            Severity::Error => "error",
            _ => "warning",
        },
        "message": {"text": text},
    });
    if let Some(file) = &finding.file {
        let mut place = json!({"artifactLocation": {"uri": uri(file, directory)}});
        if let Some(line) = finding.line {
            place["region"] = json!({"startLine": line});
        }
        result["locations"] = json!([{"physicalLocation": place}]);
    }
    result
}

/// Names a file by a relative reference where it lies below the folder, else by its whole address.
fn uri(file: &Path, directory: &Path) -> String {
    let below = file.strip_prefix(directory).unwrap_or(file);
    let parts = below.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
        std::path::Component::ParentDir => Some("..".to_owned()),
        std::path::Component::Prefix(prefix) => {
            Some(encoded(&prefix.as_os_str().to_string_lossy()))
        }
        std::path::Component::RootDir | std::path::Component::CurDir => None,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    match below.is_absolute() {
        true => format!("file:///{path}"),
        false => path,
    }
}

/// Encodes whatever may not stand in a segment of an address as it is.
fn encoded(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
