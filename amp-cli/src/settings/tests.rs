//! Which place wins, and what each place may say.

use std::time::Duration;

use super::*;

/// A home folder with a user file, and a project folder with a project file.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new(user: &str, project: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let world = Self { folder };
        world.write("home/.config/ampctl/config.toml", user);
        world.write("work/.ampctl.toml", project);
        world.write("work/deep/inside/file", "");
        world
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn context(&self, variables: &[(&str, &str)]) -> Context {
        let home = self.folder.path().join("home");
        let mut environment = vec![("HOME".to_owned(), home.to_str().expect("UTF-8").to_owned())];
        environment.extend(
            variables
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string())),
        );
        Context::new(self.folder.path().join("work/deep/inside")).with_environment(environment)
    }
}

fn flags(arguments: &[&str]) -> (Layer, GlobalArguments) {
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        agent: AgentArguments,
        #[command(flatten)]
        global: GlobalArguments,
    }
    let arguments = ["test"].iter().chain(arguments);
    let parsed = <Flags as clap::Parser>::parse_from(arguments);
    (Layer::from(&parsed.agent), parsed.global)
}

fn mode(world: &World, arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let (layer, global) = flags(arguments);
    let settings = Settings::resolve(layer, &global, &world.context(variables));
    settings.expect("usable settings").mode
}

fn failure(world: &World, variables: &[(&str, &str)]) -> String {
    let (layer, global) = flags(&[]);
    let failure = Settings::resolve(layer, &global, &world.context(variables))
        .expect_err("unusable settings");
    assert_eq!(failure.code(), crate::ExitCode::Usage);
    let mut text = Vec::new();
    failure
        .write_text(&mut text, crate::style::Style::default(), None)
        .expect("a writable vector");
    let text = String::from_utf8(text).expect("UTF-8");
    text.replace(world.folder.path().to_str().expect("UTF-8"), "[folder]")
}

#[test]
fn flag_beats_variable_beats_project_beats_user() {
    let all = World::new("mode = 'user'", "mode = 'project'");
    let variable = [("AMPCTL_MODE", "variable")];
    assert_eq!(
        mode(&all, &["--mode", "flag"], &variable).as_deref(),
        Some("flag")
    );
    assert_eq!(mode(&all, &[], &variable).as_deref(), Some("variable"));
    assert_eq!(mode(&all, &[], &[]).as_deref(), Some("project"));
    assert_eq!(
        mode(&World::new("mode = 'user'", ""), &[], &[]).as_deref(),
        Some("user")
    );
    assert_eq!(mode(&World::new("", ""), &[], &[]), None);
}

#[test]
fn a_named_file_takes_the_place_of_the_user_file() {
    let world = World::new("mode = 'user'", "");
    let named = world.folder.path().join("named.toml");
    std::fs::write(&named, "mode = 'named'").expect("a file");
    let named = named.to_str().expect("UTF-8");
    assert_eq!(
        mode(&world, &["--config", named], &[]).as_deref(),
        Some("named")
    );
    assert_eq!(
        mode(&world, &[], &[("AMPCTL_CONFIG", named)]).as_deref(),
        Some("named")
    );
}

#[test]
fn every_key_of_the_file_is_understood() {
    let world = World::new(
        "amp = '/opt/amp'\nmode = 'm'\neffort = 'high'\nvisibility = 'private'\n\
         labels = ['a', 'b']\noutput = 'stream-json'\nthinking = true\ntimeout = '1h 30m'\n\
         idle-timeout = '90s'\nstartup-timeout = 'none'\ncolor = 'never'\nprogress = false\nrecord = false\n\
         version = 'latest'\nsources = ['npm']\n",
        "",
    );
    let (layer, global) = flags(&[]);
    let settings = Settings::resolve(layer, &global, &world.context(&[])).expect("settings");
    assert!(matches!(&settings.amp, AmpChoice::Executable { path, .. } if path == "/opt/amp"));
    assert_eq!(settings.output, OutputFormat::StreamJson);
    assert_eq!(settings.deadlines.total, Some(Duration::from_secs(5400)));
    assert_eq!(settings.deadlines.idle, Some(Duration::from_secs(90)));
    assert_eq!(settings.deadlines.startup, None);
    assert_eq!(settings.color, ColorChoice::Never);
    assert_eq!(settings.labels, ["a", "b"]);
    assert!(settings.thinking && !settings.progress && !settings.record);
}

#[test]
fn a_project_cannot_choose_the_program_that_runs() {
    for key in [
        "amp = './evil'",
        "sources = ['http://evil.test']",
        "visibility = 'public'",
        "check = './evil'",
    ] {
        let text = failure(&World::new("", key), &[]);
        assert!(
            text.contains("may only be set by the user, not by a project"),
            "{text}"
        );
    }
}

#[test]
fn a_mistyped_key_is_pointed_at() {
    insta::assert_snapshot!(failure(&World::new("moed = 'smart'", ""), &[]));
}

