//! Whether a signal has come, for a thread that cannot listen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::platform;

/// Tells whether a signal has come, also to a thread that is busy with something else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signalled(Arc<Watch>);

#[derive(Debug, Default)]
struct Watch {
    is_kept: AtomicBool,
    has_come: AtomicBool,
}

impl Signalled {
    /// Returns whether a signal has come since somebody listens.
    #[cfg(unix)]
    pub(crate) fn has_come(&self) -> bool {
        self.0.has_come.load(SeqCst)
    }

    /// Keeps watch from now on, on a thread of its own.
    pub(super) fn watch(&self) -> std::io::Result<()> {
        if self.0.is_kept.swap(true, SeqCst) {
            return Ok(());
        }
        let watch = Arc::clone(&self.0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let keep = async move {
            if let Ok(mut handlers) = platform::Handlers::install() {
                handlers.next().await;
                watch.has_come.store(true, SeqCst);
            }
        };
        std::thread::Builder::new()
            .name("ampctl-signals".to_owned())
            .spawn(move || runtime.block_on(keep))?;
        Ok(())
    }
}
