//! The index of social conditions (`docs/methodology.md`, "Schools in adverse social conditions").
//!
//! Per indicator the percentile rank within the region and the year, turned so that more is better; the index is the
//! weighted mean. It is not the published regression index and does not carry its name. Ranks and indices are whole
//! numbers of 1/10,000: 10,000 is the best.

use super::{
    judge::Outcome,
    methodology::{Sign, Social, SocialIndicator},
    rank,
};
use crate::types::{Locality, SchoolId};
use opora_primitives::{Share, word_type};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use utoipa::ToSchema;

/// The whole of a rank or an index.
const WHOLE: u64 = 10_000;

/// Social composition of a school in one year: numbers of pupils, absent where not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The school.
    pub school: SchoolId,
    /// Where it stands.
    pub locality: Locality,
    /// All pupils.
    pub pupils: i32,
    /// Both parents have higher education.
    pub both_parents_higher: Option<i32>,
    /// One-parent family.
    pub one_parent: Option<i32>,
    /// Low income.
    pub low_income: Option<i32>,
    /// A parent is out of work.
    pub parent_out_of_work: Option<i32>,
    /// On a preventive register.
    pub on_register: Option<i32>,
    /// Special educational needs.
    pub special_needs: Option<i32>,
    /// Russian is not the home language.
    pub non_native_language: Option<i32>,
    /// Wards of the state.
    pub wards: Option<i32>,
    /// Housing without amenities.
    pub poor_housing: Option<i32>,
}

impl Context {
    /// The value of an indicator as a fraction; `None` if it is not known or there are no pupils.
    fn value(&self, indicator: SocialIndicator) -> Option<Share> {
        use SocialIndicator as I;
        let count = match indicator {
            I::BothParentsHigher => self.both_parents_higher,
            I::OneParent => self.one_parent,
            I::LowIncome => self.low_income,
            I::ParentOutOfWork => self.parent_out_of_work,
            I::OnRegister => self.on_register,
            I::SpecialNeeds => self.special_needs,
            I::NonNativeLanguage => self.non_native_language,
            I::Wards => self.wards,
            I::PoorHousing => self.poor_housing,
            I::Rural => return Some(Share::new(i64::from(self.locality == Locality::Rural), 1)),
            I::Size => return (self.pupils > 0).then(|| Share::new(self.pupils.into(), 1)),
        };
        (self.pupils > 0).then_some(Share::new(count?.into(), self.pupils.into()))
    }
}

/// Rank of a school on one indicator, before it is turned by the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorRank {
    /// Which indicator.
    pub indicator: SocialIndicator,
    /// Its value: pupils of all pupils; 0 or 1 of 1 for a rural school; the number of pupils of 1 for size.
    pub value: Share,
    /// Schools with a value strictly below plus half of the schools with the same value, itself included, of all
    /// schools with a value; 1/10,000, rounded half up.
    #[schema(minimum = 0, maximum = 10_000)]
    pub rank: u16,
}

/// The index of a school in its region and year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocialIndex {
    /// The school.
    pub school: SchoolId,
    /// Weighted mean of the ranks turned so that more is better, 1/10,000, rounded half up; absent when too few
    /// indicators are known.
    #[schema(minimum = 0, maximum = 10_000)]
    pub index: Option<u16>,
    /// Indicators known.
    pub known: u16,
    /// Indicators of the methodology.
    pub of: u16,
    /// Whether the index is at or below the low percentile; absent without an index.
    pub adverse: Option<bool>,
    /// The ranks behind it, in the order of the methodology.
    pub ranks: Vec<IndicatorRank>,
}

/// The indices of all schools of a region in one year, in the order of school ids. Each school stands in `contexts`
/// once; their order does not matter.
pub fn social_indices(parameters: &Social, contexts: &[Context]) -> Vec<SocialIndex> {
    let mut order: Vec<&Context> = contexts.iter().collect();
    order.sort_unstable_by_key(|context| context.school);
    let mut ranks: Vec<Vec<(IndicatorRank, &super::methodology::WeightedIndicator)>> =
        vec![Vec::new(); order.len()];
    for weighted in &parameters.indicators {
        for (school, rank) in ranked(&order, weighted.indicator) {
            ranks[school].push((rank, weighted));
        }
    }
    let of = parameters.indicators.len();
    let narrow = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let mut indices: Vec<SocialIndex> = order
        .iter()
        .zip(ranks)
        .map(|(context, ranks)| SocialIndex {
            school: context.school,
            index: covered(parameters, ranks.len()).then(|| weighted_mean(&ranks)).flatten(),
            known: narrow(ranks.len()),
            of: narrow(of),
            adverse: None,
            ranks: ranks.into_iter().map(|(rank, _)| rank).collect(),
        })
        .collect();
    let boundary = boundary(&indices, parameters.low_percentile);
    for found in &mut indices {
        found.adverse = found.index.zip(boundary).map(|(index, boundary)| index <= boundary);
    }
    indices
}

