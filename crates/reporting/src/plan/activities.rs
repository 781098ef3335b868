//! Activities as they stand on a day.

use super::{
    Activity, Population,
    status::{ActivityStatus, Question, Standing, standings},
    store::{self, Plan, PlanRef},
};
use crate::facts;
use chrono::NaiveDate;
use opora_db::{Db, Result};
use opora_models::types::ModelCode;
use opora_primitives::{Cursor, Limit, Page, ProblemCode};
use opora_schools::identification::Lang;
use serde::Serialize;

/// An activity and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ActivityOnDay {
    /// The day.
    #[schema(example = "2020-12-31")]
    pub on: NaiveDate,
    /// The version of the plan it is from.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// The activity.
    pub activity: Activity,
    /// The whole that its numbers are a part of, if the plan names one.
    pub population: Option<Population>,
    /// How it stands.
    pub standing: Standing,
    /// Why, in Russian.
    #[schema(
        example = "Показатели достигнуты в срок (31.10.2020). Выполнено периодов: 1 из 2; следующий начинается 01.09.2021."
    )]
    pub reason_ru: String,
    /// Why, in English.
    #[schema(
        example = "The targets were met by the due day, 2020-10-31. Windows met: 1 of 2; the next begins on 2021-09-01."
    )]
    pub reason_en: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// The day.
    pub on: NaiveDate,
    /// The version of the plan; the one in force unless given. Facts are the same for all.
    pub version: Option<i32>,
}

/// Which activities are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this section.
    pub section: Option<i32>,
    /// Carried out, perhaps with others, by this executor.
    pub executor: Option<String>,
    /// Serving this model.
    pub model: Option<ModelCode>,
    /// With this status.
    pub status: Option<ActivityStatus>,
}

impl Filter {
    fn lets(&self, found: &ActivityOnDay) -> bool {
        let activity = &found.activity;
        self.section.is_none_or(|section| activity.section == section)
            && self.executor.as_ref().is_none_or(|executor| activity.executors.contains(executor))
            && self.model.is_none_or(|model| activity.models.contains(&model))
            && self.status.is_none_or(|status| found.standing.status == status)
    }
}

/// Every activity of a plan on a day, in the order of the plan. To be called in one consistent read.
///
/// # Errors
/// No such version.
pub fn all(db: &mut Db, plan: &Plan, when: When) -> Result<Vec<ActivityOnDay>> {
    let (version, document) = store::version(db, plan, when.version)?;
    let facts = facts::store::confirmed(db, plan.id)?;
    let question = Question { signed_on: plan.signed_on, on: when.on, over: false };
    let standings = standings(&document, &facts, question);
    let rows = document.activities.iter().zip(standings);
    let rows = rows.map(|(activity, standing)| ActivityOnDay {
        on: when.on,
        population: document.population(activity),
        version: version.number,
        reason_ru: standing.words(Lang::Ru),
        reason_en: standing.words(Lang::En),
        activity: activity.clone(),
        standing,
    });
    Ok(rows.collect())
}

/// The activities that are wanted, in the order of the plan.
///
/// # Errors
/// As [`all`]; no such plan; a cursor of another list.
pub fn list(
    db: &mut Db,
    plan: &PlanRef,
    when: When,
    filter: &Filter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ActivityOnDay>> {
    let plan = store::find(db, plan)?;
    let scope = format!("activities {} {when:?} {filter:?}", plan.id);
    let after = cursor.map(|c| Cursor::decode::<usize>(&scope, c)).transpose()?;
    let first = after.map_or(0, |position| position.saturating_add(1));
    let rows = all(db, &plan, when)?.into_iter().enumerate().skip(first);
    let wanted = rows.filter(|(_, found)| filter.lets(found)).take(limit.get() + 1).collect();
    Ok(Page::cut(wanted, limit, &scope, |(position, _)| *position).map(|(_, found)| found))
}

/// The activity with this number.
///
/// # Errors
/// As [`all`]; no such plan or activity.
pub fn find(db: &mut Db, plan: &PlanRef, number: &str, when: When) -> Result<ActivityOnDay> {
    let plan = store::find(db, plan)?;
    let mut rows = all(db, &plan, when)?.into_iter();
    rows.find(|found| found.activity.number == number).ok_or_else(|| ProblemCode::NotFound.into())
}
