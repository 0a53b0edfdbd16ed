//! The key does not reach a service that a project names.

use amp_session::SessionConfig;
use anyhow::Result;
use fixtures::backend::{Backend, Entry, Options};
use serde_json::json;

use super::Case;
use super::place::Place;
use crate::installed_cli::InstalledCli;

/// Who names a service beside the project.
#[derive(Clone, Copy)]
enum Named {
    /// The user's own settings name the other service.
    ByUser,
    /// The variable names the project's service too.
    ByVariableToo,
}

pub(super) fn cases() -> Vec<Case> {
    let case = |name: &str, named, expected: &'static str| Case {
        name: name.to_owned(),
        expected: Box::new(|_| expected.to_owned()),
        attempt: Box::new(move |cli| Box::pin(attempt(named, cli))),
    };
    vec![
        case(
            "project: amp.url",
            Named::ByUser,
            "by hand: key sent to the project's service; driven: key kept",
        ),
        case(
            "project: amp.url, AMP_URL too",
            Named::ByVariableToo,
            "by hand: key sent to the project's service; driven: key sent to the project's service",
        ),
    ]
}

async fn attempt(named: Named, cli: InstalledCli) -> Result<String> {
    let place = Place::create(&cli).await?;
    let project = place.path("project");
    let other = || Backend::start(Options::for_workspace(&project));
    let (first, second) = (other().await?, other().await?);
    let own = json!({"amp.url": place.backend().url()}).to_string();
    place.write("home/.config/amp/settings.json", own)?;
    let mut ends = Vec::new();
    for (other, is_driven) in [(&first, false), (&second, true)] {
        let settings = json!({"amp.url": other.url()}).to_string();
        place.write("project/.amp/settings.json", settings)?;
        let mut environment = place.environment();
        match named {
            Named::ByUser => environment.remove(std::ffi::OsStr::new("AMP_URL")),
            Named::ByVariableToo => environment.insert("AMP_URL".into(), other.url().into()),
        };
        let outcome = if is_driven {
            let config = SessionConfig::new().with_working_directory(&project);
            place.driven(environment, config).await
        } else {
            place.by_hand(environment, &project, &[]).await?
        };
        ends.push(match (got_key(other), got_key(place.backend())) {
            (true, _) => "key sent to the project's service".to_owned(),
            (false, true) => "key kept".to_owned(),
            // No question was asked, so nothing is shown.
            (false, false) => outcome,
        });
    }
    Ok(format!("by hand: {}; driven: {}", ends[0], ends[1]))
}

fn got_key(service: &Backend) -> bool {
    let carries = |entry: &Entry| {
        matches!(
            entry,
            Entry::Request {
                authorized: true,
                ..
            }
        )
    };
    service.journal().iter().any(carries)
}
