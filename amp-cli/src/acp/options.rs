//! What a person chooses in a session: the agent's mode, and who decides about tool calls.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    SessionConfigOption, SessionConfigOptionCategory, SessionConfigSelectOption, SessionMode,
    SessionModeState,
};
use amp_session::AgentMode;

use super::error::invalid;
use crate::arguments::Approver;
use crate::text::one_line;

/// The option that chooses the agent's mode.
const MODE: &str = "mode";

/// The option that chooses who decides; clients that know session modes only have it as one.
const APPROVAL: &str = "approval";

/// The mode that Amp chooses by itself.
const DEFAULT_MODE: &str = "default";

/// Who decides about the calls that no rule of the user decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    /// The person at the editor.
    Ask,
    /// The same, but for tools that only read files.
    AskBeforeChanges,
    /// Nobody: they are refused.
    Deny,
    /// Nobody: they are allowed.
    Allow,
    /// Amp's own rules, alone.
    Rules,
    /// The program that the command line names.
    Program,
}

impl Preset {
    const ALL: [Self; 6] = [
        Self::Ask,
        Self::AskBeforeChanges,
        Self::Deny,
        Self::Allow,
        Self::Rules,
        Self::Program,
    ];

    /// Returns what the command line says; nobody and nothing there means to ask.
    pub(super) fn of(approver: &Approver, is_said: bool) -> Self {
        match approver {
            Approver::None if is_said => Self::Rules,
            Approver::None | Approver::Ask => Self::Ask,
            Approver::ReadOnly => Self::AskBeforeChanges,
            Approver::Deny => Self::Deny,
            Approver::Program(_) => Self::Program,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::AskBeforeChanges => "read-only",
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::Rules => "rules",
            Self::Program => "program",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ask => "Ask",
            Self::AskBeforeChanges => "Ask before changes",
            Self::Deny => "Refuse",
            Self::Allow => "Allow",
            Self::Rules => "Amp's rules alone",
            Self::Program => "Ask the program",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Ask => "Ask about every tool call that your rules leave open",
            Self::AskBeforeChanges => "The same, but Read, Grep and glob run without a question",
            Self::Deny => "Refuse every tool call that no rule of yours allows",
            Self::Allow => "Allow every tool call that no rule of yours rejects",
            Self::Rules => "Ask nobody: what Amp allows by itself runs",
            Self::Program => "The program named by --approve decides",
        }
    }
}

/// A preset that is changed while others go by it.
#[derive(Clone, Debug)]
pub(super) struct SharedPreset(Arc<Mutex<Preset>>);

impl SharedPreset {
    pub(super) fn get(&self) -> Preset {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, preset: Preset) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = preset;
    }
}

/// What can be chosen in a session, and what is.
#[derive(Debug)]
pub(super) struct Options {
    modes: Vec<AgentMode>,
    mode: Option<String>,
    /// The mode in which Amp says that it works, until another one is chosen.
    said: Option<String>,
    preset: SharedPreset,
    has_program: bool,
}

impl Options {
    pub(super) fn new(modes: Vec<AgentMode>, mode: Option<String>, preset: Preset) -> Self {
        Self {
            modes,
            mode,
            said: None,
            preset: SharedPreset(Arc::new(Mutex::new(preset))),
            has_program: preset == Preset::Program,
        }
    }

    /// Returns the agent's mode, unless Amp chooses it.
    pub(super) fn mode(&self) -> Option<&str> {
        self.mode.as_deref()
    }

    /// Hears in which mode Amp says that it works; tells whether that changes what is shown.
    ///
    /// The next turn is begun with the mode that was chosen all the same.
    pub(super) fn hear_mode(&mut self, said: &str) -> bool {
        let is_news = self.said.as_deref() != Some(said);
        let was_chosen = self.said.is_none() && self.mode.as_deref() == Some(said);
        self.said = Some(said.to_owned());
        is_news && !was_chosen
    }

    pub(super) fn preset(&self) -> &SharedPreset {
        &self.preset
    }

    /// Chooses a value.
    ///
    /// # Errors
    /// Refuses an option or a value that there is not.
    pub(super) fn choose(&mut self, option: &str, value: &str) -> Result<(), Error> {
        let unknown = |what: &dyn fmt::Display| invalid(format!("there is no {what} `{value}`"));
        match option {
            MODE if value == DEFAULT_MODE => (self.mode, self.said) = (None, None),
            MODE => {
                let known = self.modes.iter().any(|mode| mode.key == value);
                // A mode of the configuration may be newer than the table of modes.
                if !known && self.mode.as_deref() != Some(value) {
                    return Err(unknown(&"mode"));
                }
                (self.mode, self.said) = (Some(value.to_owned()), None);
            }
            APPROVAL => {
                let mut presets = self.presets();
                let preset = presets.find(|preset| preset.id() == value);
                self.preset.set(preset.ok_or_else(|| unknown(&"approval"))?);
            }
            _ => return Err(invalid(format!("there is no option `{option}`"))),
        }
        Ok(())
    }

