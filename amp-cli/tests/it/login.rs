//! `login`: Amp's own login, driven.

use amp_cli::ExitCode;
use rustix::termios::LocalModes;

use crate::support::pseudo_terminal::Terminal;
use crate::support::{VERSION, World};

/// A world whose Amp logs in as the measured builds do: it takes one code.
fn world() -> World {
    let script = format!(
        r#"
case "$1" in
--version) echo "{VERSION} (released 2026-09-23T00:00:00.000Z, 2mo ago)"; exit ;;
login) ;;
*) exit 9 ;;
esac
test -z "$AMP_API_KEY" || exit 8
echo "Logging in"
echo "If your browser does not open automatically, visit:"
echo
echo "$AMP_URL""auth/cli-login?authToken=0123"
echo
printf 'When prompted, paste your code here: '
read -r code
case "$code" in
a-good-code)
    mkdir -p "$HOME/.local/share/amp"
    printf '{{"apiKey@%s":"a-key-from-the-browser"}}' "$AMP_URL" > "$HOME/.local/share/amp/secrets.json"
    echo; echo "Login successful!" ;;
lost) echo; echo "Login successful!" ;;
slow) sleep 60 ;;
*) printf '\nLogin failed: That code looks incomplete.\n' >&2; exit 1 ;;
esac"#
    );
    World::new()
        .without("AMP_API_KEY")
        .with("AMP_URL", "http://127.0.0.1:9/")
        .with_amp_script(&script)
}

#[test]
fn the_address_is_shown_and_the_code_goes_to_amp() {
    let world = world();
    let finished = world.run_with_input(&["login"], "a-good-code\n");
    insta::assert_snapshot!(finished.document(), @r"
    exit code: 0
    ----- stderr
    Open this address, log in, and paste the code that you get:

      http://127.0.0.1:9/auth/cli-login?authToken=0123

    logged in to http://127.0.0.1:9/
    ");
    assert_eq!(world.run(&["credentials", "status"]).code, ExitCode::Done);
}

#[test]
fn the_users_settings_choose_the_service_and_a_project_never_does() {
    let world = world().without("AMP_URL");
    let settings = |port| format!(r#"{{"amp.url": "http://127.0.0.1:{port}/"}}"#);
    world.write("home/.config/amp/settings.json", &settings(9));
    world.write("project/.amp/settings.json", &settings(1));
    let finished = world.run_with_input(&["login"], "a-good-code\n");
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    let told = finished.stderr();
    assert!(told.contains("http://127.0.0.1:9/auth/"), "{told}");
    assert!(told.contains("logged in to http://127.0.0.1:9/"), "{told}");
    assert!(!told.contains("127.0.0.1:1/"), "{told}");
}

#[test]
fn the_code_is_typed_unseen() {
    let world = world();
    let mut terminal = Terminal::start(&world, &["login"], (24, 80));
    terminal.wait_for("Code (not shown):");
    terminal.wait_for_hidden_input();
    terminal.type_keys("a-good-code\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(
        !terminal.raw().contains("a-good-code"),
        "{}",
        terminal.raw()
    );
    assert!(
        terminal
            .screen()
            .contains("logged in to http://127.0.0.1:9/")
    );
    assert_eq!(world.run(&["credentials", "status"]).code, ExitCode::Done);
}

#[test]
fn ctrl_c_ends_a_login_and_shows_what_is_typed_again() {
    let world = world();
    let mut terminal = Terminal::start(&world, &["login"], (24, 80));
    terminal.wait_for("Code (not shown):");
    terminal.wait_for_hidden_input();
    terminal.type_keys("a-good\x03");
    assert!(!terminal.wait_for_exit().success());
    assert!(terminal.local_modes().contains(LocalModes::ECHO));
    assert!(!terminal.raw().contains("a-good"), "{}", terminal.raw());
    assert_eq!(
        world.run(&["credentials", "status"]).code,
        ExitCode::Credentials
    );
}

#[test]
fn a_key_of_the_environment_is_not_what_is_stored() {
    let world = world().with("AMP_API_KEY", "a-key-for-tests");
    let finished = world.run_with_input(&["login"], "a-good-code\n");
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(
        finished
            .stderr()
            .contains("AMP_API_KEY is set and outranks")
    );
}

#[test]
fn a_code_that_amp_refuses_is_told_in_its_words() {
    let finished = world().run_with_input(&["login"], "half-a-co\n");
    assert_eq!(finished.code, ExitCode::Credentials);
    let told = finished.stderr();
    assert!(told.contains("That code looks incomplete."), "{told}");
    assert!(!told.contains("half-a-co"), "{told}");
}

#[test]
fn without_a_code_the_login_ends_at_once() {
    let finished = world().run(&["login"]);
    assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
}

#[test]
fn a_login_that_takes_too_long_is_given_up() {
    let finished = world().run_with_input(&["login", "--timeout", "2s"], "slow\n");
    assert_eq!(finished.code, ExitCode::TimedOut, "{}", finished.document());
}

#[test]
fn a_success_without_a_key_is_none() {
    let finished = world().run_with_input(&["login"], "lost\n");
    assert_eq!(finished.code, ExitCode::Failed, "{}", finished.document());
}

#[test]
fn an_executable_that_shows_no_address_is_no_amp() {
    let world =
        World::new().with_amp_script(&format!("case \"$1\" in --version) echo {VERSION};; esac"));
    let finished = world.run_with_input(&["login"], "a-good-code\n");
    assert_eq!(
        finished.code,
        ExitCode::NoUsableAmp,
        "{}",
        finished.document()
    );
}
