//! Who answers, and what a session is told about it.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amp_protocol::PermissionRule;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::answer::Answer;
use super::question::Question;

/// How long a question waits for its answer unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(10 * 60);

/// Somebody who answers questions.
///
/// Several questions may be open at once; each future is polled by itself, and dropped when the
/// question is no longer asked: the deadline has passed, or the CLI is gone.
pub trait Approver: Send + Sync {
    /// Answers a question.
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer>;

    /// Returns who that is, for the record: `approver` unless it says otherwise.
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("approver")
    }
}

/// Allows what only reads files of this machine, and rejects everything else.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowReadOnly;

/// Rejects everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct RejectAll;

impl Approver for AllowReadOnly {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        let answer = match question.only_reads() {
            true => Answer::Allow,
            false => Answer::reject("only tools that read files may be used in this run"),
        };
        std::future::ready(answer).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("read-only")
    }
}

impl Approver for RejectAll {
    fn decide(&self, _: Question) -> BoxFuture<'_, Answer> {
        std::future::ready(Answer::reject("no tool may be used in this run")).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("deny")
    }
}

/// Makes an approver of an async function.
pub fn approve_with<F, A>(decide: F) -> impl Approver
where
    F: Fn(Question) -> A + Send + Sync,
    A: Future<Output = Answer> + Send + 'static,
{
    struct Callback<F>(F);
    impl<F, A> Approver for Callback<F>
    where
        F: Fn(Question) -> A + Send + Sync,
        A: Future<Output = Answer> + Send + 'static,
    {
        fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
            (self.0)(question).boxed()
        }
    }
    Callback(decide)
}

/// Puts the tool calls of a session to an [`Approver`].
#[derive(Clone)]
pub struct Approval {
    approver: Arc<dyn Approver>,
    deadline: Duration,
    helper_program: Option<PathBuf>,
    remembered: Arc<watch::Sender<Vec<PermissionRule>>>,
}

impl Approval {
    /// Asks this approver about every local tool call that no rule of the user decides.
    #[must_use]
    pub fn by(approver: impl Approver + 'static) -> Self {
        Self {
            approver: Arc::new(approver),
            deadline: DEADLINE,
            helper_program: None,
            remembered: Arc::default(),
        }
    }

    /// Sets how long a question waits for its answer; a late answer is a no. Ten minutes unless
    /// set.
    ///
    /// While a question is open the idle deadline stands still; the total one does not.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Names another executable to serve as the helper, in place of the host itself.
    ///
    /// Its `main` must call [`run_helper_if_requested`](crate::run_helper_if_requested). For hosts
    /// that do not own their `main`, such as a plug-in or a test.
    #[must_use]
    pub fn with_helper_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.helper_program = Some(program.into());
        self
    }

    /// Lets this and another one remember the same rules of answers: what was answered to one of
    /// them counts for both, from now on.
    #[must_use]
    pub fn with_memory_of(mut self, other: &Self) -> Self {
        self.remembered = Arc::clone(&other.remembered);
        self
    }

    /// Returns the rules that answers have asked to be remembered, in their order.
    #[must_use]
    pub fn remembered(&self) -> Vec<PermissionRule> {
        self.remembered.borrow().clone()
    }

    pub(super) fn remember(&self, rule: PermissionRule) {
        self.remembered.send_modify(|rules| rules.push(rule));
    }

    /// Returns what hears of every rule that is remembered from now on.
    pub(super) fn remembering(&self) -> watch::Receiver<Vec<PermissionRule>> {
        self.remembered.subscribe()
    }

    pub(super) fn approver(&self) -> &Arc<dyn Approver> {
        &self.approver
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(super) fn helper_program(&self) -> Option<&Path> {
        self.helper_program.as_deref()
    }
}

impl fmt::Debug for Approval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Approval")
            .field("deadline", &self.deadline)
            .field("helper_program", &self.helper_program)
            .field("remembered", &self.remembered())
            .finish_non_exhaustive()
    }
}
