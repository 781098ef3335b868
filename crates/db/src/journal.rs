//! The change journal, read as a feed: what changed, in the order of commits, as far as a reader may be told.
//!
//! Numbers follow the order of commits ([`crate::dialect::order_journal`]), so whoever has read up to a number has missed
//! nothing before it. A file's rows stand in one entry for each school and are told one by one.

use crate::{
    Change, Db, Error, Operation, Result, dialect, on_each,
    record::{BATCH, Place},
    schema::{change_journal, schools},
};
use diesel::prelude::*;
use opora_primitives::{Moment, MunicipalityId, ProblemCode, Reason, SchoolId};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A place in the journal: everything up to it has been told. Opaque to clients; carries the instant of its entry, so that
/// a journal that went back to an earlier state (a restored backup) is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The entry.
    seq: i64,
    /// How many of its rows have been told; 0 means the whole entry.
    rows: usize,
    /// When the entry was written, in microseconds.
    mark: i64,
}

impl Position {
    /// Before the first entry.
    pub const START: Self = Self { seq: 0, rows: 0, mark: 0 };

    fn within(row: &Row, rows: usize) -> Self {
        Self { seq: row.seq, rows, mark: row.at.micros() }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{:x}-{:x}", self.seq, self.rows, self.mark)
    }
}

impl std::str::FromStr for Position {
    type Err = Reason;
    fn from_str(text: &str) -> std::result::Result<Self, Reason> {
        let plain = |part: &&str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut parts =
            text.split('-').map(|part| i64::from_str_radix(Some(part).filter(plain).unwrap_or(""), 16));
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(seq)), Some(Ok(rows)), Some(Ok(mark)), None) => {
                Ok(Self { seq, rows: usize::try_from(rows).map_err(|_| Reason::WrongFormat)?, mark })
            }
            _ => Err(Reason::WrongFormat),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

opora_primitives::word_type!(
    /// A resource whose changes are told, by its name in the API.
    FeedResource {
        /// Municipalities.
        Municipalities = "municipalities", "муниципалитеты";
        /// Schools.
        Schools = "schools", "школы";
        /// Social contexts.
        Contexts = "contexts", "социальные паспорта";
        /// Results.
        Results = "results", "результаты";
        /// Versions of the list.
        Lists = "lists", "перечни";
        /// Designations by acts.
        Designations = "designations", "назначения";
        /// Staff.
        Staff = "staff", "кадры";
        /// Methodical support of staff.
        SupportRecords = "support-records", "методическое сопровождение";
        /// Methodologies.
        Methodologies = "methodologies", "методики";
        /// Identification runs; their verdicts come and go with them.
        IdentificationRuns = "identification-runs", "расчёты выявления";
        /// Runs of the models' rules; their proposals come and go with them.
        ProposalRuns = "proposal-runs", "расчёты предложений";
        /// Proposals that were decided.
        Proposals = "proposals", "предложения";
        /// Assignments and their events.
        Assignments = "assignments", "назначения моделей";
        /// Plans and their versions.
        Plans = "plans", "планы";
        /// Facts about activities.
        Facts = "facts", "факты";
        /// Evidence of facts.
        Evidence = "evidence", "подтверждения";
        /// Normative acts.
        Acts = "acts", "нормативные акты";
        /// Stages of the passport.
        Stages = "passport/stages", "этапы паспорта";
        /// Seats of the working group.
        Seats = "working-group/seats", "места рабочей группы";
        /// Reports and notes.
        Reports = "reports", "отчёты";
    }
);

/// Whom a reader speaks for: what lies outside is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The whole region.
    Region,
    /// These municipalities: one, and if it is a city its districts.
    Municipalities(Vec<MunicipalityId>),
    /// One school.
    School {
        /// The school.
        id: SchoolId,
        /// Its municipality, which its readers may look at.
        home: Option<MunicipalityId>,
    },
}

/// Resources whose records have no id: their natural key is all that names them.
const WITHOUT_ID: [&str; 2] = ["results", "contexts"];

/// Resources whose records, where they are about no organisation, are the region's. Those of all others are everybody's.
const OF_THE_REGION: [&str; 2] = ["facts", "evidence"];

