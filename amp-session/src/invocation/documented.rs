//! The command line of the older documentation, for a CLI whose help lists its flags.

use std::ffi::OsString;

use super::{Input, Invocation, Request, StandardInput};
use crate::config::Executor;
use crate::dialect::Feature;
use crate::environment::Environment;
use crate::error::Error;

/// `--print --output-format stream-json`, with the prompt on standard input.
pub(super) fn invocation(request: &Request<'_>) -> Result<Invocation, Error> {
    let Request {
        config,
        dialect,
        version,
        ..
    } = *request;
    let refused = [
        (config.mode.is_some(), Feature::Mode),
        (config.visibility.is_some(), Feature::Visibility),
        (!config.labels.is_empty(), Feature::Label),
        (config.title.is_some(), Feature::Title),
        (config.archive.is_some(), Feature::Archive),
        (config.executor != Executor::Local, Feature::Executor),
        (config.toolbox.is_some(), Feature::Toolbox),
        (config.log_level.is_some(), Feature::LogLevel),
        (config.log_file.is_some(), Feature::LogFile),
        (
            config.settings_file.is_some() || !config.settings.is_empty(),
            Feature::SettingsFile,
        ),
        (!config.skills.is_empty(), Feature::SkillsPathSetting),
        (
            !config.tools_enabled.is_empty(),
            Feature::ToolsEnableSetting,
        ),
        (
            !config.tools_disabled.is_empty(),
            Feature::ToolsDisableSetting,
        ),
        (
            config.mcp_config_file.is_some() || !config.mcp_servers.is_empty(),
            Feature::McpConfig,
        ),
    ];
    for (asked_for, feature) in refused {
        if asked_for {
            dialect.require(version, feature)?;
        }
    }
    let mut arguments: Vec<OsString> = ["--print", "--output-format", "stream-json"]
        .map(OsString::from)
        .into();
    if let Some(thread) = request.thread {
        arguments.extend(["--continue", thread.as_str()].map(OsString::from));
    }
    if let Some(model) = &config.model {
        arguments.push(format!("--model={model}").into());
    }
    if config.dangerously_allow_all {
        arguments.push("--dangerously-skip-permissions".into());
    }
    arguments.extend(config.extra_arguments.iter().cloned());
    let mut variables = Environment::from([("AMP_SKIP_UPDATE_CHECK".into(), "1".into())]);
    variables.extend(config.environment.clone());
    let Input::Prompt(prompt) = request.input else {
        dialect.require(version, Feature::StreamJsonInput)?;
        return Err(Error::EmptyPrompt);
    };
    Ok(Invocation {
        arguments,
        variables,
        standard_input: StandardInput::Text(prompt.to_owned()),
        files: Vec::new(),
    })
}
