//! The audit log: who did what, as the administrator reads it, and whether it is still as it was written. Reading it shows
//! people, so that is recorded too.

use crate::{
    auth::{Guard, ReadAudit, Regional},
    error::{Answer, ApiError},
    files::{
        audit_log::{self, LogFormat},
        outlet,
    },
    http::{
        accept::chosen,
        answer::{Items, next_page, page},
        extract::{Query, list_query, require, searchable},
    },
    state::{State, off_thread},
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use opora_db::{
    Operation, Tx,
    audit::{
        self, AuditEntry, AuditEntryId, Filter, Head,
        seal::{self, settled},
        verify::{self, AuditFinding, Verification},
    },
};
use opora_primitives::{Cursor, Moment, Problem, Reason};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations of this file.
pub fn register(config: &mut ServiceConfig) {
    config.service(list).service(get).service(export).service(verify_chain);
}

/// Declares query parameters: which entries are wanted, and what else is asked for.
macro_rules! log_query {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// Only entries about this resource, by its name in the entries.
            #[param(min_length = 1, max_length = 200, example = "schools")]
            resource: Option<String>,
            /// Only entries about the record with this id; together with `resource`.
            #[param(min_length = 1, max_length = 200, example = "17")]
            key: Option<String>,
            /// Only what this actor did: a login, the public id of a client, or `system`.
            #[param(min_length = 1, max_length = 200, example = "institute")]
            actor: Option<String>,
            /// Only entries about this kind of action.
            action: Option<Operation>,
            /// Only entries that this request made.
            #[param(min_length = 1, max_length = 200, example = "64a1f0c2b7e3-1f")]
            request_id: Option<String>,
            /// Only entries made at this instant or later.
            #[param(example = "2020-12-01T00:00:00Z")]
            from: Option<Moment>,
            /// Only entries made before this instant.
            #[param(example = "2021-01-01T00:00:00Z")]
            to: Option<Moment>,
            $($(#[$fmeta])* $field: $type,)*
        }

        impl $name {
            fn filter(&self) -> Result<Filter, Problem> {
                checked(Filter {
                    resource: self.resource.clone(),
                    key: self.key.clone(),
                    actor: self.actor.clone(),
                    action: self.action,
                    request_id: self.request_id.clone(),
                    from: self.from,
                    to: self.to,
                })
            }
        }
    };
}

log_query! {
    /// Which entries are wanted, and where in the list.
    AuditQuery {
        /// The greatest number of items on the page.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit: Option<u16>,
        /// Where the page starts: taken from the `Link` of the page before.
        cursor: Option<String>,
    }
}

log_query! {
    /// Which entries are wanted, and in which format.
    AuditExportQuery {
        /// The format of the file; by `Accept` unless given, CSV if that takes any.
        #[param(pattern = "^(csv|ndjson)$", example = "ndjson")]
        format: Option<String>,
    }
}

list_query! {
    /// What the chain is compared with, and where reading begins.
    AuditVerificationQuery {
        /// A head that was kept elsewhere, `BLOCK:HASH`: whether the chain leads there.
        #[param(pattern = "^[0-9]{1,18}:[0-9a-f]{64}$", example = "1:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
        head: String,
    }
}

fn checked(filter: Filter) -> Result<Filter, Problem> {
    let Filter { resource, key, actor, request_id, .. } = &filter;
    let texts = [("resource", resource), ("key", key), ("actor", actor), ("request_id", request_id)];
    texts.iter().try_for_each(|(name, text)| searchable(name, text.as_ref()))?;
    require("key", key.as_ref(), Reason::Contradiction, |_| resource.is_some())?;
    Ok(filter)
}

/// An entry with what it is sealed by.
#[derive(Serialize, ToSchema)]
pub struct SealedAuditEntry {
    /// The entry.
    #[serde(flatten)]
    entry: AuditEntry,
    /// The block that holds it; none in its first second or so.
    seal: Option<Head>,
}

/// How the audit log is.
#[derive(Serialize, ToSchema)]
pub struct AuditVerification {
    /// Whether nothing is wrong in the blocks that were read, nor with the head that was sent.
    holds: bool,
    /// How many blocks were read.
    #[schema(minimum = 0, example = 12)]
    blocks: usize,
    /// How many entries they hold.
    #[schema(minimum = 0, example = 10532)]
    entries: u64,
    /// The last block that was read.
    upto: Option<Head>,
    /// The last block there is: keep it elsewhere, so that what is cut off can be noticed.
    head: Option<Head>,
    /// Entries that wait for a seal.
    #[schema(minimum = 0, example = 0)]
    unsealed: i64,
    /// What is wrong, at most a hundred findings.
    findings: Vec<AuditFinding>,
    /// How many findings there are besides.
    #[schema(minimum = 0, example = 0)]
    more_findings: u64,
}

/// Records that the caller was given part of the log. If that cannot be recorded it is not given.
async fn given(state: &State, guard: &Guard<ReadAudit>, filter: Filter, what: Value) -> Result<(), ApiError> {
    let note = move |tx: &mut Tx| {
        audit::note_reading(tx, &filter, what.clone());
        Ok(())
    };
    state.write(guard.origin(), note).await
}

/// List the audit log
///
/// The newest first: every change with the contents before and after, and every reading or export of personal data. What
/// this page shows is recorded as a reading itself.
#[utoipa::path(operation_id = "list_audit_entries", tag = "audit", params(AuditQuery), security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "A page of entries", body = Items<AuditEntry>, headers(("Link" = String, description = "The next page")))))]
#[get("/audit-log")]
async fn list(
    Regional(guard): Regional<ReadAudit>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<AuditQuery>,
) -> Answer {
    let (filter, limit) = (query.filter()?, opora_primitives::Limit::new(query.limit)?);
    let (asked, cursor) = (filter.clone(), query.cursor);
    let found = state.read(move |db| audit::list(db, &filter, limit, cursor.as_deref())).await?;
    if let (Some(newest), Some(oldest)) = (found.items.first(), found.items.last()) {
        let what = json!({"entries": found.items.len(), "from": oldest.id, "to": newest.id});
        given(&state, &guard, asked, what).await?;
    }
    page(&request, found)
}

/// Get an entry of the audit log
///
/// With the block that seals it. The reading is recorded.
#[utoipa::path(operation_id = "get_audit_entry", tag = "audit", params(("id" = AuditEntryId, Path, description = "The entry's id")), security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "The entry", body = SealedAuditEntry)))]
#[get("/audit-log/{id}")]
async fn get(Regional(guard): Regional<ReadAudit>, state: Data<State>, id: Path<AuditEntryId>) -> Answer {
    let id = id.into_inner();
    let read = move |db: &mut opora_db::Db| Ok((audit::find(db, id)?, seal::of_entry(db, id)?));
    let (entry, seal) = state.read(read).await?;
    given(&state, &guard, Filter::default(), json!({"entries": 1, "from": id, "to": id})).await?;
    Ok(HttpResponse::Ok().json(SealedAuditEntry { entry, seal: seal.map(|seal| seal.head()) }))
}

/// Export the audit log
///
/// The entries that are wanted as one file, the oldest first: CSV for people, or a line of JSON for each entry, with the
/// fields of the list. It holds what had been written when it was asked for, is sent while it is read and has no length.
/// The export is recorded before its first byte is sent.
#[utoipa::path(operation_id = "export_audit_log", tag = "audit", params(AuditExportQuery), security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "The file", headers(("Content-Disposition" = String, description = "The name of the file")),
        content((String = "text/csv", example = "Запись;Время (UTC);Вид участника;Номер участника;Участник;Запрос;Действие;Ресурс;Ключ;Было;Стало\r\n"),
            (String = "application/x-ndjson", example = "{\"id\":1,\"at\":\"2020-12-15T09:30:00Z\",\"actor_kind\":\"user\",\"actor_id\":4,\"actor\":\"institute\",\"request_id\":\"64a1f0c2b7e3-1f\",\"action\":\"create\",\"resource\":\"sessions\",\"key\":\"1\",\"before\":null,\"after\":null}\n")))))]
