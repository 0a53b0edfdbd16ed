//! Taking secrets out of a record that is to be shown to others: those known here and now, and
//! whatever looks like a key of a well-known service.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cut, Secrets};
use crate::config::SessionConfig;
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::settings::Effective;

/// What is written in place of a secret.
const REPLACEMENT: &str = "[redacted]";

/// How keys of services begin, and how many characters follow at least.
const BEGINNINGS: [(&str, usize, &str); 18] = [
    ("sgamp_", 16, "key of Amp"),
    ("sk-ant-", 16, "key of Anthropic"),
    ("sk-proj-", 16, "key of OpenAI"),
    ("sk-", 32, "key of OpenAI"),
    ("ghp_", 30, "token of GitHub"),
    ("gho_", 30, "token of GitHub"),
    ("ghs_", 30, "token of GitHub"),
    ("ghu_", 30, "token of GitHub"),
    ("github_pat_", 30, "token of GitHub"),
    ("glpat-", 16, "token of GitLab"),
    ("xoxb-", 16, "token of Slack"),
    ("xoxp-", 16, "token of Slack"),
    ("AKIA", 16, "key of Amazon"),
    ("ASIA", 16, "key of Amazon"),
    ("AIza", 30, "key of Google"),
    ("npm_", 30, "token of npm"),
    ("hf_", 30, "token of Hugging Face"),
    ("eyJ", 40, "signed token"),
];

/// Where a private key begins and ends.
const KEY_BEGINS: &str = "-----BEGIN ";
const KEY_ENDS: &str = "PRIVATE KEY-----";

/// Takes secrets out of texts that are to be shared, and counts what it took out.
#[derive(Debug)]
pub struct Redaction {
    known: Secrets,
    taken_out: BTreeMap<&'static str, u64>,
}

/// How often secrets of one kind were taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TakenOut {
    /// What kind, such as `token of GitHub`.
    pub what: &'static str,
    /// How often.
    pub count: u64,
}

impl Redaction {
    /// Collects what is secret here and now: keys in the environment, in Amp's own store and in the
    /// settings, as for a run.
    #[must_use]
    pub fn new(environment: &Environment, settings: &Effective) -> Self {
        let credentials = Credentials::new(environment, settings);
        let key = credentials.stored_key();
        let config = SessionConfig::new();
        Self {
            known: Secrets::of(environment, &config, settings, key.as_deref()),
            taken_out: BTreeMap::new(),
        }
    }

    /// Returns a text without secrets.
    pub fn redact<'text>(&mut self, text: &'text str) -> Cow<'text, str> {
        let text = match self.known.redact_bytes(text.as_bytes(), Cut::Nowhere) {
            None => Cow::Borrowed(text),
            Some(redacted) => {
                let redacted = String::from_utf8_lossy(&redacted).into_owned();
                let count = |text: &str| text.matches(REPLACEMENT).count();
                let taken = count(&redacted).saturating_sub(count(text)).max(1);
                self.count("known secret", taken as u64);
                Cow::Owned(redacted)
            }
        };
        match self.without_look_alikes(&text) {
            Some(redacted) => Cow::Owned(redacted),
            None => text,
        }
    }

    /// Returns what was taken out so far.
    #[must_use]
    pub fn taken_out(&self) -> Vec<TakenOut> {
        let taken = self.taken_out.iter();
        taken
            .map(|(what, count)| TakenOut {
                what,
                count: *count,
            })
            .collect()
    }

    fn count(&mut self, what: &'static str, count: u64) {
        *self.taken_out.entry(what).or_default() += count;
    }

    /// Replaces what looks like a key; `None` when nothing does.
    fn without_look_alikes(&mut self, text: &str) -> Option<String> {
        let mut redacted = String::new();
        let mut rest = 0;
        let mut place = 0;
        while let Some((start, length, what)) = next_key(text, place) {
            redacted.push_str(&text[rest..start]);
            redacted.push_str(REPLACEMENT);
            self.count(what, 1);
            rest = start + length;
            place = rest;
        }
        (rest > 0).then(|| redacted + &text[rest..])
    }
}

