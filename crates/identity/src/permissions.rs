//! Roles, and what each may do. What a role is not given here it may not do.

use serde::Serialize;

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
    /// Create, change and remove records of the registry by hand.
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
    /// Half-yearly reports and analytical notes.
    ReadReports = "reports:read": Admin Ministry Supervision Institute;
    /// Draft, write and submit reports and notes.
    WriteReports = "reports:write": Institute;
    /// Accept reports and notes, or give them back.
    AcceptReports = "reports:accept": Ministry;
    /// Users of the system.
    ManageUsers = "users:manage": Admin;
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

impl Permission {
    /// What `role` may do.
    pub fn of(role: Role) -> Vec<Permission> {
        Self::ALL.iter().copied().filter(|p| p.given_to(role)).collect()
    }
}
