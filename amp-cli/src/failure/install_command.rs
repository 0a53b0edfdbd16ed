//! The `ampctl install` that a failure tells its user to try: the one that failed, with one thing
//! changed.

use std::fmt;

/// Represents an installation as it would be typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstallCommand {
    version: Option<String>,
    sources: Vec<String>,
    is_offline: bool,
    /// Options with their values that stay as they were typed.
    others: Vec<(&'static str, String)>,
}

impl InstallCommand {
    /// Creates the command from what was typed.
    pub(crate) fn new(version: Option<String>, sources: Vec<String>, is_offline: bool) -> Self {
        Self {
            version,
            sources,
            is_offline,
            others: Vec::new(),
        }
    }

    /// Returns the same installation with an option; without a value, nothing is added.
    pub(crate) fn with_option<'a>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let values = values.into_iter();
        self.others
            .extend(values.map(|value| (name, value.clone())));
        self
    }

    /// Returns the same installation of another version.
    pub(super) fn with_version(&self, version: &str) -> Self {
        Self {
            version: Some(version.to_owned()),
            ..self.clone()
        }
    }

    /// Returns the same installation from one other source.
    pub(super) fn with_source(&self, source: &str) -> Self {
        Self {
            sources: vec![source.to_owned()],
            ..self.clone()
        }
    }

    /// Returns the same installation with the network.
    pub(super) fn online(&self) -> Self {
        Self {
            is_offline: false,
            ..self.clone()
        }
    }
}

impl fmt::Display for InstallCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ampctl install")?;
        if let Some(version) = &self.version {
            write!(formatter, " {}", as_word(version))?;
        }
        for source in &self.sources {
            write!(formatter, " --source {}", as_word(source))?;
        }
        for (name, value) in &self.others {
            write!(formatter, " {name} {}", as_word(value))?;
        }
        if self.is_offline {
            formatter.write_str(" --offline")?;
        }
        Ok(())
    }
}

/// Quotes a text that a shell would not take for one word.
pub(super) fn as_word(text: &str) -> String {
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | ':' | '@' | '%')
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_repeated_as_a_shell_reads_it() {
        let command = InstallCommand {
            version: Some("known".to_owned()),
            sources: vec![
                "https://mirror.test/a".to_owned(),
                "/the disk/it's".to_owned(),
            ],
            is_offline: true,
            others: Vec::new(),
        }
        .with_option("--allow-http", &["mirror.test".to_owned()]);
        assert_eq!(
            command.to_string(),
            r"ampctl install known --source https://mirror.test/a --source '/the disk/it'\''s' --allow-http mirror.test --offline"
        );
        let changed = command.with_version("latest").with_source("npm").online();
        assert_eq!(
            changed.to_string(),
            "ampctl install latest --source npm --allow-http mirror.test"
        );
        assert_eq!(InstallCommand::default().to_string(), "ampctl install");
    }
}