/// The index at the lowest `percentile` of the schools that have one, by nearest rank; a school at or below it belongs
/// to them.
pub fn boundary(indices: &[SocialIndex], percentile: u8) -> Option<u16> {
    let mut sorted: Vec<u16> = indices.iter().filter_map(|found| found.index).collect();
    sorted.sort_unstable();
    rank::lowest(sorted.len(), percentile).map(|position| sorted[position])
}

fn covered(parameters: &Social, known: usize) -> bool {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Share::new(count(known), count(parameters.indicators.len()))
        .at_least(parameters.minimum_coverage_percent.into())
}

/// Percentile ranks of the schools, by position in `order`, that have a value.
fn ranked(order: &[&Context], indicator: SocialIndicator) -> Vec<(usize, IndicatorRank)> {
    let valued = order.iter().enumerate().filter_map(|(i, context)| Some((i, context.value(indicator)?)));
    let mut valued: Vec<(usize, Share)> = valued.collect();
    let by_value = |a: &(usize, Share), b: &(usize, Share)| a.1.compare(b.1).unwrap_or(Ordering::Equal);
    valued.sort_by(by_value);
    let all = valued.len() as u64;
    let mut below = 0u64;
    let mut found = Vec::with_capacity(valued.len());
    for ties in valued.chunk_by(|a, b| by_value(a, b).is_eq()) {
        // Counts are doubled, so that half of the ties is whole: (2 * below + ties) / (2 * all).
        let doubled = 2 * below + ties.len() as u64;
        let rank = u16::try_from(divide(doubled * WHOLE, 2 * all)).unwrap_or(u16::MAX);
        found.extend(ties.iter().map(|(i, value)| (*i, IndicatorRank { indicator, value: *value, rank })));
        below += ties.len() as u64;
    }
    found
}

/// Half-up division of counts.
fn divide(numerator: u64, denominator: u64) -> u64 {
    (2 * numerator + denominator) / (2 * denominator)
}

fn weighted_mean(ranks: &[(IndicatorRank, &super::methodology::WeightedIndicator)]) -> Option<u16> {
    let weight: u64 = ranks.iter().map(|(_, weighted)| u64::from(weighted.weight)).sum();
    let aligned = |rank: u16, sign: Sign| match sign {
        Sign::Favourable => u64::from(rank),
        Sign::Adverse => WHOLE - u64::from(rank),
    };
    let sum: u64 = ranks
        .iter()
        .map(|(rank, weighted)| u64::from(weighted.weight) * aligned(rank.rank, weighted.sign))
        .sum();
    (weight > 0).then(|| divide(sum, weight)).and_then(|mean| u16::try_from(mean).ok())
}

word_type!(
    /// Results against conditions.
    SocialClass {
        /// Low results in adverse conditions.
        LowAdverse = "low_adverse", "Низкие результаты в неблагоприятных условиях";
        /// Low results in other conditions.
        LowOther = "low_other", "Низкие результаты в иных условиях";
        /// Other results in adverse conditions: alone no ground for taking part.
        OrdinaryAdverse = "ordinary_adverse", "Иные результаты в неблагоприятных условиях";
        /// Other results in other conditions.
        OrdinaryOther = "ordinary_other", "Иные результаты в иных условиях";
    }
);

impl SocialClass {
    /// The class of a school; `None` when either side is not known: too few data, an excluded kind or no index.
    pub fn of(outcome: Outcome, adverse: Option<bool>) -> Option<Self> {
        let low = match outcome {
            Outcome::Low => true,
            Outcome::Risk | Outcome::High | Outcome::Ordinary => false,
            Outcome::InsufficientData | Outcome::Excluded => return None,
        };
        Some(match (low, adverse?) {
            (true, true) => Self::LowAdverse,
            (true, false) => Self::LowOther,
            (false, true) => Self::OrdinaryAdverse,
            (false, false) => Self::OrdinaryOther,
        })
    }
}
