//! One JSON array on standard output, printed item by item.

use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

use crate::terminal;

/// An array that has begun; nothing of it is kept in memory.
pub struct JsonArray {
    output: BufWriter<Stdout>,
    is_empty: bool,
}

impl Default for JsonArray {
    /// Starts an array; nothing is printed yet.
    fn default() -> Self {
        Self {
            output: BufWriter::new(io::stdout()),
            is_empty: true,
        }
    }
}

impl JsonArray {
    /// Prints one more item.
    pub fn push(&mut self, item: &impl Serialize) -> io::Result<()> {
        let before: &[u8] = if self.is_empty { b"[\n" } else { b",\n" };
        self.is_empty = false;
        self.output.write_all(before)?;
        self.output.write_all(terminal::json_line(item)?.as_bytes())
    }

    /// Prints the array's end.
    pub fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.is_empty { b"[]\n" } else { b"\n]\n" };
        self.output.write_all(end)?;
        self.output.flush()
    }
}
