//! The environment as a value: this crate is handed one and never reads the process's own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// Environment variables by name, as the agent will see them.
pub type Environment = BTreeMap<OsString, OsString>;

/// Shows the names of an environment's variables, and never a value.
pub(crate) struct NamesOf<'a>(pub(crate) &'a Environment);

impl fmt::Debug for NamesOf<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Returns an environment with variables over it; an empty value unsets one.
pub(crate) fn with_variables(environment: &Environment, variables: &Environment) -> Environment {
    let mut environment = environment.clone();
    for (name, value) in variables {
        if value.is_empty() {
            environment.remove(name);
        } else {
            environment.insert(name.clone(), value.clone());
        }
    }
    environment
}

/// Returns a variable's value, or `None` when it is absent or empty.
///
/// Amp treats an empty variable as an absent one (`AMP_API_KEY=` counts as missing in every build
/// of 2026), and so does this crate.
pub(crate) fn value<'a>(environment: &'a Environment, name: &str) -> Option<&'a OsStr> {
    let (_, value) = entry(environment, name)?;
    (!value.is_empty()).then_some(value)
}

/// Returns a variable as it is spelled, with its value; on Windows, which says `Path`, in any case.
pub(crate) fn entry<'a>(
    environment: &'a Environment,
    name: &str,
) -> Option<(&'a OsString, &'a OsString)> {
    named(environment, name, cfg!(windows))
}

fn named<'a>(
    environment: &'a Environment,
    name: &str,
    in_any_case: bool,
) -> Option<(&'a OsString, &'a OsString)> {
    match in_any_case {
        false => environment.get_key_value(OsStr::new(name)),
        true => {
            let mut entries = environment.iter();
            entries.find(|(known, _)| known.eq_ignore_ascii_case(name))
        }
    }
}

/// Returns a variable's value as text, or `None` when it is absent, empty or not UTF-8.
pub(crate) fn text<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    value(environment, name).and_then(OsStr::to_str)
}

/// Returns a folder of the XDG base directory scheme, falling back below the home folder.
pub(crate) fn base_folder(
    environment: &Environment,
    variable: &str,
    below_home: &str,
) -> Option<PathBuf> {
    match value(environment, variable) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => home(environment).map(|home| home.join(below_home)),
    }
}

/// Returns where this project keeps what it has to remember: `$XDG_STATE_HOME/ampctl`, or its
/// default below the home folder.
pub(crate) fn state_folder(environment: &Environment) -> Option<PathBuf> {
    base_folder(environment, "XDG_STATE_HOME", ".local/state").map(|base| base.join("ampctl"))
}

/// Returns the home folder: `HOME`, or `USERPROFILE` on Windows.
pub(crate) fn home(environment: &Environment) -> Option<PathBuf> {
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    value(environment, variable).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_its_name_in_any_case_where_the_system_does_not_care() {
        let environment = Environment::from([("Path".into(), r"C:\tools".into())]);
        let found = named(&environment, "PATH", true);
        assert_eq!(found, environment.iter().next());
        assert_eq!(named(&environment, "PATH", false), None);
        assert_eq!(named(&environment, "Path", false), found);
        assert_eq!(value(&environment, "PATH").is_some(), cfg!(windows));
    }
}
