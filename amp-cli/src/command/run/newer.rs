//! A newer Amp than the one that runs: told once a day to who sits at a terminal, as far as a source
//! was asked anyway.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use amp_bootstrap::{CliVersion, Platform};

use crate::amp_in_use;
use crate::arguments::{GlobalArguments, OutputFormat};
use crate::context::Context;
use crate::screen::has_reader;
use crate::settings::{AmpChoice, Settings};
use crate::text::days_old;

/// For how long nothing is told again.
const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns what to say of a newer Amp, at most once a day; asks nobody.
///
/// Who has chosen an executable or a version, in a file or by a lock, wants that one.
pub(super) fn notice(
    runs: &str,
    settings: &Settings,
    global: &GlobalArguments,
    context: &Context,
) -> Option<String> {
    let is_for_person = settings.output == OutputFormat::Text
        && !global.quiet
        && has_reader(context, &context.stderr);
    if !settings.update_notice || !is_for_person || settings.amp != AmpChoice::Found {
        return None;
    }
    let runs: CliVersion = runs.parse().ok()?;
    let store = amp_in_use::store(context).ok()?;
    let newest = store.last_announced(Platform::detect().ok()?)?;
    if newest <= runs || !is_due(&store.root().join("latest").join("told")) {
        return None;
    }
    let age = days_old(runs.age(SystemTime::now()));
    Some(format!(
        "Amp {newest} is there, this one is {age}; `ampctl install` installs it"
    ))
}

/// Returns whether it is a day since this was last asked, which is noted; not when it cannot be, or
/// it would be told every time.
fn is_due(stamp: &Path) -> bool {
    let written = fs::metadata(stamp).and_then(|stamp| stamp.modified());
    // A moment to come is one of a clock that was wrong.
    let since = written.ok().and_then(|moment| moment.elapsed().ok());
    since.is_none_or(|since| since >= PAUSE) && fs::write(stamp, "").is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::{PAUSE, is_due};

    #[test]
    fn it_is_due_once_a_day_whatever_clocks_say_and_never_where_nothing_can_be_noted() {
        let folder = tempfile::tempdir().expect("a folder");
        let stamp = folder.path().join("told");
        assert!(is_due(&stamp));
        assert!(!is_due(&stamp));
        let hour = Duration::from_secs(3600);
        let now = SystemTime::now();
        for (moment, expected) in [
            (now - PAUSE + hour, false),
            (now - PAUSE - hour, true),
            (now + hour, true),
        ] {
            let file = File::options().write(true).open(&stamp).expect("a stamp");
            file.set_modified(moment).expect("a time");
            assert_eq!(is_due(&stamp), expected, "{moment:?}");
        }
        fs::remove_file(&stamp).expect("a stamp");
        fs::create_dir(&stamp).expect("a folder in its place");
        let far = now - 2 * PAUSE;
        if let Ok(file) = File::open(&stamp) {
            file.set_modified(far).expect("a time");
        }
        assert!(!is_due(&stamp));
    }
}
