//! Options from `AMPCTL_…` variables.

use std::path::PathBuf;
use std::str::FromStr;

use amp_bootstrap::EXECUTABLE_VARIABLE;
use clap::ValueEnum;

use super::Layer;
use super::choice::VERSION_VARIABLE;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What a variable should hold, in words.
const A_SWITCH: &str = "`true` or `false`";
const A_VERSION: &str = "`latest`, `known` or a version such as `0.0.1790142911-g7618fb`";
const A_LIMIT: &str = "a duration such as `90s`, or `none`";

/// Reads the layer of the environment.
pub(super) fn layer(context: &Context) -> Result<Layer, Failure> {
    let variables = Variables(context);
    Ok(Layer {
        amp: context.variable(EXECUTABLE_VARIABLE).map(PathBuf::from),
        mode: variables.text("AMPCTL_MODE")?,
        effort: variables.text("AMPCTL_EFFORT")?,
        visibility: variables.text("AMPCTL_VISIBILITY")?,
        labels: variables.list("AMPCTL_LABELS")?,
        output: variables.choice("AMPCTL_OUTPUT")?,
        thinking: variables.parsed("AMPCTL_THINKING", A_SWITCH)?,
        timeout: variables.parsed("AMPCTL_TIMEOUT", A_LIMIT)?,
        idle_timeout: variables.parsed("AMPCTL_IDLE_TIMEOUT", A_LIMIT)?,
        startup_timeout: variables.parsed("AMPCTL_STARTUP_TIMEOUT", A_LIMIT)?,
        color: variables.choice("AMPCTL_COLOR")?,
        progress: variables.parsed("AMPCTL_PROGRESS", A_SWITCH)?,
        record: variables.parsed("AMPCTL_RECORD", A_SWITCH)?,
        version: variables.parsed(VERSION_VARIABLE, A_VERSION)?,
        sources: variables.list("AMPCTL_SOURCES")?,
        sandbox: variables.choice("AMPCTL_SANDBOX")?,
        ..Layer::default()
    })
}

struct Variables<'a>(&'a Context);

impl Variables<'_> {
    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(value) = self.0.variable(name) else {
            return Ok(None);
        };
        match value.to_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(unusable(name, "it is not valid UTF-8")),
        }
    }

    fn list(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        let text = self.text(name)?;
        Ok(text.map(|text| text.split(',').map(|item| item.trim().to_owned()).collect()))
    }

    fn choice<T: ValueEnum>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        T::from_str(&text, true).map(Some).map_err(|_| {
            let values: Vec<_> = T::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|value| format!("`{}`", value.get_name()))
                .collect();
            unusable(
                name,
                &format!("`{text}` is not one of {}", values.join(", ")),
            )
        })
    }

    fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(unusable(name, &format!("`{text}` is not {expected}"))),
        }
    }
}

fn unusable(name: &str, reason: &str) -> Failure {
    Failure::new(ExitCode::Usage, format!("{name} cannot be used"))
        .because(reason)
        .next(format!("unset {name}"), "goes without it")
}
