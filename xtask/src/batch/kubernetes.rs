//! The manifest for Kubernetes, held to the published schema of the oldest release that it is for.
//! No cluster runs it. What the schema cannot say, the tests of `ampctl batch submit` do.

use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::Result;

use super::{AGENT, Tried, place};
use crate::{command, machine, python, say};

const LIMIT: Duration = Duration::from_secs(60);

/// The oldest release with everything that the manifest asks for.
const RELEASE: &str = "1.29";

/// The Python library that has the schemas.
const LIBRARY: &str = "kubernetes-validate==1.37.0";

/// Unknown keys are errors.
const CHECK: &str = "import json, sys, kubernetes_validate
with open(sys.argv[1]) as file:
    kubernetes_validate.validate(json.load(file), sys.argv[2], strict=True)";

/// Checks the manifest with a Python library, which pip installs below `target/`.
///
/// # Errors
/// When the manifest does not fit, and when the library is not here and has to be.
pub(super) fn run(tried: &Tried) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let environment = place(folder.path(), AGENT, 8, &machine::environment())?;
    let spec = |program| {
        ProcessSpec::new(program)
            .with_environment(environment.clone())
            .with_working_directory(folder.path())
    };
    machine::runtime()?.block_on(async {
        let installed = crate::workspace_root().join("target/kubernetes-validate-1.37.0");
        let python = match python::with(LIBRARY, &installed).await {
            Ok(python) => python,
            Err(error) if tried.required => {
                return Err(error.context("the schemas of Kubernetes are not here"));
            }
            Err(error) => {
                say(format!(
                    "Kubernetes: not tried, without its schemas: {error:#}"
                ));
                return Ok(());
            }
        };
        let submit = ["batch", "submit", "--engine", "kubernetes", "tasks.jsonl"];
        let words = ["--results", "out", "--image", "registry.example/amp:1"];
        let to = ["--to", "job.json"];
        let submit = spec(tried.ampctl()?).with_arguments([&submit[..], &words, &to].concat());
        command::output(submit, LIMIT).await?;
        let check = spec(python).with_arguments(["-c", CHECK, "job.json", RELEASE]);
        command::output(check, LIMIT).await?;
        say(format!(
            "Kubernetes: the manifest fits the schema of {RELEASE}"
        ));
        Ok(())
    })
}
