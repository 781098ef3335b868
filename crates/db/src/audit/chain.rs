//! The forms that are hashed. Pure; changing one breaks every chain there is.
//!
//! - An entry: JSON with its eleven columns in alphabetical order, without spaces; `before` and `after` as the text that
//!   the row holds, the instant in RFC 3339. Its digest is the SHA-256 of that.
//! - A manifest: a line for each entry of a block, by id: id, space, digest, line feed.
//! - A seal: the lines `opora audit block N`, `after HASH` (of the seal before; zeros for the first) and `sealed INSTANT`,
//!   then the manifest. Its hash is the SHA-256 of that.
//!
//! All hashes are written in hexadecimal.

use super::entries::AuditEntry;
use crate::{Error, Result};
use aws_lc_rs::digest::{SHA256, digest};
use opora_primitives::{Moment, Reason};
use serde::Serialize;
use std::{fmt, fmt::Write, str::FromStr};

/// The SHA-256 of `text`, in hexadecimal.
pub fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What stands in the place of the hash before the first block.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The fields of an entry in the order of their names.
#[derive(Serialize)]
struct Contents<'a> {
    action: &'a str,
    actor: &'a str,
    actor_id: Option<i64>,
    actor_kind: &'a str,
    after: Option<&'a str>,
    at: String,
    before: Option<&'a str>,
    id: i64,
    request_id: &'a str,
    resource: &'a str,
    resource_key: &'a str,
}

/// The digest of an entry's contents.
///
/// # Errors
/// Never; JSON has a form for all of it.
pub fn digest_of(entry: &AuditEntry) -> Result<String> {
    let contents = Contents {
        action: &entry.action,
        actor: &entry.actor,
        actor_id: entry.actor_id,
        actor_kind: &entry.actor_kind,
        after: entry.after.as_deref(),
        at: entry.at.to_string(),
        before: entry.before.as_deref(),
        id: entry.id.0,
        request_id: &entry.request_id,
        resource: &entry.resource,
        resource_key: &entry.key,
    };
    serde_json::to_string(&contents).map(|text| sha256(&text)).map_err(Error::fault)
}

/// The hash of a seal.
pub fn hash_of(block: i64, previous: &str, sealed_at: Moment, manifest: &str) -> String {
    sha256(&format!("opora audit block {block}\nafter {previous}\nsealed {sealed_at}\n{manifest}"))
}

/// The entries of a block, each with its digest, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(pub Vec<(i64, String)>);

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(id, digest)| writeln!(f, "{id} {digest}"))
    }
}

impl FromStr for Manifest {
    type Err = Reason;

    fn from_str(text: &str) -> std::result::Result<Self, Reason> {
        let line = |line: &str| {
            let (id, digest) = line.split_once(' ')?;
            Some((id.parse().ok()?, digest.to_owned()))
        };
        let lines: Option<Vec<_>> = text.lines().map(line).collect();
        lines.map(Self).ok_or(Reason::WrongFormat)
    }
}

/// Where a chain ends: whoever keeps it elsewhere can tell later whether the chain still leads there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AuditHead)]
pub struct Head {
    /// The number of the last block.
    #[schema(minimum = 1, example = 812)]
    pub block: i64,
    /// Its hash.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    pub hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.block, self.hash)
    }
}

impl FromStr for Head {
    type Err = Reason;

    /// # Errors
    /// Anything but `BLOCK:HASH`.
    fn from_str(text: &str) -> std::result::Result<Self, Reason> {
        let parts = || {
            let (block, hash) = text.trim().split_once(':')?;
            let block = block.parse().ok().filter(|block| *block > 0)?;
            let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            is_hash.then(|| Self { block, hash: hash.to_ascii_lowercase() })
        };
        parts().ok_or(Reason::WrongFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditEntryId;

    fn entry() -> AuditEntry {
        AuditEntry {
            id: AuditEntryId(17),
            at: Moment::from_unix(1_600_000_000).unwrap(),
            actor_kind: "user".into(),
            actor_id: Some(3),
            actor: "institute".into(),
            request_id: "r-1".into(),
            action: "update".into(),
            resource: "schools".into(),
            key: "5".into(),
            before: Some(r#"{"name":"Школа"}"#.into()),
            after: None,
        }
    }

    #[test]
    fn the_digest_is_the_known_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    // Made with printf and sha256sum from the text in the comment.
    #[test]
    fn the_forms_do_not_move() {
        // {"action":"update","actor":"institute","actor_id":3,"actor_kind":"user","after":null,"at":"2020-09-13T12:26:40Z",
        // "before":"{\"name\":\"Школа\"}","id":17,"request_id":"r-1","resource":"schools","resource_key":"5"}
        let digest = digest_of(&entry()).unwrap();
        assert_eq!(digest, "84ee19592e7f88905af44a771ce05ad6cfa9750815318ca964d16e9540a0a927");
        let manifest = Manifest(vec![(17, digest)]).to_string();
        let sealed_at = Moment::from_unix(1_600_000_001).unwrap();
        assert_eq!(
            hash_of(1, BEGINNING, sealed_at, &manifest),
            "351d5f8d3027de0485fa4216c0953eb290ae1bfe7b8bee831014e31668f4b7f9"
        );
    }

    #[test]
    fn every_field_counts() {
        let whole = digest_of(&entry()).unwrap();
        let changes: [fn(&mut AuditEntry); 12] = [
            |e| e.id = AuditEntryId(18),
            |e| e.at = e.at.plus_seconds(1),
            |e| e.actor_kind = "client".into(),
            |e| e.actor_id = None,
            |e| e.actor = "admin".into(),
            |e| e.request_id = "r-2".into(),
            |e| e.action = "read".into(),
            |e| e.resource = "staff".into(),
            |e| e.key = "6".into(),
            |e| e.before = Some(r#"{"name": "Школа"}"#.into()),
            |e| e.after = Some("null".into()),
            |e| std::mem::swap(&mut e.before, &mut e.after),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut other = entry();
            change(&mut other);
            assert_ne!(digest_of(&other).unwrap(), whole, "change {n}");
        }
    }

    #[test]
    fn a_manifest_and_a_head_are_read_as_they_were_written() {
        let manifest = Manifest(vec![(1, sha256("a")), (5, sha256("b"))]);
        assert_eq!(manifest.to_string().parse(), Ok(manifest));
        assert_eq!("1".parse::<Manifest>(), Err(Reason::WrongFormat));
        assert_eq!("x y\n".parse::<Manifest>(), Err(Reason::WrongFormat));
        let head = Head { block: 3, hash: sha256("c") };
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in ["", "3", "3:", "0:00", ":abc", &format!("-1:{BEGINNING}"), &format!("1:{BEGINNING}0")] {
            assert_eq!(wrong.parse::<Head>(), Err(Reason::WrongFormat), "{wrong}");
        }
    }
}
