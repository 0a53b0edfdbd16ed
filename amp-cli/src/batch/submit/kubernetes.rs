//! Kubernetes: an Indexed Job, for 1.29 and later.
//!
//! The manifest is held against the published schema; it was not run on a cluster.

use serde_json::{Value, json};

use super::{Job, Submission};

/// How often the pod of a shard is started anew.
const MOST_RESTARTS: u32 = 5;

/// How long a pod has to put its agents and its state away.
const GRACE: u32 = 60;

pub(super) fn submission(job: &Job) -> Submission {
    // JSON is YAML, and it is quoted by somebody who knows how.
    let mut text = serde_json::to_string_pretty(&manifest(job)).unwrap_or_default();
    text.push('\n');
    Submission {
        file_name: "kubernetes.json",
        text,
        command: &["kubectl", "create", "-f"],
    }
}

fn manifest(job: &Job) -> Value {
    let work = ["--work-dir", "/work"].map(str::to_owned);
    let command: Vec<&String> = job.run.iter().chain(&work).collect();
    let key = json!({"secretKeyRef": {"name": job.secret, "key": "AMP_API_KEY"}});
    let mut spec = json!({
        "completionMode": "Indexed",
        "completions": job.shards,
        "parallelism": job.at_once,
        "backoffLimitPerIndex": MOST_RESTARTS,
        // The next pod of a shard waits until the one before is gone.
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": [
            {
                "action": "Ignore",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
            // A new start changes nothing about failed tasks and wrong arguments; about 75 it does.
            {
                "action": "FailIndex",
                "onExitCodes": {"containerName": "ampctl", "operator": "In", "values": [1, 2]},
            },
        ]},
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": GRACE,
                "containers": [{
                    "name": "ampctl",
                    "image": job.image,
                    "command": command,
                    "env": [
                        {"name": "AMPCTL_SHARD_TOTAL", "value": job.shards.to_string()},
                        {"name": "AMP_API_KEY", "valueFrom": key},
                    ],
                    "volumeMounts": [
                        {"name": "batch", "mountPath": "/batch"},
                        {"name": "work", "mountPath": "/work"},
                    ],
                }],
                "volumes": [
                    {"name": "batch", "persistentVolumeClaim": {"claimName": job.claim}},
                    {"name": "work", "emptyDir": {}},
                ],
            },
        },
    });
    if let Some(seconds) = job.seconds() {
        // The deadline of a job is that of all its pods together.
        let rounds = u64::from(job.shards.div_ceil(job.at_once));
        spec["activeDeadlineSeconds"] = json!(seconds.saturating_mul(rounds));
    }
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": "ampctl-"},
        "spec": spec,
    })
}
