//! HyperQueue: an array of tasks, each of which may lose its worker a few times (0.27).

use super::{Job, Submission};

/// How often a task may lose its worker.
const CRASH_LIMIT: u32 = 5;

pub(super) fn submission(job: &Job) -> Submission {
    let shards = job.shards;
    let logs = job.logs.join("hq-%{TASK_ID}-%{INSTANCE_ID}");
    let logs = logs.display();
    let time = job
        .seconds()
        .map(|seconds| format!("time_limit = \"{seconds}s\"\n"));
    let time = time.unwrap_or_default();
    // `exec`: its signals go to the direct child alone. Numbers are from 1, so that they are shards.
    let command = format!("exec {}", job.command(&format!("\"$HQ_TASK_ID\"/{shards}")));
    let text = format!(
        "# The key is in the environment of the workers.\n\
         name = \"ampctl\"\n\
         stdout = {stdout}\n\
         stderr = {stderr}\n\n\
         [array]\n\
         ids = \"1-{shards}\"\n\
         command = [\"sh\", \"-c\", {command}]\n\
         {time}crash_limit = {CRASH_LIMIT}\n",
        stdout = toml_string(&format!("{logs}.out")),
        stderr = toml_string(&format!("{logs}.err")),
        command = toml_string(&command),
    );
    Submission {
        file_name: "hyperqueue.toml",
        text,
        command: &["hq", "job", "submit-file"],
    }
}

fn toml_string(text: &str) -> String {
    toml::Value::from(text).to_string()
}
