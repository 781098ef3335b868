//! The change feed: what of the journal a caller may be told, and how it waits for more.

pub mod pulse;
pub mod stream;

use crate::{
    auth::{Guard, ReadChanges, bearer, region_only},
    error::ApiError,
    feed::pulse::Pulse,
    state::State,
};
use actix_web::{HttpRequest, rt::time::Instant};
use opora_db::{
    Change, Db, Operation, Result,
    journal::{self, FeedResource, Happened, Position, Stretch, Told, Wanted},
};
use opora_identity::{Actor, Permission, Permissions};
use opora_primitives::{Area, Moment, MunicipalityId, Problem, ProblemCode, Reason, SchoolId};
use opora_schools::registry::{self, partitions::Harvest};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Whether who has `permissions` in `area` is told of changes of `resource`: whoever may read it. Reports are about the whole
/// region (D254).
fn is_open(resource: FeedResource, permissions: Permissions, area: Area) -> bool {
    permissions.has(permission(resource)) && (area == Area::Region || resource != FeedResource::Reports)
}

/// What it takes to read `resource`.
fn permission(resource: FeedResource) -> Permission {
    use FeedResource as R;
    match resource {
        R::Municipalities | R::Schools | R::Contexts | R::Results | R::Designations => {
            Permission::ReadRegistry
        }
        R::Lists => Permission::ReadLists,
        R::Staff => Permission::ReadStaff,
        R::SupportRecords => Permission::ReadSupport,
        R::Methodologies => Permission::ReadMethodologies,
        R::IdentificationRuns => Permission::ReadVerdicts,
        R::ProposalRuns | R::Proposals | R::Assignments => Permission::ReadAssignments,
        R::Plans => Permission::ReadPlans,
        R::Facts | R::Evidence => Permission::ReadFacts,
        R::Acts | R::Stages | R::Seats => Permission::ReadPassport,
        R::Reports => Permission::ReadReports,
    }
}

/// Resources as a query parameter names them: with commas between.
#[derive(Clone, Debug)]
pub struct Resources(Vec<FeedResource>);

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = |word: &str| word.parse().map_err(|_| serde::de::Error::custom("no such resource"));
        text.split(',').map(read).collect::<std::result::Result<_, _>>().map(Self)
    }
}

impl Resources {
    /// The one that is harvested.
    pub fn of(harvest: Harvest) -> Self {
        Self(vec![match harvest {
            Harvest::Schools => FeedResource::Schools,
            Harvest::Contexts => FeedResource::Contexts,
            Harvest::Results => FeedResource::Results,
            Harvest::Staff => FeedResource::Staff,
            Harvest::SupportRecords => FeedResource::SupportRecords,
        }])
    }
}

/// A change of a record.
#[derive(Serialize, ToSchema)]
pub struct ChangeEntry {
    /// The place in the feed: everything up to this change has been told.
    #[schema(value_type = String, example = "4d2-0-5f1a2b3c4d5e6")]
    position: Position,
    /// When it was written.
    at: Moment,
    /// Which resource.
    #[schema(value_type = FeedResource)]
    resource: String,
    /// What happened.
    operation: Happened,
    /// The record's id; absent for what is named by its natural key alone (results, contexts).
    #[schema(example = "17")]
    key: Option<String>,
    /// The natural key: the fields that make it.
    #[schema(value_type = Object, example = json!({"code": "520101"}))]
    natural_key: Value,
    /// The natural key it had before, if it has another now.
    #[schema(value_type = Option<Object>, example = json!({"code": "520100"}))]
    previous_key: Option<Value>,
    /// The school it belonged to then.
    school_id: Option<SchoolId>,
    /// The municipality it belonged to then.
    municipality_id: Option<MunicipalityId>,
    /// Where the record, or the list it stands in, can be read; absent if it is gone.
    #[schema(example = "/api/v1/schools/17")]
    href: Option<String>,
}

impl From<Told> for ChangeEntry {
    fn from(told: Told) -> Self {
        let href = address(&told);
        let Told {
            position,
            at,
            resource,
            key,
            happened,
            natural_key,
            previous_key,
            municipality_id,
            school_id,
            ..
        } = told;
        Self {
            position,
            at,
            resource,
            operation: happened,
            key,
            natural_key,
            previous_key,
            school_id,
            municipality_id,
            href,
        }
    }
}

/// Where a changed record can be read.
fn address(told: &Told) -> Option<String> {
    if matches!(told.happened, Happened::Delete | Happened::Leave) {
        return None;
    }
    let of_school = |school: SchoolId| format!("/api/v1/schools/{school}/{}", told.resource);
    match told.resource.as_str() {
        "contexts" | "staff" => told.school_id.map(of_school),
        "results" => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in ["academic_year", "type", "grade", "subject", "attempt"] {
                let value = &told.natural_key[name];
                query.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
            told.school_id.map(|school| format!("{}?{}", of_school(school), query.finish()))
        }
        "reports" => {
            let part = |name: &str| told.natural_key[name].as_str().unwrap_or_default();
            Some(format!("/api/v1/reports/{}/{}", part("kind"), part("period")))
        }
        resource => told.key.as_ref().map(|key| format!("/api/v1/{resource}/{key}")),
    }
}

