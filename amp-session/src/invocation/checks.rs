//! What can be refused before anything is started.

use amp_protocol::UserInput;

use super::{Input, Request};
use crate::config::{Executor, SessionConfig};
use crate::dialect::{Dialect, Feature, Generation, Match, never_real};
use crate::error::Error;
use crate::version::AmpVersion;

/// Arguments that the session itself sets; a second one would break the stream.
const OWN_ARGUMENTS: [&str; 9] = [
    "--execute",
    "--stream-json",
    "--stream-json-input",
    "--stream-json-thinking",
    "--settings-file",
    "--mcp-config",
    "--orb-execute",
    "--executor",
    "--stats",
];

/// Checks everything that does not depend on a file.
pub(super) fn check(request: &Request<'_>) -> Result<(), Error> {
    let Request {
        config,
        dialect,
        version,
        ..
    } = *request;
    if request.input.is_stream() {
        dialect.require(version, Feature::StreamJsonInput)?;
    }
    match request.input {
        Input::Prompt(prompt) if prompt.trim().is_empty() => return Err(Error::EmptyPrompt),
        Input::Message(message) | Input::FirstMessage(message) if is_empty(message) => {
            return Err(Error::EmptyPrompt);
        }
        Input::Message(message) | Input::FirstMessage(message) => {
            check_message(message, version, dialect)?;
        }
        Input::Prompt(_) | Input::Messages => {}
    }
    if config.thinking {
        dialect.require(version, Feature::Thinking)?;
    }
    check_mode(request)?;
    check_effort(request)?;
    check_visibility(request)?;
    check_labels(&config.labels)?;
    check_title(request)?;
    check_archive(request)?;
    check_executor(request)?;
    check_mcp(config)?;
    check_extra_arguments(config)
}

/// Tells whether nothing would be asked.
fn is_empty(message: &UserInput) -> bool {
    !message.has_image() && message.all_text().trim().is_empty()
}

/// Refuses a message that this build does not take on its standard input.
pub(crate) fn check_message(
    message: &UserInput,
    version: &AmpVersion,
    dialect: &Dialect,
) -> Result<(), Error> {
    if message.has_image() {
        dialect.require(version, Feature::ImageInput)?;
    }
    if message.steers() {
        dialect.require(version, Feature::Steer)?;
    }
    Ok(())
}

/// Tells whether the facts of the dialect hold for this very version, so that a value they do not
/// name can be refused. A version newer than all of them may know more.
fn is_measured(dialect: &Dialect) -> bool {
    matches!(dialect.matched(), Match::Exact | Match::Between)
}

fn check_mode(request: &Request<'_>) -> Result<(), Error> {
    let Request {
        config,
        dialect,
        version,
        ..
    } = *request;
    let Some(mode) = config.mode.as_deref() else {
        return Ok(());
    };
    if !dialect.supports(Feature::ModeChecked) || !is_measured(dialect) {
        return Ok(());
    }
    let modes = dialect.modes();
    let usable: Vec<&str> = modes
        .iter()
        .filter(|mode| mode.drivable)
        .map(|mode| mode.key.as_ref())
        .collect();
    if usable.contains(&mode) {
        return Ok(());
    }
    let usable = usable.join(", ");
    let known = modes.iter().any(|known| known.key == mode);
    let reason = match mode {
        "free" if known => format!("it never runs in execute mode; these do: {usable}"),
        _ if known => format!(
            "it cannot stream JSON here ({}); this can: {usable}",
            dialect.available_in(Feature::StreamJsonInEveryMode)
        ),
        _ => format!("it takes {usable}"),
    };
    Err(Error::ModeNotAvailable {
        mode: mode.to_owned(),
        version: version.to_string(),
        reason,
    })
}

fn check_effort(request: &Request<'_>) -> Result<(), Error> {
    let Request {
        config,
        dialect,
        version,
        ..
    } = *request;
    let Some(effort) = config.reasoning_effort.as_deref() else {
        return Ok(());
    };
    let mode = config.mode.as_deref().unwrap_or("smart");
    let levels = dialect.efforts(mode);
    if levels.contains(&effort) {
        return Ok(());
    }
    if !levels.is_empty() {
        let reason = format!(
            "{effort:?} does not go with mode {mode}; {} do",
            levels.join(", ")
        );
        return Err(Error::InvalidOption {
            option: "reasoning effort",
            reason,
        });
    }
    let available = match (dialect.generation(), mode) {
        (Generation::ServerThreads, _) => {
            "choose low, medium, high or ultra as the mode".to_owned()
        }
        (_, "smart" | "deep") => {
            let setting = match mode {
                "deep" => Feature::DeepEffortSetting,
                _ => Feature::SmartEffortSetting,
            };
            let option = dialect.available_in(Feature::EffortOption);
            format!("{}, {option}", dialect.available_in(setting)).replace("only in", "in")
        }
        _ => "with modes smart and deep only".to_owned(),
    };
    Err(Error::UnsupportedOption {
        option: "reasoning effort",
        version: version.to_string(),
        available,
    })
}