#[get("/exports/audit-log")]
async fn export(
    Regional(guard): Regional<ReadAudit>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<AuditExportQuery>,
) -> Answer {
    let (filter, format) = (query.filter()?, chosen(&request, query.format.as_deref(), &LogFormat::ALL)?);
    let place = state.exports.take(&guard.actor)?;
    let database = state.database.clone();
    let upto = off_thread(move || settled(&database)).await?;
    given(&state, &guard, filter.clone(), json!({"format": format.to_string(), "to": upto})).await?;
    let database = state.database.clone();
    outlet::answer(format.content_type(), &format!("audit-log.{format}"), move |outlet| {
        let _place = place;
        audit_log::write(&database, &filter, upto, format, outlet)
    })
    .await
}

/// Verify the audit log
///
/// Reads blocks of the chain, as many as `limit` says, from the first on, and compares every entry with its seal: entries
/// that were changed, removed or put in between, and seals that were changed, removed or made anew. `Link` leads to the next
/// blocks. Entries are sealed within a second or so. That the end of the chain was cut off or written anew shows only
/// against a head that was kept elsewhere: send it as `head`. Shows no entry, so it is not recorded.
#[utoipa::path(operation_id = "verify_audit_log", tag = "audit", params(AuditVerificationQuery), security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "What was found", body = AuditVerification, headers(("Link" = String, description = "The next blocks")))))]
#[get("/audit-verification")]
async fn verify_chain(
    Regional(guard): Regional<ReadAudit>,
    request: HttpRequest,
    state: Data<State>,
    Query(query): Query<AuditVerificationQuery>,
) -> Answer {
    const SCOPE: &str = "audit verification";
    let limit = query.limit()?;
    let kept = query.head.as_deref().map(str::parse::<Head>).transpose();
    require("head", kept.as_ref().err(), Reason::WrongFormat, |_| false)?;
    let after = query.cursor.as_deref().map(|c| Cursor::decode::<i64>(SCOPE, c)).transpose()?.unwrap_or(0);
    let place = state.exports.take(&guard.actor)?;
    let database = state.database.clone();
    let found = off_thread(move || {
        let _place = place;
        AuditVerification::new(&database, after, limit.get(), kept.ok().flatten())
    })
    .await?;
    let next = found.upto.as_ref().filter(|upto| found.head.as_ref() != Some(upto));
    let next = next.map(|upto| Cursor::encode(SCOPE, &upto.block));
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = next {
        response.insert_header(next_page(&request, &cursor));
    }
    Ok(response.json(found))
}

impl AuditVerification {
    fn new(
        database: &opora_db::Database,
        after: i64,
        most: usize,
        kept: Option<Head>,
    ) -> opora_db::Result<Self> {
        let Verification { blocks, entries, upto, findings } = verify::verify(database, after, most)?;
        let (head, unsealed) = database.read(|db| Ok((seal::last(db)?, verify::unsealed(db)?)))?;
        let strayed = kept.map(|kept| database.read(|db| verify::against(db, &kept))).transpose()?.flatten();
        let more_findings = findings.more;
        let findings: Vec<_> = strayed.into_iter().chain(findings.told).collect();
        let (holds, head) = (findings.is_empty(), head.map(|seal| seal.head()));
        Ok(Self { holds, blocks, entries, upto, head, unsealed, findings, more_findings })
    }
}
