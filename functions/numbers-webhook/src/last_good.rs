//! What was last read of each portal, for the time in which DynamoDB does not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use channel_connection::{ids::PortalId, portal_numbers::PortalNumbers};

/// How many numbers are remembered in all; one takes some 200 bytes.
const MOST_NUMBERS: usize = 50_000;
/// What a portal counts for beside its numbers.
const PORTAL_OVERHEAD: usize = 5;

/// The last good answers, none older than it may be served.
#[derive(Debug)]
pub(crate) struct LastGood {
    longest_age: Duration,
    portals: Mutex<HashMap<PortalId, Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    numbers: Arc<PortalNumbers>,
    read_at: SystemTime,
}

impl LastGood {
    pub(crate) fn new(longest_age: Duration) -> Self {
        Self {
            longest_age,
            portals: Mutex::default(),
        }
    }

    /// Remembers what was read of a portal; what was read longest ago makes room.
    pub(crate) fn remember(
        &self,
        portal: PortalId,
        numbers: &Arc<PortalNumbers>,
        read_at: SystemTime,
    ) {
        let mut portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        portals.insert(
            portal,
            Remembered {
                numbers: Arc::clone(numbers),
                read_at,
            },
        );
        while portals.values().map(Remembered::weight).sum::<usize>() > MOST_NUMBERS {
            let oldest = portals
                .iter()
                .min_by_key(|(_, remembered)| remembered.read_at);
            let Some((&oldest, _)) = oldest else { return };
            portals.remove(&oldest);
        }
    }

    /// Returns what was read of a portal, and how long ago, if that may still be served.
    pub(crate) fn recall(
        &self,
        portal: PortalId,
        now: SystemTime,
    ) -> Option<(Arc<PortalNumbers>, Duration)> {
        let portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = portals.get(&portal)?;
        // A clock that was set back tells no age.
        let age = now.duration_since(remembered.read_at).ok()?;
        (age < self.longest_age).then(|| (Arc::clone(&remembered.numbers), age))
    }
}

impl Remembered {
    fn weight(&self) -> usize {
        self.numbers.len() + PORTAL_OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use channel_connection::number_row::{Attribute, NumberRow};

    use super::*;

    const AGE: Duration = Duration::from_secs(600);

    fn portal(id: i64) -> PortalId {
        id.try_into().unwrap()
    }

    fn numbers(count: usize) -> Arc<PortalNumbers> {
        let mut numbers = PortalNumbers::default();
        for number in 0..count {
            numbers.add(NumberRow {
                number: Attribute::Value(format!("+1800{number:07}")),
                friendly_name: Attribute::Missing,
                user_ids: Attribute::Missing,
            });
        }
        Arc::new(numbers)
    }

    #[test]
    fn an_answer_is_recalled_until_it_is_too_old() {
        let last_good = LastGood::new(AGE);
        let read_at = UNIX_EPOCH + Duration::from_secs(1_000);
        last_good.remember(portal(1), &numbers(3), read_at);
        let recalled = |now| {
            last_good
                .recall(portal(1), now)
                .map(|(numbers, age)| (numbers.len(), age))
        };
        let just_young_enough = Duration::from_millis(599_999);
        assert_eq!(
            recalled(read_at + just_young_enough),
            Some((3, just_young_enough))
        );
        assert_eq!(recalled(read_at + AGE), None);
        assert_eq!(
            recalled(read_at - Duration::from_secs(1)),
            None,
            "the clock was set back"
        );
        assert!(
            last_good.recall(portal(2), read_at).is_none(),
            "another portal"
        );
    }

    #[test]
    fn the_oldest_answers_make_room_and_one_that_is_too_large_is_not_kept() {
        let last_good = LastGood::new(AGE);
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let third = numbers(MOST_NUMBERS / 3);
        for (id, seconds) in [(1, 11), (2, 10), (3, 12), (4, 13)] {
            last_good.remember(portal(id), &third, at(seconds));
        }
        let kept = |id| last_good.recall(portal(id), at(20)).is_some();
        assert_eq!([1, 2, 3, 4].map(kept), [false, false, true, true]);
        last_good.remember(portal(5), &numbers(MOST_NUMBERS), at(14));
        assert!(!kept(5));
    }
}
