//! Files: Amp's settings, our configuration, the store, the sessions.

use amp_bootstrap::{EntryState, Store};
use amp_session::{Effective, SettingsScope, SettingsState};

use super::check::Check;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::sessions::Sessions;
use crate::settings::Files;
use crate::text::{bytes, counted};

/// Reports Amp's own settings files; absent ones are no news.
pub(super) fn amp_settings(context: &Context) -> Vec<Check> {
    const NAME: &str = "amp settings";
    let mut checks = Vec::new();
    let settings = Effective::read(&context.environment, &context.directory, None);
    for file in settings.files() {
        let path = file.path.display();
        let keys = file.keys.join(", ");
        checks.push(match &file.state {
            SettingsState::Absent => continue,
            SettingsState::Invalid(reason) if file.scope != SettingsScope::Managed => Check::red(
                NAME,
                format!("{path}: {reason}; Amp will not start"),
                ExitCode::Usage,
            )
            .fix(format!("$EDITOR {path}")),
            SettingsState::Unreadable(reason) => Check::yellow(NAME, format!("{path}: {reason}")),
            SettingsState::Unclear(reason) | SettingsState::Invalid(reason) => Check::yellow(
                NAME,
                format!("{path}: {reason}; runs with --rules are refused here"),
            )
            .fix(format!("review {path}")),
            SettingsState::Shadowed => Check::yellow(
                NAME,
                format!("{path} is not read: another file comes first"),
            ),
            _ if file.scope == SettingsScope::Workspace && decides(&keys) => Check::yellow(
                NAME,
                format!("{path} has permission rules, and a project's outrank yours ({keys})"),
            )
            .fix(format!("review {path}")),
            _ if keys.is_empty() => Check::green(NAME, format!("{path} sets nothing")),
            _ => Check::green(NAME, format!("{path} sets {keys}")),
        });
    }
    if checks.is_empty() {
        checks.push(Check::green(NAME, "no settings files"));
    }
    checks
}

/// Tells whether one of these keys lets tools run or keeps them from it.
fn decides(keys: &str) -> bool {
    ["amp.permissions", "amp.dangerouslyAllowAll"]
        .iter()
        .any(|key| keys.split(", ").any(|own| own == *key))
}

/// Reports the files that ampctl itself reads.
pub(super) fn configuration(
    settings: Result<(), Failure>,
    global: &GlobalArguments,
    context: &Context,
) -> Check {
    const NAME: &str = "configuration";
    if let Err(failure) = settings {
        return Check::red(NAME, failure.in_one_line(), ExitCode::Usage);
    }
    let Ok(files) = Files::find(global.config.as_deref(), context) else {
        return Check::green(NAME, "no files");
    };
    if let Some(path) = files.foreign_project {
        let path = path.display();
        return Check::yellow(NAME, format!("{path} is not read: it is no file of yours"));
    }
    let read: Vec<String> = [files.project, files.user]
        .into_iter()
        .flatten()
        .filter(|path| path.is_file())
        .map(|path| path.display().to_string())
        .collect();
    Check::green(
        NAME,
        if read.is_empty() {
            "no files".to_owned()
        } else {
            read.join(", ")
        },
    )
}

/// Reports what is installed.
pub(super) fn store(context: &Context) -> Check {
    const NAME: &str = "store";
    let store = match Store::from_environment(&context.environment) {
        Ok(store) => store,
        Err(error) => return Check::yellow(NAME, error.to_string()),
    };
    let root = store.root().display().to_string();
    let entries = match store.list() {
        Ok(entries) => entries,
        Err(error) => return Check::yellow(NAME, error.to_string()),
    };
    let changed = entries
        .iter()
        .filter(|entry| matches!(entry.state, EntryState::Changed(_)));
    let untrusted = entries.iter().find_map(|entry| match &entry.state {
        EntryState::Untrusted(reason) => Some(reason),
        _ => None,
    });
    if let Some(reason) = untrusted {
        return Check::yellow(NAME, format!("{reason}; nothing in it is run"));
    }
    if let Some(entry) = changed.into_iter().next() {
        return Check::yellow(
            NAME,
            format!("{} was changed since it was installed", entry.version),
        )
        .fix(format!("ampctl install {}", entry.version));
    }
    let receipts = entries.iter().filter_map(|entry| entry.receipt.as_ref());
    let size = bytes(receipts.map(|receipt| receipt.size).sum());
    Check::green(
        NAME,
        format!("{root} holds {}, {size}", counted(entries.len(), "version")),
    )
}

/// Reports the recorded sessions.
pub(super) fn sessions(context: &Context) -> Check {
    const NAME: &str = "sessions";
    let counted =
        Sessions::open(context).and_then(|sessions| Ok((sessions.ledger().records()?, sessions)));
    match counted {
        Ok((records, sessions)) => {
            let folder = sessions.ledger().folder().display();
            let holds = format!("{folder} holds {}", records.sessions.len());
            match records.unreadable.len() {
                0 => Check::green(NAME, holds),
                more => Check::yellow(NAME, format!("{holds}, and {more} that cannot be read"))
                    .fix("ampctl sessions list"),
            }
        }
        Err(failure) => Check::yellow(NAME, failure.in_one_line()),
    }
}
