//! Verification: whether the audit log is still what was sealed. Reads the log part by part, in memory that does not grow
//! with it, and without holding a state of the database: neither entries nor seals change while it reads.

use super::{
    Filter,
    chain::{BEGINNING, Head, Manifest, digest_of, hash_of},
    entries::part,
    seal::{PART, Seal},
};
use crate::{
    Database, Db, Result,
    schema::{audit_log, audit_seals as seals},
};
use diesel::prelude::*;
use serde::Serialize;

opora_primitives::word_type!(
    /// What is wrong with the audit log.
    AuditFault {
        /// The entry is not what it was when it was sealed.
        EntryChanged = "entry_changed", "запись изменена";
        /// The entry is gone.
        EntryMissing = "entry_missing", "запись удалена";
        /// The entry was not there when the block was sealed.
        EntryInserted = "entry_inserted", "запись вставлена";
        /// The seal of the block is not what it was.
        SealChanged = "seal_changed", "печать блока изменена";
        /// The seal of the block, and perhaps of those after it, is gone.
        SealMissing = "seal_missing", "печать блока удалена";
        /// The seal does not follow from the one before: the block before it was sealed anew.
        SealUnlinked = "seal_unlinked", "печать не продолжает предыдущую";
        /// The chain ends before the head that was kept elsewhere.
        HeadMissing = "head_missing", "цепочка короче сохранённой";
        /// The chain does not lead to the head that was kept elsewhere: it was written anew.
        HeadDiffers = "head_differs", "цепочка не ведёт к сохранённой";
    }
);

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AuditFinding {
    /// What is wrong.
    pub fault: AuditFault,
    /// The number of the block.
    #[schema(minimum = 1, example = 3)]
    pub block: i64,
    /// Which entry, if it is about one.
    #[schema(example = 2047)]
    pub entry_id: Option<i64>,
}

impl std::fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let block = self.block;
        let entry = self.entry_id.unwrap_or_default();
        match self.fault {
            AuditFault::EntryChanged => write!(f, "block {block}: entry {entry} was changed"),
            AuditFault::EntryMissing => write!(f, "block {block}: entry {entry} is missing"),
            AuditFault::EntryInserted => write!(f, "block {block}: entry {entry} was inserted"),
            AuditFault::SealChanged => write!(f, "block {block}: its seal was changed"),
            AuditFault::SealMissing => write!(f, "block {block}: its seal is missing"),
            AuditFault::SealUnlinked => write!(f, "block {block}: does not follow from the block before it"),
            AuditFault::HeadMissing => write!(f, "block {block}: the chain ends before this head"),
            AuditFault::HeadDiffers => write!(f, "block {block}: the chain does not lead to this head"),
        }
    }
}

/// The most findings that are told one by one.
pub const MOST: usize = 100;

/// What was found, and how many more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first ones.
    pub told: Vec<AuditFinding>,
    /// How many there are besides.
    pub more: u64,
}

impl Findings {
    fn add(&mut self, fault: AuditFault, block: i64, entry_id: Option<i64>) {
        if self.told.len() < MOST {
            self.told.push(AuditFinding { fault, block, entry_id });
        } else {
            self.more += 1;
        }
    }

