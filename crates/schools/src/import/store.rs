//! Imports as rows: the order, the bytes until the job has ended, the report and its rejects.

use super::{ImportId, ImportKind, ImportMode, Line, LineStatus, Order, Reject, Report};
use diesel::prelude::*;
use opora_db::{
    Change, Db, Operation, Origin, Result, Tx, jobs,
    jobs::JobId,
    on_each,
    schema::{import_chunks, import_lines, import_rejects, imports},
};
use opora_primitives::{
    Area, Cursor, Flaw, Limit, Moment, MunicipalityId, Page, Problem, ProblemCode, Reason, SchoolId,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

/// An import as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What the file holds.
    pub kind: ImportKind,
    /// What happens to the good rows when others are bad.
    pub mode: ImportMode,
    /// Check and report, write nothing.
    pub dry_run: bool,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The name the file came with.
    pub file_name: Option<String>,
    /// Its size in bytes.
    pub size: i64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Who sent it.
    pub created_by: Option<i64>,
    /// The sender's area, if it was a municipality.
    pub municipality_id: Option<MunicipalityId>,
    /// The sender's area, if it was a school.
    pub school_id: Option<SchoolId>,
    /// When it came.
    pub created_at: Moment,
    /// When it was done.
    pub finished_at: Option<Moment>,
    /// The report, once it is done.
    pub report: Option<String>,
    /// Whether it came as records of JSON, one a line.
    pub by_line: bool,
}

impl Import {
    /// What its worker has to do.
    pub fn order(&self, any_school_code: bool) -> Order {
        let area = Area::of(self.municipality_id, self.school_id);
        let Self { id, kind, mode, dry_run, ref sheet, by_line, .. } = *self;
        let came_on = self.created_at.date();
        Order { id, kind, mode, dry_run, sheet: sheet.clone(), by_line, area, any_school_code, came_on }
    }

    /// The report, once it is done.
    pub fn report(&self) -> Option<Report> {
        self.report.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// Whether the sender's area lets the reader see it.
    pub fn visible_to(&self, area: Area) -> bool {
        match area {
            Area::Region => true,
            Area::Municipality(id) => self.municipality_id == Some(id),
            Area::School(id) => self.school_id == Some(id),
        }
    }
}

/// What a new import is made from.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// What the file holds.
    pub kind: ImportKind,
    /// What happens to the good rows when others are bad.
    pub mode: ImportMode,
    /// Check and report, write nothing.
    pub dry_run: bool,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The name the file came with.
    pub file_name: Option<String>,
    /// Its size in bytes.
    pub size: i64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Whether it is records of JSON, one a line.
    pub by_line: bool,
    /// The sender's area.
    pub area: Area,
}

/// The kind of job that loads files of `kind`; two jobs of one kind never run at once.
pub fn job_kind(kind: ImportKind) -> String {
    format!("{JOB_PREFIX}{kind}")
}

/// Whether jobs of `kind` load files.
pub fn is_job_kind(kind: &str) -> bool {
    kind.starts_with(JOB_PREFIX)
}

const JOB_PREFIX: &str = "import_";

fn create(tx: &mut Tx, origin: &Origin, new: &NewImport) -> Result<ImportId> {
    if new.mode == ImportMode::BestEffort && !new.kind.is_divisible() {
        let words = (
            format!("a file of the kind {} is loaded whole or not at all", new.kind),
            format!("файл вида «{}» загружается только целиком", new.kind.ru()),
        );
        let flaws = vec![Flaw::at("mode", Reason::Contradiction)];
        return Err(Problem { flaws, ..Problem::new(ProblemCode::InvalidParameter, words) }.into());
    }
    let (municipality, school) = new.area.ids();
    let row = (
        imports::kind.eq(new.kind),
        imports::mode.eq(new.mode),
        imports::dry_run.eq(new.dry_run),
        imports::sheet.eq(&new.sheet),
        imports::file_name.eq(&new.file_name),
        imports::size.eq(new.size),
        imports::sha256.eq(&new.sha256),
        imports::by_line.eq(new.by_line),
        imports::created_by.eq(origin.user_id()),
        imports::municipality_id.eq(municipality),
        imports::school_id.eq(school),
        imports::created_at.eq(tx.at),
    );
    let db: &mut Db = tx;
    Ok(diesel::insert_into(imports::table).values(row).returning(imports::id).get_result(db)?)
}