/// What a reader wants to be told and may be.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The resources, by their names.
    pub resources: &'a [&'static str],
    /// The part of the region.
    pub audience: &'a Audience,
    /// Whether records about people by name are among it.
    pub people: bool,
}

opora_primitives::word_type!(
    /// What a reader of the journal is told about a record.
    Happened {
        /// It is new.
        Create = "create", "создано";
        /// It has other contents, and perhaps another natural key.
        Update = "update", "изменено";
        /// It is gone.
        Delete = "delete", "удалено";
        /// It is no longer in the reader's area, and neither is what belongs to it.
        Leave = "leave", "выбыло";
    }
);

/// One change of one record.
#[derive(Clone, Debug)]
pub struct Told {
    /// Everything up to this change.
    pub position: Position,
    /// When it was written.
    pub at: Moment,
    /// Which resource.
    pub resource: String,
    /// The record's id in the API; none for what is named by its natural key alone.
    pub key: Option<String>,
    /// What happened.
    pub happened: Happened,
    /// Its natural key.
    pub natural_key: Value,
    /// The natural key it had before, if it has another now.
    pub previous_key: Option<Value>,
    /// The municipality it belonged to then.
    pub municipality_id: Option<MunicipalityId>,
    /// The school it belonged to then.
    pub school_id: Option<SchoolId>,
    /// Whether it is about people by name.
    pub names_people: bool,
}

/// A part of the feed.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The changes, oldest first.
    pub changes: Vec<Told>,
    /// Where to read on. It may be beyond the last change: what lies between is not for this reader.
    pub next: Position,
    /// Whether there is more by now.
    pub more: bool,
}

/// Entries that are read at a time: one of a file may hold many rows.
const STEP: i64 = 100;

/// Changes after `after`, at most `limit`. Wants one consistent state of the data.
///
/// # Errors
/// [`ProblemCode::PositionLost`] for a place that this journal has not been at.
pub fn read(db: &mut Db, after: Position, wanted: &Wanted<'_>, limit: usize) -> Result<Stretch> {
    let end = position(db)?;
    check(db, after)?;
    let mut changes: Vec<Told> = Vec::new();
    let mut from = after;
    loop {
        let rows = step(db, from, wanted)?;
        let (count, last) = (rows.len(), rows.last().map(|row| Position::within(row, 0)));
        for row in rows {
            let told = if row.seq == after.seq { after.rows } else { 0 };
            changes.extend(tell(row)?.into_iter().skip(told));
            if changes.len() > limit {
                changes.truncate(limit);
                let next = changes.last().map_or(after, |change| change.position);
                return Ok(Stretch { changes, next, more: true });
            }
        }
        match last {
            Some(last) if count as i64 == STEP => from = last,
            _ => return Ok(Stretch { changes, next: end, more: false }),
        }
    }
}

/// The place after the last entry: as long as it stays, no record has changed.
///
/// # Errors
/// Faults of the database.
pub fn position(db: &mut Db) -> Result<Position> {
    let last: Option<(i64, Moment)> = change_journal::table
        .order(change_journal::seq.desc())
        .select((change_journal::seq, change_journal::at))
        .first(db)
        .optional()?;
    Ok(last.map_or(Position::START, |(seq, at)| Position { seq, rows: 0, mark: at.micros() }))
}

/// The number of the last entry.
///
/// # Errors
/// Faults of the database.
pub fn last_number(db: &mut Db) -> Result<i64> {
    Ok(position(db)?.seq)
}

/// Refuses a place that this journal has not been at.
///
/// # Errors
/// [`ProblemCode::PositionLost`].
pub fn check(db: &mut Db, after: Position) -> Result<()> {
    if after == Position::START {
        return Ok(());
    }
    let at: Option<Moment> =
        change_journal::table.find(after.seq).select(change_journal::at).first(db).optional()?;
    if at.is_some_and(|at| at.micros() == after.mark) {
        Ok(())
    } else {
        Err(ProblemCode::PositionLost.into())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = change_journal)]
struct Row {
    seq: i64,
    at: Moment,
    resource: String,
    resource_key: String,
    natural_key: String,
    operation: String,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    previous_key: Option<String>,
    names_people: bool,
    entries: Option<String>,
}