    fn append(&mut self, other: Self) {
        self.more += other.more;
        for AuditFinding { fault, block, entry_id } in other.told {
            self.add(fault, block, entry_id);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

/// How far the chain was read, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// How many blocks were read.
    pub blocks: usize,
    /// How many entries their seals name.
    pub entries: u64,
    /// The last of them, as its seal stands there.
    pub upto: Option<Head>,
    /// What is wrong.
    pub findings: Findings,
}

/// Reads at most `most` blocks after the block `after` and compares the entries with their seals, and the seals with each
/// other.
///
/// # Errors
/// Faults of the database.
pub fn verify(database: &Database, after: i64, most: usize) -> Result<Verification> {
    let mut verification = Verification::default();
    let mut link = database.read(|db| Link::at(db, after))?;
    while verification.blocks < most {
        let Some(read) = database.read(|db| follow(db, &link))? else { break };
        verification.blocks += 1;
        verification.entries += read.entries;
        verification.upto = Some(read.link.head.clone());
        verification.findings.append(read.findings);
        link = read.link;
    }
    Ok(verification)
}

/// Whether the chain leads to `head`, which was kept elsewhere.
///
/// # Errors
/// Faults of the database.
pub fn against(db: &mut Db, head: &Head) -> Result<Option<AuditFinding>> {
    let hash: Option<String> = seals::table.find(head.block).select(seals::hash).first(db).optional()?;
    let fault = match hash {
        None => AuditFault::HeadMissing,
        Some(hash) if hash != head.hash => AuditFault::HeadDiffers,
        Some(_) => return Ok(None),
    };
    Ok(Some(AuditFinding { fault, block: head.block, entry_id: None }))
}

/// How many entries wait for a seal.
///
/// # Errors
/// Faults of the database.
pub fn unsealed(db: &mut Db) -> Result<i64> {
    let sealed: Option<i64> = seals::table.select(diesel::dsl::max(seals::last_id)).first(db)?;
    let waiting = audit_log::table.filter(audit_log::id.gt(sealed.unwrap_or(i64::MIN)));
    Ok(waiting.count().get_result(db)?)
}

/// Where the reading has arrived.
struct Link {
    head: Head,
    /// The hash as it follows from the seal's contents; another than that of `head` if those were changed.
    computed: String,
    last_id: i64,
}

impl Link {
    /// Behind the block `after`; 0 is before the first.
    fn at(db: &mut Db, after: i64) -> Result<Self> {
        let seal = seals::table.find(after).select(Seal::as_select()).first(db).optional()?;
        Ok(seal.as_ref().map_or_else(|| Self::nowhere(after), Self::behind))
    }

    fn behind(seal: &Seal) -> Self {
        let computed = hash_of(seal.block, &seal.previous, seal.sealed_at, &seal.manifest);
        Self { head: seal.head(), computed, last_id: seal.last_id }
    }

    fn nowhere(block: i64) -> Self {
        let hash = BEGINNING.to_owned();
        Self { head: Head { block, hash: hash.clone() }, computed: hash, last_id: i64::MIN }
    }
}

/// A block that was read.
struct Read {
    link: Link,
    entries: u64,
    findings: Findings,
}

/// Reads the block after `from`.
fn follow(db: &mut Db, from: &Link) -> Result<Option<Read>> {
    let next = seals::table.filter(seals::block.gt(from.head.block)).order(seals::block);
    let Some(seal) = next.select(Seal::as_select()).first(db).optional()? else { return Ok(None) };
    let (block, link) = (seal.block, Link::behind(&seal));
    let mut findings = Findings::default();
    let manifest = seal.manifest.parse::<Manifest>().unwrap_or_default();
    let mut after = from.last_id;
    if block != from.head.block + 1 {
        findings.add(AuditFault::SealMissing, from.head.block + 1, None);
        // What the missing seals named cannot be told from what was inserted.
        after = seal.first_id.saturating_sub(1);
    }
    if link.computed != seal.hash || !says(&seal, &manifest) {
        findings.add(AuditFault::SealChanged, block, None);
    } else if findings.is_empty() && ![&from.head.hash, &from.computed].contains(&&seal.previous) {
        findings.add(AuditFault::SealUnlinked, block, None);
    }
    compare(db, &seal, &manifest, after, &mut findings)?;
    Ok(Some(Read { link, entries: manifest.0.len() as u64, findings }))
}

/// Whether the columns beside the manifest say what it says.
fn says(seal: &Seal, manifest: &Manifest) -> bool {
    let ids = (manifest.0.first().map(|line| line.0), manifest.0.last().map(|line| line.0));
    ids == (Some(seal.first_id), Some(seal.last_id)) && manifest.0.len() as i64 == i64::from(seal.entries)
}

/// Compares the entries behind `after` with what the seal names, both by id.
fn compare(
    db: &mut Db,
    seal: &Seal,
    manifest: &Manifest,
    mut after: i64,
    findings: &mut Findings,
) -> Result<()> {
    let (block, mut named) = (seal.block, manifest.0.iter().peekable());
    loop {
        let entries = part(db, &Filter::default(), after, seal.last_id, PART)?;
        let Some(newest) = entries.last() else { break };
        after = newest.id.0;
        for entry in &entries {
            let id = entry.id.0;
            while let Some((gone, _)) = named.next_if(|(named, _)| *named < id) {
                findings.add(AuditFault::EntryMissing, block, Some(*gone));
            }
            match named.next_if(|(named, _)| *named == id) {
                Some((_, digest)) if *digest == digest_of(entry)? => {}
                Some(_) => findings.add(AuditFault::EntryChanged, block, Some(id)),
                None => findings.add(AuditFault::EntryInserted, block, Some(id)),
            }
        }
    }
    named.for_each(|(gone, _)| findings.add(AuditFault::EntryMissing, block, Some(*gone)));
    Ok(())
}
