//! The rules that an Amp brings along, asked of a stand-in for it.

use amp_session::permission::{BuiltInRules, RuleScope, RuleSet};
use amp_session::{Amp, Error, ErrorKind};
use tempfile::TempDir;

use crate::support::{KEY, SEPTEMBER, environment};

/// Asks a program that answers `amp permissions list --builtin --json`, and nothing else, with this.
async fn rules_of(answer: &str) -> Result<amp_session::permission::RuleList, Error> {
    let home = TempDir::new().unwrap();
    let program = home.path().join("amp");
    let script = format!(
        "[ \"$*\" = 'permissions list --builtin --json' ] || exit 9\n\
         [ \"$AMP_API_KEY\" != '{KEY}' ] || exit 8\n\
         [ \"$HOME\" != '{}' ] || exit 7\n\
         echo '{answer}'",
        home.path().display()
    );
    fixtures::write_script(&program, &script);
    let mut environment = environment(home.path(), &[]);
    environment.insert("PATH".into(), "/usr/bin:/bin".into());
    let amp = Amp::new(program, SEPTEMBER).with_environment(environment);
    amp.built_in_rules().await
}

#[tokio::test]
async fn an_amp_is_asked_for_its_own_rules_without_the_users_home_and_key() {
    let list = rules_of(r#"[{"tool":"Read","action":"allow"},{"tool":"*","action":"ask"}]"#)
        .await
        .unwrap();
    assert_eq!((list.scope, list.rules.len()), (RuleScope::BuiltIn, 2));
    assert_eq!((list.taken().count(), &list.file), (2, &None));
    let set = RuleSet::of(Vec::new()).with_built_in(list);
    assert_eq!(set.built_in(), BuiltInRules::Known);
}

#[tokio::test]
async fn what_is_no_list_of_rules_is_no_answer() {
    for answer in ["", "[]", "{}", "amp: unknown command"] {
        let error = rules_of(answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Executable, "{answer}");
    }
}
