//! What was last read of each portal, for the time in which DynamoDB does not answer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use channel_connection::{ids::PortalId, portal_numbers::PortalNumbers};
use lru::LruCache;

/// How much is remembered in all, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// What a portal takes beside its numbers, roughly.
const PORTAL_BYTES: usize = 300;

/// The last good answers, none older than it may be served.
#[derive(Debug)]
pub(crate) struct LastGood {
    longest_age: Duration,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// By when they were read; what they are recalled for does not count.
    portals: LruCache<PortalId, Remembered>,
    bytes: usize,
}

#[derive(Debug)]
struct Remembered {
    numbers: Arc<PortalNumbers>,
    read_at: SystemTime,
}

impl LastGood {
    pub(crate) fn new(longest_age: Duration) -> Self {
        let portals = LruCache::unbounded();
        Self {
            longest_age,
            kept: Mutex::new(Kept { portals, bytes: 0 }),
        }
    }

    /// Remembers what was read of a portal; what was read longest ago makes room.
    pub(crate) fn remember(
        &self,
        portal: PortalId,
        numbers: &Arc<PortalNumbers>,
        read_at: SystemTime,
    ) {
        let mut kept = self.kept();
        kept.forget(portal);
        let remembered = Remembered {
            numbers: Arc::clone(numbers),
            read_at,
        };
        let bytes = remembered.bytes();
        if bytes > MAX_BYTES {
            return;
        }
        while kept.bytes + bytes > MAX_BYTES
            && let Some((_, oldest)) = kept.portals.pop_lru()
        {
            kept.bytes -= oldest.bytes();
        }
        kept.bytes += bytes;
        kept.portals.push(portal, remembered);
    }

    /// Returns what was read of a portal, and how long ago, if that may still be served.
    pub(crate) fn recall(
        &self,
        portal: PortalId,
        now: SystemTime,
    ) -> Option<(Arc<PortalNumbers>, Duration)> {
        let kept = self.kept();
        let remembered = kept.portals.peek(&portal)?;
        // A clock that was set back tells no age.
        let age = now.duration_since(remembered.read_at).ok()?;
        (age < self.longest_age).then(|| (Arc::clone(&remembered.numbers), age))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, portal: PortalId) {
        if let Some(former) = self.portals.pop(&portal) {
            self.bytes -= former.bytes();
        }
    }
}

impl Remembered {
    fn bytes(&self) -> usize {
        self.numbers.bytes() + PORTAL_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use channel_connection::{
        ids::UserId,
        number_row::{Attribute, NumberRow},
    };

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
                .map(|(numbers, age)| (numbers.visible_to(UserId::LARGEST).count(), age))
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
    fn what_was_read_longest_ago_makes_room_and_what_is_too_large_takes_none() {
        let last_good = LastGood::new(AGE);
        let now = UNIX_EPOCH + Duration::from_secs(10);
        let whole = numbers(1).bytes();
        let third = numbers(MAX_BYTES / whole * 2 / 7);
        let kept = || [1, 2, 3, 4, 5].map(|id| last_good.recall(portal(id), now).is_some());
        for id in [1, 2, 3] {
            last_good.remember(portal(id), &third, now);
        }
        last_good.remember(portal(1), &third, now);
        last_good.remember(portal(4), &third, now);
        assert_eq!(
            kept(),
            [true, false, true, true, false],
            "1 was read again since 2"
        );
        last_good.remember(portal(5), &numbers(MAX_BYTES / whole + 1), now);
        assert_eq!(kept(), [true, false, true, true, false]);
        last_good.remember(portal(4), &numbers(MAX_BYTES / whole + 1), now);
        assert_eq!(
            kept(),
            [true, false, true, false, false],
            "what it was before is not true any more"
        );
    }
}
