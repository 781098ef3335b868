//! Roles, and what each may do. What a role is not given here it may not do.

use opora_primitives::Reason;
use serde::{Serialize, Serializer};

opora_primitives::word_type!(
    /// The part a user plays in the system of support.
    Role {
        /// Runs the installation: users, keys, imports, repairs of the registry. Runs no identification, assigns nobody.
        Admin = "admin", "администратор";
        /// The ministry: reads all aggregates, sees people only as counts.
        Ministry = "ministry", "министерство";
        /// The supervision department of the ministry.
        Supervision = "supervision", "управление по контролю и надзору";
        /// The institute of education development: runs, monitors, decides (decision 17).
        Institute = "institute", "институт развития образования";
        /// A municipal education authority, within its municipality.
        Municipality = "municipality", "муниципальный орган управления образованием";
        /// A school, within itself.
        School = "school", "общеобразовательная организация";
        /// An expert who reviews documents.
        Expert = "expert", "эксперт";
        /// A reader of the registry and of the indicators.
        Reader = "reader", "читатель";
    }
);

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $variant:ident = $word:literal: $($role:ident)+;)+) => {
        /// One thing that may be allowed. The words double as OAuth scopes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum Permission { $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)+ }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant),+];

            /// Its word: `resource:action`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $word,)+ }
            }

            /// What it allows.
            pub fn meaning(self) -> &'static str {
                str::trim(match self { $(Permission::$variant => concat!($($doc),*),)+ })
            }

            /// Whether `role` has it.
            pub const fn given_to(self, role: Role) -> bool {
                match self { $(Permission::$variant => matches!(role, $(Role::$role)|+),)+ }
            }
        }
    };
}

permissions! {
    /// Municipalities, schools, contexts, results, designations.
    ReadRegistry = "registry:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// Create, change and remove records of the registry by hand; only of use to who works for the whole region.
    WriteRegistry = "registry:write": Admin Institute;
    /// The list of low-result schools: not public by default.
    ReadLists = "lists:read": Admin Ministry Supervision Institute Municipality School Expert;
    /// People of a school, by name: personal data, each reading is logged.
    ReadStaff = "staff:read": Admin Institute Municipality School;
    /// Methodical support of people: personal data, only together with `staff:read`, each reading is logged.
    ReadSupport = "support:read": Admin Institute Municipality School;
    /// Record methodical support by hand, within one's area.
    WriteSupport = "support:write": Admin Institute Municipality;
    /// Load files; within a municipality only what concerns its own schools.
    Import = "imports:write": Admin Institute Municipality;
    /// Imports and jobs one has asked for.
    ReadJobs = "jobs:read": Admin Ministry Institute Municipality;
    /// Methodologies.
    ReadMethodologies = "methodologies:read": Admin Ministry Supervision Institute Municipality School Expert;
    /// Draft and publish methodologies.
    WriteMethodologies = "methodologies:write": Institute;
    /// Identification runs and verdicts.
    ReadVerdicts = "verdicts:read": Admin Ministry Supervision Institute Municipality School Expert;
    /// Start an identification run.
    Identify = "identification:run": Institute;
    /// The seven models.
    ReadModels = "models:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// Proposals and assignments; those that name people only together with `staff:read`.
    ReadAssignments = "assignments:read": Admin Ministry Supervision Institute Municipality School Expert;
    /// Run the rules, confirm and decline proposals, pause and end assignments.
    Assign = "assignments:write": Institute;
    /// Target indicators as numbers.
    ReadIndicators = "indicators:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// Facts about the activities of a plan and their evidence, which may name people.
    ReadFacts = "facts:read": Ministry Supervision Institute Municipality School;
    /// Enter facts and attach evidence, within one's own area.
    WriteFacts = "facts:write": Ministry Supervision Institute Municipality School;
    /// Confirm and decline facts.
    DecideFacts = "facts:decide": Institute;
    /// The passport: its stages, the working group with its members by name, normative acts.
    ReadPassport = "passport:read": Admin Ministry Supervision Institute Municipality Expert;
    /// Change the stages of the passport and the working group.
    WritePassport = "passport:write": Institute;
    /// Record normative acts.
    WriteActs = "acts:write": Ministry Institute;
    /// Plans of support, their versions and the status of their activities.
    ReadPlans = "plans:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// The change feed, as far as one may read what has changed.
    ReadChanges = "changes:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// Webhooks of one's own: be told of changes that one may read. An administrator sees everybody's.
    ManageWebhooks = "webhooks:manage": Admin Institute Municipality;
    /// Half-yearly reports and analytical notes; only of use to who works for the whole region.
    ReadReports = "reports:read": Admin Ministry Supervision Institute;
    /// Draft, write and submit reports and notes.
    WriteReports = "reports:write": Institute;
    /// Accept reports and notes, or give them back.
    AcceptReports = "reports:accept": Ministry;
    /// Users of the system.
    ManageUsers = "users:manage": Admin;
    /// Service clients: their scopes, secrets and end.
    ManageClients = "clients:manage": Admin;
    /// The audit log: who changed what, and who read what about people.
    ReadAudit = "audit:read": Admin;
    /// Ask what any token is and may do; of one's own everybody may.
    Introspect = "tokens:introspect": Admin;
    /// What one's own token is and may do.
    ReadToken = "token:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
    /// One's own session.
    ReadSelf = "self:read": Admin Ministry Supervision Institute Municipality School Expert Reader;
}

impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let words: Vec<String> =
            Self::ALL.iter().map(|p| format!("`{}`: {}", p.as_str(), p.meaning())).collect();
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|p| p.as_str())))
            .description(Some(format!("One thing that may be allowed.\n\n{}", words.join(" "))))
            .into()
    }
}

impl utoipa::ToSchema for Permission {}

impl std::str::FromStr for Permission {
    type Err = Reason;
    fn from_str(word: &str) -> Result<Self, Reason> {
        Self::ALL.iter().copied().find(|p| p.as_str() == word).ok_or(Reason::UnknownValue)
    }
}

impl Permission {
    /// What a service client may be given, and a token's scope name. A permission that does not stand here is reserved
    /// to people: what a body answers for (decisions, facts, reports, acts, methodologies) and the system's own users,
    /// clients and sessions (D140).
    pub const FOR_CLIENTS: &'static [Permission] = &[
        Self::ReadRegistry,
        Self::WriteRegistry,
        Self::ReadLists,
        Self::ReadStaff,
        Self::ReadSupport,
        Self::WriteSupport,
        Self::Import,
        Self::ReadJobs,
        Self::ReadMethodologies,
        Self::ReadVerdicts,
        Self::ReadModels,
        Self::ReadAssignments,
        Self::ReadIndicators,
        Self::ReadFacts,
        Self::ReadPassport,
        Self::ReadPlans,
        Self::ReadReports,
        Self::ReadChanges,
        Self::ManageWebhooks,
        Self::Introspect,
    ];

    /// Whether it shows or changes data about people by name: a token has it only if it was asked for by name.
    pub const fn names_people(self) -> bool {
        matches!(
            self,
            Self::ReadStaff | Self::ReadSupport | Self::WriteSupport | Self::ReadFacts | Self::ReadPassport
        )
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// What `role` may do.
    pub fn of(role: Role) -> Self {
        Permission::ALL.iter().copied().filter(|p| p.given_to(role)).collect()
    }

    /// Whether `permission` is in it.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & 1 << permission as u32 != 0
    }

    /// Whether all of it is in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// What of `words` is known here: a word that an earlier or later version wrote allows nothing.
    pub fn known(words: &str) -> Self {
        words.split(' ').filter_map(|word| word.parse::<Permission>().ok()).collect()
    }

    /// Its members, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(members: I) -> Self {
        Self(members.into_iter().fold(0, |set, p| set | 1 << p as u32))
    }
}

// The words parted by spaces, as OAuth writes a scope (RFC 6749, 3.3).
impl std::fmt::Display for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.iter().map(Permission::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl std::str::FromStr for Permissions {
    type Err = Reason;
    fn from_str(words: &str) -> Result<Self, Reason> {
        words.split(' ').filter(|word| !word.is_empty()).map(str::parse::<Permission>).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_reads_its_own_words() {
        assert!(Permission::ALL.len() <= 64);
        let set: Permissions = [Permission::ReadStaff, Permission::ReadRegistry].into_iter().collect();
        assert_eq!(set.to_string(), "registry:read staff:read");
        assert_eq!("staff:read  registry:read".parse(), Ok(set));
        assert_eq!("staff:read nothing:read".parse::<Permissions>(), Err(Reason::UnknownValue));
        assert!(set.within(Permissions::of(Role::School)) && !set.within(Permissions::of(Role::Expert)));
        assert!(!set.has(Permission::Import) && Permissions::default().within(set));
    }

    #[test]
    fn what_manages_the_system_or_decides_is_for_people() {
        for reserved in ["users:", "clients:", "self:", ":decide", ":accept", ":run"] {
            assert!(Permission::FOR_CLIENTS.iter().all(|p| !p.as_str().contains(reserved)), "{reserved}");
        }
    }
}
