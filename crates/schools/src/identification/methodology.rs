//! The document of a methodology: every threshold of `docs/methodology.md`, with its default and its limits.

use crate::types::{Assessment, SchoolKind};
use opora_primitives::{Flaw, Reason, word_type};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares a group of whole-number thresholds: fields, defaults, limits of the schema and the check of these limits.
macro_rules! thresholds {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$fmeta:meta])* $field:ident: $type:ty = $default:tt, $least:tt to $most:tt;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$fmeta])* #[schema(minimum = $least, maximum = $most, default = $default)] pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl $name {
            fn check(&self, at: &str, flaws: &mut Vec<Flaw>) {
                $(within(flaws, &format!("{at}/{}", stringify!($field)), self.$field.into(), $least, $most);)+
            }
        }
    };
}

fn within(flaws: &mut Vec<Flaw>, pointer: &str, value: u32, least: u32, most: u32) {
    if !(least..=most).contains(&value) {
        flaws.push(Flaw::at(pointer, Reason::OutOfRange));
    }
}

word_type!(
    /// Whom a school is compared with.
    ComparisonGroup {
        /// All schools of the region.
        Region = "region", "Все школы региона";
        /// Schools of the region in the same kind of locality.
        SameLocality = "same_locality", "Школы региона в населённых пунктах того же типа";
    }
);

word_type!(
    /// An indicator of the social conditions of a school.
    SocialIndicator {
        /// Both parents have higher education.
        BothParentsHigher = "both_parents_higher", "Оба родителя с высшим образованием";
        /// One-parent family.
        OneParent = "one_parent", "Неполная семья";
        /// Low income.
        LowIncome = "low_income", "Малообеспеченная семья";
        /// A parent is out of work.
        ParentOutOfWork = "parent_out_of_work", "Безработный родитель";
        /// On a preventive register.
        OnRegister = "on_register", "Профилактический учёт";
        /// Special educational needs.
        SpecialNeeds = "special_needs", "Ограниченные возможности здоровья";
        /// Russian is not the home language.
        NonNativeLanguage = "non_native_language", "Русский язык не родной";
        /// Wards of the state.
        Wards = "wards", "Дети под опекой";
        /// Housing without amenities.
        PoorHousing = "poor_housing", "Неблагоустроенное жильё";
        /// The school stands in a village.
        Rural = "rural", "Сельская школа";
        /// Number of pupils.
        Size = "size", "Численность обучающихся";
    }
);

word_type!(
    /// What a greater value of an indicator says about the conditions.
    Sign {
        /// The more, the better.
        Favourable = "favourable", "Чем больше, тем лучше";
        /// The more, the worse.
        Adverse = "adverse", "Чем больше, тем хуже";
    }
);

thresholds!(
    /// Rule `LOW_SHARE`: a great share below the minimum in several procedures of the last years.
    LowShare {
        /// Share of participants below the minimum that counts, percent, inclusive.
        share_percent: u8 = 30, 1 to 100;
        /// In how many procedures at least.
        procedures: u8 = 2, 1 to 100;
        /// Of how many last academic years, the judged one included.
        years: u8 = 1, 1 to 10;
    }
);

thresholds!(
    /// Rule `LOW_TREND`: below the comparison group in consecutive measured years.
    LowTrend {
        /// How many consecutive measured years at least.
        years: u8 = 2, 1 to 10;
        /// On what part of the year's measured criteria, percent; 100 is every one.
        criteria_percent: u8 = 100, 1 to 100;
    }
);

thresholds!(
    /// Rule `RISK`, over the same years as `LOW_SHARE`.
    Risk {
        /// One procedure with this share below the minimum is enough, percent, inclusive.
        share_percent: u8 = 30, 1 to 100;
        /// Start of the band below it, percent, inclusive.
        band_from_percent: u8 = 20, 0 to 99;
        /// How many procedures inside the band at least.
        procedures: u8 = 2, 1 to 100;
    }
);

thresholds!(
    /// Rule `HIGH`: few below the minimum and high means in each of the last measured years.
    High {
        /// How many last measured years.
        years: u8 = 3, 1 to 10;
        /// Which part of the schools, percent: the lowest by share below the minimum and the highest by mean.
        quartile_percent: u8 = 25, 1 to 50;
        /// On what part of the year's measured criteria both must hold, percent.
        criteria_percent: u8 = 75, 1 to 100;
        /// A procedure with fewer sufficient schools in the group has no quartiles.
        minimum_schools: u16 = 4, 1 to 1000;
    }
);

