//! The keys that one run adds over the user's settings, as a pure function.

use amp_protocol::SettingsKey;
use serde_json::{Map, Value, json};

use crate::config::SessionConfig;
use crate::dialect::{Dialect, Feature};
use crate::error::Error;
use crate::version::AmpVersion;

/// Separates folders in one setting, as the help of the builds that know it says.
const PATH_SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };

/// Returns the user's settings with the run's keys over them, or `None` when it adds none.
pub(super) fn overlay(
    config: &SessionConfig,
    dialect: &Dialect,
    version: &AmpVersion,
    base: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Error> {
    let mut overlay = Overlay {
        dialect,
        version,
        keys: Map::new(),
    };
    let own = |feature: Feature| base.get(feature.spelling());
    if config.mode.as_deref() == Some("deep") && dialect.supports(Feature::ExperimentalModesSetting)
    {
        let modes = union(own(Feature::ExperimentalModesSetting), ["deep"]);
        overlay.set(Feature::ExperimentalModesSetting, modes)?;
    }
    if let Some((feature, effort)) = effort_setting(config, dialect) {
        overlay.set(feature, json!(effort))?;
    }
    if !config.skills.is_empty() {
        let path = skills_path(config, own(Feature::SkillsPathSetting))?;
        overlay.set(Feature::SkillsPathSetting, json!(path))?;
    }
    if !config.tools_enabled.is_empty() {
        overlay.set(Feature::ToolsEnableSetting, json!(config.tools_enabled))?;
    }
    if !config.tools_disabled.is_empty() {
        let names = config.tools_disabled.iter().map(String::as_str);
        let names = union(own(Feature::ToolsDisableSetting), names);
        overlay.set(Feature::ToolsDisableSetting, names)?;
    }
    for (key, value) in &config.settings {
        if !key.starts_with("amp.") {
            return Err(Error::InvalidOption {
                option: "settings",
                reason: format!("{key:?} does not start with \"amp.\", so Amp would ignore it"),
            });
        }
        overlay.keys.insert(key.clone(), value.clone());
    }
    overlay.add_rules(config, base);
    if overlay.keys.is_empty() {
        return Ok(None);
    }
    dialect.require(version, Feature::SettingsFile)?;
    let mut merged = base.clone();
    merged.extend(overlay.keys);
    // A crate of the host may have maps keep the order in which keys came.
    merged.sort_keys();
    Ok(Some(merged))
}

/// The keys collected so far.
struct Overlay<'a> {
    dialect: &'a Dialect,
    version: &'a AmpVersion,
    keys: Map<String, Value>,
}

impl Overlay<'_> {
    /// Sets a key that the build at hand must know.
    fn set(&mut self, feature: Feature, value: Value) -> Result<(), Error> {
        self.dialect.require(self.version, feature)?;
        self.keys.insert(feature.spelling().to_owned(), value);
        Ok(())
    }

    /// Puts the run's permission rules in front of the user's own, and switches off an allow-all
    /// of the user's, which would override them.
    fn add_rules(&mut self, config: &SessionConfig, base: &Map<String, Value>) {
        let key = SettingsKey::PERMISSIONS.as_str();
        let Some(Value::Array(rules)) = self.keys.get_mut(key) else {
            return;
        };
        let own = base.get(key).and_then(Value::as_array);
        rules.extend(own.into_iter().flatten().cloned());
        if !config.allows_all() {
            let key = SettingsKey::DANGEROUSLY_ALLOW_ALL.as_str();
            self.keys.insert(key.to_owned(), json!(false));
        }
    }
}

/// Returns the setting that carries the reasoning effort where there is no option for it.
///
/// Which modes take which levels was checked before.
fn effort_setting<'a>(config: &'a SessionConfig, dialect: &Dialect) -> Option<(Feature, &'a str)> {
    let effort = config.reasoning_effort.as_deref()?;
    let feature = match config.mode.as_deref() {
        _ if dialect.supports(Feature::EffortOption) => return None,
        Some("deep") => Feature::DeepEffortSetting,
        _ => Feature::SmartEffortSetting,
    };
    Some((feature, effort))
}

/// Returns a list setting with more entries behind its own.
fn union<'a>(own: Option<&Value>, more: impl IntoIterator<Item = &'a str>) -> Value {
    let mut list = own.and_then(Value::as_array).cloned().unwrap_or_default();
    for entry in more {
        if !list.iter().any(|present| present == entry) {
            list.push(json!(entry));
        }
    }
    Value::Array(list)
}

fn skills_path(config: &SessionConfig, own: Option<&Value>) -> Result<String, Error> {
    let own = own.and_then(Value::as_str).filter(|path| !path.is_empty());
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
