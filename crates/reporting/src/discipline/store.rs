//! Who stands behind the executors of a plan, what they have entered, and the counts as a reader may see them.

use super::{Counts, Filed, Organisations, Place, Report, place, reports};
use crate::{
    facts::{FactOrigin, FactState},
    indicators,
    plan::{
        PlanDocument, PlanId,
        store::{self as plans, Plan, PlanRef},
    },
};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Db, Result,
    schema::{activity_facts as facts, designations},
};
use opora_primitives::{Area, Cursor, Limit, Moment, MunicipalityId, Page, SchoolId, word_type};
use opora_schools::{
    registry::{inside_area, municipalities, succession::Territory},
    types::DesignationKind,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

word_type!(
    /// What reports are counted by.
    DisciplineBy {
        /// Municipality: its own reports and those of its schools.
        Municipality = "municipality", "по муниципалитетам";
        /// Executor of the plan: those of all organisations behind its code.
        Executor = "executor", "по исполнителям";
    }
);

/// How a municipality or an executor reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DisciplineRow {
    /// The municipality; absent for bodies of the region and state schools, and for executors.
    pub municipality_id: Option<MunicipalityId>,
    /// The code of the executor; absent for municipalities.
    #[schema(example = "MOUO")]
    pub executor: Option<String>,
    /// The name, in Russian.
    #[schema(example = "Уренский")]
    pub name: String,
    /// Reports and facts, counted.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The counts of a plan on a day inside `area`: executors in the order of the plan; the region, then municipalities by
/// id. To be called in one consistent read.
///
/// # Errors
/// No such plan; a cursor of another list.
pub fn list(
    db: &mut Db,
    area: Area,
    plan: &PlanRef,
    by: DisciplineBy,
    on: NaiveDate,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<DisciplineRow>> {
    let plan = plans::find(db, plan)?;
    let scope = format!("discipline {} {by} {on}", plan.id);
    let after = cursor.map(|c| Cursor::decode::<usize>(&scope, c)).transpose()?;
    let first = after.map_or(0, |position| position.saturating_add(1));
    let Standing { document, map, reports } = standing(db, area, &plan, on)?;
    let rows = match by {
        DisciplineBy::Municipality => by_municipality(&map, &reports),
        DisciplineBy::Executor => by_executor(&document, &reports),
    };
    let wanted = rows.into_iter().enumerate().skip(first).take(limit.get() + 1).collect();
    Ok(Page::cut(wanted, limit, &scope, |(position, _)| *position).map(|(_, row)| row))
}

/// The reports that a plan expects, as they stand on a day.
pub(super) struct Standing {
    pub document: PlanDocument,
    pub map: Map,
    /// Those inside the area, in the order of [`reports`].
    pub reports: Vec<Report>,
}

pub(super) fn standing(db: &mut Db, area: Area, plan: &Plan, on: NaiveDate) -> Result<Standing> {
    let (_, document) = plans::version(db, plan, None)?;
    let map = Map::read(db, on)?;
    let organisations = behind(db, plan, &map)?;
    let filed = filed(db, plan.id, &map)?;
    let mut reports = reports(&document, &plan.due_reports(), &organisations, &filed, on);
    let own = match area {
        Area::Municipality(id) => inside_area(db, id)?.into_iter().collect(),
        _ => BTreeSet::new(),
    };
    reports.retain(|report| map.shows(area, &own, report.place));
    Ok(Standing { document, map, reports })
}

fn by_municipality(map: &Map, reports: &[Report]) -> Vec<DisciplineRow> {
    let mut counts: BTreeMap<Option<MunicipalityId>, Counts> = BTreeMap::new();
    for report in reports {
        counts.entry(map.home(report.place)).or_default().add(report);
    }
    let named = counts.into_iter().map(|(municipality_id, counts)| {
        let found = municipality_id.and_then(|id| map.territory.lines.get(id));
        let name = found.map_or_else(|| "Региональный уровень".to_owned(), |found| found.name.clone());
        DisciplineRow { municipality_id, executor: None, name, counts }
    });
    named.collect()
}

fn by_executor(document: &PlanDocument, reports: &[Report]) -> Vec<DisciplineRow> {
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for report in reports {
        for executor in &report.executors {
            counts.entry(executor).or_default().add(report);
        }
    }
    let found = document.executors.iter().filter_map(|executor| {
        let counts = *counts.get(executor.code.as_str())?;
        let (executor, name) = (Some(executor.code.clone()), executor.name_ru.clone());
        Some(DisciplineRow { municipality_id: None, executor, name, counts })
    });
    found.collect()
}

/// What lay where on a day.
pub(super) struct Map {
    pub territory: Territory,
    on: NaiveDate,
}

impl Map {
    fn read(db: &mut Db, on: NaiveDate) -> Result<Self> {
        Ok(Self { territory: municipalities::territory(db)?, on })
    }

    pub fn home(&self, place: Place) -> Option<MunicipalityId> {
        match place {
            Place::Region => None,
            Place::Municipality(id) => Some(self.territory.lines.on(id, self.on)),
            Place::School(id) => self.territory.home(id, self.on),
        }
    }

    /// The place as it stood on the day: what a district reported, the okrug that it became has reported.
    fn standing(&self, place: Place) -> Place {
        match place {
            Place::Municipality(id) => Place::Municipality(self.territory.lines.on(id, self.on)),
            other => other,
        }
    }

    /// Whether a reader of `area`, which holds the municipalities `own`, sees a report of `place`.
    fn shows(&self, area: Area, own: &BTreeSet<MunicipalityId>, place: Place) -> bool {
        match area {
            Area::Region => true,
            Area::School(id) => place == Place::School(id),
            Area::Municipality(_) => self.home(place).is_some_and(|home| own.contains(&home)),
        }
    }
}

/// Who stands behind the executors of a plan on a day, and `place` as it stands then.
///
/// # Errors
/// Faults of the database.
pub fn organisations(
    db: &mut Db,
    plan: &Plan,
    on: NaiveDate,
    place: Place,
) -> Result<(Organisations, Place)> {
    let map = Map::read(db, on)?;
    Ok((behind(db, plan, &map)?, map.standing(place)))
}

/// Who stands behind the codes of the order's plan; any other code is a body of the region. Designations count if they
/// were in force at any time of the plan.
fn behind(db: &mut Db, plan: &Plan, map: &Map) -> Result<Organisations> {
    use DesignationKind::{HighResult, InnovationPlatform, M1, M2Wave1, M2Wave2};
    let designated = designated(db, plan)?;
    let schools = |kinds: &[DesignationKind]| -> BTreeSet<Place> {
        let of_kind = designated.iter().filter(|(kind, _)| kinds.contains(kind));
        of_kind.map(|(_, place)| *place).filter(|place| matches!(place, Place::School(_))).collect()
    };
    let municipal = |kinds: &[DesignationKind]| -> BTreeSet<Place> {
        let of_kind = designated.iter().filter(|(kind, _)| kinds.contains(kind));
        of_kind.filter_map(|(_, place)| map.home(*place)).map(Place::Municipality).collect()
    };
    let all = map.territory.lines.all().filter(|found| found.is_system_on(map.on));
    let base = municipal(&[M2Wave1, M2Wave2]);
    let listed: BTreeSet<Place> =
        indicators::passport_members(db, map.on)?.into_iter().map(Place::School).collect();
    let behind = [
        ("MOUO", all.map(|found| Place::Municipality(found.id)).collect()),
        ("MOUO4", municipal(&[M1])),
        ("MOUO8", base.clone()),
        ("MUN_COORD", base.clone()),
        ("MUN_WG", base),
        ("SCH6", schools(&[M1])),
        ("SCH_TEAM", schools(&[M2Wave1, M2Wave2])),
        ("SCH_LOW", listed.clone()),
        ("SCH", listed),
        ("SCH_HIGH", schools(&[HighResult])),
        ("INNOV", schools(&[InnovationPlatform])),
    ];
    Ok(Organisations { behind: behind.into_iter().map(|(code, places)| (code.to_owned(), places)).collect() })
}

fn designated(db: &mut Db, plan: &Plan) -> Result<Vec<(DesignationKind, Place)>> {
    let rows: Vec<(DesignationKind, Option<SchoolId>, Option<MunicipalityId>)> = designations::table
        .filter(designations::valid_from.is_null().or(designations::valid_from.le(plan.ends_on)))
        .filter(designations::valid_to.is_null().or(designations::valid_to.ge(plan.starts_on)))
        .select((designations::kind, designations::school_id, designations::municipality_id))
        .load(db)?;
    Ok(rows.into_iter().map(|(kind, school, municipality)| (kind, place(school, municipality))).collect())
}

type FiledRow =
    (String, NaiveDate, NaiveDate, Option<String>, Option<SchoolId>, Option<MunicipalityId>, Moment);

/// The facts of a plan that were not declined. What the system has counted is nobody's report until it is confirmed.
fn filed(db: &mut Db, plan: PlanId, map: &Map) -> Result<Vec<Filed>> {
    let rows: Vec<FiledRow> = facts::table
        .filter(facts::plan_id.eq(plan))
        .filter(facts::state.ne(FactState::Declined))
        .filter(facts::origin.ne(FactOrigin::Counted).or(facts::state.eq(FactState::Confirmed)))
        .select((
            facts::activity,
            facts::window_from,
            facts::happened_on,
            facts::executor,
            facts::school_id,
            facts::municipality_id,
            facts::entered_at,
        ))
        .load(db)?;
    let fact =
        |(activity, window_from, happened_on, executor, school, municipality, entered_at): FiledRow| Filed {
            activity,
            window_from,
            happened_on,
            executor,
            place: map.standing(place(school, municipality)),
            entered_on: entered_at.date(),
        };
    Ok(rows.into_iter().map(fact).collect())
}
