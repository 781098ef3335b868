//! What the generator knows about a territory and a school before any file is written.

use chrono::NaiveDate;
use opora_primitives::AcademicYear;

/// Gives an enum its word in the import files.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            /// The word in the import files.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Kind of a school.
    Kind {
        Primary = "primary",
        Basic = "basic",
        Secondary = "secondary",
        Gymnasium = "gymnasium",
        Lyceum = "lyceum",
        Evening = "evening",
        Boarding = "boarding",
        Correctional = "correctional",
    }
}

impl Kind {
    /// The grades it teaches, first and last.
    pub(crate) fn grades(self) -> (u32, u32) {
        match self {
            Self::Primary => (1, 4),
            Self::Basic | Self::Correctional => (1, 9),
            Self::Evening => (9, 11),
            Self::Secondary | Self::Gymnasium | Self::Lyceum | Self::Boarding => (1, 11),
        }
    }
}

words! {
    /// Who founded a school.
    Founder { Municipal = "municipal", State = "state", Private = "private", }
}

words! {
    /// Designations by an act.
    Designation {
        Pilot = "M1",
        Wave1 = "M2_wave1",
        Wave2 = "M2_wave2",
        HighResult = "high_result",
        Innovation = "innovation_platform",
    }
}

/// How a school's results are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Around and above 30 % below the minimum: low by rule.
    Low,
    /// Some procedures between 20 and 30 %.
    Risk,
    /// The bulk of the region.
    Ordinary,
    /// Nearly nobody below the minimum, top marks.
    High,
    /// As [`Self::High`], in a poor social context.
    Resilient,
    /// VPR far better than the exams: the bias flag.
    Inflated,
}

/// What the facts (or the generator) require of one school of a municipality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// On the list of 2020, perhaps designated to M1 or M2.
    Listed(Option<Designation>),
    /// On the list of 2020, merged into another school after the last year (decision 4).
    ListedReorganised,
    /// Designated high-result.
    High,
    /// Innovation platform of the institute.
    Innovation,
    /// Closed before the second year.
    Closed,
    /// Merged into another school before the third year.
    Reorganised,
    /// Founded privately.
    Private,
    /// Anything else.
    Plain,
}

/// A territory that runs schools, or a city whose districts do.
#[derive(Clone, Debug)]
pub(crate) struct Municipality {
    pub(crate) oktmo: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// OKTMO of the city a district belongs to.
    pub(crate) parent: Option<String>,
    /// Number of schools.
    pub(crate) schools: usize,
    /// Thousandths of schools in towns.
    pub(crate) urban: u32,
    pub(crate) listed: usize,
    pub(crate) pilot: usize,
    pub(crate) wave1: usize,
    pub(crate) wave2: usize,
    pub(crate) high: usize,
    pub(crate) innovation: usize,
}

impl Municipality {
    /// The designations that hold for the authority itself, not only for its schools.
    pub(crate) fn designations(&self) -> impl Iterator<Item = Designation> {
        [(self.pilot, Designation::Pilot), (self.wave1, Designation::Wave1), (self.wave2, Designation::Wave2)]
            .into_iter()
            .filter(|(schools, _)| *schools > 0)
            .map(|(_, designation)| designation)
    }
}

/// How a school ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) on: NaiveDate,
    /// Code of the school that took over; `None`: closed without one.
    pub(crate) successor: Option<u32>,
}

/// A school: small, because a country of them is held in memory.
#[derive(Clone, Debug)]
pub(crate) struct School {
    pub(crate) code: u32,
    /// Index of the municipality; `None` for a state school (decision 16).
    pub(crate) municipality: Option<usize>,
    /// Its number in its municipality, for the name.
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    pub(crate) urban: bool,
    pub(crate) founder: Founder,
    pub(crate) opened: NaiveDate,
    pub(crate) ending: Option<Ending>,
    pub(crate) listed: bool,
    pub(crate) designation: Option<Designation>,
    pub(crate) profile: Profile,
    /// Usual share below the minimum, thousandths.
    pub(crate) share: u32,
    /// Strength of the results of those who passed, 0..1000.
    pub(crate) strength: u32,
    /// How adverse the social context is, 0..1000.
    pub(crate) adversity: u32,
    pub(crate) pupils: u32,
}

impl School {
    /// Whether the school taught through the whole of `year`.
    pub(crate) fn taught_in(&self, year: AcademicYear) -> bool {
        self.opened <= year.first_day() && self.ending.is_none_or(|ending| ending.on >= year.last_day())
    }

    /// The word for its status in the import files.
    pub(crate) fn status(&self) -> &'static str {
        match self.ending {
            None => "open",
            Some(Ending { successor: None, .. }) => "closed",
            Some(Ending { successor: Some(_), .. }) => "reorganised",
        }
    }
}