/// What one caller is told.
#[derive(Clone)]
pub struct Reader {
    area: Area,
    resources: Vec<&'static str>,
    people: bool,
}

impl Reader {
    /// A reader for `actor`: of the resources it asks for, or else of all it may read.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`] that names the resource and the permission, where it asks for what it may not read.
    pub fn of(actor: &Actor, asked: Option<&Resources>) -> std::result::Result<Self, Problem> {
        if let Some(asked) = asked {
            Self::check(actor, &asked.0)?;
        }
        let all = asked.map_or(FeedResource::ALL, |asked| asked.0.as_slice());
        Ok(Self::of_subscription((actor.permissions, actor.area), actor.area, all))
    }

    /// Looks whether `actor` may read all of `resources`.
    ///
    /// # Errors
    /// As [`Reader::of`].
    pub fn check(actor: &Actor, resources: &[FeedResource]) -> std::result::Result<(), Problem> {
        let is_closed = |resource: &&FeedResource| !is_open(**resource, actor.permissions, actor.area);
        let Some(resource) = resources.iter().find(is_closed) else { return Ok(()) };
        if actor.may(permission(*resource)) {
            return Err(region_only());
        }
        let needed = permission(*resource).as_str();
        let words = (
            format!("{resource} needs the permission {needed}"),
            format!("для {resource} нужно право {needed}"),
        );
        Err(Problem { detail: Some(words.into()), ..Problem::lacking(needed) })
    }

    /// A reader for a subscription to changes in `area`: of what its owner may read at present, in an area that holds this
    /// one.
    pub fn of_subscription(
        (permissions, own): (Permissions, Area),
        area: Area,
        resources: &[FeedResource],
    ) -> Self {
        let may = resources.iter().filter(|resource| is_open(**resource, permissions, own));
        let resources = may.map(FeedResource::as_str).collect();
        Self { area, resources, people: permissions.has(Permission::ReadStaff) }
    }

    /// Whether it is told of a record of `resource` in its area, which may name people.
    pub fn tells(&self, resource: FeedResource, names_people: bool) -> bool {
        self.resources.contains(&resource.as_str()) && (self.people || !names_people)
    }

    /// What follows `after`. Wants one consistent state of the data.
    ///
    /// # Errors
    /// [`ProblemCode::PositionLost`]; faults of the database.
    pub fn read(&self, db: &mut Db, after: Position, limit: usize) -> Result<Stretch> {
        let audience = registry::audience(db, self.area)?;
        let wanted = Wanted { resources: &self.resources, audience: &audience, people: self.people };
        journal::read(db, after, &wanted, limit)
    }
}

/// What follows `after`; if that is nothing, what comes until `deadline`. Where people are told of, the reading is recorded
/// first.
///
/// # Errors
/// What is wrong with the token of `request` after a wait; [`ProblemCode::PositionLost`]; faults of the database.
pub async fn take(
    state: &State,
    guard: &Guard<ReadChanges>,
    request: &HttpRequest,
    reader: &Reader,
    mut after: Position,
    limit: usize,
    deadline: Instant,
) -> std::result::Result<Stretch, ApiError> {
    let mut ear = state.pulse.listen();
    loop {
        ear.forget();
        let asked = reader.clone();
        let stretch = state.read_feed(move |db| asked.read(db, after, limit)).await?;
        if !stretch.changes.is_empty() {
            note_reading(state, guard, &stretch.changes).await?;
            return Ok(stretch);
        }
        if deadline <= Instant::now() {
            return Ok(stretch);
        }
        after = stretch.next;
        let there_are_news = ear.hears_before(deadline).await;
        still_holds(guard, request).await?;
        if !there_are_news {
            return Ok(stretch);
        }
    }
}

/// Looks whether the token of `request` still stands for whom it stood for before a wait: rights may have been taken back.
async fn still_holds(guard: &Guard<ReadChanges>, request: &HttpRequest) -> std::result::Result<(), ApiError> {
    if bearer(request).await? == guard.actor { Ok(()) } else { Err(ProblemCode::InvalidToken.into()) }
}

/// Records that the caller was told of people: how many, no names.
async fn note_reading(
    state: &State,
    guard: &Guard<ReadChanges>,
    changes: &[Told],
) -> std::result::Result<(), ApiError> {
    let people = changes.iter().filter(|change| change.names_people).count();
    if people == 0 {
        return Ok(());
    }
    let note = move |tx: &mut opora_db::Tx| {
        tx.record(Change::new("changes", "", Operation::Read).after(json!({ "shown": people })));
        Ok(())
    };
    state.write(guard.origin(), note).await
}

/// A place in the feed, as a parameter names it.
///
/// # Errors
/// [`ProblemCode::InvalidParameter`] for text that is no place.
pub fn place(text: Option<&str>) -> std::result::Result<Position, Problem> {
    text.map_or(Ok(Position::START), |text| {
        text.parse().map_err(|_| Problem::parameter("after", Reason::WrongFormat))
    })
}

/// Follows the journal for all who wait, as long as somebody does.
pub fn follow(pulse: &Pulse, state: &State) {
    if !pulse.is_wanted() {
        return;
    }
    match state.database.read(journal::last_number) {
        Ok(number) => pulse.tell(number),
        Err(error) => tracing::debug!(%error, "the journal cannot be followed now"),
    }
}
