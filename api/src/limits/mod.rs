//! How many requests a caller may send: a user or a client with a token, an address without one. Counted in memory; nodes
//! of one database tell each other about busy callers once a second (`exchange`), so that a limit holds over all of them.

mod exchange;
mod networks;
pub mod places;
mod rules;

pub use exchange::exchange;
pub use networks::Networks;
pub use rules::{Standing, WINDOW};

use crate::{config::Config, error::ApiError, oauth::INTROSPECTION_PATH, state::State};
use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    web::Data,
};
use opora_db::ActorKind;
use opora_identity::Actor;
use opora_primitives::{Problem, ProblemCode};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// What a limited answer tells (draft-ietf-httpapi-ratelimit-headers), with the contract's words for it.
pub const HEADERS: [(&str, &str); 2] = [
    (
        "RateLimit-Policy",
        "Which limit holds, how many requests (`q`) it allows and in how many seconds (`w`)",
    ),
    ("RateLimit", "Requests left (`r`) and seconds until this minute ends (`t`)"),
];

/// Whether requests to `path` are counted: not the state of the installation, its documents and its keys.
pub fn is_limited(path: &str) -> bool {
    ["/api/", "/oauth/", "/feeds/"].iter().any(|prefix| path.starts_with(prefix))
}

/// Whether `path` asks for no access token, so that only the address tells who asks.
fn is_open(path: &str) -> bool {
    const OPEN: [&str; 5] =
        ["/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/public/", "/oauth/", "/feeds/"];
    path != INTROSPECTION_PATH && OPEN.iter().any(|prefix| path.starts_with(prefix))
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user or a client, by the id of its row.
    Actor(ActorKind, i64),
    /// Whoever comes from an address, of IPv6 from a network of 64 bits, which one household has.
    Address(IpAddr),
    /// Whoever comes from addresses for which there is no more place.
    Crowd,
}

impl Caller {
    fn of_address(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
            v4 => v4,
        })
    }

    fn policy(self) -> &'static str {
        match self {
            Self::Actor(ActorKind::Client, _) => "client",
            Self::Actor(..) => "user",
            _ => "address",
        }
    }
}

/// Requests of a caller in the last minute and in this one.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// What its caller may send in a minute.
    limit: u64,
    minute: i64,
    mine: [u64; 2],
    others: [u64; 2],
}

impl Tally {
    /// Brings it to `minute`.
    fn roll(&mut self, minute: i64) {
        match minute - self.minute {
            0 => {}
            1 => {
                for pair in [&mut self.mine, &mut self.others] {
                    *pair = [pair[1], 0];
                }
            }
            _ => (self.mine, self.others) = Default::default(),
        }
        self.minute = minute;
    }

    /// Where its caller stands at `now`, in seconds since 1970.
    fn judge(&mut self, now: u64) -> Standing {
        self.roll((now / WINDOW) as i64);
        let (before, count) = (self.mine[0] + self.others[0], self.mine[1] + self.others[1]);
        rules::judge(self.limit, before, count, now % WINDOW)
    }
}

const SHARDS: usize = 16;

/// Callers that one shard holds; addresses beyond are counted together.
const MOST: usize = 8192;

/// Who has asked how often.
pub struct Limiter {
    shards: [Mutex<HashMap<Caller, Tally>>; SHARDS],
    actors: u64,
    addresses: u64,
    trusted: Networks,
}

impl Limiter {
    /// Limits as configured.
    pub fn new(config: &Config) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            actors: config.rate_limit.into(),
            addresses: config.rate_limit_anonymous.into(),
            trusted: Networks::parse(&config.trusted_proxies).unwrap_or_default(),
        }
    }

    fn limit(&self, caller: Caller) -> u64 {
        if matches!(caller, Caller::Actor(..)) { self.actors } else { self.addresses }
    }

    fn shard(&self, caller: Caller) -> MutexGuard<'_, HashMap<Caller, Tally>> {
        let mut hasher = DefaultHasher::new();
        caller.hash(&mut hasher);
        let shard = &self.shards[hasher.finish() as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request of `caller` at `now`, in seconds since 1970, if it is let in; `own` is its limit, if that was said
    /// of it alone. Nothing where no limit holds.
    fn charge(&self, caller: Caller, own: Option<u32>, now: u64) -> Option<Standing> {
        let limit = own.map_or_else(|| self.limit(caller), u64::from);
        if limit == 0 {
            return None;
        }
        let mut shard = self.shard(caller);
        let is_new = !shard.contains_key(&caller);
        if is_new && shard.len() >= MOST && matches!(caller, Caller::Address(_)) {
            drop(shard);
            return self.charge(Caller::Crowd, None, now);
        }
        let tally = shard.entry(caller).or_default();
        tally.limit = limit;
        let standing = tally.judge(now);
        // Who is refused is not counted, or would never be let in again.
        tally.mine[1] += u64::from(standing.is_good());
        Some(standing)
    }

    /// Where `caller` stands at `now`, if it was counted before; nothing is counted.
    fn standing(&self, caller: Caller, now: u64) -> Option<Standing> {
        self.shard(caller).get_mut(&caller).map(|tally| tally.judge(now))
    }
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs())
}

/// The address that `request` comes from, through the proxies that are trusted.
pub fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    let state = request.app_data::<Data<State>>()?;
    networks::origin(request, &state.limiter.trusted)
}

/// What a request was told of its limit.
#[derive(Clone, Copy)]
struct Told(Caller, Standing);

