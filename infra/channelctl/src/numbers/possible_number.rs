//! Whether some country has numbers like this one.

use channel_connection::phone_number::E164;
use phonenumber::{
    Metadata, Type,
    metadata::{DATABASE, Descriptor},
};

/// What a caller from abroad can reach; for a region as a whole, the metadata has no lengths.
const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// Tells whether the country of the code has numbers of that length.
///
/// libphonenumber's stricter question, whether the number has been assigned, would refuse some of
/// HubSpot's own examples.
pub(super) fn is_possible(number: &E164) -> bool {
    let digits = number.as_str().trim_start_matches('+');
    (1..=3.min(digits.len())).any(|length| {
        let (code, national) = digits.split_at(length);
        // No country's code begins with another's.
        let regions = code
            .parse()
            .ok()
            .and_then(|code: u16| DATABASE.by_code(&code));
        let regions = regions.into_iter().flatten();
        regions
            .filter(|region| !has_trunk_zero(region, national))
            .flat_map(possible_lengths)
            .any(|possible| usize::from(*possible) == national.len())
    })
}

/// Tells whether a number still has the zero that is dialled inside its country only.
///
/// With it, `+49 (0)30 12345678` would be another number, of a length that its country has too.
/// Where numbers do begin with a zero, as Japan's toll-free ones, the pattern of all of them says so.
fn has_trunk_zero(region: &Metadata, national: &str) -> bool {
    region.national_prefix() == Some("0")
        && national.starts_with('0')
        && !region.descriptors().general().is_match(national)
}

fn possible_lengths(region: &Metadata) -> impl Iterator<Item = &u16> {
    KINDS
        .into_iter()
        .filter_map(|kind| region.descriptors().get(kind))
        .flat_map(Descriptor::possible_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_that_is_part_of_the_number_stays() {
        for text in ["+390612345678", "+810012345678", "+25006123456"] {
            assert!(is_possible(&text.to_owned().try_into().unwrap()), "{text}");
        }
    }
}
