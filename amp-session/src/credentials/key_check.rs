//! Whether the service takes a key: what Amp asks at its start, and what the answers mean.

use serde_json::Value;

use super::Credentials;

/// The request with which every build asks for its user before a run (seen from those of
/// 2026-01-08 to 2026-09-23), to be posted with the key as a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyQuestion {
    /// Where it goes.
    pub url: String,
    /// What is posted, as JSON.
    pub body: &'static str,
}

/// What the service makes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyVerdict {
    /// The key works.
    Accepted {
        /// The user that it belongs to, by name or address.
        user: Option<String>,
    },
    /// The service refuses the key.
    Rejected {
        /// What it says, in words.
        reason: String,
    },
    /// It cannot be told: the service answers something else.
    Unclear {
        /// What it answers, in words.
        reason: String,
        /// The HTTP status of its answer.
        status: u16,
    },
}

impl Credentials {
    /// Returns the request that tells whether the service takes a key.
    #[must_use]
    pub fn key_question(&self) -> KeyQuestion {
        let service = self.service_url().trim_end_matches('/');
        KeyQuestion {
            url: format!("{service}/api/internal?getUserInfo"),
            body: r#"{"method":"getUserInfo","params":{}}"#,
        }
    }
}

impl KeyVerdict {
    /// Reads the answer to [`Credentials::key_question`].
    ///
    /// A service that takes a key answers `{"ok": true, "result": USER}`; the builds of 2026 take
    /// 401 and 403 for a key that is wrong or has expired, and `auth-required` for the same.
    #[must_use]
    pub fn of_answer(status: u16, body: &[u8]) -> Self {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &document["error"];
        if matches!(status, 401 | 403) || error["code"] == "auth-required" {
            let said = error["message"].as_str().map(in_one_line);
            let said = said.map_or(String::new(), |said| format!(": {said}"));
            let reason = format!("it answers HTTP {status}{said}");
            return Self::Rejected { reason };
        }
        let user = &document["result"];
        if status == 200 && document["ok"] == true && user.is_object() {
            let names = ["username", "email"].into_iter();
            let mut names = names.filter_map(|name| user[name].as_str());
            let user = names.find(|name| !name.is_empty()).map(in_one_line);
            return Self::Accepted { user };
        }
        let reason = match status {
            200 => "its answer is not one that Amp's service gives".to_owned(),
            _ => format!("it answers HTTP {status}"),
        };
        Self::Unclear { reason, status }
    }
}

/// The most of somebody else's text that is repeated, in characters.
const LONGEST_TEXT: usize = 100;

/// Returns the beginning of a text without what a terminal would obey.
fn in_one_line(text: &str) -> String {
    let plain = text.chars().map(|character| match character {
        character if character.is_control() => ' ',
        character => character,
    });
    plain.take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_judged_by_its_status_and_by_what_it_says() {
        let accepted = |user: Option<&str>| KeyVerdict::Accepted {
            user: user.map(str::to_owned),
        };
        let verdict = |status, body: &str| KeyVerdict::of_answer(status, body.as_bytes());
        let user = r#"{"ok":true,"result":{"id":"u","username":"","email":"a@b"}}"#;
        assert_eq!(verdict(200, user), accepted(Some("a@b")));
        assert_eq!(verdict(200, r#"{"ok":true,"result":{}}"#), accepted(None));
        let refused = r#"{"ok":false,"error":{"code":"auth-required","message":"no\u001b[31m"}}"#;
        for (status, body) in [(401, ""), (403, "<html>"), (200, refused), (401, refused)] {
            let verdict = verdict(status, body);
            assert!(matches!(verdict, KeyVerdict::Rejected { .. }), "{body}");
            assert!(!format!("{verdict:?}").contains("u{1b}"), "{verdict:?}");
        }
        for (status, body) in [
            (200, ""),
            (200, "<html>a login page</html>"),
            (200, r#"{"ok":true}"#),
            (200, r#"{"ok":false,"error":{"code":"other"}}"#),
            (302, ""),
            (429, user),
            (500, "oops"),
        ] {
            let expected = match status {
                200 => "its answer is not one that Amp's service gives".to_owned(),
                _ => format!("it answers HTTP {status}"),
            };
            let unclear = KeyVerdict::Unclear {
                reason: expected,
                status,
            };
            assert_eq!(verdict(status, body), unclear, "{body}");
        }
    }
}