#[test]
fn a_variable_that_makes_no_sense_is_named() {
    let world = World::new("", "");
    insta::assert_snapshot!(failure(&world, &[("AMPCTL_OUTPUT", "yaml")]), @r"
    error: AMPCTL_OUTPUT cannot be used
      why: `yaml` is not one of `text`, `json`, `stream-json`
      try: unset AMPCTL_OUTPUT  goes without it
    ");
    insta::assert_snapshot!(failure(&world, &[("AMPCTL_TIMEOUT", "soon")]), @r"
    error: AMPCTL_TIMEOUT cannot be used
      why: `soon` is not a duration such as `90s`, or `none`
      try: unset AMPCTL_TIMEOUT  goes without it
    ");
}

#[test]
fn an_empty_variable_says_nothing() {
    assert_eq!(
        mode(
            &World::new("mode = 'user'", ""),
            &[],
            &[("AMPCTL_MODE", "")]
        )
        .as_deref(),
        Some("user")
    );
}

#[test]
fn a_project_file_above_the_repository_is_not_read() {
    for git in ["work/deep/inside/.git/HEAD", "work/deep/.git"] {
        let world = World::new("", "mode = 'project'");
        assert_eq!(mode(&world, &[], &[]).as_deref(), Some("project"));
        world.write(git, "");
        assert_eq!(mode(&world, &[], &[]), None, "{git}");
        world.write("work/deep/inside/.ampctl.toml", "mode = 'inside'");
        assert_eq!(mode(&world, &[], &[]).as_deref(), Some("inside"));
    }
}

#[test]
fn a_project_file_above_the_home_is_not_read() {
    let world = World::new("", "mode = 'project'");
    let home = world.folder.path().join("work/deep");
    let home = [("HOME", home.to_str().expect("UTF-8"))];
    assert_eq!(mode(&world, &[], &home), None);
    world.write("work/deep/.ampctl.toml", "mode = 'at home'");
    assert_eq!(mode(&world, &[], &home).as_deref(), Some("at home"));
}

#[cfg(unix)]
#[test]
fn nothing_is_read_from_a_folder_where_everybody_may_put_files() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new("", "mode = 'project'");
    let everybodys = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(world.folder.path().join("work"), everybodys).expect("our folder");
    assert_eq!(mode(&world, &[], &[]), None);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_of_the_user_is_not_read() {
    let world = World::new("", "");
    let path = world.folder.path().join("work/deep/inside/.ampctl.toml");
    // Reading a pipe would not end.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a pipe");
    assert_eq!(mode(&world, &[], &[]), None);
    std::fs::remove_file(&path).expect("our pipe");
    std::os::unix::fs::symlink("/dev/null", &path).expect("a link");
    assert_eq!(mode(&world, &[], &[]), None);
}

/// A file that sets everything.
const EVERYTHING: &str = "
    amp = '/amp'\nmode = 'high'\neffort = 'low'\nvisibility = 'private'\nlabels = []
    output = 'json'\nthinking = true\ntimeout = '90m'\nidle-timeout = 'none'\nstartup-timeout = '1m'
    max-tokens = '200k'\nmax-tool-calls = 20\nmax-turns = 'none'
    retry = 3\nwait-for-limits = '2h'
    check = 'true'\nattempts = 3\nconfirm-end = true
    color = 'never'\nprogress = false\nrecord = false\nsnapshots = false\nupdate-notice = false\nversion = 'known'\nsources = ['npm']
    install = true\npin-key = 'RW'\ncross-check = 'bucket'\nallow-http = ['mirror.example']\napprove = 'ask'\nnotify = ['bell']\nsandbox = 'full'\nallow-host = ['example.com']\nallow-read = ['/r']\nallow-write = ['/w']
    allow-env = ['E']\nlimit = ['memory=4g']
";

#[test]
fn every_key_of_a_file_is_known_by_name_and_shown() {
    let refused = toml::from_str::<Layer>("moed = 1").expect_err("a mistyped key");
    let text = refused.to_string();
    let (_, expected) = text.split_once("expected one of").expect("the keys");
    let mut of_files: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = key::ALL.iter().map(|key| key.name).collect();
    of_files.sort_unstable();
    known.sort_unstable();
    assert_eq!(of_files, known);

    let everything: Layer = toml::from_str(EVERYTHING).expect("a file");
    for key in key::ALL {
        assert!(everything.value(key).is_some(), "{}", key.name);
    }
}

#[test]
fn the_page_about_settings_says_what_sets_each_key_and_who_may() {
    let page = include_str!("../../docs/configuration.md");
    for key in key::ALL {
        let start = format!("| `{}` | ", key.name);
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row begins with {start}"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let variable = cells[2].trim_end_matches(" (commas)").trim_matches('`');
        assert_eq!(variable, key.variable.unwrap_or_default(), "{row}");
        assert_eq!(cells[3] == "no", key.is_reserved_for_user, "{row}");
    }
}

#[test]
fn each_place_that_allows_something_in_a_sandbox_is_shown() {
    let world = World::new("allow-env = ['OF_USER']", "");
    let (layer, global) = flags(&["--sandbox", "--allow-env", "OF_FLAG"]);
    let settings = Settings::resolve(layer, &global, &world.context(&[])).expect("settings");
    let shown: Vec<_> = settings.places.settings();
    let of_key = shown.iter().filter(|setting| setting.key == "allow-env");
    let shown: Vec<String> = of_key
        .map(|one| format!("{} {}", one.value, one.from))
        .collect();
    let user = world.folder.path().join("home/.config/ampctl/config.toml");
    let of_user = format!("[\"OF_USER\"] `allow-env` in {}", user.display());
    assert_eq!(shown, ["[\"OF_FLAG\"] --allow-env".to_owned(), of_user]);
}
