//! Batches: many prompts from a file, in one process or on the engine that people already have.
//!
//! A file of tasks is cut into *shards* that share nothing but a folder of results, so any engine
//! can start any of them, any number of times. A task is done when it has a result; what a process
//! has sent stands in its journal before it is sent.
//!
//! ```text
//! DIR/batch.json                     which tasks, in how many shards; made once
//! DIR/journal/1-of-8.lock            held by the process that works on the shard
//! DIR/journal/1-of-8.00000001.jsonl  what its first process did; one writer
//! DIR/tasks/ID/attempt-1/            the session, the patch, the output of the check
//! DIR/tasks/ID/result.json           written last
//! DIR/work                           the work trees, until their work is safe
//! ```

mod attempt;
mod common;
mod detect;
mod engines;
mod events;
mod folder;
mod isolation;
mod journal;
mod on_result;
pub(crate) mod options;
mod pace;
pub(crate) mod plan;
#[cfg(any(test, fuzzing))]
pub(crate) mod promises;
mod report;
mod result;
mod run;
pub(crate) mod shard;
mod shard_lock;
mod slots;
mod state;
mod status;
mod stop;
mod submit;
mod tally;
mod task;
mod task_file;
mod view;

pub(crate) use self::report::{Form, write as report};
pub(crate) use self::run::run;
pub(crate) use self::status::show as status;
pub(crate) use self::submit::submit;
