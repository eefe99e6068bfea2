//! The bytes of a file as UTF-8, and never more of them for one row than it may take.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Cursor, Read},
    rc::Rc,
    str::FromStr,
};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The most that one row may take, in bytes; an open quote would swallow the rest of the file.
pub const MAX_ROW: usize = 64 * 1024;
const BUFFER: usize = 32 * 1024;

/// A character encoding by its name on the web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// The reason a text names no encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no encoding; try windows-1252, iso-8859-15 or utf-16le")]
pub struct UnknownEncoding;

/// What a file's rows are read from: as UTF-8, and never more for one row than it may take.
pub struct Input {
    bytes: BufReader<Box<dyn Read>>,
    left: Rc<Cell<usize>>,
}

/// What gives the next row its share.
#[derive(Clone)]
pub struct Budget(Rc<Cell<usize>>);

/// Decodes what begins with a byte order mark, or is UTF-16 without one, or is said to be something.
pub fn decoded(input: Box<dyn Read>, encoding: Option<TextEncoding>) -> io::Result<Input> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let encoding = encoding.map(|TextEncoding(encoding)| encoding);
    let encoding = encoding.or_else(|| utf16_without_mark(input.fill_buf().ok()?));
    let decoder = DecodeReaderBytesBuilder::new()
        .encoding(encoding)
        .utf8_passthru(true)
        .strip_bom(true)
        .bom_override(true)
        .build(input);
    let (start, rest) = start_of(decoder)?;
    let bytes: Box<dyn Read> = Box::new(Cursor::new(start).chain(rest));
    Ok(Input {
        bytes: BufReader::with_capacity(BUFFER, bytes),
        left: Rc::new(Cell::new(MAX_ROW)),
    })
}

/// Reads enough to tell from it what a file is; one read alone may bring three bytes.
fn start_of(mut input: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut start = Vec::new();
    input.by_ref().take(BUFFER as u64).read_to_end(&mut start)?;
    Ok((start, input))
}

/// Digits and commas have a zero byte beside them in UTF-16, and none in anything else.
fn utf16_without_mark(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        [0, second, ..] if *second != 0 => Some(UTF_16BE),
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        _ => None,
    }
}

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        Encoding::for_label(label.as_bytes())
            .map(Self)
            .ok_or(UnknownEncoding)
    }
}

impl Input {
    /// Returns what gives each row its share once the one before has been read.
    pub fn budget(&self) -> Budget {
        Budget(Rc::clone(&self.left))
    }
}

impl Budget {
    /// Lets the next row take as much as it may.
    pub fn renew(&self) {
        self.0.set(MAX_ROW);
    }

    /// Tells whether a row has taken all that it may.
    pub fn is_used_up(&self) -> bool {
        self.0.get() == 0
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.left.get());
        if length == 0 && !buffer.is_empty() {
            return Err(io::Error::other("the row is too long"));
        }
        let read = self.bytes.read(&mut buffer[..length])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.consume(amount);
    }
}
