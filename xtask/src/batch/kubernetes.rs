//! The manifest for Kubernetes, held to the published schema of the oldest release that it is for.
//! No cluster runs it. What the schema cannot say, the tests of `ampctl batch submit` do.

use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Result, bail};

use super::{AGENT, Options, place};
use crate::{command, machine, say};

const LIMIT: Duration = Duration::from_secs(60);

/// The oldest release with everything that the manifest asks for.
const RELEASE: &str = "1.29";

const IS_HERE: &str = "import kubernetes_validate";

/// Unknown keys are errors.
const CHECK: &str = "import json, sys, kubernetes_validate
with open(sys.argv[1]) as file:
    kubernetes_validate.validate(json.load(file), sys.argv[2], strict=True)";

/// Checks the manifest with the Python package `kubernetes-validate`.
///
/// # Errors
/// When the manifest does not fit, and when the package is not here and has to be.
pub(super) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let environment = place(folder.path(), AGENT, 8, &machine::environment())?;
    let spec = |program| {
        ProcessSpec::new(program)
            .with_environment(environment.clone())
            .with_working_directory(folder.path())
    };
    let python = |script: &str| spec(options.python.clone()).with_arguments(["-c", script]);
    machine::runtime()?.block_on(async {
        if command::output(python(IS_HERE), LIMIT).await.is_err() {
            if options.required {
                bail!("the Python package kubernetes-validate is not here");
            }
            say("kubernetes-validate is not here: not tried");
            return Ok(());
        }
        let submit = ["batch", "submit", "--engine", "kubernetes", "tasks.jsonl"];
        let words = ["--results", "out", "--image", "registry.example/amp:1"];
        let to = ["--to", "job.json"];
        let submit = spec(options.ampctl()?).with_arguments([&submit[..], &words, &to].concat());
        command::output(submit, LIMIT).await?;
        let check = python(CHECK).with_arguments(["job.json", RELEASE]);
        command::output(check, LIMIT).await?;
        say(format!(
            "Kubernetes: the manifest fits the schema of {RELEASE}"
        ));
        Ok(())
    })
}