fn step(db: &mut Db, from: Position, wanted: &Wanted<'_>) -> Result<Vec<Row>> {
    // The rest of an entry that was told in part comes first.
    let first = if from.rows > 0 { from.seq } else { from.seq + 1 };
    let mut query = change_journal::table
        .filter(change_journal::seq.ge(first))
        .filter(change_journal::resource.eq_any(wanted.resources))
        .select(Row::as_select())
        .into_boxed();
    if !wanted.people {
        query = query.filter(change_journal::names_people.eq(false));
    }
    let nobodys = change_journal::municipality_id.is_null().and(change_journal::school_id.is_null());
    let everybodys = nobodys.and(change_journal::resource.ne_all(OF_THE_REGION));
    query = match wanted.audience {
        Audience::Region => query.filter(change_journal::operation.ne(Happened::Leave.as_str())),
        Audience::Municipalities(ids) => {
            // What only moved about inside the area has not left it.
            let outside = change_journal::moved_to.is_null().or(change_journal::moved_to.ne_all(ids));
            let own = change_journal::municipality_id
                .eq_any(ids)
                .and(change_journal::operation.ne(Happened::Leave.as_str()).or(outside));
            query.filter(everybodys.or(own.assume_not_null()))
        }
        Audience::School { id, home } => {
            let municipality = change_journal::resource
                .eq(FeedResource::Municipalities.as_str())
                .and(change_journal::municipality_id.eq(*home))
                // What left the area of its municipality is another one.
                .and(change_journal::operation.ne(Happened::Leave.as_str()));
            let own = change_journal::school_id.eq(*id).or(municipality);
            query.filter(everybodys.or(own.assume_not_null()))
        }
    };
    Ok(query.order(change_journal::seq).limit(STEP).load(db)?)
}

/// An entry as the changes it stands for.
fn tell(row: Row) -> Result<Vec<Told>> {
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(Error::fault);
    let natural_key = read(&row.natural_key)?;
    let one = |position, key, happened, natural_key, previous_key| Told {
        position,
        at: row.at,
        resource: row.resource.clone(),
        key,
        happened,
        natural_key,
        previous_key,
        municipality_id: row.municipality_id,
        school_id: row.school_id,
        names_people: row.names_people,
    };
    let Some(entries) = &row.entries else {
        // A load of before the journal named its rows tells nothing.
        let Ok(happened) = row.operation.parse() else { return Ok(Vec::new()) };
        let previous = row.previous_key.as_deref().map(read).transpose()?;
        // What stands in the place of an id is for the audit log.
        let key = Some(row.resource_key.clone()).filter(|_| !WITHOUT_ID.contains(&row.resource.as_str()));
        return Ok(vec![one(Position::within(&row, 0), key, happened, natural_key, previous)]);
    };
    let Entries(fields, rows) = serde_json::from_str(entries).map_err(Error::fault)?;
    let last = rows.len();
    let each = rows.into_iter().zip(1..).map(|(Entry(happened, key, values), n)| {
        let mut natural: Map<String, Value> = natural_key.as_object().cloned().unwrap_or_default();
        natural.extend(fields.iter().cloned().zip(values));
        let position = Position::within(&row, if n == last { 0 } else { n });
        let happened = Happened::from(happened);
        one(position, key.map(|id| id.to_string()), happened, natural.into(), None)
    });
    Ok(each.collect())
}

/// The rows of a file in one entry: the fields of a natural key, and for each row what happened, its id and its values of
/// those fields.
#[derive(serde::Deserialize)]
struct Entries(Vec<String>, Vec<Entry>);

#[derive(serde::Deserialize)]
struct Entry(RowChange, Option<i64>, Vec<Value>);

/// What happened to a row of a file, as [`crate::Stage`] writes it.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RowChange {
    /// It is new.
    C,
    /// It has other contents.
    U,
    /// It went to another school.
    L,
}

impl From<RowChange> for Happened {
    fn from(change: RowChange) -> Self {
        match change {
            RowChange::C => Self::Create,
            RowChange::U => Self::Update,
            RowChange::L => Self::Leave,
        }
    }
}

