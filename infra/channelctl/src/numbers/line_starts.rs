//! Which line of a file a row begins in, as an editor counts them.
//!
//! The CSV reader knows where a row begins by bytes only: before whatever empty lines stand there.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read},
    rc::Rc,
};

/// A file whose lines are noted as they are read.
pub(super) struct LineStarts<R> {
    bytes: R,
    offset: u64,
    line: u64,
    is_at_start: bool,
    noted: Lines,
}

/// The lines that have been read, and not asked for yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Rc<RefCell<VecDeque<Line>>>);

#[derive(Debug, Clone, Copy)]
struct Line {
    offset: u64,
    number: u64,
}

impl<R: Read> LineStarts<R> {
    /// Notes the lines of a file from here on, where `line` begins.
    pub(super) fn new(bytes: R, line: u64) -> Self {
        Self {
            bytes,
            offset: 0,
            line,
            is_at_start: true,
            noted: Lines::default(),
        }
    }

    /// Returns what knows the lines that have been read.
    pub(super) fn lines(&self) -> Lines {
        self.noted.clone()
    }
}

impl Lines {
    /// Returns the first line at or behind a byte that is not empty, and forgets those before.
    pub(super) fn at(&self, offset: u64) -> Option<u64> {
        let mut lines = self.0.borrow_mut();
        while lines.front()?.offset < offset {
            lines.pop_front();
        }
        lines.front().map(|line| line.number)
    }
}

impl<R: Read> Read for LineStarts<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.bytes.read(buffer)?;
        for (offset, byte) in (self.offset..).zip(&buffer[..length]) {
            let is_end = matches!(byte, b'\r' | b'\n');
            if self.is_at_start && !is_end {
                let number = self.line;
                self.noted.0.borrow_mut().push_back(Line { offset, number });
            }
            self.is_at_start = is_end;
            self.line += u64::from(*byte == b'\n');
        }
        self.offset += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_in_the_first_line_behind_its_byte_that_is_not_empty() {
        let text = b"\r\n\r\nheader\r\n\r\n\nrow\n";
        let mut file = LineStarts::new(text.as_slice(), 1);
        let lines = file.lines();
        io::copy(&mut file, &mut io::sink()).unwrap();
        assert_eq!(lines.at(0), Some(3), "behind two empty lines");
        assert_eq!(
            lines.at(11),
            Some(6),
            "where a reader stands between CR and LF"
        );
        assert_eq!(lines.at(19), None);
    }
}
