//! GNU parallel: a script that works on the shards of a batch on this machine (tried with 20221122).

use super::{Job, Submission, quoted};

pub(super) fn submission(job: &Job) -> Submission {
    let Job {
        shards, at_once, ..
    } = job;
    // Its lines go by number, not by command: a log of another number of shards would mislead it.
    let log = job.logs.join(format!("parallel-{shards}.joblog"));
    let log = quoted(&log.display().to_string());
    let command = quoted(&job.command(&format!("{{}}/{shards}")));
    let text = format!(
        "#!/bin/sh\n\
         # Run it again to go on: what has ended with 0 is left out.\n\
         # A shard that is stopped has ten seconds to put its agents and its state away.\n\
         seq {shards} | exec parallel --will-cite -j{at_once} --joblog {log} --resume-failed \\\n\
         \x20 --termseq TERM,10000,KILL {command}\n"
    );
    Submission {
        file_name: "parallel.sh",
        text,
        command: &["sh"],
    }
}
