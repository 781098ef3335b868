//! Evidence of facts: links, and files that lie in the blob store under their SHA-256.

use super::{
    Evidence, EvidenceId, EvidenceKind, Fact, FactId,
    edit::{self, Writer, open},
    sniff::MediaType,
    store::find as fact,
};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Label, Operation, Result, Tx,
    edit::{Check, change},
    schema::{activity_facts as facts, evidence},
};
use opora_primitives::{Area, Cursor, Limit, Page, Problem, ProblemCode, Reason, text::is_hidden};
use serde_json::json;
use std::collections::BTreeSet;
use url::Url;

/// The longest address, in characters.
const URL: usize = 2000;
/// The longest file name, in characters.
const NAME: usize = 200;
/// The most pieces of evidence of a fact.
const MOST: i64 = 100;

/// A file whose content has been checked and which lies in the blob store.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: i64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The evidence of a fact, by id.
///
/// # Errors
/// Not found, or outside the area; a cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    id: FactId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Evidence>> {
    let scope = format!("evidence {}", fact(db, area, id)?.id);
    let after = cursor.map(|c| Cursor::decode::<EvidenceId>(&scope, c)).transpose()?.unwrap_or(EvidenceId(0));
    let rows = evidence::table
        .filter(evidence::fact_id.eq(id).and(evidence::id.gt(after)))
        .order(evidence::id)
        .limit(limit.to_fetch())
        .select(Evidence::as_select())
        .load(db)?;
    Ok(Page::cut(rows, limit, &scope, |piece: &Evidence| piece.id))
}

/// The piece of evidence `id`.
///
/// # Errors
/// Not found, or of a fact outside the area.
pub fn find(db: &mut Db, area: Area, id: EvidenceId) -> Result<Evidence> {
    let found: Evidence = evidence::table.find(id).select(Evidence::as_select()).first(db)?;
    fact(db, area, found.fact_id)?;
    Ok(found)
}

/// Records that the content of `file` was given to a reader: it may name people.
pub fn note_reading(tx: &mut Tx, file: &Evidence) {
    let what = json!({"fact_id": file.fact_id, "sha256": file.sha256});
    tx.record(Change::new("evidence", file.id, Operation::Read).after(what));
}

/// Attaches the link `url` to the fact `id`.
///
/// # Errors
/// Those of [`open`]; an address that is none; [`ProblemCode::AlreadyExists`].
pub fn add_link(tx: &mut Tx, writer: Writer, id: FactId, url: &str) -> Result<Evidence> {
    let before = open(tx, writer, id)?;
    let mut check = Check::default();
    let url = check.line("/url", url, URL);
    check.unless(is_address(&url), "/url", Reason::WrongFormat);
    check.done()?;
    let same: i64 = of(id).filter(evidence::url.assume_not_null().eq(&url)).count().get_result(&mut **tx)?;
    add(tx, writer, &before, same, (EvidenceKind::Link, Some(url), None, None, None, None))
}

/// Attaches a file to the fact `id`.
///
/// # Errors
/// Those of [`open`]; [`ProblemCode::AlreadyExists`] for a file that is attached to it already.
pub fn add_file(tx: &mut Tx, writer: Writer, id: FactId, file: &CheckedFile) -> Result<Evidence> {
    let before = open(tx, writer, id)?;
    let same: i64 =
        of(id).filter(evidence::sha256.assume_not_null().eq(&file.sha256)).count().get_result(&mut **tx)?;
    let CheckedFile { name, media_type, size, sha256 } = file.clone();
    let columns = (EvidenceKind::File, None, Some(name), Some(media_type.as_str()), Some(size), Some(sha256));
    add(tx, writer, &before, same, columns)
}

/// Takes the piece of evidence `id` away. Its file stays in the store until nothing refers to it.
///
/// # Errors
/// Not found, or of a fact outside the area; those of [`open`].
pub fn delete(tx: &mut Tx, writer: Writer, id: EvidenceId) -> Result<()> {
    let gone = find(tx, writer.area, id)?;
    let of = open(tx, writer, gone.fact_id)?;
    diesel::delete(evidence::table.find(id)).execute(&mut **tx)?;
    touch(tx, &of)?;
    record(tx, &of, Some(&gone), None)
}

/// Takes all evidence of a fact away, which is about to go itself.
///
/// # Errors
/// Faults of the database.
pub(super) fn delete_all(tx: &mut Tx, from: &Fact) -> Result<()> {
    let gone: Vec<Evidence> =
        of(from.id).order(evidence::id).select(Evidence::as_select()).load(&mut **tx)?;
    diesel::delete(of(from.id)).execute(&mut **tx)?;
    gone.iter().try_for_each(|piece| record(tx, from, Some(piece), None))
}

/// Those of `digests` that some evidence refers to.
///
/// # Errors
/// Faults of the database.
pub fn referenced(db: &mut Db, digests: &[String]) -> Result<BTreeSet<String>> {
    let found: Vec<Option<String>> = evidence::table
        .filter(evidence::sha256.assume_not_null().eq_any(digests.to_vec()))
        .select(evidence::sha256)
        .distinct()
        .load(db)?;
    Ok(found.into_iter().flatten().collect())
}