thresholds!(
    /// Bias flag, over the same measured years as `HIGH`: check works far above the group, not confirmed by the exam
    /// after grade 11.
    Bias {
        /// Far above: the school's mean exceeds the group's by this many percent of it, inclusive.
        vpr_excess_percent: u8 = 15, 1 to 100;
        /// On what part of the compared check works, percent, inclusive.
        vpr_procedures_percent: u8 = 50, 1 to 100;
        /// Not confirmed: on this part of the compared exams the mean is at or below the group's, percent, inclusive.
        ege_procedures_percent: u8 = 50, 1 to 100;
    }
);

thresholds!(
    /// Resilient schools: good results in adverse conditions.
    Resilience {
        /// Conditions: the social index is at or below this percentile.
        index_percentile: u8 = 25, 1 to 99;
        /// Results: the mean is at or above this percentile of the group.
        results_percentile: u8 = 75, 1 to 99;
        /// In how many measured years at least.
        years: u8 = 2, 1 to 10;
        /// On what part of the year's measured criteria, percent.
        criteria_percent: u8 = 50, 1 to 100;
    }
);

/// An indicator of the social index with its weight and its sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedIndicator {
    /// Which indicator.
    pub indicator: SocialIndicator,
    /// Its weight in the mean; only the proportion of the weights matters.
    #[schema(minimum = 1, maximum = 1000)]
    pub weight: u16,
    /// Whether a greater value is better or worse.
    pub sign: Sign,
}

/// The social index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Social {
    /// The indicators that enter, each once.
    #[schema(min_items = 1, max_items = 11)]
    pub indicators: Vec<WeightedIndicator>,
    /// Which part of the indicators a school must have, percent, inclusive; with fewer it has no index.
    #[schema(minimum = 1, maximum = 100, default = 80)]
    pub minimum_coverage_percent: u8,
    /// Adverse conditions: the index is at or below this percentile of the region's schools.
    #[schema(minimum = 1, maximum = 99, default = 25)]
    pub low_percentile: u8,
}

impl Default for Social {
    fn default() -> Self {
        use SocialIndicator::{BothParentsHigher, Size};
        let weighted = |indicator: &SocialIndicator| WeightedIndicator {
            indicator: *indicator,
            weight: 1,
            sign: if matches!(indicator, BothParentsHigher | Size) {
                Sign::Favourable
            } else {
                Sign::Adverse
            },
        };
        Self {
            indicators: SocialIndicator::ALL.iter().map(weighted).collect(),
            minimum_coverage_percent: 80,
            low_percentile: 25,
        }
    }
}

impl Social {
    fn check(&self, flaws: &mut Vec<Flaw>) {
        within(flaws, "/social/minimum_coverage_percent", self.minimum_coverage_percent.into(), 1, 100);
        within(flaws, "/social/low_percentile", self.low_percentile.into(), 1, 99);
        let indicators: Vec<_> = self.indicators.iter().map(|weighted| weighted.indicator).collect();
        check_list(flaws, "/social/indicators", &indicators, true);
        for (i, weighted) in self.indicators.iter().enumerate() {
            within(flaws, &format!("/social/indicators/{i}/weight"), weighted.weight.into(), 1, 1000);
        }
    }
}

/// Everything a verdict depends on beside the results. Absent fields take the defaults of the documented rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Whom a school is compared with.
    pub comparison_group: ComparisonGroup,
    /// Kinds of schools that get no verdict and do not enter the comparison group.
    #[schema(max_items = 8)]
    pub excluded_kinds: Vec<SchoolKind>,
    /// Assessments that are criteria. `NIKO` is a sample study and is refused.
    #[schema(min_items = 1, max_items = 4)]
    pub counted_assessments: Vec<Assessment>,
    /// A smaller number of participants is not enough for a conclusion.
    #[schema(minimum = 1, maximum = 1000, default = 10)]
    pub minimum_cohort: u16,
    /// How many neighbouring measured years on each side a small cohort may be pooled with; 0 forbids pooling.
    #[schema(minimum = 0, maximum = 5, default = 1)]
    pub pooled_years: u8,
    /// Rule `LOW_SHARE`.
    pub low_share: LowShare,
    /// Rule `LOW_TREND`.
    pub low_trend: LowTrend,
    /// Rule `RISK`.
    pub risk: Risk,
    /// Rule `HIGH`.
    pub high: High,
    /// Bias flag.
    pub bias: Bias,
    /// Social index.
    pub social: Social,
    /// Resilient schools.
    pub resilience: Resilience,
}

impl Default for Parameters {
    fn default() -> Self {
        use Assessment::{Ege, Oge, Regional, Vpr};
        Self {
            comparison_group: ComparisonGroup::Region,
            excluded_kinds: Vec::new(),
            counted_assessments: vec![Vpr, Oge, Ege, Regional],
            minimum_cohort: 10,
            pooled_years: 1,
            low_share: LowShare::default(),
            low_trend: LowTrend::default(),
            risk: Risk::default(),
            high: High::default(),
            bias: Bias::default(),
            social: Social::default(),
            resilience: Resilience::default(),
        }
    }
}

