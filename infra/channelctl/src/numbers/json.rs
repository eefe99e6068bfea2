//! Rows as JSON objects: in one array, or one in each line.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Map, Value, value::RawValue};

use crate::numbers::{
    columns::{Column, Columns, Mapping},
    error::NumbersError,
    file::{TakeRow, damaged},
    row::{Place, RawRow},
};

/// Reads the objects of one array; returns which field was taken for what.
pub fn read_array(
    text: &str,
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let objects: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|error| refused(Place::line(error.line() as u64), &error))?;
    let (mut offset, mut line) = (0, 1);
    let objects = (1..).zip(objects).map(|(item, object)| {
        // The value is a part of the text.
        let start = object.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text[offset..start].matches('\n').count() as u64;
        offset = start;
        (Place::item(line, item), object.get())
    });
    read(&objects.collect::<Vec<_>>(), mappings, take)
}

/// Reads an object in each line; returns which field was taken for what.
pub fn read_lines(
    text: &str,
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let lines = (1..).map(Place::line).zip(text.lines());
    let objects = lines.filter(|(_, object)| !object.trim().is_empty());
    read(&objects.collect::<Vec<_>>(), mappings, take)
}

/// Finds the columns by the fields of all objects, and reads each object.
fn read(
    objects: &[(Place, &str)],
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let mut fields = BTreeSet::new();
    for (place, object) in objects {
        fields.extend(parse(*place, object)?.into_iter().map(|(name, _)| name));
    }
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    if fields.is_empty() {
        return Ok(String::new());
    }
    let columns = Columns::find(&fields, mappings)?;
    for (place, object) in objects {
        let object = parse(*place, object)?;
        let value = |column| object.get(fields[columns.at(column)?]);
        let is_wrong =
            |column: &Column| value(*column).is_some_and(|value| !is_cell(*column, value));
        take(&RawRow {
            place: *place,
            cells: Column::ALL.map(|column| text(value(column)?)),
            of_wrong_type: Column::ALL.into_iter().find(is_wrong),
        });
    }
    Ok(columns.explain(&fields))
}

fn parse(place: Place, object: &str) -> Result<Map<String, Value>, NumbersError> {
    serde_json::from_str(object).map_err(|error| refused(place, &error))
}

/// Says why a text is no row; of a value that is JSON, serde's own words would repeat it.
fn refused(place: Place, error: &serde_json::Error) -> NumbersError {
    if error.is_data() {
        let problem = "this is no row. A JSON file is one array of objects, a JSONL file has an \
            object in each line";
        return damaged(place, problem);
    }
    if error.is_eof() {
        return damaged(
            place,
            "the file ends in the middle of a value: it is cut off",
        );
    }
    // The place is named already; of a line, serde would count from that line.
    let error = error.to_string();
    let reason = error.split(" at line ").next().unwrap_or_default();
    damaged(place, &format!("this is not JSON: {reason}"))
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
