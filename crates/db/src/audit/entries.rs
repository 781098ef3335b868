//! Entries of the audit log, as they are read.

use crate::{ActorKind, Both, Change, Db, Operation, Result, Tx, schema::audit_log};
use diesel::{
    helper_types::{AsSelect, IntoBoxed, Select},
    prelude::*,
};
use opora_primitives::{Cursor, Limit, Moment, Page};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

opora_primitives::id_type!(
    /// An entry of the audit log.
    AuditEntryId
);

/// An entry of the audit log. It never changes. Words stand here as the row holds them, known or not: whoever reads the
/// log wants to see what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = audit_log)]
pub struct AuditEntry {
    /// Its id: greater than that of everything that was written before it.
    pub id: AuditEntryId,
    /// When it happened.
    pub at: Moment,
    /// What kind of actor.
    #[schema(value_type = ActorKind)]
    pub actor_kind: String,
    /// The id of the user or of the service client; none for the system itself.
    #[schema(minimum = 1, example = 4)]
    pub actor_id: Option<i64>,
    /// The login, the public id of the client, or `system`.
    #[schema(example = "institute")]
    pub actor: String,
    /// The request, as it stands in the log of the server; what the system did by itself says what that was.
    #[schema(example = "64a1f0c2b7e3-1f")]
    pub request_id: String,
    /// What was done.
    #[schema(value_type = Operation)]
    pub action: String,
    /// To which resource.
    #[schema(example = "schools")]
    pub resource: String,
    /// To which of its records, by id; empty if to many.
    #[diesel(column_name = resource_key)]
    #[schema(example = "17")]
    pub key: String,
    /// Its contents before.
    #[serde(serialize_with = "as_json")]
    #[schema(value_type = Option<Object>, example = json!({"name": "Школа № 5"}))]
    pub before: Option<String>,
    /// Its contents after; of a reading, what was asked and how many or whose records were shown.
    #[serde(serialize_with = "as_json")]
    #[schema(value_type = Option<Object>, example = json!({"name": "Школа № 5 имени Пирогова"}))]
    pub after: Option<String>,
}

/// Contents are kept as text; text that is no JSON is shown as it is.
fn as_json<S: Serializer>(text: &Option<String>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
    text.as_ref().map(value).serialize(serializer)
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// About this resource.
    pub resource: Option<String>,
    /// About the record with this id.
    pub key: Option<String>,
    /// By this login or client.
    pub actor: Option<String>,
    /// Of this kind.
    pub action: Option<Operation>,
    /// Of this request.
    pub request_id: Option<String>,
    /// From this instant on.
    pub from: Option<Moment>,
    /// Before this instant.
    pub to: Option<Moment>,
}

type Wanted = IntoBoxed<'static, Select<audit_log::table, AsSelect<AuditEntry, Both>>, Both>;

impl Filter {
    fn query(&self) -> Wanted {
        let mut query = audit_log::table.select(AuditEntry::as_select()).into_boxed();
        if let Some(resource) = self.resource.clone() {
            query = query.filter(audit_log::resource.eq(resource));
        }
        if let Some(key) = self.key.clone() {
            query = query.filter(audit_log::resource_key.eq(key));
        }
        if let Some(actor) = self.actor.clone() {
            query = query.filter(audit_log::actor.eq(actor));
        }
        if let Some(action) = self.action {
            query = query.filter(audit_log::action.eq(action.as_str()));
        }
        if let Some(request) = self.request_id.clone() {
            query = query.filter(audit_log::request_id.eq(request));
        }
        if let Some(from) = self.from {
            query = query.filter(audit_log::at.ge(from));
        }
        if let Some(to) = self.to {
            query = query.filter(audit_log::at.lt(to));
        }
        query
    }
}

/// Entries, the newest first.
///
/// # Errors
/// A cursor of another list.
pub fn list(db: &mut Db, filter: &Filter, limit: Limit, cursor: Option<&str>) -> Result<Page<AuditEntry>> {
    let scope = format!("audit log {filter:?}");
    let mut query = filter.query();
    if let Some(cursor) = cursor {
        query = query.filter(audit_log::id.lt(Cursor::decode::<AuditEntryId>(&scope, cursor)?));
    }
    let rows = query.order(audit_log::id.desc()).limit(limit.to_fetch()).load(db)?;
    Ok(Page::cut(rows, limit, &scope, |entry: &AuditEntry| entry.id))
}

/// The entry `id`.
///
/// # Errors
/// Not found.
pub fn find(db: &mut Db, id: AuditEntryId) -> Result<AuditEntry> {
    Ok(audit_log::table.find(id).select(AuditEntry::as_select()).first(db)?)
}

/// At most `most` entries after `after` and up to `upto`, the oldest first: a long reading goes on behind the last one. With
/// `upto` from [`super::seal::settled`] nothing is missed however many write meanwhile.
///
/// # Errors
/// Faults of the database.
pub fn part(db: &mut Db, filter: &Filter, after: i64, upto: i64, most: i64) -> Result<Vec<AuditEntry>> {
    let between = audit_log::id.gt(after).and(audit_log::id.le(upto));
    Ok(filter.query().filter(between).order(audit_log::id).limit(most).load(db)?)
}

/// Leaves the audit record of a reading of the log itself: what was asked for, and what the caller was given of it.
pub fn note_reading(tx: &mut Tx, filter: &Filter, given: Value) {
    let what = json!({ "filter": filter, "given": given });
    tx.record(Change::new("audit-log", "", Operation::Read).after(what));
}
