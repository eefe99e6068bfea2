//! What a test's own thread logs through `tracing`.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, Once},
};

use tracing::subscriber::DefaultGuard;

/// Keeps events enabled in every thread while logs of other threads start and end.
static GLOBAL: Once = Once::new();

/// The log of this thread, from its start until it is dropped.
pub struct Log {
    text: Text,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn start() -> Self {
        GLOBAL.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_writer(io::sink).finish();
            let _ = tracing::subscriber::set_global_default(subscriber);
        });
        let text = Text::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer({
                let text = text.clone();
                move || text.clone()
            })
            .finish();
        Self {
            _guard: tracing::subscriber::set_default(subscriber),
            text,
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.text.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