/// Finds the next text from `place` on that looks like a key: where, how long, and what.
fn next_key(text: &str, place: usize) -> Option<(usize, usize, &'static str)> {
    let bytes = text.as_bytes();
    for start in place..bytes.len() {
        let begins_word = start == 0 || !is_of_key(bytes[start - 1]);
        if !begins_word || !matches!(bytes[start], b'a'..=b'z' | b'A'..=b'Z' | b'-') {
            continue;
        }
        let rest = &bytes[start..];
        if let Some(length) = length_of_private_key(rest) {
            return Some((start, length, "private key"));
        }
        for (beginning, least, what) in BEGINNINGS {
            if !rest.starts_with(beginning.as_bytes()) {
                continue;
            }
            let dots = beginning == "eyJ";
            let tail = &rest[beginning.len()..];
            let is_part = |byte: &u8| is_of_key(*byte) || (dots && *byte == b'.');
            let length = tail.iter().take_while(|byte| is_part(byte)).count();
            if length >= least {
                return Some((start, beginning.len() + length, what));
            }
        }
    }
    None
}

fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Returns the length of a private key, up to its last line or to the end of the text.
fn length_of_private_key(text: &[u8]) -> Option<usize> {
    let head = &text[..text.len().min(60)];
    let head = head.strip_prefix(KEY_BEGINS.as_bytes())?;
    let ends = KEY_ENDS.as_bytes();
    let title = memchr::memmem::find(head, ends)?;
    let body = KEY_BEGINS.len() + title + ends.len();
    let end = memchr::memmem::find(&text[body..], ends);
    Some(end.map_or(text.len(), |end| body + end + ends.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction(variables: &[(&str, &str)]) -> Redaction {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let environment: Environment = variables.collect();
        Redaction::new(
            &environment,
            &Effective::read(&environment, "/".as_ref(), None),
        )
    }

    #[test]
    fn known_secrets_and_what_looks_like_a_key_are_taken_out_and_counted() {
        let mut redaction = redaction(&[("AMP_API_KEY", "my-own-key-of-amp")]);
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let text = format!("key my-own-key-of-amp, token {token}; sk-learn and task-sk-x stay");
        assert_eq!(
            redaction.redact(&text),
            "key [redacted], token [redacted]; sk-learn and task-sk-x stay"
        );
        let key = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b";
        assert_eq!(redaction.redact(key), "a [redacted] b");
        assert_eq!(
            redaction.redact("-----BEGIN PRIVATE KEY-----\nMI"),
            "[redacted]"
        );
        let taken = redaction.taken_out();
        let counts: Vec<_> = taken
            .iter()
            .map(|taken| (taken.what, taken.count))
            .collect();
        assert_eq!(
            counts,
            [
                ("known secret", 1),
                ("private key", 2),
                ("token of GitHub", 1)
            ]
        );
        assert!(matches!(
            redaction.redact("nothing — here"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn a_look_alike_is_taken_out_whole_and_nothing_else() {
        let mut redaction = redaction(&[]);
        let mut redact = |text: &str| redaction.redact(text).into_owned();
        let key = format!("sk-ant-{}", "a_b-".repeat(8));
        assert_eq!(redact(&format!("({key})")), "([redacted])");
        let within_a_word = format!("task-{key}");
        assert_eq!(redact(&within_a_word), within_a_word);
        let signed = format!("eyJ{}.{}", "a".repeat(20), "b".repeat(30));
        assert_eq!(redact(&format!("{signed} c")), "[redacted] c");
        let token = format!("ghp_{}", "a1B2".repeat(9));
        assert_eq!(redact(&format!("{token}.git")), "[redacted].git");
        let opened = "-----BEGIN OPENSSH PRIVATE KEY-----\nMI\n-----END OPENSSH PRIVATE KEY----- c";
        assert_eq!(redact(opened), "[redacted] c");
    }
}
