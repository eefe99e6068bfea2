//! Rows as JSON objects: in one array, or one in each line.

use std::borrow::Cow;

use serde_json::{Map, Value, value::RawValue};

use crate::numbers::{
    columns::{Column, Columns, Mapping},
    error::NumbersError,
    file::{TakeRow, damaged},
    row::{Place, RawRow},
};

/// Reads the objects of one array; returns how the fields were told apart.
pub fn read_array(
    text: &str,
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let objects: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|error| refused(Place::line(error.line() as u64), &error))?;
    let mut fields = Fields::new(mappings);
    let (mut offset, mut line) = (0, 1);
    for (index, object) in objects.into_iter().enumerate() {
        // The value is a part of the text.
        let start = object.get().as_ptr() as usize - text.as_ptr() as usize;
        let passed = text.as_bytes()[offset..start].iter();
        line += passed.filter(|byte| **byte == b'\n').count() as u64;
        offset = start;
        fields.take(Place::item(line, index as u64 + 1), object.get(), take)?;
    }
    fields.explain()
}

/// Reads an object in each line; returns how the fields were told apart.
pub fn read_lines(
    text: &str,
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let mut fields = Fields::new(mappings);
    for (line, object) in (1..).zip(text.lines()) {
        if !object.trim().is_empty() {
            fields.take(Place::line(line), object, take)?;
        }
    }
    fields.explain()
}

/// Says why a text is no row; of a value that is JSON, serde's own words would repeat it.
fn refused(place: Place, error: &serde_json::Error) -> NumbersError {
    if error.is_data() {
        let problem = "this is no row. A JSON file is one array of objects, a JSONL file has an \
            object in each line";
        damaged(place, problem)
    } else {
        // The place is named already; of a line, serde would count from that line.
        let error = error.to_string();
        let reason = error.split(" at line ").next().unwrap_or_default();
        damaged(place, &format!("this is not JSON: {reason}"))
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

    fn take(
        &mut self,
        place: Place,
        object: &str,
        take: &mut TakeRow<'_>,
    ) -> Result<(), NumbersError> {
        let object: Map<String, Value> =
            serde_json::from_str(object).map_err(|error| refused(place, &error))?;
        let names: Vec<_> = object.keys().map(String::as_str).collect();
        self.unseen.retain(|mapping| !mapping.is_in(&names));
        if self.first.is_empty() {
            self.first = object.keys().cloned().collect();
        }
        let columns = Columns::of_fields(&names, self.mappings)?;
        let value = |column| object.values().nth(columns.at(column)?);
        let is_wrong =
            |column: &Column| value(*column).is_some_and(|value| !is_cell(*column, value));
        take(&RawRow {
            place,
            cells: Column::ALL.map(|column| text(value(column)?)),
            of_wrong_type: Column::ALL.into_iter().find(is_wrong),
        });
        Ok(())
    }

    /// Says how they were told apart, or which one that was mapped no object has.
    fn explain(&self) -> Result<String, NumbersError> {
        let names: Vec<_> = self.first.iter().map(String::as_str).collect();
        let absent = self.unseen.first().filter(|_| !names.is_empty());
        absent.map_or(Ok(()), |absent| absent.check(&names))?;
        Ok("by the fields' names".into())
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
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().into()),
        Value::Array(values) => {
            let texts: Vec<_> = values.iter().filter_map(text).collect();
            Some(texts.join(" ").into())
        }
        other => Some(other.to_string().into()),
    }
}
