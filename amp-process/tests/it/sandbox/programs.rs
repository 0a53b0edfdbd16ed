//! Programs that lie where nothing else can be seen.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use amp_process::sandbox::Access;

use super::{Place, run};

/// A script that says by which path it was started, and what it sees beside itself.
fn tool(place: &Place, path: &str) -> PathBuf {
    let script = "echo \"$0\"; ls \"$(dirname \"$(realpath \"$0\")\")\"";
    place.script(path, script)
}

#[tokio::test]
async fn a_program_that_is_out_of_sight_is_shown_by_itself() {
    let place = Place::new();
    let program = tool(&place, "home/bin/tool");
    place.write("home/bin/other", "");
    assert_eq!(place.policy().access(&program), Access::Private);
    let Some(said) = run(place.spec(&program, place.policy())).await else {
        return;
    };
    assert_eq!(said.lines, [program.to_str().unwrap(), "tool"]);
}

#[tokio::test]
async fn a_program_is_started_by_the_name_it_has_however_many_links_lead_to_it() {
    let place = Place::new();
    tool(&place, "elsewhere/v1/tool");
    place.write("elsewhere/v1/other", "");
    // A folder of the home folder that is a link, and in it a version that is one, as of `nvm`.
    symlink(place.root().join("elsewhere"), place.home.join("versions")).unwrap();
    symlink("v1", place.root().join("elsewhere/current")).unwrap();
    std::fs::create_dir_all(place.home.join(".local/bin")).unwrap();
    symlink("../../versions/v1/tool", place.home.join(".local/bin/name")).unwrap();
    // A link out of the project, which can be seen itself.
    symlink("../versions", place.project.join("target")).unwrap();
    for path in [
        "versions/v1/tool",
        "versions/current/tool",
        ".local/bin/name",
        "project/target/v1/tool",
    ] {
        let program = place.home.join(path);
        let Some(said) = run(place.spec(&program, place.policy())).await else {
            return;
        };
        assert_eq!(
            said.lines,
            [program.to_str().unwrap(), "tool"],
            "{}",
            said.text()
        );
    }
}

#[tokio::test]
async fn a_home_folder_that_is_a_link_is_found_by_its_name() {
    let place = Place::new();
    let link = place.root().join("link");
    symlink(&place.home, &link).unwrap();
    let policy = place.policy().with_name(&link);
    let script = "cd && ls -A && echo new > ~/project/made && ls -A /";
    let spec = place.spec("/bin/sh", policy).with_variable("HOME", &link);
    let Some(said) = run(spec.with_arguments(["-c", script])).await else {
        return;
    };
    assert_eq!(said.lines[0], "project", "{}", said.text());
    assert_eq!(place.read("home/project/made"), "new\n");
}
