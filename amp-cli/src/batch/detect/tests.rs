//! What engines say, and what comes of it.

use std::fmt::Write;

use super::{Detected, detect};
use crate::context::Context;
use crate::failure::Failure;

fn asked(variables: &str) -> Result<Detected, Failure> {
    let variables = variables.split_ascii_whitespace();
    let variables = variables.map(|word| word.split_once('=').expect("NAME=VALUE"));
    detect(None, &Context::new("/").with_environment(variables))
}

/// Says in a line what comes of these variables.
fn told(variables: &str) -> String {
    match asked(variables) {
        Ok(Detected {
            shard,
            by,
            starts_before,
        }) => {
            let starts = starts_before.map(|starts| format!(", started {starts} times before"));
            format!("{shard} by {by}{}", starts.unwrap_or_default())
        }
        Err(failure) => format!("refused: {}", failure.in_one_line()),
    }
}

#[test]
fn what_each_engine_says() {
    let lines = [
        "",
        "AMPCTL_SHARD=hash:2/3",
        "AMPCTL_SHARD=2/3 SLURM_PROCID=0",
        "AMPCTL_SHARD=8/3",
        "HQ_TASK_ID=0 AMPCTL_SHARD_TOTAL=8 HQ_INSTANCE_ID=2",
        "HQ_TASK_ID=7 AMPCTL_SHARD_TOTAL=8 HQ_INSTANCE_ID=0",
        "HQ_TASK_ID=8 AMPCTL_SHARD_TOTAL=8",
        "HQ_TASK_ID=3",
        "HQ_TASK_ID=3 AMPCTL_SHARD=4/8 HQ_INSTANCE_ID=1",
        "JOB_COMPLETION_INDEX=0 AMPCTL_SHARD_TOTAL=4",
        "JOB_COMPLETION_INDEX=0",
        "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=4 SLURM_RESTART_COUNT=1",
        "SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=3",
        "SLURM_ARRAY_TASK_ID=5",
        "SLURM_PROCID=0 SLURM_NTASKS=4",
        "SLURM_PROCID=2 SLURM_NTASKS=4 SLURM_STEP_ID=0",
        "SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_STEP_ID=0 HQ_TASK_ID=3 AMPCTL_SHARD_TOTAL=8",
        "SLURM_PROCID=2 SLURM_NTASKS=4 SLURM_STEP_ID=0 JOB_COMPLETION_INDEX=2 AMPCTL_SHARD_TOTAL=4",
        "SLURM_PROCID=2 SLURM_NTASKS=4 SLURM_STEP_ID=0 CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=4",
        "AWS_BATCH_JOB_ARRAY_INDEX=0 AWS_BATCH_JOB_ARRAY_SIZE=10 AWS_BATCH_JOB_ATTEMPT=1",
        "GITLAB_CI=true CI_NODE_INDEX=1 CI_NODE_TOTAL=3",
        "GITLAB_CI=true CI_NODE_TOTAL=1",
        "CI_NODE_INDEX=0 CI_NODE_TOTAL=3",
        "CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=4",
        "BUILDKITE_PARALLEL_JOB=0 BUILDKITE_PARALLEL_JOB_COUNT=2",
        "BITBUCKET_PARALLEL_STEP=1 BITBUCKET_PARALLEL_STEP_COUNT=2",
        "SEMAPHORE_JOB_INDEX=1 SEMAPHORE_JOB_COUNT=2",
        "SYSTEM_JOBPOSITIONINPHASE=2 SYSTEM_TOTALJOBSINPHASE=2",
        "CLOUD_RUN_TASK_INDEX=0 CLOUD_RUN_TASK_COUNT=5",
        "BATCH_TASK_INDEX=4 BATCH_TASK_COUNT=5",
        "SGE_TASK_ID=undefined",
        "SGE_TASK_ID=5 SGE_TASK_FIRST=1 SGE_TASK_LAST=9 SGE_TASK_STEPSIZE=2",
        "LSB_JOBINDEX=0",
        "LSB_JOBINDEX=2",
        "PBS_ARRAY_INDEX=2",
        "NOMAD_ALLOC_INDEX=0 AMPCTL_SHARD_TOTAL=2",
        "PARALLEL_SEQ=1 AMPCTL_SHARD_TOTAL=2",
        "PARALLEL_SEQ=1",
        "AMPCTL_SHARD_TOTAL=2",
        "CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=4 AMPCTL_SHARD_TOTAL=5",
        "CIRCLE_NODE_INDEX=one CIRCLE_NODE_TOTAL=4",
        "CIRCLE_NODE_INDEX=1",
    ];
    let mut document = String::new();
    for line in lines {
        writeln!(document, "{line}\n    {}", told(line)).expect("a string");
    }
    insta::assert_snapshot!(document);
}

#[test]
fn a_flag_counts_more_than_every_engine() {
    let context =
        Context::new("/").with_environment([("PARALLEL_SEQ", "7"), ("AMPCTL_SHARD", "x")]);
    let shard = "2/9".parse().expect("a shard");
    let detected = detect(Some(shard), &context).expect("a shard");
    assert_eq!((detected.shard, detected.by), (shard, "--shard"));
}
