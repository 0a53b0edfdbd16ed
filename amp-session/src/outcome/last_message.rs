//! Why the last message of a thread ended, as Amp's own export of the thread tells.
//!
//! The stream does not: the builds of January to May 2026 give no reason and hang, those of July and
//! September say `end_turn` for everything. The exports of six builds, 0.0.1769314944-g5070a1 to
//! 0.0.1790142911-g7618fb, tell of an output limit and of a refusal (`token-limit` and `refusal` in
//! `fixtures/conformance.toml`); that of 2026-01-08 has no export.

use serde_json::Value;

use super::Reason;

/// Returns why the model's last message was not finished, if it was not.
pub(super) fn why_unfinished(export: &Value) -> Option<Reason> {
    let messages = export.get("messages")?.as_array()?;
    let of_model = |message: &&Value| message.get("role").is_some_and(|role| role == "assistant");
    let state = messages.iter().rev().find(of_model)?.get("state")?;
    let text = |path: &str| state.pointer(path).and_then(Value::as_str);
    match text("/type")? {
        // Since July 2026.
        "complete" => match text("/stopReason")? {
            "max_tokens" => Some(Reason::OutputLimit),
            "refusal" => Some(Reason::ModelRefused),
            _ => None,
        },
        "error" => match text("/error/message")? {
            "max_tokens" => Some(Reason::OutputLimit),
            message if message.starts_with("The model refused") => Some(Reason::ModelRefused),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Reason, why_unfinished};

    fn why(state: &Value) -> Option<Reason> {
        let first =
            json!({"role": "assistant", "state": {"type": "complete", "stopReason": "max_tokens"}});
        let last = json!({"role": "assistant", "state": state});
        let prompt = json!({"role": "user", "content": []});
        why_unfinished(&json!({"messages": [prompt, first, prompt, last, prompt]}))
    }

    #[test]
    fn the_last_message_tells_in_the_words_of_every_build() {
        let error = |message: &str| json!({"type": "error", "error": {"message": message}});
        let complete = |reason: &str| json!({"type": "complete", "stopReason": reason});
        assert_eq!(why(&error("max_tokens")), Some(Reason::OutputLimit));
        assert_eq!(why(&complete("max_tokens")), Some(Reason::OutputLimit));
        let refused = "The model refused to respond to this request. Please retry.";
        assert_eq!(why(&error(refused)), Some(Reason::ModelRefused));
        assert_eq!(why(&complete("refusal")), Some(Reason::ModelRefused));
        for finished in [complete("end_turn"), error("terminated"), json!(null)] {
            assert_eq!(why(&finished), None);
        }
        assert_eq!(why_unfinished(&json!({})), None);
    }
}