/// The names of at most `most` files that some evidence refers to, in order, behind the name `after`.
///
/// # Errors
/// Faults of the database.
pub fn files(db: &mut Db, after: &str, most: i64) -> Result<Vec<String>> {
    let found: Vec<Option<String>> = evidence::table
        .filter(evidence::sha256.assume_not_null().gt(after.to_owned()))
        .order(evidence::sha256)
        .limit(most)
        .select(evidence::sha256)
        .distinct()
        .load(db)?;
    Ok(found.into_iter().flatten().collect())
}

/// Checks the name a file came with: nothing that a system could take for a path, nothing that is not seen.
///
/// # Errors
/// The refused field `/file_name`.
pub fn checked_name(name: Option<&str>) -> std::result::Result<String, Problem> {
    let Some(name) = name else { return Err(Problem::field("/file_name", Reason::Required)) };
    let name = name.trim();
    let length = name.chars().count();
    if !(1..=NAME).contains(&length) {
        return Err(Problem::field("/file_name", Reason::WrongLength));
    }
    if name.chars().any(|c| is_hidden(c) || is_unseen(c)) {
        return Err(Problem::field("/file_name", Reason::ForbiddenCharacter));
    }
    if name.contains(['/', '\\', ':']) || name.starts_with('.') || name.ends_with('.') {
        return Err(Problem::field("/file_name", Reason::WrongFormat));
    }
    Ok(name.to_owned())
}

/// Characters that take no room: two names would look alike.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether `text` is an address that a browser may follow and that tells no password.
fn is_address(text: &str) -> bool {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.is_some_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
}

/// The evidence of one fact.
#[diesel::dsl::auto_type]
fn of(id: FactId) -> _ {
    evidence::table.filter(evidence::fact_id.eq(id))
}

type Columns =
    (EvidenceKind, Option<String>, Option<String>, Option<&'static str>, Option<i64>, Option<String>);

fn add(tx: &mut Tx, writer: Writer, to: &Fact, same: i64, columns: Columns) -> Result<Evidence> {
    if same > 0 {
        return Err(ProblemCode::AlreadyExists.into());
    }
    let there: i64 = of(to.id).count().get_result(&mut **tx)?;
    if there >= MOST {
        let words = (
            format!("a fact has at most {MOST} pieces of evidence"),
            format!("у факта не более {MOST} подтверждений"),
        );
        return Err(Problem::new(ProblemCode::Conflict, words).into());
    }
    let (kind, url, file_name, media_type, size, sha256) = columns;
    let row = (
        evidence::fact_id.eq(to.id),
        evidence::kind.eq(kind),
        evidence::url.eq(url),
        evidence::file_name.eq(file_name),
        evidence::media_type.eq(media_type),
        evidence::size.eq(size),
        evidence::sha256.eq(sha256),
        evidence::added_by.eq(writer.user),
        evidence::added_at.eq(tx.at),
    );
    let id: EvidenceId =
        diesel::insert_into(evidence::table).values(row).returning(evidence::id).get_result(&mut **tx)?;
    touch(tx, to)?;
    let piece = find(tx, Area::Region, id)?;
    record(tx, to, None, Some(&piece))?;
    Ok(piece)
}

/// Gives the fact a new version: who decides on it decides on its evidence.
fn touch(tx: &mut Tx, of: &Fact) -> Result<()> {
    diesel::update(facts::table.find(of.id)).set(facts::version.eq(of.version + 1)).execute(&mut **tx)?;
    let touched = fact(tx, Area::Region, of.id)?;
    edit::record(tx, Some(of), Some(&touched))
}

fn record(tx: &mut Tx, of: &Fact, before: Option<&Evidence>, after: Option<&Evidence>) -> Result<()> {
    if let Some(piece) = after.or(before) {
        let label = |piece: &Evidence| {
            let key = json!({"fact_id": of.id, "sha256": piece.sha256, "url": piece.url});
            Label::new(key).within(of.municipality_id, of.school_id)
        };
        tx.record(change("evidence", piece.id, before, after, label)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_and_no_path() {
        for name in ["a.pdf", " Приказ № 5 (копия).pdf ", "<img src=x>.txt", "a'b\";.csv", "а..б.png"]
        {
            assert_eq!(checked_name(Some(name)).as_deref(), Ok(name.trim()));
        }
        let refused = |name: Option<&str>| checked_name(name).unwrap_err().flaws[0].reason;
        assert_eq!(refused(None), Reason::Required);
        for name in ["../a.pdf", "/etc/passwd", "a\\b.pdf", "C:a.pdf", "..", ".", ".htaccess", "a.pdf."] {
            assert_eq!(refused(Some(name)), Reason::WrongFormat, "{name}");
        }
        for name in ["a\0.pdf", "a\n.pdf", "a\u{202e}fdp.exe", "a\u{200b}.pdf", "\u{7f}a.pdf"] {
            assert_eq!(refused(Some(name)), Reason::ForbiddenCharacter, "{name:?}");
        }
        for name in [String::new(), " ".into(), "я".repeat(201)] {
            assert_eq!(refused(Some(&name)), Reason::WrongLength);
        }
    }

    #[test]
    fn an_address_is_of_the_web_and_tells_no_password() {
        for good in ["https://example.org", "http://школа.рф/новости?id=1#top", "https://[::1]:8443/a"]
        {
            assert!(is_address(good), "{good}");
        }
        let bad =
            ["javascript:alert(1)", "ftp://example.org", "file:///etc/passwd", "example.org", "https://"];
        for bad in
            bad.into_iter().chain(["https://user:pw@example.org", "https://user@example.org", "data:,x"])
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
