//! Which Amp an executable is, as it says itself.

use amp_session::{Amp, Options, Status, execute};
use fixtures::{Recording, fake_agent};
use tempfile::TempDir;

use crate::support::{FEBRUARY, SEPTEMBER, environment};

#[tokio::test]
async fn an_executable_is_asked_for_its_version() {
    let home = TempDir::new().unwrap();
    let environment = environment(home.path(), &[("FAKE_AGENT_VERSION", FEBRUARY)]);
    let amp = Amp::probe(fake_agent(), environment).await.unwrap();
    assert_eq!(amp.version().as_str(), FEBRUARY);
    assert_eq!(amp.dialect().build().date, "2026-02-10");
}

/// Returns an Amp that is a copy of the fake agent, says `version` and remembers what it said.
#[cfg(unix)]
fn asked_once(home: &TempDir, version: &str) -> Amp {
    let executable = home.path().join("amp");
    if !executable.exists() {
        fixtures::write_program(&executable, std::fs::read(fake_agent()).unwrap());
    }
    let variables = [("FAKE_AGENT_VERSION", version)];
    Amp::new(executable, "")
        .with_environment(environment(home.path(), &variables))
        .with_answers_kept_in(home.path().join("cache/answers"))
}

#[cfg(unix)]
#[tokio::test]
async fn an_executable_is_asked_once_and_again_when_it_was_replaced() {
    let home = TempDir::new().unwrap();
    let version = async |said| {
        let amp = asked_once(&home, said).probed().await.unwrap();
        amp.version().as_str().to_owned()
    };
    assert_eq!(version(FEBRUARY).await, FEBRUARY);
    // It would say something else if it were started.
    assert_eq!(version(SEPTEMBER).await, FEBRUARY);

    let executable = home.path().join("amp");
    std::fs::remove_file(&executable).unwrap();
    assert_eq!(version(SEPTEMBER).await, SEPTEMBER);

    // What others may have written is not believed, and what cannot be read is no error.
    for file in std::fs::read_dir(home.path().join("cache/answers")).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(file.unwrap().path(), permissions).unwrap();
    }
    assert_eq!(version(FEBRUARY).await, FEBRUARY);
    std::fs::remove_dir_all(home.path().join("cache")).unwrap();
    std::fs::write(home.path().join("cache"), "in the way").unwrap();
    assert_eq!(version(SEPTEMBER).await, SEPTEMBER);
}

#[cfg(unix)]
#[tokio::test]
async fn one_prompt_asks_the_executable_of_the_path_once_for_all_that_come_later() {
    let home = TempDir::new().unwrap();
    fixtures::write_program(
        home.path().join("amp"),
        std::fs::read(fake_agent()).unwrap(),
    );
    let environment = |version| {
        let mut environment = environment(home.path(), &[("FAKE_AGENT_VERSION", version)]);
        let recording = Recording::at(FEBRUARY, "text");
        environment.insert("FAKE_AGENT_REPLAY".into(), recording.folder.into());
        environment.insert("PATH".into(), home.path().into());
        environment
    };
    let turn = execute("hi", Options::new(environment(FEBRUARY))).await;
    assert_eq!(turn.unwrap().finish().await.status, Status::Completed);
    let amp = Amp::new("amp", "")
        .with_environment(environment(SEPTEMBER))
        .with_answers_kept_in(home.path().join(".local/state/ampctl/answers"));
    assert_eq!(amp.probed().await.unwrap().version().as_str(), FEBRUARY);
}

#[cfg(unix)]
#[tokio::test]
async fn a_script_is_asked_each_time() {
    let home = TempDir::new().unwrap();
    let script = home.path().join("amp");
    fixtures::write_script(&script, "echo \"$SAID\"");
    for said in [FEBRUARY, SEPTEMBER] {
        let amp = Amp::new(&script, "")
            .with_environment(environment(home.path(), &[("SAID", said)]))
            .with_answers_kept_in(home.path().join("answers"));
        assert_eq!(amp.probed().await.unwrap().version().as_str(), said);
    }
}

#[tokio::test]
async fn an_executable_that_prints_without_end_is_no_amp() {
    let home = TempDir::new().unwrap();
    for line in ["80", "100m"] {
        let script = format!("flood stdout 1000g {line}");
        let environment = environment(home.path(), &[("FAKE_AGENT_SCRIPT", &script)]);
        let error = Amp::probe(fake_agent(), environment).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("prints more than 256 KiB"), "{text}");
    }
}

#[tokio::test]
async fn an_executable_that_is_no_amp_is_told() {
    let home = TempDir::new().unwrap();
    let environment = environment(
        home.path(),
        &[
            ("FAKE_AGENT_VERSION", "1.0"),
            ("FAKE_AGENT_SCRIPT", "out hi"),
        ],
    );
    let error = Amp::probe(fake_agent(), environment).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("its help lists no --stream-json"),
        "{error}"
    );
}

#[tokio::test]
async fn an_executable_with_the_flags_of_older_documentation_is_told_the_real_ones() {
    let home = TempDir::new().unwrap();
    let environment = environment(
        home.path(),
        &[
            ("FAKE_AGENT_VERSION", "1.0"),
            (
                "FAKE_AGENT_SCRIPT",
                "out   -p, --print  --output-format <format>",
            ),
        ],
    );
    let error = Amp::probe(fake_agent(), environment).await.unwrap_err();
    assert!(error.to_string().contains("it is `--execute`"), "{error}");
}

#[tokio::test]
async fn an_executable_tells_of_the_skills_of_a_folder() {
    let home = TempDir::new().unwrap();
    let amp = Amp::new(fake_agent(), SEPTEMBER).with_environment(environment(home.path(), &[]));
    let skills = amp.skills(home.path()).await.unwrap();
    let names: Vec<_> = skills.iter().map(|skill| skill.name.as_str()).collect();
    assert_eq!(names, ["building-skills", "release-notes"]);

    let said_nothing = [("FAKE_AGENT_THREADS", "/no/such/folder")];
    let environment = environment(home.path(), &said_nothing);
    let amp = Amp::new(fake_agent(), SEPTEMBER).with_environment(environment);
    let error = amp.skills(home.path()).await.unwrap_err();
    assert!(error.to_string().contains("skill list"), "{error}");
}