fn check_visibility(request: &Request<'_>) -> Result<(), Error> {
    let Request {
        config, dialect, ..
    } = *request;
    let Some(visibility) = config.visibility.as_deref() else {
        return Ok(());
    };
    let known = dialect.visibilities();
    if known.contains(&visibility)
        || matches!(visibility, "public" | "unlisted")
        || !is_measured(dialect)
    {
        return Ok(());
    }
    let reason = format!("{visibility:?} is not one of {}", known.join(", "));
    Err(Error::InvalidOption {
        option: "visibility",
        reason,
    })
}

/// The limits that the official SDK of September 2026 checks before it starts the CLI.
fn check_labels(labels: &[String]) -> Result<(), Error> {
    let invalid = |reason: String| {
        Err(Error::InvalidOption {
            option: "label",
            reason,
        })
    };
    if labels.len() > 20 {
        return invalid(format!("{} labels are more than 20", labels.len()));
    }
    for label in labels {
        let characters = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if label.is_empty() || label.len() > 32 || label.starts_with('-') || !characters {
            return invalid(format!(
                "{label:?} is not 1 to 32 letters, digits and hyphens, the first no hyphen"
            ));
        }
    }
    Ok(())
}

fn check_title(request: &Request<'_>) -> Result<(), Error> {
    match &request.config.title {
        Some(_) if request.thread.is_some() => Err(Error::InvalidOption {
            option: "title",
            reason: "only a new thread takes one".to_owned(),
        }),
        Some(title) if title.trim().is_empty() || title.len() > 256 => {
            let reason = format!("{} bytes are not between 1 and 256", title.len());
            Err(Error::InvalidOption {
                option: "title",
                reason,
            })
        }
        _ => Ok(()),
    }
}

/// Builds that archive by themselves do so with the threads that they begin, and have no way to ask
/// for it otherwise.
fn check_archive(request: &Request<'_>) -> Result<(), Error> {
    let Request {
        config, dialect, ..
    } = *request;
    let archives_new_ones = dialect.supports(Feature::NoArchiveAfterExecute);
    if config.archive == Some(true) && archives_new_ones && request.thread.is_some() {
        return Err(Error::InvalidOption {
            option: "archive",
            reason: "this Amp archives only the threads that it begins".to_owned(),
        });
    }
    Ok(())
}

/// Remote executors ignore what is configured for local tools, so asking for both is refused.
fn check_executor(request: &Request<'_>) -> Result<(), Error> {
    let config = request.config;
    if config.executor == Executor::Local {
        return Ok(());
    }
    let ignored = [
        (
            !config.mcp_servers.is_empty() || config.mcp_config_file.is_some(),
            "MCP servers",
        ),
        (!config.skills.is_empty(), "skills"),
        (
            !config.tools_enabled.is_empty() || !config.tools_disabled.is_empty(),
            "tool lists",
        ),
        (
            config.settings.contains_key("amp.permissions"),
            "permission rules",
        ),
        (config.dangerously_allow_all, "the allow-all flag"),
        (request.input.is_stream(), "streaming input"),
    ];
    match ignored.into_iter().find(|(asked_for, _)| *asked_for) {
        Some((_, what)) => Err(Error::InvalidOption {
            option: "executor",
            reason: format!("{what} have no effect on a remote executor"),
        }),
        None => Ok(()),
    }
}

fn check_mcp(config: &SessionConfig) -> Result<(), Error> {
    if config.mcp_servers.is_empty() || config.mcp_config_file.is_none() {
        return Ok(());
    }
    let reason = "servers and a file cannot be given together".to_owned();
    Err(Error::InvalidOption {
        option: "MCP servers",
        reason,
    })
}

fn check_extra_arguments(config: &SessionConfig) -> Result<(), Error> {
    for argument in &config.extra_arguments {
        let Some(text) = argument.to_str() else {
            continue;
        };
        let flag = text.split_once('=').map_or(text, |(flag, _)| flag);
        if OWN_ARGUMENTS.contains(&flag) || flag.starts_with("-x") || flag.starts_with("-ox") {
            return Err(Error::InvalidOption {
                option: "extra arguments",
                reason: format!("{flag} is set by the session itself"),
            });
        }
        if let Some(reason) = never_real(flag) {
            return Err(Error::InvalidOption {
                option: "extra arguments",
                reason,
            });
        }
    }
    Ok(())
}
