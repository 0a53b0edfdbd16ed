//! The keys that one run adds over the user's settings, as a pure function.

use serde_json::{Map, Value, json};

use crate::config::SessionConfig;
use crate::dialect::{Dialect, Feature};
use crate::error::Error;
use crate::invocation::require;
use crate::version::AmpVersion;

/// Separates folders in one setting, as the help of the builds that know it says.
const PATH_SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

/// Returns the user's settings with the run's keys over them, or `None` when it adds none.
pub(crate) fn overlay(
    config: &SessionConfig,
    dialect: &Dialect,
    version: &AmpVersion,
    base: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Error> {
    let mut keys = Map::new();
    if config.mode.as_deref() == Some("deep") && dialect.supports(Feature::ExperimentalModesSetting)
    {
        keys.insert(
            Feature::ExperimentalModesSetting.spelling().to_owned(),
            union(base, Feature::ExperimentalModesSetting.spelling(), ["deep"]),
        );
    }
    if let Some((key, value)) = effort_setting(config, dialect) {
        keys.insert(key.to_owned(), json!(value));
    }
    if !config.skills.is_empty() {
        require(dialect, version, Feature::SkillsPathSetting)?;
        keys.insert(
            Feature::SkillsPathSetting.spelling().to_owned(),
            json!(skills_path(config, base)?),
        );
    }
    if !config.tools_enabled.is_empty() {
        require(dialect, version, Feature::ToolsEnableSetting)?;
        keys.insert(
            Feature::ToolsEnableSetting.spelling().to_owned(),
            json!(config.tools_enabled),
        );
    }
    if !config.tools_disabled.is_empty() {
        require(dialect, version, Feature::ToolsDisableSetting)?;
        let names = config.tools_disabled.iter().map(String::as_str);
        keys.insert(
            Feature::ToolsDisableSetting.spelling().to_owned(),
            union(base, Feature::ToolsDisableSetting.spelling(), names),
        );
    }
    for (key, value) in &config.settings {
        if !key.starts_with("amp.") {
            return Err(Error::InvalidOption {
                option: "settings",
                reason: format!("{key:?} does not start with \"amp.\", so Amp would ignore it"),
            });
        }
        keys.insert(key.clone(), value.clone());
    }
    if keys.is_empty() {
        return Ok(None);
    }
    require(dialect, version, Feature::SettingsFile)?;
    let mut merged = base.clone();
    merged.extend(keys);
    Ok(Some(merged))
}

/// Returns the setting that carries the reasoning effort where there is no option for it.
///
/// Which modes take which levels was checked before.
fn effort_setting<'a>(
    config: &'a SessionConfig,
    dialect: &Dialect,
) -> Option<(&'static str, &'a str)> {
    let effort = config.reasoning_effort.as_deref()?;
    if dialect.supports(Feature::EffortOption) {
        return None;
    }
    let feature = match config.mode.as_deref() {
        Some("deep") => Feature::DeepEffortSetting,
        _ => Feature::SmartEffortSetting,
    };
    dialect
        .supports(feature)
        .then(|| (feature.spelling(), effort))
}

/// Returns a list setting of the base with more entries behind its own.
fn union<'a>(
    base: &Map<String, Value>,
    key: &str,
    more: impl IntoIterator<Item = &'a str>,
) -> Value {
    let mut list = base
        .get(key)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for entry in more {
        if !list.iter().any(|present| present == entry) {
            list.push(json!(entry));
        }
    }
    Value::Array(list)
}

fn skills_path(config: &SessionConfig, base: &Map<String, Value>) -> Result<String, Error> {
    let own = base
        .get(Feature::SkillsPathSetting.spelling())
        .and_then(Value::as_str)
        .filter(|path| !path.is_empty());
    let mut folders: Vec<&str> = own.into_iter().collect();
    for folder in &config.skills {
        let usable = folder
            .to_str()
            .filter(|text| !text.contains(PATH_SEPARATOR));
        folders.push(usable.ok_or_else(|| Error::InvalidOption {
            option: "skills",
            reason: format!("{} cannot be put into a list of folders", folder.display()),
        })?);
    }
    Ok(folders.join(PATH_SEPARATOR))
}
