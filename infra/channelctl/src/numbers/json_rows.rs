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
    columns::Columns,
    file_error::FileError,
    input::{Budget, Input, MAX_ROW},
    mapping::Mapping,
    raw_row::{RawRow, Sink},
    row::Place,
};

/// Reads the objects of one array; returns how the fields were told apart.
pub(super) fn read_array(
    input: Input,
    mappings: &[Mapping],
    sink: &mut Sink<'_>,
) -> Result<String, FileError> {
    let budget = input.budget();
    let mut rows = Rows {
        fields: Fields::new(mappings),
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
        (None, Err(error)) => Err(refused(place, &error)),
        (None, Ok(())) => rows.fields.explained(),
    }
}

/// Reads an object in each line; returns how the fields were told apart.
pub(super) fn read_lines(
    mut input: Input,
    mappings: &[Mapping],
    sink: &mut Sink<'_>,
) -> Result<String, FileError> {
    let mut fields = Fields::new(mappings);
    let mut text = Vec::new();
    for line in 1.. {
        let place = Place::Line(line);
        text.clear();
        let mut bounded = input.by_ref().take(MAX_ROW as u64);
        let read = bounded.read_until(b'\n', &mut text);
        let read = read.map_err(|error| FileError::Unreadable(place.to_string(), error))?;
        if read as u64 == MAX_ROW as u64 {
            return Err(FileError::EndlessRow(place));
        }
        if read == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            let object: Result<Map<_, _>, _> = serde_json::from_slice(&text);
            let object = object.map_err(|error| refused(place, &error))?;
            sink(fields.row(place, &object)?)?;
        }
    }
    fields.explained()
}

/// Says why a text is no row; of what is JSON, serde's own words would repeat the value.
fn refused(place: Place, error: &serde_json::Error) -> FileError {
    if error.is_data() {
        FileError::NotARow(place)
    } else {
        FileError::NotJson(place, error.to_string())
    }
}

/// An array's objects, each given on as soon as it is read.
struct Rows<'a, 'sink> {
    fields: Fields<'a>,
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
            let row = self.fields.row(place, &object);
            let given = row.and_then(|row| (self.sink)(row));
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

/// What the objects' fields are taken for.
struct Fields<'a> {
    mappings: &'a [Mapping],
    /// The mappings whose field no object has had yet.
    unseen: Vec<&'a Mapping>,
    /// The names of the first object's fields.
    first: Vec<String>,
}

impl<'a> Fields<'a> {
    fn new(mappings: &'a [Mapping]) -> Self {
        Self {
            mappings,
            unseen: mappings.iter().collect(),
            first: Vec::new(),
        }
    }

    fn row(&mut self, place: Place, object: &Map<String, Value>) -> Result<RawRow, FileError> {
        let names: Vec<_> = object.keys().map(String::as_str).collect();
        self.unseen.retain(|mapping| mapping.at(&names).is_none());
        if self.first.is_empty() {
            self.first = object.keys().cloned().collect();
        }
        let columns = Columns::of_fields(&names, self.mappings)?;
        let value = |column| object.values().nth(columns.at(column)?);
        let is_wrong =
            |column: &Column| value(*column).is_some_and(|value| !is_cell(*column, value));
        Ok(RawRow {
            place,
            cells: Column::ALL.map(|column| text(value(column)?)),
            of_wrong_type: Column::ALL.into_iter().find(is_wrong),
        })
    }

    /// Says how they were told apart, or which one that was mapped no object has.
    fn explained(&self) -> Result<String, FileError> {
        match self.unseen.first() {
            Some(absent) if !self.first.is_empty() => {
                let names: Vec<_> = self.first.iter().map(String::as_str).collect();
                Err(absent.no_such_header(&names).into())
            }
            _ => Ok("by the fields' names".into()),
        }
    }
}

/// Tells whether a value is what a file's cell could hold; only users may be a list.
fn is_cell(column: Column, value: &Value) -> bool {
    match value {
        Value::Null | Value::String(_) | Value::Number(_) => true,
        Value::Array(values) if column == Column::Users => values
            .iter()
            .all(|value| value.is_string() || value.is_number()),
        _ => false,
    }
}

/// Writes a value as a cell would have it, and what no cell could hold as JSON, to be shown.
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
