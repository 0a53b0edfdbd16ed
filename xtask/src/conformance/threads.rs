//! What the Amp at hand says of a thread through `amp-session`, once its turns are over.

use amp_session::{Amp, Error, Ledger, ServiceAddress, ThreadId, ThreadList, ThreadSummary};

use super::case::{Case, Question};

/// A word of the answer in `scripts/text.toml`.
const SAID: &str = "stub";

/// A word that nobody said.
const UNSAID: &str = "unsaid";

/// More threads than there are.
const MANY: usize = 20;

/// Asks about a thread and says what the answer was, such as `listed with 2 messages`.
///
/// # Errors
/// When this build cannot be asked, or says that it could not answer.
pub(super) async fn ask(
    amp: &Amp,
    service: &ServiceAddress,
    question: Question,
    thread: &ThreadId,
    case: &Case,
) -> Result<String, Error> {
    let find = |threads: Vec<ThreadSummary>| threads.into_iter().find(|it| it.id == *thread);
    Ok(match question {
        Question::List | Question::ListArchived => {
            let archived = question == Question::ListArchived;
            let list = ThreadList::at_most(MANY).with_archived(archived);
            let Some(found) = find(amp.threads(service, list).await?) else {
                return Ok("not listed".to_owned());
            };
            let messages = found.messages.unwrap_or_default();
            match (found.updated, found.tree) {
                (None, _) => "listed without a moment".to_owned(),
                (Some(_), None) => format!("listed, {messages} messages"),
                (Some(_), Some(_)) => format!("listed, {messages} messages, with its folder"),
            }
        }
        Question::Search => {
            let found = find(amp.search_threads(service, SAID, MANY).await?);
            let other = amp.search_threads(service, UNSAID, MANY).await?;
            match (found, other.is_empty()) {
                (Some(_), true) => "found".to_owned(),
                (Some(_), false) => "found by any word".to_owned(),
                (None, _) => "not found".to_owned(),
            }
        }
        Question::Export => {
            let exported = amp.export_thread(service, thread).await?;
            let folder = tempfile::tempdir().map_err(Error::RunFiles)?;
            let turns = Ledger::new(folder.path()).import(&exported)?.turns()?;
            let mut said = Vec::new();
            for turn in &turns {
                let prompt = turn.start()?.and_then(|start| start.prompt);
                said.push((prompt, turn.answer()?));
            }
            let asked = case.prompts.iter().map(Some);
            let is_whole = said.iter().map(|(prompt, _)| prompt.as_ref()).eq(asked)
                && said.iter().all(|(_, answer)| answer.is_some());
            match is_whole {
                true => "exported with prompts and answers".to_owned(),
                false => format!("exported as {said:?}"),
            }
        }
    })
}
