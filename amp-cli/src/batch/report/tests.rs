//! Reports of folders that are written by hand.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Form, Report, write};
use crate::batch::folder::Folder;
use crate::context::{Context, Output};

/// Writes a folder with the results of these tasks.
fn folder(root: &Path, name: &str, results: &[(&str, &str)]) -> PathBuf {
    let folder = Folder::new(root.join(name));
    std::fs::create_dir_all(folder.journals()).expect("a folder");
    std::fs::create_dir_all(folder.tasks()).expect("a folder");
    let identity = json!({
        "format": 1, "name": "0123456789ab", "tasks_sha256": "0123456789abcdef",
        "tasks": 4, "shards": 2, "scheme": "slice", "ampctl": "0.1.0",
    });
    std::fs::write(folder.root.join("batch.json"), identity.to_string()).expect("a file");
    for (id, message) in results {
        let status = if message.is_empty() { "ok" } else { "failed" };
        let mut result = json!({
            "id": id, "status": status, "attempt": 1, "shard": "1/2", "thread": null,
            "amp_version": "1", "text": "<b>Done.</b>", "started_at": 1, "ended_at": 2,
            "wall_time": 1500,
            "usage": {
                "turns": 1, "input_tokens": 10, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 5, "messages_without_usage": 0,
                "tool_calls": 2, "refused_calls": 0,
            },
        });
        if !message.is_empty() {
            result["kind"] = json!("failed");
            result["message"] = json!(message);
        }
        std::fs::create_dir(folder.task(id)).expect("a folder");
        let path = folder.task(id).join("result.json");
        std::fs::write(path, result.to_string()).expect("a file");
    }
    let journal = "{\"seq\":1,\"at\":1,\"event\":\"sent\",\"task\":\"open\",\"attempt\":1}\n";
    let path = folder.journals().join("1-of-2.00000001.jsonl");
    std::fs::write(path, journal).expect("a file");
    folder.root
}

fn report(folders: &[PathBuf], form: Form) -> Result<String, String> {
    let (stdout, written) = Output::captured();
    let mut context = Context::new("/").with_stdout(stdout);
    let ended = write(folders, form, &mut context);
    ended.map_err(|failure| failure.in_one_line())?;
    Ok(written.text())
}

#[test]
fn a_report_is_the_same_in_whatever_order_its_folders_are_named() {
    let scratch = tempfile::tempdir().expect("a folder");
    let one = folder(
        scratch.path(),
        "one",
        &[("b", ""), ("c", "it <failed>\n& \u{1}how")],
    );
    let two = folder(scratch.path(), "two", &[("a", "")]);
    // The same result in two places is one.
    let three = folder(scratch.path(), "three", &[("a", "")]);
    let folders = [one.clone(), two.clone(), three.clone()];
    for form in [Form::Text, Form::Json, Form::Junit, Form::Html] {
        let told = report(&folders, form).expect("a report");
        let other = report(&[three.clone(), one.clone(), two.clone()], form);
        assert_eq!(Ok(&told), other.as_ref());
        insta::assert_snapshot!(format!("{form:?}"), told);
    }
}

#[test]
fn two_results_of_a_task_are_refused() {
    let scratch = tempfile::tempdir().expect("a folder");
    let one = folder(scratch.path(), "one", &[("a", "")]);
    let two = folder(scratch.path(), "two", &[("a", "failed here")]);
    let told = report(&[one, two], Form::Text).expect_err("two results");
    assert!(told.starts_with("task a has two results"), "{told}");
}

#[test]
fn folders_of_different_tasks_are_refused() {
    let scratch = tempfile::tempdir().expect("a folder");
    let one = folder(scratch.path(), "one", &[]);
    let two = folder(scratch.path(), "two", &[]);
    let identity = std::fs::read_to_string(two.join("batch.json")).expect("a file");
    let other = identity.replace("0123456789abcdef", "fedcba9876543210");
    std::fs::write(two.join("batch.json"), other).expect("a file");
    assert!(Report::read(&[Folder::new(one), Folder::new(two)]).is_err());
}
