//! Why a cell's text is no number.

/// The reason a cell's text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// The cell is empty.
    #[error("is empty")]
    Empty,
    /// A spreadsheet took the number for a quantity.
    #[error(
        "was turned into a quantity by a spreadsheet, which lost digits; format the column as text \
         where the file comes from, and export it again"
    )]
    Exponent,
    /// There is no country code, and nobody said which country is meant.
    #[error("has no country code; if the numbers are national, say which country's: --region US")]
    National,
    /// It is written as no number is.
    #[error("is not an E.164 number like +18001231234")]
    NotE164,
    /// No number of that country has as many digits or begins so, or there is no such country.
    #[error(
        "is not a possible number: no country's numbers have that code and length; check the \
         digits, and leave out a (0) behind the country code"
    )]
    NotPossible,
    /// The extension is not made of digits.
    #[error("has an extension that is not 1 to 20 digits")]
    Extension,
    /// The number and the extension's own column name two.
    #[error("has an extension of its own beside the extension's column")]
    TwoExtensions,
}