impl Parameters {
    /// How many years its rules look at, the judged one included: the longest row of years, with those beside it that a small
    /// cohort is pooled with.
    pub fn years(&self) -> u8 {
        let rows = [self.low_share.years, self.low_trend.years, self.high.years, self.resilience.years];
        rows.into_iter().max().unwrap_or(1).saturating_add(self.pooled_years)
    }

    /// Everything that is wrong with the document, with JSON pointers into it; empty if it can be used.
    pub fn validate(&self) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        check_list(&mut flaws, "/excluded_kinds", &self.excluded_kinds, false);
        check_list(&mut flaws, "/counted_assessments", &self.counted_assessments, true);
        if let Some(i) = self.counted_assessments.iter().position(|a| *a == Assessment::Niko) {
            flaws.push(Flaw::at(format!("/counted_assessments/{i}"), Reason::Contradiction));
        }
        within(&mut flaws, "/minimum_cohort", self.minimum_cohort.into(), 1, 1000);
        within(&mut flaws, "/pooled_years", self.pooled_years.into(), 0, 5);
        self.low_share.check("/low_share", &mut flaws);
        self.low_trend.check("/low_trend", &mut flaws);
        self.risk.check("/risk", &mut flaws);
        if self.risk.band_from_percent >= self.risk.share_percent {
            flaws.push(Flaw::at("/risk/band_from_percent", Reason::Contradiction));
        }
        self.high.check("/high", &mut flaws);
        self.bias.check("/bias", &mut flaws);
        self.social.check(&mut flaws);
        self.resilience.check("/resilience", &mut flaws);
        flaws
    }

    /// Whether `assessment` is a criterion. The sample study never is, whatever the document says.
    pub(super) fn counts(&self, assessment: Assessment) -> bool {
        assessment != Assessment::Niko && self.counted_assessments.contains(&assessment)
    }
}

/// Marks a list that repeats a value, or that is empty and must not be.
fn check_list<T: PartialEq>(flaws: &mut Vec<Flaw>, pointer: &str, values: &[T], required: bool) {
    if required && values.is_empty() {
        flaws.push(Flaw::at(pointer, Reason::Required));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            flaws.push(Flaw::at(format!("{pointer}/{i}"), Reason::DuplicateKey));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn an_empty_document_is_the_documented_rule_set() {
        let parameters: Parameters = serde_json::from_str("{}").unwrap();
        assert_eq!(parameters, Parameters::default());
        assert_eq!(parameters.validate(), vec![]);
        assert_eq!((parameters.low_share.share_percent, parameters.low_share.procedures), (30, 2));
        assert_eq!((parameters.high.years, parameters.minimum_cohort), (3, 10));
    }

    #[test]
    fn unknown_fields_are_refused_at_every_level() {
        assert!(serde_json::from_str::<Parameters>(r#"{"treshold": 1}"#).is_err());
        assert!(serde_json::from_str::<Parameters>(r#"{"low_share": {"share": 1}}"#).is_err());
        assert!(serde_json::from_str::<Parameters>(r#"{"social": {"percentile": 1}}"#).is_err());
    }

    #[test]
    fn every_flaw_is_named_at_once() {
        let parameters: Parameters = serde_json::from_str(
            r#"{"counted_assessments": ["VPR", "NIKO", "VPR"], "minimum_cohort": 0, "low_share": {"share_percent": 101},
                "risk": {"band_from_percent": 30}, "social": {"indicators": []}}"#,
        )
        .unwrap();
        let flaws = parameters.validate();
        let pointers: Vec<_> = flaws.iter().map(|f| (f.pointer.as_str(), f.reason)).collect();
        assert_eq!(
            pointers,
            [
                ("/counted_assessments/2", Reason::DuplicateKey),
                ("/counted_assessments/1", Reason::Contradiction),
                ("/minimum_cohort", Reason::OutOfRange),
                ("/low_share/share_percent", Reason::OutOfRange),
                ("/risk/band_from_percent", Reason::Contradiction),
                ("/social/indicators", Reason::Required),
            ]
        );
    }

    #[test]
    fn the_schema_tells_limits_and_defaults() {
        let schema = serde_json::to_value(LowShare::schema()).unwrap();
        let share = &schema["properties"]["share_percent"];
        assert_eq!(
            (&share["minimum"], &share["maximum"], &share["default"]),
            (&1.into(), &100.into(), &30.into())
        );
        assert_eq!(schema["additionalProperties"], false);
    }
}