    /// Chooses who decides, for a client that knows session modes only.
    ///
    /// # Errors
    /// Refuses a mode that there is not.
    pub(super) fn choose_mode(&mut self, mode: &str) -> Result<(), Error> {
        self.choose(APPROVAL, mode)
    }

    /// Returns every option with its value.
    pub(super) fn all(&self) -> Vec<SessionConfigOption> {
        let value = |id: &str, name: &str, description: &str| {
            SessionConfigSelectOption::new(id.to_owned(), name)
                .description(Some(description.to_owned()))
        };
        let said = self.said.as_deref();
        let default = match (&self.mode, said) {
            (None, Some(said)) => format!("Amp's default: {}", one_line(said)),
            _ => "Amp's default".to_owned(),
        };
        let of_default = "What Amp chooses by itself";
        let mut modes = vec![value(DEFAULT_MODE, &default, of_default)];
        modes.extend(
            self.modes
                .iter()
                .map(|mode| value(&mode.key, &mode.key, mode.description)),
        );
        let chosen = self.mode.as_deref();
        let current = chosen.map_or(DEFAULT_MODE, |mode| said.unwrap_or(mode));
        let others = [
            (chosen, "From the configuration"),
            (Some(current), "What Amp says that it works in"),
        ];
        for (mode, description) in others {
            if let Some(mode) = mode
                && !modes.iter().any(|known| *known.value.0 == *mode)
            {
                modes.push(value(mode, &one_line(mode), description));
            }
        }
        let presets = self.presets();
        let presets: Vec<_> = presets
            .map(|preset| value(preset.id(), preset.name(), preset.description()))
            .collect();
        vec![
            SessionConfigOption::select(MODE, "Agent mode", current.to_owned(), modes)
                .category(SessionConfigOptionCategory::Model),
            SessionConfigOption::select(APPROVAL, "Tool calls", self.preset.get().id(), presets)
                .category(SessionConfigOptionCategory::Mode),
        ]
    }

    /// Returns who decides as session modes.
    pub(super) fn session_modes(&self) -> SessionModeState {
        let modes = self.presets().map(|preset| {
            SessionMode::new(preset.id(), preset.name())
                .description(Some(preset.description().to_owned()))
        });
        SessionModeState::new(self.preset.get().id(), modes.collect())
    }

    fn presets(&self) -> impl Iterator<Item = Preset> {
        let has_program = self.has_program;
        let presets = Preset::ALL.into_iter();
        presets.filter(move |preset| *preset != Preset::Program || has_program)
    }
}

#[cfg(test)]
mod tests {
    use amp_session::Dialect;
    use serde_json::{Value, json};

    use super::*;

    fn options(mode: Option<&str>) -> Options {
        let september = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
        let modes = september.modes().into_iter().collect();
        Options::new(modes, mode.map(str::to_owned), Preset::Ask)
    }

    /// Returns the chosen value of the agent's mode, and its name.
    fn shown(options: &Options) -> (String, String) {
        let shown = json!(options.all()[0]);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let current = &shown["currentValue"];
        let values = shown["options"].as_array().expect("values");
        let value = values.iter().find(|value| value["value"] == *current);
        (text(current), text(&value.expect("its value")["name"]))
    }

    #[test]
    fn the_mode_that_amp_says_is_shown_until_another_is_chosen() {
        let mut options = options(Some("high"));
        assert!(!options.hear_mode("high"));
        assert!(options.hear_mode("low") && !options.hear_mode("low"));
        assert_eq!(shown(&options).0, "low");
        assert_eq!(options.mode(), Some("high"), "what is wanted stays");
        assert!(options.hear_mode("new one\n"));
        assert_eq!(shown(&options).1, "new one");
        options.choose("mode", "medium").unwrap();
        assert_eq!(shown(&options).0, "medium");
        assert!(!options.hear_mode("medium"));
    }

    #[test]
    fn the_default_is_named_by_what_amp_says() {
        let mut options = options(None);
        assert_eq!(shown(&options).1, "Amp's default");
        assert!(options.hear_mode("medium") && !options.hear_mode("medium"));
        let named = (DEFAULT_MODE.to_owned(), "Amp's default: medium".to_owned());
        assert_eq!(shown(&options), named);
        assert_eq!(options.mode(), None);
    }
}