/// Makes an import from the bytes that `chunks` yields, and its job.
///
/// # Errors
/// A refused parameter: the mode, for a kind that is loaded whole or not at all; faults of the database; what `chunks`
/// answers.
pub fn queue(
    tx: &mut Tx,
    origin: &Origin,
    new: &NewImport,
    chunks: impl Iterator<Item = std::io::Result<Vec<u8>>>,
) -> Result<(ImportId, JobId)> {
    let id = create(tx, origin, new)?;
    for (chunk, n) in chunks.zip(0i32..) {
        let bytes = chunk.map_err(opora_db::Error::fault)?;
        let row = (import_chunks::import_id.eq(id), import_chunks::n.eq(n), import_chunks::bytes.eq(bytes));
        let db: &mut Db = tx;
        diesel::insert_into(import_chunks::table).values(row).execute(db)?;
    }
    let job = jobs::enqueue(tx, origin, &job_kind(new.kind), id.0)?;
    let after = json!({
        "kind": new.kind, "mode": new.mode, "dry_run": new.dry_run, "file_name": new.file_name, "size": new.size,
        "sha256": new.sha256, "job_id": job,
    });
    tx.record(Change::new("imports", id, Operation::Create).after(after));
    Ok((id, job))
}

/// Writes the bytes of an import to `out`, one chunk in memory at a time.
///
/// # Errors
/// [`ProblemCode::StorageFull`] if `out` has no room; other faults of it and of the database.
pub fn copy_bytes(db: &mut Db, id: ImportId, out: &mut impl Write) -> Result<()> {
    for n in 0.. {
        let chunk: Option<Vec<u8>> =
            import_chunks::table.find((id, n)).select(import_chunks::bytes).first(db).optional()?;
        let Some(bytes) = chunk else { return Ok(()) };
        out.write_all(&bytes).map_err(opora_db::Error::storage)?;
    }
    Ok(())
}

/// Notes the report of an import and lets go of its bytes.
///
/// # Errors
/// Faults of the database.
pub fn finish(tx: &mut Tx, id: ImportId, report: &Report) -> Result<()> {
    let at = tx.at;
    let db: &mut Db = tx;
    let text = serde_json::to_string(report).map_err(opora_db::Error::fault)?;
    diesel::update(imports::table.find(id))
        .set((imports::report.eq(text), imports::finished_at.eq(at)))
        .execute(db)?;
    for (batch, first) in report.rejects.chunks(500).zip((0i32..).step_by(500)) {
        let rows: Vec<_> = batch
            .iter()
            .zip(first..)
            .map(|(reject, n)| {
                (
                    import_rejects::import_id.eq(id),
                    import_rejects::n.eq(n),
                    import_rejects::row_number.eq(reject.row as i64),
                    import_rejects::column_name.eq(reject.column.as_deref()),
                    import_rejects::code.eq(reject.reason.as_str()),
                )
            })
            .collect();
        on_each!(&mut *db, c => diesel::insert_into(import_rejects::table).values(&rows).execute(c))?;
    }
    keep_lines(db, id, &report.lines)?;
    discard(db, id)
}

