//! Successful reads per portal, served when DynamoDB fails (stale-if-error, RFC 5861).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use channel_connection::{ids::PortalId, portal_numbers::PortalNumbers};
use lru::LruCache;

/// The most memory that all entries take, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// What an entry takes beside its numbers, roughly.
const ENTRY_BYTES: usize = 300;

/// Last successful read per portal; entries older than `max_stale` (the stack's `MaxStaleSeconds`) are not
/// served.
pub(crate) struct StaleCache {
    max_stale: Duration,
    entries: Mutex<Entries>,
}

struct Entries {
    /// In the order of their reads: an entry is inserted anew at each, and a look at it changes nothing.
    by_portal: LruCache<PortalId, Entry>,
    bytes: usize,
}

struct Entry {
    numbers: Arc<PortalNumbers>,
    read_at: SystemTime,
}

impl StaleCache {
    pub(crate) fn new(max_stale: Duration) -> Self {
        let by_portal = LruCache::unbounded();
        Self {
            max_stale,
            entries: Mutex::new(Entries {
                by_portal,
                bytes: 0,
            }),
        }
    }

    /// Keeps a read, unless none may be served; drops expired reads, and the oldest for lack of room.
    pub(crate) fn insert(
        &self,
        portal: PortalId,
        numbers: &Arc<PortalNumbers>,
        read_at: SystemTime,
    ) {
        let mut entries = self.lock();
        entries.remove(portal);
        entries.remove_oldest_while(|oldest, _| !self.is_servable(oldest, read_at));
        let entry = Entry {
            numbers: Arc::clone(numbers),
            read_at,
        };
        let bytes = entry.bytes();
        if self.max_stale.is_zero() || bytes > MAX_BYTES {
            return;
        }
        entries.remove_oldest_while(|_, kept| kept + bytes > MAX_BYTES);
        entries.bytes += bytes;
        entries.by_portal.push(portal, entry);
    }

    /// Returns a portal's last read and its age, if that may still be served.
    pub(crate) fn get(
        &self,
        portal: PortalId,
        now: SystemTime,
    ) -> Option<(Arc<PortalNumbers>, Duration)> {
        let mut entries = self.lock();
        entries.remove_oldest_while(|oldest, _| !self.is_servable(oldest, now));
        let entry = entries.by_portal.peek(&portal)?;
        let age = now.duration_since(entry.read_at).ok()?;
        (age < self.max_stale).then(|| (Arc::clone(&entry.numbers), age))
    }

    /// Tells whether an entry is young enough. A clock that was set back tells no age.
    fn is_servable(&self, entry: &Entry, now: SystemTime) -> bool {
        now.duration_since(entry.read_at)
            .is_ok_and(|age| age < self.max_stale)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn remove(&mut self, portal: PortalId) {
        if let Some(entry) = self.by_portal.pop(&portal) {
            self.bytes -= entry.bytes();
        }
    }

    /// Removes entries from the oldest on, while a condition on it and on all entries' bytes holds.
    fn remove_oldest_while(&mut self, condition: impl Fn(&Entry, usize) -> bool) {
        while let Some((&portal, oldest)) = self.by_portal.peek_lru()
            && condition(oldest, self.bytes)
        {
            self.remove(portal);
        }
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.numbers.bytes() + ENTRY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use channel_connection::number_row::{Audience, NumberRow};

    use super::*;

    const MAX_STALE: Duration = Duration::from_secs(600);

    fn portal(id: i64) -> PortalId {
        id.try_into().unwrap()
    }

    fn numbers(count: usize) -> Arc<PortalNumbers> {
        let mut numbers = PortalNumbers::default();
        for number in 0..count {
            numbers.add(NumberRow {
                number: Some(format!("+1800{number:07}")),
                friendly_name: None,
                audience: Ok(Audience::Everyone),
            });
        }
        Arc::new(numbers)
    }

    fn start() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000)
    }

    #[test]
    fn serves_an_entry_until_it_is_too_old() {
        let young = Duration::from_millis(599_999);
        for (case, now, age) in [
            ("read now", start(), Some(Duration::ZERO)),
            ("young", start() + young, Some(young)),
            ("too old", start() + MAX_STALE, None),
            ("set-back clock", UNIX_EPOCH, None),
        ] {
            let cache = StaleCache::new(MAX_STALE);
            cache.insert(portal(1), &numbers(3), start());
            assert!(cache.get(portal(2), start()).is_none(), "another portal");
            let served = cache.get(portal(1), now);
            assert_eq!(served.map(|(_, age)| age), age, "{case}");
        }
    }

    #[test]
    fn keeps_nothing_where_nothing_may_be_stale() {
        let cache = StaleCache::new(Duration::ZERO);
        cache.insert(portal(1), &numbers(1), start());
        assert_eq!(cache.lock().bytes, 0);
        assert!(cache.lock().by_portal.is_empty());
    }

    #[test]
    fn drops_expired_entries() {
        let cache = StaleCache::new(MAX_STALE);
        for id in [1, 2] {
            cache.insert(portal(id), &numbers(1), start());
        }
        cache.insert(portal(3), &numbers(1), start() + MAX_STALE);
        assert_eq!(cache.lock().by_portal.len(), 1, "at the next insert");
        assert!(cache.get(portal(2), start() + 2 * MAX_STALE).is_none());
        assert_eq!(cache.lock().bytes, 0, "at the next look");
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let cache = StaleCache::new(MAX_STALE);
        let one = numbers(1).bytes();
        let third = numbers(MAX_BYTES / one * 2 / 7);
        let kept = || [1, 2, 3, 4, 5].map(|id| cache.get(portal(id), start()).is_some());
        for id in [1, 2, 3, 1, 4] {
            cache.insert(portal(id), &third, start());
        }
        assert_eq!(
            kept(),
            [true, false, true, true, false],
            "1 was read again after 2"
        );
        let too_large = numbers(MAX_BYTES / one + 1);
        cache.insert(portal(5), &too_large, start());
        assert_eq!(kept(), [true, false, true, true, false]);
        cache.insert(portal(4), &too_large, start());
        assert_eq!(
            kept(),
            [true, false, true, false, false],
            "its earlier read is outdated"
        );
    }
}
