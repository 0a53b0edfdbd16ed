//! What engines tell the processes that they start about their shards, as a table.
//!
//! Seen on running engines: HyperQueue 0.27, Slurm 22.05 (arrays), GNU parallel 20221122. The others
//! are as their manuals have them.

/// How an engine numbers the processes of an array.
pub(super) enum Numbering {
    /// From the first number on, and how many there are stands in another variable.
    From { first: u64, total: &'static str },
    /// From the first number on; how many there are only whoever has made the array knows.
    WithoutTotal { first: u64 },
    /// Every `step` from `first` to `last`, which are variables, perhaps with the `count` of them.
    Range {
        first: &'static str,
        last: &'static str,
        step: &'static str,
        count: Option<&'static str>,
    },
    /// Neither the first number nor how many there are is told.
    Unknown,
}

/// What an engine tells.
pub(super) struct Engine {
    pub(super) name: &'static str,
    /// The variable with the number of this process.
    pub(super) index: &'static str,
    /// What stands there outside of an array.
    pub(super) none: Option<&'static str>,
    /// A variable that has to be there as well, or may not.
    pub(super) given: Option<(&'static str, bool)>,
    pub(super) numbering: Numbering,
    /// The variable with how often this process was started before.
    pub(super) attempt: Option<&'static str>,
}

impl Engine {
    const fn new(name: &'static str, index: &'static str, numbering: Numbering) -> Self {
        Self {
            name,
            index,
            none: None,
            given: None,
            numbering,
            attempt: None,
        }
    }

    const fn none(mut self, value: &'static str) -> Self {
        self.none = Some(value);
        self
    }

    const fn given(mut self, variable: &'static str, is_there: bool) -> Self {
        self.given = Some((variable, is_there));
        self
    }

    const fn attempt(mut self, variable: &'static str) -> Self {
        self.attempt = Some(variable);
        self
    }
}

const fn from(first: u64, total: &'static str) -> Numbering {
    Numbering::From { first, total }
}

/// Every engine that tells a process which of several it is.
pub(super) const ENGINES: &[Engine] = &[
    Engine::new(
        "HyperQueue",
        "HQ_TASK_ID",
        Numbering::WithoutTotal { first: 0 },
    )
    .attempt("HQ_INSTANCE_ID"),
    Engine::new(
        "Kubernetes",
        "JOB_COMPLETION_INDEX",
        Numbering::WithoutTotal { first: 0 },
    ),
    Engine::new(
        "a Slurm array",
        "SLURM_ARRAY_TASK_ID",
        Numbering::Range {
            first: "SLURM_ARRAY_TASK_MIN",
            last: "SLURM_ARRAY_TASK_MAX",
            step: "SLURM_ARRAY_TASK_STEP",
            count: Some("SLURM_ARRAY_TASK_COUNT"),
        },
    )
    .attempt("SLURM_RESTART_COUNT"),
    // A batch script has a number as well, always 0.
    Engine::new("srun", "SLURM_PROCID", from(0, "SLURM_NTASKS"))
        .given("SLURM_STEP_ID", true)
        .attempt("SLURM_RESTART_COUNT"),
    Engine::new(
        "AWS Batch",
        "AWS_BATCH_JOB_ARRAY_INDEX",
        from(0, "AWS_BATCH_JOB_ARRAY_SIZE"),
    )
    .attempt("AWS_BATCH_JOB_ATTEMPT"),
    Engine::new("GitLab", "CI_NODE_INDEX", from(1, "CI_NODE_TOTAL")).given("GITLAB_CI", true),
    Engine::new(
        "a CI with CI_NODE_INDEX",
        "CI_NODE_INDEX",
        from(0, "CI_NODE_TOTAL"),
    )
    .given("GITLAB_CI", false),
    Engine::new(
        "CircleCI",
        "CIRCLE_NODE_INDEX",
        from(0, "CIRCLE_NODE_TOTAL"),
    ),
    Engine::new(
        "Buildkite",
        "BUILDKITE_PARALLEL_JOB",
        from(0, "BUILDKITE_PARALLEL_JOB_COUNT"),
    )
    .attempt("BUILDKITE_RETRY_COUNT"),
    Engine::new(
        "Bitbucket",
        "BITBUCKET_PARALLEL_STEP",
        from(0, "BITBUCKET_PARALLEL_STEP_COUNT"),
    ),
    Engine::new(
        "Semaphore",
        "SEMAPHORE_JOB_INDEX",
        from(1, "SEMAPHORE_JOB_COUNT"),
    ),
    Engine::new(
        "Azure Pipelines",
        "SYSTEM_JOBPOSITIONINPHASE",
        from(1, "SYSTEM_TOTALJOBSINPHASE"),
    )
    .attempt("SYSTEM_JOBATTEMPT"),
    Engine::new(
        "Cloud Run",
        "CLOUD_RUN_TASK_INDEX",
        from(0, "CLOUD_RUN_TASK_COUNT"),
    )
    .attempt("CLOUD_RUN_TASK_ATTEMPT"),
    Engine::new(
        "Google Batch",
        "BATCH_TASK_INDEX",
        from(0, "BATCH_TASK_COUNT"),
    ),
    Engine::new(
        "Grid Engine",
        "SGE_TASK_ID",
        Numbering::Range {
            first: "SGE_TASK_FIRST",
            last: "SGE_TASK_LAST",
            step: "SGE_TASK_STEPSIZE",
            count: None,
        },
    )
    .none("undefined")
    .attempt("RESTARTED"),
    Engine::new("LSF", "LSB_JOBINDEX", Numbering::Unknown).none("0"),
    Engine::new("PBS", "PBS_ARRAY_INDEX", Numbering::Unknown),
    Engine::new(
        "Nomad",
        "NOMAD_ALLOC_INDEX",
        Numbering::WithoutTotal { first: 0 },
    ),
    Engine::new(
        "GNU parallel",
        "PARALLEL_SEQ",
        Numbering::WithoutTotal { first: 1 },
    ),
];