/// Writes the entries of all `changes` that are changes of a record.
pub(crate) fn write_all(db: &mut Db, at: Moment, changes: &[Change]) -> Result<()> {
    let changed = |c: &&Change| !matches!(c.operation, Operation::Read | Operation::Load);
    let changes: Vec<&Change> = changes.iter().filter(changed).collect();
    let homes = homes(db, &changes)?;
    for batch in changes.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .flat_map(|change| leaving(change, &homes).chain([Line::of(change, &homes)]))
            .map(|line| (change_journal::at.eq(at), line))
            .collect();
        on_each!(db, c => diesel::insert_into(change_journal::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// The municipalities of schools.
type Homes = HashMap<SchoolId, Option<MunicipalityId>>;

/// The municipality of every school that a change names without one: readers of a municipality are found by it.
fn homes(db: &mut Db, changes: &[&Change]) -> Result<Homes> {
    let of_schools = changes.iter().filter(|c| c.resource != "schools");
    let places = of_schools.flat_map(|c| c.left.iter().copied().chain([c.place()]));
    let mut ids: Vec<SchoolId> =
        places.filter(|place| place.municipality.is_none()).filter_map(|place| place.school).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut homes = HashMap::new();
    for batch in ids.chunks(BATCH) {
        let query = schools::table.filter(schools::id.eq_any(batch.to_vec()));
        homes.extend(
            query
                .select((schools::id, schools::municipality_id))
                .load::<(SchoolId, Option<MunicipalityId>)>(db)?,
        );
    }
    Ok(homes)
}

/// The municipality of a place, or else of its school.
fn home(place: Place, homes: &Homes) -> Option<MunicipalityId> {
    place.municipality.or_else(|| homes.get(&place.school?).copied().flatten())
}

/// An entry as it is written.
#[derive(Insertable)]
#[diesel(table_name = change_journal)]
struct Line<'a> {
    resource: &'a str,
    resource_key: &'a str,
    natural_key: String,
    operation: &'a str,
    municipality_id: Option<MunicipalityId>,
    school_id: Option<SchoolId>,
    previous_key: Option<String>,
    moved_to: Option<MunicipalityId>,
    names_people: bool,
}

impl<'a> Line<'a> {
    fn of(change: &'a Change, homes: &Homes) -> Self {
        Self {
            resource: change.resource,
            resource_key: &change.key,
            natural_key: change.natural_key.to_string(),
            operation: change.operation.as_str(),
            municipality_id: home(change.place(), homes),
            school_id: change.school,
            previous_key: change.previous_key.as_ref().map(Value::to_string),
            moved_to: None,
            names_people: change.names_people,
        }
    }
}

/// For the readers of the municipalities or the school that a record has left.
fn leaving<'a>(change: &'a Change, homes: &Homes) -> impl Iterator<Item = Line<'a>> {
    let key = change.previous_key.as_ref().unwrap_or(&change.natural_key);
    let lines = change.left.iter().map(|left| {
        let now = Line::of(change, homes);
        Line {
            natural_key: key.to_string(),
            operation: Happened::Leave.as_str(),
            municipality_id: home(*left, homes),
            // A school that moves has itself left nothing.
            school_id: left.school.filter(|_| left.school != change.school),
            previous_key: None,
            moved_to: now.municipality_id,
            ..now
        }
    });
    // What nobody but the region could read has left nobody.
    lines.filter(|line| line.municipality_id.is_some() || line.school_id.is_some())
}

/// Tells of every school of `municipalities` that it reads otherwise. After the other entries of a write, whose lock it
/// needs.
pub(crate) fn retell_schools(db: &mut Db, at: Moment, municipalities: &[MunicipalityId]) -> Result<()> {
    for municipality in municipalities {
        let sql = format!(
            "INSERT INTO change_journal (at, resource, resource_key, natural_key, operation, municipality_id, school_id, \
                 names_people) \
             SELECT CAST('{at}' AS {stamp}), 'schools', CAST(x.id AS TEXT), {natural_key}, 'update', x.municipality_id, \
                 x.id, false FROM schools AS x WHERE x.municipality_id = {municipality} ORDER BY x.id",
            at = at.sql(),
            stamp = dialect::timestamp_type(db),
            natural_key = dialect::json_object(db, "'code', x.code"),
        );
        diesel::sql_query(sql).execute(db)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Position;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_reads_its_own_words(seq in 0i64.., rows in 0usize..1_000_000, mark in 0i64..) {
            let position = Position { seq, rows, mark };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = text.parse::<Position>();
        }
    }
}
