//! A port that takes connections and never answers; it tells whether anyone sent anything.

use std::{
    io::{ErrorKind, Read},
    net::{TcpListener, TcpStream},
    time::Duration,
};

/// A port that takes connections and never answers.
pub struct Trap {
    listener: TcpListener,
    connections: Vec<TcpStream>,
}

impl Trap {
    pub fn set() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            connections: Vec::new(),
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// Tells whether nobody sent anything; INIT connects only.
    pub fn is_untouched(&mut self) -> bool {
        self.accept();
        let sent_nothing = |mut connection: &TcpStream| matches!(connection.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.connections.iter().all(sent_nothing)
    }

    /// Waits until nobody is connected any more.
    pub fn is_left(&mut self) -> bool {
        self.accept();
        self.connections.iter_mut().all(|connection| {
            let patience = Some(Duration::from_secs(5));
            connection.set_nonblocking(false).unwrap();
            connection.set_read_timeout(patience).unwrap();
            connection.read_to_end(&mut Vec::new()).is_ok()
        })
    }

    fn accept(&mut self) {
        while let Ok((connection, _)) = self.listener.accept() {
            connection.set_nonblocking(true).unwrap();
            self.connections.push(connection);
        }
    }
}
