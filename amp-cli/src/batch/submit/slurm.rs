//! Slurm: an array whose elements come back while they are paused. The signals, and what is queued
//! again, are those of a script that was run with 22.05.

use super::{Job, Submission, quoted};

/// How often an element comes back.
const MOST_RESTARTS: u32 = 5;

pub(super) fn submission(job: &Job) -> Submission {
    let Job {
        shards, at_once, ..
    } = job;
    let log = job.logs.join("slurm-%A_%a.log");
    let log = log.display();
    let time = job.seconds().map(|seconds| {
        format!(
            "#SBATCH --time={:02}:{:02}:{:02}\n",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    });
    let time = time.unwrap_or_default();
    let command = format!(
        "{} --shard \"$SLURM_ARRAY_TASK_ID/{shards}\"",
        job.run
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" ")
    );
    let text = format!(
        "#!/bin/bash\n\
         #SBATCH --job-name=ampctl --array=1-{shards}%{at_once} --requeue --open-mode=append\n\
         #SBATCH --output={log}\n\
         {time}\
         #SBATCH --signal=B:USR1@120\n\
         # The key is in the environment of sbatch, which hands it on.\n\
         id=${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID again=1\n\
         {command} & pid=$!\n\
         trap 'kill -TERM $pid' USR1   # time is nearly up: pause, and come back\n\
         trap 'again=0; kill -TERM $pid 2>/dev/null' TERM   # scancel: stay away\n\
         wait $pid; rc=$?\n\
         while [ $rc -gt 128 ] && kill -0 $pid 2>/dev/null; do wait $pid; rc=$?; done\n\
         if [ $rc = 75 ] && [ $again = 1 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {MOST_RESTARTS} ]; then\n\
         \x20 trap '' TERM; scontrol requeue \"$id\"\n\
         fi\n\
         exit $rc\n"
    );
    Submission {
        file_name: "slurm.sbatch",
        text,
        command: &["sbatch"],
    }
}
