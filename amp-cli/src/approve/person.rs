//! The person at the terminal, as the library sees them.

use std::borrow::Cow;

use amp_session::{Answer, Approver, Question};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

/// A question on its way to the terminal, and where its answer goes.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    pub(crate) question: Question,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Where questions arrive, in the order in which they were asked.
#[derive(Debug)]
pub(super) struct Questions {
    arriving: mpsc::UnboundedReceiver<OpenQuestion>,
}

impl Questions {
    /// Waits for a question that somebody still waits for.
    pub(super) async fn next(&mut self) -> OpenQuestion {
        loop {
            match self.arriving.recv().await {
                Some(open) if open.reply.is_closed() => {}
                Some(open) => return open,
                // The session is gone, and with it whoever could ask.
                None => std::future::pending().await,
            }
        }
    }
}

struct Person(mpsc::UnboundedSender<OpenQuestion>);

/// Returns an approver, and where its questions arrive.
pub(super) fn person() -> (impl Approver, Questions) {
    let (sender, arriving) = mpsc::unbounded_channel();
    (Person(sender), Questions { arriving })
}

impl Approver for Person {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        let (reply, answer) = oneshot::channel();
        // A terminal that is gone answers nothing, which is a no.
        let _ = self.0.send(OpenQuestion { question, reply });
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