/// Keeps what became of each line.
fn keep_lines(db: &mut Db, id: ImportId, lines: &[Line]) -> Result<()> {
    for batch in lines.chunks(500) {
        let rows = batch.iter().map(|line| {
            let key = serde_json::to_string(&line.key).map_err(opora_db::Error::fault)?;
            Ok((
                import_lines::import_id.eq(id),
                import_lines::line.eq(line.line as i32),
                import_lines::status.eq(line.status),
                import_lines::record_id.eq(line.id),
                import_lines::natural_key.eq(key),
            ))
        });
        let rows: Vec<_> = rows.collect::<Result<_>>()?;
        on_each!(&mut *db, c => diesel::insert_into(import_lines::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Notes that an import has ended without a report (called off, or the file is no table of its kind) and lets go of
/// its bytes.
///
/// # Errors
/// Faults of the database.
pub fn give_up(db: &mut Db, id: ImportId, now: Moment) -> Result<()> {
    diesel::update(imports::table.find(id)).set(imports::finished_at.eq(now)).execute(db)?;
    discard(db, id)
}

fn discard(db: &mut Db, id: ImportId) -> Result<()> {
    diesel::delete(import_chunks::table.filter(import_chunks::import_id.eq(id))).execute(db)?;
    Ok(())
}

/// The import `id`, if the reader may see it.
///
/// # Errors
/// Not found, or outside the area.
pub fn find(db: &mut Db, area: Area, id: ImportId) -> Result<Import> {
    let import: Import = imports::table.find(id).select(Import::as_select()).first(db)?;
    if import.visible_to(area) { Ok(import) } else { Err(ProblemCode::NotFound.into()) }
}

/// Imports, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    kind: Option<ImportKind>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Import>> {
    let scope = format!("imports {kind:?}");
    let mut query = imports::table.select(Import::as_select()).into_boxed();
    match area {
        Area::Region => {}
        Area::Municipality(id) => query = query.filter(imports::municipality_id.eq(id)),
        Area::School(id) => query = query.filter(imports::school_id.eq(id)),
    }
    if let Some(kind) = kind {
        query = query.filter(imports::kind.eq(kind));
    }
    if let Some(cursor) = cursor {
        query = query.filter(imports::id.lt(Cursor::decode::<ImportId>(&scope, cursor)?));
    }
    let rows = query.order(imports::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |import: &Import| import.id))
}

/// What became of the lines of an import, each with its refused cells, by number. Nothing for one that did not come by
/// lines.
///
/// # Errors
/// A cursor of another list.
pub fn lines(
    db: &mut Db,
    id: ImportId,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<(Line, Vec<Reject>)>> {
    let scope = format!("lines {id}");
    let after: i32 = cursor.map(|c| Cursor::decode(&scope, c)).transpose()?.unwrap_or(0);
    let rows: Vec<(i32, LineStatus, Option<i64>, String)> = import_lines::table
        .filter(import_lines::import_id.eq(id))
        .filter(import_lines::line.gt(after))
        .order(import_lines::line)
        .limit(limit.to_fetch())
        .select((
            import_lines::line,
            import_lines::status,
            import_lines::record_id,
            import_lines::natural_key,
        ))
        .load(db)?;
    let page = Page::cut(rows, limit, &scope, |row| row.0);
    let last = page.items.last().map_or(after, |row| row.0);
    let mut refused: BTreeMap<u64, Vec<Reject>> = BTreeMap::new();
    let cells: Vec<(i64, Option<String>, String)> = import_rejects::table
        .filter(import_rejects::import_id.eq(id))
        .filter(import_rejects::row_number.gt(i64::from(after)))
        .filter(import_rejects::row_number.le(i64::from(last)))
        .order(import_rejects::n)
        .select((import_rejects::row_number, import_rejects::column_name, import_rejects::code))
        .load(db)?;
    for (row, column, code) in cells {
        refused.entry(row as u64).or_default().push(reject(row, column, &code));
    }
    Ok(page.map(|(line, status, id, key)| {
        let line = line as u64;
        let key = serde_json::from_str(&key).unwrap_or_default();
        (Line { line, status, id, key }, refused.remove(&line).unwrap_or_default())
    }))
}

fn reject(row: i64, column: Option<String>, code: &str) -> Reject {
    Reject { row: row as u64, column, reason: code.parse().unwrap_or(Reason::WrongFormat) }
}

/// The jobs that load these imports, or have loaded them.
///
/// # Errors
/// Faults of the database.
pub fn jobs_of(db: &mut Db, imports: &[Import]) -> Result<BTreeMap<ImportId, JobId>> {
    let kinds: BTreeSet<String> = imports.iter().map(|import| job_kind(import.kind)).collect();
    let ids: Vec<i64> = imports.iter().map(|import| import.id.0).collect();
    let found = jobs::of_rows(db, &kinds.into_iter().collect::<Vec<_>>(), &ids)?;
    Ok(found.into_iter().map(|(import, job)| (ImportId(import), job)).collect())
}

/// The refused cells of an import, by row.
///
/// # Errors
/// A cursor of another list.
pub fn rejects(db: &mut Db, id: ImportId, limit: Limit, cursor: Option<&str>) -> Result<Page<Reject>> {
    let scope = format!("rejects {id}");
    let after: i32 = cursor.map(|c| Cursor::decode(&scope, c)).transpose()?.unwrap_or(-1);
    let rows: Vec<(i32, i64, Option<String>, String)> = import_rejects::table
        .filter(import_rejects::import_id.eq(id))
        .filter(import_rejects::n.gt(after))
        .order(import_rejects::n)
        .limit(limit.to_fetch())
        .select((
            import_rejects::n,
            import_rejects::row_number,
            import_rejects::column_name,
            import_rejects::code,
        ))
        .load(db)?;
    Ok(Page::cut(rows, limit, &scope, |row| row.0).map(|(_, row, column, code)| reject(row, column, &code)))
}
