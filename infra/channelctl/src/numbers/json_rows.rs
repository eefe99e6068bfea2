//! Rows as JSON objects: in one array, or one in each line.

use std::{
    fmt,
    io::{BufRead, Read},
};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::numbers::{
    column::Column,
    columns::{Columns, ColumnsError, Mapping},
    file_error::FileError,
    input::{Budget, Input, LONGEST_ROW},
    raw_row::{RawRow, Sink},
    row::Place,
};

const EXPLAINED: &str = "by the fields' names";

/// Reads the objects of one array; returns how the fields were told apart.
pub(super) fn read_array(
    input: Input,
    mappings: &[Mapping],
    sink: &mut Sink<'_>,
) -> Result<String, FileError> {
    let budget = input.budget();
    let mut rows = Rows {
        mappings,
        sink,
        budget: budget.clone(),
        count: 0,
        failure: None,
    };
    let mut parser = serde_json::Deserializer::from_reader(input);
    let read = parser
        .deserialize_seq(&mut rows)
        .and_then(|()| parser.end());
    let place = Place::Item(rows.count + 1);
    match (rows.failure, read) {
        (Some(failure), _) => Err(failure),
        (None, Err(_)) if budget.is_used_up() => Err(FileError::EndlessRow(place)),
        (None, Err(error)) => Err(FileError::NotJson(place, error.to_string())),
        (None, Ok(())) => Ok(EXPLAINED.into()),
    }
}

/// Reads an object in each line; returns how the fields were told apart.
pub(super) fn read_lines(
    mut input: Input,
    mappings: &[Mapping],
    sink: &mut Sink<'_>,
) -> Result<String, FileError> {
    let budget = input.budget();
    let mut text = Vec::new();
    for line in 1.. {
        let place = Place::Line(line);
        budget.renew();
        text.clear();
        let mut bounded = input.by_ref().take(LONGEST_ROW as u64);
        let read = bounded.read_until(b'\n', &mut text);
        let read = read.map_err(|error| FileError::Unreadable(place.to_string(), error))?;
        if read as u64 == LONGEST_ROW as u64 {
            return Err(FileError::EndlessRow(place));
        }
        if read == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            let object: Result<Map<_, _>, _> = serde_json::from_slice(&text);
            let object = object.map_err(|error| FileError::NotJson(place, error.to_string()))?;
            sink(row(place, &object, mappings)?)?;
        }
    }
    Ok(EXPLAINED.into())
}

/// An array's objects, each given on as soon as it is read.
struct Rows<'a, 'sink> {
    mappings: &'a [Mapping],
    sink: &'a mut Sink<'sink>,
    budget: Budget,
    count: u64,
    failure: Option<FileError>,
}

impl<'de> Visitor<'de> for &mut Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(object) = objects.next_element_seed(Object)? {
            self.budget.renew();
            self.count += 1;
            let place = Place::Item(self.count);
            let given = row(place, &object, self.mappings).and_then(|row| (self.sink)(row));
            if let Err(failure) = given {
                self.failure = Some(failure);
                return Err(A::Error::custom("the row cannot be taken"));
            }
        }
        Ok(())
    }
}

struct Object;

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

fn row(
    place: Place,
    object: &Map<String, Value>,
    mappings: &[Mapping],
) -> Result<RawRow, FileError> {
    let names: Vec<_> = object.keys().map(String::as_str).collect();
    let columns = match Columns::find(&names, &present(mappings, &names)) {
        Ok(columns) => columns,
        // One object without a number is a bad row among good ones.
        Err(ColumnsError::NoNumber(_)) => Columns::default(),
        Err(error) => return Err(error.into()),
    };
    let cells = Column::ALL.map(|column| {
        let (_, value) = object.iter().nth(columns.at(column)?)?;
        text(value)
    });
    Ok(RawRow { place, cells })
}

/// An object leaves out what it has no value for.
fn present(mappings: &[Mapping], names: &[&str]) -> Vec<Mapping> {
    let is_present = |mapping: &&Mapping| names.contains(&mapping.header());
    mappings.iter().filter(is_present).cloned().collect()
}

/// A value as a cell would have it; what is neither text nor number stands there as JSON, for the
/// checks to refuse.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Array(values) => {
            let texts: Vec<_> = values.iter().filter_map(text).collect();
            Some(texts.join(" "))
        }
        other => Some(other.to_string()),
    }
}
