//! Options from `AMPCTL_…` variables.

use std::path::PathBuf;
use std::str::FromStr;

use amp_bootstrap::EXECUTABLE_VARIABLE;
use clap::ValueEnum;

use super::key::Key;
use super::{Layer, key};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What a variable should hold, in words.
const A_SWITCH: &str = "`true` or `false`";
const A_VERSION: &str = "`latest`, `known` or a version such as `0.0.1790142911-g7618fb`";
const AN_APPROVER: &str = "`ask`, `deny`, `read-only`, `none` or the path of a program";
const NOTIFIERS: &str = "`bell`, `osc9`, `osc777`, `none` or the whole path of a program";
const AN_AMOUNT: &str = "a number such as `20` or `200k`, or `none`";
const A_NUMBER: &str = "a number";
const A_COUNT: &str = "a number from 1 on";
const A_LIMIT: &str = "a duration such as `90s`, or `none`";

/// Reads the layer of the environment.
pub(super) fn layer(context: &Context) -> Result<Layer, Failure> {
    let variables = Variables(context);
    Ok(Layer {
        amp: context.variable(EXECUTABLE_VARIABLE).map(PathBuf::from),
        mode: variables.text(&key::MODE)?,
        effort: variables.text(&key::EFFORT)?,
        visibility: variables.text(&key::VISIBILITY)?,
        labels: variables.list(&key::LABELS)?,
        output: variables.choice(&key::OUTPUT)?,
        thinking: variables.parsed(&key::THINKING, A_SWITCH)?,
        timeout: variables.parsed(&key::TIMEOUT, A_LIMIT)?,
        idle_timeout: variables.parsed(&key::IDLE_TIMEOUT, A_LIMIT)?,
        startup_timeout: variables.parsed(&key::STARTUP_TIMEOUT, A_LIMIT)?,
        max_tokens: variables.parsed(&key::MAX_TOKENS, AN_AMOUNT)?,
        max_tool_calls: variables.parsed(&key::MAX_TOOL_CALLS, AN_AMOUNT)?,
        max_turns: variables.parsed(&key::MAX_TURNS, AN_AMOUNT)?,
        retry: variables.parsed(&key::RETRY, A_NUMBER)?,
        wait_for_limits: variables.parsed(&key::WAIT_FOR_LIMITS, A_LIMIT)?,
        check: variables.text(&key::CHECK)?,
        attempts: variables.parsed(&key::ATTEMPTS, A_COUNT)?,
        confirm_end: variables.parsed(&key::CONFIRM_END, A_SWITCH)?,
        color: variables.choice(&key::COLOR)?,
        progress: variables.parsed(&key::PROGRESS, A_SWITCH)?,
        record: variables.parsed(&key::RECORD, A_SWITCH)?,
        snapshots: variables.parsed(&key::SNAPSHOTS, A_SWITCH)?,
        update_notice: variables.parsed(&key::UPDATE_NOTICE, A_SWITCH)?,
        version: variables.parsed(&key::VERSION, A_VERSION)?,
        sources: variables.list(&key::SOURCES)?,
        install: variables.parsed(&key::INSTALL, A_SWITCH)?,
        pin_key: variables.text(&key::PIN_KEY)?,
        cross_check: variables.text(&key::CROSS_CHECK)?,
        allow_http: variables.list(&key::ALLOW_HTTP)?,
        approve: variables.parsed(&key::APPROVE, AN_APPROVER)?,
        notify: variables.parsed_list(&key::NOTIFY, NOTIFIERS)?,
        sandbox: variables.choice(&key::SANDBOX)?,
        ..Layer::default()
    })
}

struct Variables<'a>(&'a Context);

impl Variables<'_> {
    fn text(&self, key: &Key) -> Result<Option<String>, Failure> {
        let name = name(key);
        let Some(value) = self.0.variable(name) else {
            return Ok(None);
        };
        match value.to_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(unusable(name, "it is not valid UTF-8")),
        }
    }

    fn list(&self, key: &Key) -> Result<Option<Vec<String>>, Failure> {
        let text = self.text(key)?;
        Ok(text.map(|text| text.split(',').map(|item| item.trim().to_owned()).collect()))
    }

    fn choice<T: ValueEnum>(&self, key: &Key) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        T::from_str(&text, true).map(Some).map_err(|_| {
            let values: Vec<_> = T::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|value| format!("`{}`", value.get_name()))
                .collect();
            unusable(
                name(key),
                &format!("`{text}` is not one of {}", values.join(", ")),
            )
        })
    }

    fn parsed<T: FromStr>(&self, key: &Key, expected: &str) -> Result<Option<T>, Failure> {
        let text = self.text(key)?;
        text.map(|text| parse(&text, key, expected)).transpose()
    }

    fn parsed_list<T: FromStr>(
        &self,
        key: &Key,
        expected: &str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(texts) = self.list(key)? else {
            return Ok(None);
        };
        let values = texts.iter().map(|text| parse(text, key, expected));
        values.collect::<Result<_, _>>().map(Some)
    }
}

fn parse<T: FromStr>(text: &str, key: &Key, expected: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| unusable(name(key), &format!("`{text}` is not {expected}")))
}

/// Returns the variable of a setting that has one.
fn name(key: &Key) -> &'static str {
    key.variable.unwrap_or_default()
}

fn unusable(name: &str, reason: &str) -> Failure {
    Failure::new(ExitCode::Usage, format!("{name} cannot be used"))
        .because(reason)
        .next(format!("unset {name}"), "goes without it")
}
