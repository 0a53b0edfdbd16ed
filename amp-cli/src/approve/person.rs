//! A person who answers questions, as the library sees them.

use std::borrow::Cow;

use amp_session::{Answer, Approver, Question};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

/// A question on its way to a person, and where its answer goes.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    pub(crate) question: Question,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Where questions arrive, in the order in which they were asked.
#[derive(Debug)]
pub(crate) struct Questions {
    arriving: mpsc::UnboundedReceiver<OpenQuestion>,
}

impl Questions {
    /// Waits for a question that somebody still waits for.
    pub(crate) async fn next(&mut self) -> OpenQuestion {
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

struct Person {
    name: &'static str,
    questions: mpsc::UnboundedSender<OpenQuestion>,
}

/// Returns an approver with a name for the record, and where its questions arrive.
pub(crate) fn person(name: &'static str) -> (impl Approver, Questions) {
    let (questions, arriving) = mpsc::unbounded_channel();
    (Person { name, questions }, Questions { arriving })
}

impl Approver for Person {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        let (reply, answer) = oneshot::channel();
        // Who is gone answers nothing, which is a no.
        let _ = self.questions.send(OpenQuestion { question, reply });
        async move {
            let answer = answer.await;
            answer.unwrap_or_else(|_| Answer::reject("nobody is there to answer any more"))
        }
        .boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name)
    }
}
