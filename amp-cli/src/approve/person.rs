//! The person at the terminal, as the library sees them.

use std::borrow::Cow;

use amp_session::{Answer, Approver, Question};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

/// A question on its way to the terminal, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) question: Question,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Where questions arrive, in the order in which they were asked.
#[derive(Debug)]
pub(super) struct Questions {
    put: mpsc::UnboundedReceiver<Put>,
}

impl Questions {
    /// Waits for a question that somebody still waits for.
    pub(super) async fn next(&mut self) -> Put {
        loop {
            match self.put.recv().await {
                Some(put) if put.reply.is_closed() => {}
                Some(put) => return put,
                // The session is gone, and with it whoever could ask.
                None => std::future::pending().await,
            }
        }
    }
}

struct Person(mpsc::UnboundedSender<Put>);

/// Returns an approver, and where its questions arrive.
pub(super) fn person() -> (impl Approver, Questions) {
    let (sender, put) = mpsc::unbounded_channel();
    (Person(sender), Questions { put })
}

impl Approver for Person {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        let (reply, answer) = oneshot::channel();
        // A terminal that is gone answers nothing, which is a no.
        let _ = self.0.send(Put { question, reply });
        async move {
            let answer = answer.await;
            answer.unwrap_or_else(|_| Answer::reject("nobody is at the terminal any more"))
        }
        .boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("you")
    }
}
