//! What a write leaves behind: the audit record (who, when, what) and the entry in the change journal ([`crate::journal`]).
//! A reading of personal data leaves the audit record only.

use crate::{Db, Result, dialect, journal, on_each, schema::audit_log};
use diesel::prelude::*;
use opora_primitives::{Moment, MunicipalityId, SchoolId};
use serde_json::Value;

opora_primitives::word_type!(
    /// What kind of actor writes: their ids are numbered apart.
    ActorKind {
        /// The system itself: the command line, a migration, work nobody asked for.
        System = "system", "система";
        /// A person who logged in.
        User = "user", "пользователь";
        /// A program with credentials of its own.
        Client = "client", "сервисный клиент";
    }
);

/// Who writes, and on which request.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The row of the user or the client; none for the system itself (migration, command line).
    pub actor_id: Option<i64>,
    /// The login, the public id of the client, or `system`.
    pub actor: String,
    /// The request id that finds it in the log.
    pub request_id: String,
}

impl Origin {
    /// The operator at the command line, or the system's own work.
    pub fn system(request_id: impl Into<String>) -> Self {
        let kind = ActorKind::System;
        Self { kind, actor_id: None, actor: "system".into(), request_id: request_id.into() }
    }

    /// The user who writes: what columns like `created_by` hold. A client's writes are its own in the audit log and in
    /// its jobs, and nobody's there.
    pub fn user_id(&self) -> Option<i64> {
        self.actor_id.filter(|_| self.kind == ActorKind::User)
    }
}

opora_primitives::word_type!(
    /// What happened to a record.
    Operation {
        /// It is new.
        Create = "create", "создание";
        /// It has other contents.
        Update = "update", "изменение";
        /// It is gone.
        Delete = "delete", "удаление";
        /// A file brought many records of the resource; they carry the import's id. For the audit log alone: the journal
        /// names each of them.
        Load = "load", "загрузка";
        /// Personal data was read: for the audit log alone, since nothing changed.
        Read = "read", "чтение";
    }
);

/// Where a record belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The municipality, if any.
    pub municipality: Option<MunicipalityId>,
    /// The school, if any.
    pub school: Option<SchoolId>,
}

/// How a record is told: under which name, and to whom.
#[derive(Clone, Debug, Default)]
pub struct Label {
    natural_key: Value,
    place: Place,
    names_people: bool,
}

impl Label {
    /// With its natural key: an object of the fields that make it.
    pub fn new(natural_key: impl Into<Value>) -> Self {
        Self { natural_key: natural_key.into(), ..Self::default() }
    }

    /// Of a municipality, of a school, or of something that they have.
    pub fn within(self, municipality: Option<MunicipalityId>, school: Option<SchoolId>) -> Self {
        Self { place: Place { municipality, school }, ..self }
    }

    /// About people by name.
    pub fn of_people(self) -> Self {
        Self { names_people: true, ..self }
    }
}

/// One change of one record.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which resource, by its name in the API: `schools`.
    pub resource: &'static str,
    /// The record's id in the API.
    pub key: String,
    /// Its natural key, for systems that keep their own ids: an object of the fields that make it.
    pub natural_key: Value,
    /// The natural key it had before, if it has another now.
    pub previous_key: Option<Value>,
    /// What happened.
    pub operation: Operation,
    /// Its contents before; without secrets.
    pub before: Option<Value>,
    /// Its contents after; without secrets.
    pub after: Option<Value>,
    /// The municipality it belongs to, if any.
    pub municipality: Option<MunicipalityId>,
    /// The school it belongs to, if any.
    pub school: Option<SchoolId>,
    /// Where it belonged, and does not any more.
    pub left: Vec<Place>,
    /// Whether only readers who may see people by name are told.
    pub names_people: bool,
}

impl Change {
    /// A change of the record `key` of `resource`.
    pub fn new(resource: &'static str, key: impl ToString, operation: Operation) -> Self {
        let (key, natural_key) = (key.to_string(), Value::Null);
        Self {
            resource,
            key,
            natural_key,
            previous_key: None,
            operation,
            before: None,
            after: None,
            municipality: None,
            school: None,
            left: Vec::new(),
            names_people: false,
        }
    }

    /// With its natural key.
    pub fn named(self, natural_key: impl Into<Value>) -> Self {
        Self { natural_key: natural_key.into(), ..self }
    }

    /// As `now` says, where `before` said how its record was told until then.
    pub(crate) fn told(self, before: Label, now: Label) -> Self {
        let Label { natural_key, place: Place { municipality, school }, names_people } = now;
        let previous_key = Some(before.natural_key).filter(|key| *key != natural_key);
        let left = Some(before.place).filter(|place| *place != now.place).into_iter().collect();
        Self { natural_key, previous_key, municipality, school, left, names_people, ..self }
    }

    /// Where its record belongs.
    pub(crate) fn place(&self) -> Place {
        Place { municipality: self.municipality, school: self.school }
    }

    /// With its contents after the change.
    pub fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// With its contents before the change.
    pub fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// Of a municipality, or of something a municipality has.
    pub fn of_municipality(self, municipality: Option<MunicipalityId>) -> Self {
        Self { municipality, ..self }
    }
}

/// Rows of a multi-row insert; far below both databases' limit on bound values.
pub(crate) const BATCH: usize = 500;

/// Writes the records of all `changes`. Called last in a transaction: journal numbers are then taken in the order of
/// commit (see [`crate::dialect::order_journal`]).
pub(crate) fn write_all(db: &mut Db, origin: &Origin, at: Moment, changes: &[Change]) -> Result<()> {
    if changes.iter().any(|c| c.operation != Operation::Read) {
        dialect::order_journal(db)?;
    } else if !changes.is_empty() {
        dialect::order_audit(db)?;
    }
    for batch in changes.chunks(BATCH) {
        let audit: Vec<_> = batch
            .iter()
            .map(|c| {
                (
                    audit_log::at.eq(at),
                    audit_log::actor_kind.eq(origin.kind),
                    audit_log::actor_id.eq(origin.actor_id),
                    audit_log::actor.eq(&origin.actor),
                    audit_log::request_id.eq(&origin.request_id),
                    audit_log::action.eq(c.operation.as_str()),
                    audit_log::resource.eq(c.resource),
                    audit_log::resource_key.eq(&c.key),
                    audit_log::before.eq(c.before.as_ref().map(Value::to_string)),
                    audit_log::after.eq(c.after.as_ref().map(Value::to_string)),
                )
            })
            .collect();
        on_each!(db, c => diesel::insert_into(audit_log::table).values(&audit).execute(c))?;
    }
    journal::write_all(db, at, changes)
}
