//! Job files as they are written.

use std::path::PathBuf;
use std::time::Duration;

use super::{Job, hyperqueue, kubernetes, parallel, quoted, slurm};

fn job() -> Job {
    let run = "/opt/ampctl batch run /data/tasks.jsonl --results /data/out --check";
    let mut run: Vec<String> = run.split(' ').map(str::to_owned).collect();
    run.push("make test && echo 'it's \"good\"'".to_owned());
    Job {
        run,
        shards: 8,
        at_once: 3,
        time_limit: Some(Duration::from_secs(7265)),
        image: "registry.example/amp:1".to_owned(),
        secret: "amp-api-key".to_owned(),
        claim: "amp-batch".to_owned(),
        logs: PathBuf::from("/data/out/submit"),
    }
}

#[test]
fn each_engine_has_its_job_file() {
    for submission in [
        hyperqueue::submission(&job()),
        kubernetes::submission(&job()),
        parallel::submission(&job()),
        slurm::submission(&job()),
    ] {
        insta::assert_snapshot!(submission.file_name, submission.text);
    }
}

#[test]
fn the_files_that_have_a_form_keep_to_it() {
    let text = hyperqueue::submission(&job()).text;
    let document: toml::Table = text.parse().expect("TOML");
    let command = document["array"]["command"][2].as_str().expect("a command");
    assert!(
        command.starts_with("exec /opt/ampctl batch run"),
        "{command}"
    );
    let text = kubernetes::submission(&job()).text;
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let spec = &manifest["spec"];
    let variables = &spec["template"]["spec"]["containers"][0]["env"];
    assert_eq!(variables[0]["value"], spec["completions"].to_string());
    assert!(!text.contains("a-key"), "the key is in a secret");
}

#[test]
fn words_are_quoted_for_the_shell() {
    for (word, expected) in [
        ("a/b-c_1.2", "a/b-c_1.2"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's $HOME", "'it'\\''s $HOME'"),
        ("{}", "'{}'"),
    ] {
        assert_eq!(quoted(word), expected);
    }
}
