//! Access: a handler that takes a [`Guard`] of a permission cannot be reached without it.

use crate::{
    error::ApiError, http::middleware::RequestId, limits, routes::contract::Published, state::State,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::AUTHORIZATION, web::Data};
use futures_util::{FutureExt, future::LocalBoxFuture};
use opora_db::Origin;
use opora_identity::{Actor, Permission, UserId};
use opora_primitives::{Area, Problem, ProblemCode};
use std::marker::PhantomData;

/// A permission as a type.
pub trait Need {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident)+) => { $(
        #[doc = concat!("The permission [`Permission::", stringify!($name), "`].")]
        pub struct $name;
        impl Need for $name { const PERMISSION: Permission = Permission::$name; }
    )+ };
}

needs! {
    ReadRegistry WriteRegistry ReadLists ReadStaff ReadSupport WriteSupport Import ReadJobs ReadMethodologies
    WriteMethodologies ReadVerdicts Identify ReadModels ReadAssignments Assign ReadIndicators ReadPlans ReadFacts WriteFacts DecideFacts ReadPassport
    WritePassport WriteActs ManageUsers ReadSelf
    ReadReports WriteReports AcceptReports ManageClients ReadToken ReadChanges ManageWebhooks ReadAudit
}

/// Proof that the caller holds a valid token and the permission `P`.
pub struct Guard<P: Need> {
    /// Who is asking.
    pub actor: Actor,
    /// On which request.
    pub request_id: String,
    need: PhantomData<P>,
}

impl<P: Need> Guard<P> {
    /// The part of the region the caller works for.
    pub fn area(&self) -> Area {
        self.actor.area
    }

    /// For the audit of what the caller writes.
    pub fn origin(&self) -> Origin {
        self.actor.origin(&self.request_id)
    }

    /// The caller as a user, for what a program does not do: be named as the author of a decision, have a session.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`] for a service client.
    pub fn user(&self) -> Result<UserId, ApiError> {
        self.actor.user().ok_or_else(|| people_only().into())
    }

    /// Refuses callers whose area is less than the region.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`].
    pub fn whole_region(&self) -> Result<(), ApiError> {
        if self.actor.area == Area::Region { Ok(()) } else { Err(region_only().into()) }
    }

    /// Refuses callers without another permission that what they ask for needs.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`] that names it.
    pub fn may(&self, permission: Permission) -> Result<(), ApiError> {
        if self.actor.may(permission) { Ok(()) } else { Err(Problem::lacking(permission.as_str()).into()) }
    }
}

/// What a program asks for and only a person may have.
pub fn people_only() -> Problem {
    Problem::new(
        ProblemCode::Forbidden,
        ("only for people, not for programs", "только для людей, не для программ"),
    )
}

/// What is asked for a part of the region and is there for the whole of it.
pub fn region_only() -> Problem {
    let words = ("only for who works for the whole region", "только для тех, кто работает со всем регионом");
    Problem::new(ProblemCode::Forbidden, words)
}

/// Proof that the caller holds the permission `P` and works for the whole region: for what concerns everybody.
pub struct Regional<P: Need>(pub Guard<P>);

impl<P: Need + 'static> FromRequest for Regional<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let guard = admit::<P>(&request).await?;
            guard.whole_region()?;
            check_parameters(&request).map(|()| Self(guard))
        }
        .boxed_local()
    }
}

impl<P: Need + 'static> FromRequest for Guard<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let guard = admit::<P>(&request).await?;
            check_parameters(&request).map(|()| guard)
        }
        .boxed_local()
    }
}

/// Who asks and may do `P`.
async fn admit<P: Need>(request: &HttpRequest) -> Result<Guard<P>, ApiError> {
    let actor = match bearer(request).await {
        Ok(actor) => actor,
        Err(refusal) => {
            // Whoever tries tokens is known by its address only.
            limits::charge_address(request)?;
            return Err(refusal);
        }
    };
    let (kind, id) = actor.key();
    tracing::Span::current().record("caller", format!("{} {id}", kind.as_str()));
    limits::charge_actor(request, &actor)?;
    if !actor.may(P::PERMISSION) {
        return Err(Problem::lacking(P::PERMISSION.as_str()).into());
    }
    Ok(Guard { actor, request_id: RequestId::of(request), need: PhantomData })
}

/// Holds the parameters to the contract, for whom the operation is open.
fn check_parameters(request: &HttpRequest) -> Result<(), ApiError> {
    match request.app_data::<Data<Published>>() {
        Some(published) => Ok(published.check_parameters(request)?),
        None => Ok(()),
    }
}

/// Who holds the bearer token of a request.
///
/// # Errors
/// No such token, one that is not valid, or one whose holder has no access.
pub async fn bearer(request: &HttpRequest) -> Result<Actor, ApiError> {
    let header = request.headers().get(AUTHORIZATION).ok_or(ProblemCode::MissingToken)?;
    let (scheme, token) =
        header.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(ProblemCode::InvalidToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ProblemCode::MissingToken.into());
    }
    let state = request.app_data::<Data<State>>().ok_or(ProblemCode::Internal)?;
    state.holder(token.trim(), &RequestId::of(request)).await
}
