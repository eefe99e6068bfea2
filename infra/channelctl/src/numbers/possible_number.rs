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
        let lengths = regions.into_iter().flatten().flat_map(possible_lengths);
        lengths
            .into_iter()
            .any(|possible| usize::from(*possible) == national.len())
    })
}

fn possible_lengths(region: &Metadata) -> impl Iterator<Item = &u16> {
    KINDS
        .into_iter()
        .filter_map(|kind| region.descriptors().get(kind))
        .flat_map(Descriptor::possible_length)
}