/// Counts a request that no access token will speak for.
///
/// # Errors
/// [`ProblemCode::TooManyRequests`].
pub fn charge_stranger(request: &HttpRequest) -> Result<(), ApiError> {
    let has_token = request.headers().contains_key("authorization") && !is_open(request.path());
    if has_token || !is_limited(request.path()) { Ok(()) } else { charge_address(request) }
}

/// Counts a request for its address.
///
/// # Errors
/// [`ProblemCode::TooManyRequests`].
pub fn charge_address(request: &HttpRequest) -> Result<(), ApiError> {
    let told = request.extensions().get::<Told>().is_some();
    match address_of(request) {
        Some(address) if !told => charge(request, Caller::of_address(address), None),
        _ => Ok(()),
    }
}

/// Refuses a request from an address that has none left, before it is known whom the request counts for.
///
/// # Errors
/// [`ProblemCode::TooManyRequests`].
pub fn admit_address(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(state) = request.app_data::<Data<State>>() else { return Ok(()) };
    let Some(caller) = address_of(request).map(Caller::of_address) else { return Ok(()) };
    match state.limiter.standing(caller, now()) {
        Some(standing) if !standing.is_good() => told(request, caller, standing),
        _ => Ok(()),
    }
}

/// Counts a request for who holds its token.
///
/// # Errors
/// [`ProblemCode::TooManyRequests`].
pub fn charge_actor(request: &HttpRequest, actor: &Actor) -> Result<(), ApiError> {
    let (kind, id) = actor.key();
    charge(request, Caller::Actor(kind, id), actor.rate_limit())
}

/// Counts a request for `caller`, who has proved without an access token of its own who it is, unless it was counted for
/// its address before that was known; `own` is the caller's limit, if that was said of it alone.
///
/// # Errors
/// [`ProblemCode::TooManyRequests`].
pub fn charge_known(
    request: &HttpRequest,
    (kind, id): (ActorKind, i64),
    own: Option<u32>,
) -> Result<(), ApiError> {
    let told = request.extensions().get::<Told>().is_some();
    if told { Ok(()) } else { charge(request, Caller::Actor(kind, id), own) }
}

fn charge(request: &HttpRequest, caller: Caller, own: Option<u32>) -> Result<(), ApiError> {
    let Some(state) = request.app_data::<Data<State>>() else { return Ok(()) };
    let Some(standing) = state.limiter.charge(caller, own, now()) else { return Ok(()) };
    told(request, caller, standing)
}

fn told(request: &HttpRequest, caller: Caller, standing: Standing) -> Result<(), ApiError> {
    request.extensions_mut().insert(Told(caller, standing));
    if standing.is_good() {
        return Ok(());
    }
    let limit = standing.limit;
    let words = (
        format!("{limit} requests in {WINDOW} seconds"),
        format!("запросов за {WINDOW} с: не более {limit}"),
    );
    Err(Problem::new(ProblemCode::TooManyRequests, words).into())
}

/// Tells in `headers` where the sender of `request` stands.
pub fn tell(request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(Told(caller, standing)) = request.extensions().get::<Told>().copied() else { return };
    let policy = caller.policy();
    let Standing { limit, left, reset, wait } = standing;
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put(HeaderName::from_static("ratelimit-policy"), format!("\"{policy}\";q={limit};w={WINDOW}"));
    put(HeaderName::from_static("ratelimit"), format!("\"{policy}\";r={left};t={reset}"));
    if wait > 0 {
        put(RETRY_AFTER, wait.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(&Config { rate_limit: 5, rate_limit_anonymous: 2, ..Config::default() })
    }

    #[test]
    fn each_caller_is_counted_for_itself() {
        let limiter = limiter();
        let (user, client) = (Caller::Actor(ActorKind::User, 1), Caller::Actor(ActorKind::Client, 1));
        for _ in 0..5 {
            assert!(limiter.charge(user, None, 600).unwrap().is_good());
        }
        assert!(!limiter.charge(user, None, 600).unwrap().is_good());
        assert!(limiter.charge(client, None, 600).unwrap().is_good());
        // Two minutes on nothing of it counts.
        assert_eq!(limiter.charge(user, None, 720).unwrap().left, 4);
    }

    #[test]
    fn a_client_may_have_a_limit_of_its_own() {
        let limiter = limiter();
        let client = |id| Caller::Actor(ActorKind::Client, id);
        assert_eq!(limiter.charge(client(1), Some(100), 600).unwrap().left, 99);
        assert_eq!(limiter.charge(client(2), Some(1), 600).unwrap().left, 0);
        assert!(!limiter.charge(client(2), Some(1), 601).unwrap().is_good());
        assert_eq!(limiter.charge(client(3), None, 600).unwrap().left, 4);
    }

    #[test]
    fn addresses_are_bounded() {
        let limiter = limiter();
        for n in 0..(2 * SHARDS * MOST) as u32 {
            limiter.charge(Caller::of_address(IpAddr::V4(n.into())), None, 600);
        }
        let held: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= SHARDS * MOST + 1, "{held}");
        let (one, two) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        assert_eq!(Caller::of_address(one), Caller::of_address(two));
    }

    #[test]
    fn off_is_off() {
        let limiter = Limiter::new(&Config { rate_limit: 0, rate_limit_anonymous: 0, ..Config::default() });
        assert_eq!(limiter.charge(Caller::Actor(ActorKind::User, 1), None, 600), None);
        assert_eq!(limiter.charge(Caller::Crowd, None, 600), None);
    }
}
