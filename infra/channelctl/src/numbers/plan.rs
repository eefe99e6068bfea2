//! What an import changes: the file's rows beside the table's.

use channel_connection::ids::PortalId;
use futures_util::{StreamExt, stream};

use crate::numbers::{
    numbers_error::NumbersError,
    planned::Change,
    staged::Staged,
    stored::{Page, Stored},
    table::Table,
};

/// How many portals are read at a time.
const READERS: usize = 16;
/// From how many portals on it is worth a look whether the whole table fits into one page.
const MANY_PORTALS: u64 = 10;
/// How many portals are looked up in the file's rows at a time.
const PORTALS: u32 = 1_000;

/// Compares every portal of the file with the table, and decides what becomes of each number.
///
/// Where the file is to be all there is, what only the table has goes.
pub async fn plan(
    staged: &Staged,
    table: &Table,
    replace: bool,
    mut progress: impl FnMut(u64),
) -> Result<(), NumbersError> {
    let portals = staged.portal_count()?;
    if portals >= MANY_PORTALS && plan_small_table(staged, table, replace).await? {
        progress(portals);
        return Ok(());
    }
    let mut after = None;
    loop {
        let portals = staged.portals(after, PORTALS)?;
        let Some(last) = portals.last() else {
            return Ok(());
        };
        after = Some(*last);
        let mut pages = stream::iter(portals)
            .map(|portal| first_page(table, portal))
            .buffer_unordered(READERS);
        while let Some(read) = pages.next().await {
            let (portal, mut page) = read?;
            loop {
                for stored in &page.rows {
                    decide(staged, portal, stored, replace)?;
                }
                let Some(next) = page.next else { break };
                page = table.portal_page(portal, Some(next)).await?;
            }
            progress(1);
        }
    }
}

/// Compares with the whole table where it is one page, as it is before the first import; returns
/// whether it is.
async fn plan_small_table(
    staged: &Staged,
    table: &Table,
    replace: bool,
) -> Result<bool, NumbersError> {
    let page = table.page(None).await?;
    if page.next.is_some() {
        return Ok(false);
    }
    for stored in &page.rows {
        let portal = stored.portal.parse().ok();
        if let Some(portal) = portal
            && staged.has(portal)?
        {
            decide(staged, portal, stored, replace)?;
        }
    }
    Ok(true)
}

async fn first_page(table: &Table, portal: PortalId) -> Result<(PortalId, Page), NumbersError> {
    Ok((portal, table.portal_page(portal, None).await?))
}

fn decide(
    staged: &Staged,
    portal: PortalId,
    stored: &Stored,
    replace: bool,
) -> Result<(), NumbersError> {
    let change = match staged.find(portal, stored.key())? {
        None if replace => Change::Remove,
        None => return Ok(()),
        Some(mut wanted) => {
            wanted.former_name = stored.name().map(str::to_owned);
            wanted.former_users = stored.users();
            if wanted.changes_name() || wanted.changes_users() {
                Change::Change
            } else {
                Change::Keep
            }
        }
    };
    staged.decide(portal, stored, change)?;
    Ok(())
}
