//! Rows as JSON objects: the items of an array, or one in each line.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Map, Value, error::Category, value::RawValue};

use crate::{
    numbers::{
        columns::{Column, Columns},
        file::{FileOptions, TakeRow, damaged},
        row::{Place, RawRow},
    },
    outcome::Failure,
};

/// Returns the items of a JSON array, unparsed.
pub fn items(text: &str) -> Result<Vec<(Place, &str)>, Failure> {
    let items: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|error| refused(Place::line(error.line() as u64), &error))?;
    let (mut offset, mut line) = (0, 1);
    let items = (1..).zip(items).map(|(number, item)| {
        // The value is a part of the text.
        let start = item.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text[offset..start].matches('\n').count() as u64;
        offset = start;
        let place = Place {
            line,
            item: Some(number),
        };
        (place, item.get())
    });
    Ok(items.collect())
}

/// Returns the lines that are not blank, unparsed.
pub fn lines(text: &str) -> Vec<(Place, &str)> {
    let lines = (1..).map(Place::line).zip(text.lines());
    lines.filter(|(_, line)| !line.trim().is_empty()).collect()
}

/// Finds the columns by the fields of all objects, and reads each object.
pub fn read(
    objects: &[(Place, &str)],
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<String, Failure> {
    let mut fields = BTreeSet::new();
    for (place, object) in objects {
        fields.extend(parse(*place, object)?.into_iter().map(|(name, _)| name));
    }
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    if fields.is_empty() {
        return Ok(String::new());
    }
    let columns = Columns::find(&fields, options)?;
    for (place, object) in objects {
        let object = parse(*place, object)?;
        let mut cells = [const { None }; Column::ALL.len()];
        for column in Column::ALL {
            let value = columns.at(column).and_then(|at| object.get(fields[at]));
            cells[column as usize] = cell(column, value.unwrap_or(&Value::Null)).map_err(|()| {
                let problem =
                    format!("the {column} is neither text nor number: write it as a text");
                damaged(*place, &problem)
            })?;
        }
        take(&RawRow {
            place: Some(*place),
            cells,
        });
    }
    Ok(columns.explain(&fields))
}

fn parse(place: Place, object: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(object).map_err(|error| refused(place, &error))
}

/// Says why a text is no row; of a value that is JSON, serde's own words would repeat it.
fn refused(place: Place, error: &serde_json::Error) -> Failure {
    let words = error.to_string();
    let problem = match error.classify() {
        Category::Data => {
            "this is no row. A JSON file is one array of objects, a JSONL file has an object in \
             each line"
        }
        Category::Eof => "the file ends in the middle of a value: it is cut off",
        // The place is named already; of a line, serde would count from that line.
        _ => words.split(" at line ").next().unwrap_or_default(),
    };
    damaged(place, problem)
}

/// Writes a value as a cell would have it; only users may be a list.
fn cell(column: Column, value: &Value) -> Result<Option<Cow<'_, str>>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Array(users) if column == Column::Users => {
            let users: Result<Vec<_>, ()> = users.iter().map(text).collect();
            Ok(Some(users?.join(" ").into()))
        }
        value => text(value).map(Some),
    }
}

fn text(value: &Value) -> Result<Cow<'_, str>, ()> {
    match value {
        Value::String(text) => Ok(text.trim().into()),
        Value::Number(number) => Ok(number.to_string().into()),
        _ => Err(()),
    }
}
