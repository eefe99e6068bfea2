//! Which of a file's columns is which, guessed by their names or said with `--map`.

use crate::numbers::{
    column::Column,
    columns_error::{ColumnsError, listed},
    mapping::Mapping,
};

/// Where in a row each column stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns([Option<usize>; Column::ALL.len()]);

impl Columns {
    /// Finds the columns by a header line; what nothing looks like is passed over.
    pub fn find(headers: &[&str], mappings: &[Mapping]) -> Result<Self, ColumnsError> {
        mappings
            .iter()
            .try_for_each(|mapping| mapping.check(headers))?;
        let columns = Self::of_fields(headers, mappings)?;
        match columns.at(Column::Number) {
            Some(_) => Ok(columns),
            None if headers.iter().any(|header| looks_like_a_number(header)) => {
                Err(ColumnsError::NoHeader)
            }
            None => Err(ColumnsError::NoNumber(listed(headers))),
        }
    }

    /// Finds the columns by the names of one object's fields, which may lack any of them.
    ///
    /// A column that is mapped is never guessed, not even where its field is missing.
    pub fn of_fields(names: &[&str], mappings: &[Mapping]) -> Result<Self, ColumnsError> {
        let mut columns = Self::default();
        for mapping in mappings {
            columns.0[mapping.column() as usize] = mapping.at(names);
        }
        let taken = columns;
        let is_mapped = |column| mappings.iter().any(|mapping| mapping.column() == column);
        for (at, name) in names.iter().enumerate() {
            let guess = Column::guess(name).filter(|column| !is_mapped(*column));
            let Some(column) = guess.filter(|_| !taken.0.contains(&Some(at))) else {
                continue;
            };
            if let Some(first) = columns.0[column as usize].replace(at) {
                return Err(ColumnsError::Ambiguous {
                    column,
                    first: names[first].trim().to_owned(),
                    second: name.trim().to_owned(),
                });
            }
        }
        Ok(columns)
    }

    /// Returns a column's place.
    pub fn at(&self, column: Column) -> Option<usize> {
        self.0[column as usize]
    }

    /// Says which header stands for what.
    pub fn explain(&self, headers: &[&str]) -> String {
        let found = Column::ALL.into_iter().filter_map(|column| {
            let at = self.at(column)?;
            Some(format!("{column} = {}", headers[at].trim()))
        });
        found.collect::<Vec<_>>().join(", ")
    }
}

/// A header that is mostly digits is data.
fn looks_like_a_number(header: &str) -> bool {
    header.chars().filter(char::is_ascii_digit).count() >= 7
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&str], mappings: &[&str]) -> Result<String, String> {
        let mappings: Vec<_> = mappings.iter().map(|text| text.parse().unwrap()).collect();
        let columns = Columns::find(headers, &mappings);
        columns
            .map(|columns| columns.explain(headers))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_guessed_by_their_names_however_they_are_written() {
        let headers = [
            "Portal ID",
            " Phone-Number",
            "Ext.",
            "friendly_name",
            "UserIds",
            "City",
        ];
        assert_eq!(
            found(&headers, &[]).unwrap(),
            "portal = Portal ID, number = Phone-Number, extension = Ext., name = friendly_name, users = UserIds"
        );
    }

    #[test]
    fn a_mapping_counts_more_than_a_guess() {
        let headers = ["Number", "Label", "DDI", "Phone"];
        let mapped = found(&headers, &["number=DDI", "name=Number"]).unwrap();
        assert_eq!(mapped, "number = DDI, name = Number");
        assert!(
            found(&headers, &["number=Missing"])
                .unwrap_err()
                .contains("There are: Number, Label")
        );
    }

    #[test]
    fn a_mapping_that_could_mean_two_columns_is_refused() {
        let twice = found(&["A", "B", "A"], &["number=A"]).unwrap_err();
        assert_eq!(
            twice,
            "--map number=A: two columns have that name. Rename one of them in the file."
        );
        let beside = found(&["A", "B", "B"], &["number=A"]).unwrap();
        assert_eq!(beside, "number = A");
    }

    #[test]
    fn a_column_that_is_mapped_is_not_guessed_where_an_object_lacks_it() {
        let mapping: Mapping = "name=team".parse().unwrap();
        let columns = Columns::of_fields(&["number", "label"], &[mapping]).unwrap();
        assert_eq!(
            (columns.at(Column::Number), columns.at(Column::Name)),
            (Some(0), None)
        );
    }

    #[test]
    fn what_cannot_be_told_is_asked_for() {
        let both = found(&["Phone", "Telephone"], &[]).unwrap_err();
        assert!(
            both.starts_with("Both Phone and Telephone look like the number."),
            "{both}"
        );
        let none = found(&["A", "B"], &[]).unwrap_err();
        assert!(
            none.contains("There are: A, B. Say which it is: --map number=HEADER"),
            "{none}"
        );
        let no_header = found(&["62515", "+18001231234"], &[]).unwrap_err();
        assert!(
            no_header.starts_with("The first line must name the columns"),
            "{no_header}"
        );
    }
}
