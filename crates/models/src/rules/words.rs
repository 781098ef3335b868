//! Reasons, gaps and warnings in words, with their numbers. Made when they are read; the stored form is the data.

use super::{
    facts::{HighBasis, LowBasis},
    propose::{CoverageGap, LISTED_FROM, LISTED_TO, ProposalWarning},
    reason::{ProposalGround, ProposalReason},
};
use crate::types::Branch;
use opora_primitives::{SchoolCode, Share};
use opora_schools::{identification::Lang, types::Subject};

impl ProposalReason {
    /// The reason in sentences.
    pub fn words(&self, lang: Lang) -> String {
        match lang {
            Lang::Ru => ru(&self.ground),
            Lang::En => en(&self.ground),
        }
    }
}

impl CoverageGap {
    /// Why the municipality has no way into the third model.
    pub fn words(&self, lang: Lang) -> String {
        let n = self.listed;
        match lang {
            Lang::Ru => format!(
                "В муниципалитете {} из перечня Рособрнадзора, а модель 3 рассчитана на {LISTED_FROM}–{LISTED_TO}.",
                schools_ru(n)
            ),
            Lang::En => format!(
                "The municipality has {} on the Rosobrnadzor list; model 3 is for {LISTED_FROM} to {LISTED_TO}.",
                schools_en(n)
            ),
        }
    }
}

impl ProposalWarning {
    /// What to look at. The school is named by the caller.
    pub fn words(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::DesignatedWithoutLowResults { wave, .. }, Lang::Ru) => format!(
                "Школа назначена в модель 2 ({}), но низких результатов у неё нет; участие не предложено.",
                wave.ru().to_lowercase()
            ),
            (Self::DesignatedWithoutLowResults { wave, .. }, Lang::En) => format!(
                "The school is designated to model 2 ({}), but its results are not low; it was not proposed.",
                branch_en(*wave)
            ),
            (Self::LowAndHigh { .. }, Lang::Ru) => {
                "Школа отнесена и к низким, и к высоким результатам; учтены только низкие.".to_owned()
            }
            (Self::LowAndHigh { .. }, Lang::En) => {
                "The school counts as both low-result and high-result; only the low results were taken."
                    .to_owned()
            }
            (Self::HeadNotKnown { .. }, Lang::Ru) => {
                "У школы из перечня не указан руководитель; модель 4 предложить некому.".to_owned()
            }
            (Self::HeadNotKnown { .. }, Lang::En) => {
                "The head of this listed school is not in the register; model 4 has nobody to be proposed to."
                    .to_owned()
            }
        }
    }
}

fn ru(ground: &ProposalGround) -> String {
    match ground {
        ProposalGround::PilotSchool { school } => {
            format!("Школа {school} назначена пилотной школой модели 1.")
        }
        ProposalGround::PilotMunicipality { designated, schools } => {
            format!("{}, школ модели 1: {schools}.", designated_ru(*designated, 1))
        }
        ProposalGround::BaseSchool { school, wave, low } => format!(
            "Школа {school} назначена в модель 2 ({}) и относится к школам с низкими результатами: {}.",
            wave.ru().to_lowercase(),
            low.ru()
        ),
        ProposalGround::BaseMunicipality { designated, schools } => {
            format!("{}, школ модели 2: {schools}.", designated_ru(*designated, 2))
        }
        ProposalGround::ListedWithinBounds { listed, in_districts, from, to } => {
            let districts = match in_districts {
                0 => String::new(),
                n => format!(", из них в районах города — {n}"),
            };
            let schools = schools_ru(*listed);
            format!(
                "В муниципалитете {schools} из перечня Рособрнадзора{districts}; модель 3 — для {from}–{to} включительно."
            )
        }
        ProposalGround::HeadOfListedSchool { school } => format!(
            "Школа {school} есть в перечне Рособрнадзора и не участвует ни в модели 1, ни в модели 2. Это предложение \
             поддержки, а не оценка работы руководителя."
        ),
        ProposalGround::TeacherOfLowSchool { school, low, subject, school_share } => {
            teacher_ru(school, *low, *subject, *school_share)
        }
        ProposalGround::PilotPartnership { designated, assigned, schools } => format!(
            "Муниципалитет участвует в модели 1. {}, школ модели 1: {schools}. Пилотный этап модели 6 — до конца 2020 года.",
            pilot_ru(*designated, *assigned)
        ),
        ProposalGround::FullPartnership {
            in_base_model,
            assigned,
            base_schools,
            within_bounds,
            listed,
            high_result,
            pairs,
        } => {
            let how = if *assigned { " по отдельному решению" } else { "" };
            let base = in_base_model
                .then(|| format!("Муниципалитет участвует в модели 2{how}, школ модели 2: {base_schools}."));
            let bounds = within_bounds.then(|| {
                format!(
                    "Выполнено условие модели 6: от {LISTED_FROM} до {LISTED_TO} школ из перечня и хотя бы одна с \
                     высокими результатами."
                )
            });
            let counts = format!(
                "Школ из перечня: {listed}, с высокими результатами: {high_result}, возможных пар внутри \
                 муниципалитета: {}.",
                pairs.len()
            );
            sentences([base, bounds, Some(counts)])
        }
        ProposalGround::NetworkSchool { school, listed, high } => {
            let why = [
                listed.then(|| "есть в перечне Рособрнадзора".to_owned()),
                high.map(|h| format!("показывает высокие результаты ({}) и может делиться опытом", h.ru())),
            ];
            format!(
                "Школа {school} {}. Модель 7 открыта для всех школ.",
                why.into_iter().flatten().collect::<Vec<_>>().join(" и ")
            )
        }
    }
}

fn teacher_ru(school: &SchoolCode, low: LowBasis, subject: Subject, share: Option<Share>) -> String {
    let name = subject.ru();
    let evidence = match share {
        Some(share) => format!(
            "По школе в целом ниже минимума по предмету «{name}» {} из {} участников{}.",
            share.numerator,
            share.denominator,
            percent(share, Lang::Ru)
        ),
        None => format!(
            "Доля ниже минимума по предмету «{name}» в школе не выделена как высокая или не измерена."
        ),
    };
    format!(
        "Школа {school} относится к школам с низкими результатами: {}. {evidence} Это предложение поддержки: \
         показатели относятся к школе, по ним нельзя судить о работе учителя.",
        low.ru()
    )
}

fn en(ground: &ProposalGround) -> String {
    match ground {
        ProposalGround::PilotSchool { school } => {
            format!("School {school} is designated a pilot school of model 1.")
        }
        ProposalGround::PilotMunicipality { designated, schools } => {
            format!("{}; schools in model 1: {schools}.", designated_en(*designated, 1))
        }
        ProposalGround::BaseSchool { school, wave, low } => format!(
            "School {school} is designated to model 2 ({}) and counts as a low-result school: {}.",
            branch_en(*wave),
            low_en(*low)
        ),
        ProposalGround::BaseMunicipality { designated, schools } => {
            format!("{}; schools in model 2: {schools}.", designated_en(*designated, 2))
        }
        ProposalGround::ListedWithinBounds { listed, in_districts, from, to } => {
            let districts = match in_districts {
                0 => String::new(),
                n => format!(", {n} of them in city districts"),
            };
            let schools = schools_en(*listed);
            format!(
                "The municipality has {schools} on the Rosobrnadzor list{districts}; model 3 is for {from} to {to}, inclusive."
            )
        }
        ProposalGround::HeadOfListedSchool { school } => format!(
            "School {school} is on the Rosobrnadzor list and in neither model 1 nor model 2. This proposes support; it \
             does not judge the head's work."
        ),
        ProposalGround::TeacherOfLowSchool { school, low, subject, school_share } => {
            teacher_en(school, *low, *subject, *school_share)
        }
        ProposalGround::PilotPartnership { designated, assigned, schools } => format!(
            "The municipality is in model 1. {}; schools in model 1: {schools}. The pilot of model 6 lasts until the end \
             of 2020.",
            pilot_en(*designated, *assigned)
        ),
        ProposalGround::FullPartnership {
            in_base_model,
            assigned,
            base_schools,
            within_bounds,
            listed,
            high_result,
            pairs,
        } => {
            let how = if *assigned { " by an assignment of its own" } else { "" };
            let base = in_base_model
                .then(|| format!("The municipality is in model 2{how}; schools in model 2: {base_schools}."));
            let bounds = within_bounds.then(|| {
                format!(
                    "The condition of model 6 holds: {LISTED_FROM} to {LISTED_TO} listed schools and at least one \
                     high-result school."
                )
            });
            let counts = format!(
                "Listed schools: {listed}, high-result schools: {high_result}, possible pairs inside the municipality: {}.",
                pairs.len()
            );
            sentences([base, bounds, Some(counts)])
        }
        ProposalGround::NetworkSchool { school, listed, high } => {
            let why = [
                listed.then(|| "is on the Rosobrnadzor list".to_owned()),
                high.map(|h| format!("has high results ({}) and experience to share", high_en(h))),
            ];
            format!(
                "School {school} {}. Model 7 is open to every school.",
                why.into_iter().flatten().collect::<Vec<_>>().join(" and ")
            )
        }
    }
}

fn teacher_en(school: &SchoolCode, low: LowBasis, subject: Subject, share: Option<Share>) -> String {
    let name = subject.en();
    let evidence = match share {
        Some(share) => format!(
            "In the school as a whole, {} of {} participants{} are below the minimum in the subject: {name}.",
            share.numerator,
            share.denominator,
            percent(share, Lang::En)
        ),
        None => format!(
            "The school's share below the minimum is not high, or not measured, in the subject: {name}."
        ),
    };
    format!(
        "School {school} counts as a low-result school: {}. {evidence} This proposes support: the figures are the \
         school's and must not be used to judge a teacher's work.",
        low_en(low)
    )
}

fn sentences(parts: [Option<String>; 3]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn designated_ru(designated: bool, model: u8) -> String {
    if designated {
        format!("Муниципалитет назначен участником модели {model}")
    } else {
        format!("Муниципалитет включается по своим школам, отдельного назначения в модель {model} нет")
    }
}

/// How a municipality came into the first model, where it may have it already.
fn pilot_ru(designated: bool, assigned: bool) -> String {
    if assigned && !designated {
        "Она назначена муниципалитету отдельным решением".to_owned()
    } else {
        designated_ru(designated, 1)
    }
}

/// As [`pilot_ru`].
fn pilot_en(designated: bool, assigned: bool) -> String {
    if assigned && !designated {
        "It has the model by an assignment of its own".to_owned()
    } else {
        designated_en(designated, 1)
    }
}

fn designated_en(designated: bool, model: u8) -> String {
    if designated {
        format!("The municipality is designated to model {model}")
    } else {
        format!(
            "The municipality comes in through its schools, not by a designation of its own to model {model}"
        )
    }
}

fn branch_en(branch: Branch) -> &'static str {
    match branch {
        Branch::Wave1 => "first wave",
        Branch::Wave2 => "second wave",
        Branch::Pilot => "pilot",
        Branch::Full => "full run",
    }
}

fn low_en(low: LowBasis) -> &'static str {
    match low {
        LowBasis::Listed => "it is on the Rosobrnadzor list",
        LowBasis::ByRule => "the methodology's rule says so",
        LowBasis::Both => "it is on the Rosobrnadzor list, and the methodology's rule says so too",
    }
}

fn high_en(high: HighBasis) -> &'static str {
    match high {
        HighBasis::Act => "by an act",
        HighBasis::Verdict => "by the methodology's verdict",
    }
}

/// ` (40 %)`, or nothing for a share of nothing.
fn percent(share: Share, lang: Lang) -> String {
    let Some(points) = share.basis_points() else { return String::new() };
    let (whole, rest) = (points / 100, points % 100);
    let (sign, unit) = match lang {
        Lang::Ru => (",", " %"),
        Lang::En => (".", "%"),
    };
    if rest == 0 { format!(" ({whole}{unit})") } else { format!(" ({whole}{sign}{rest:02}{unit})") }
}

fn schools_en(n: u32) -> String {
    if n == 1 { "1 school".to_owned() } else { format!("{n} schools") }
}

/// `1 школа`, `2 школы`, `5 школ`, `11 школ`, `21 школа`.
fn schools_ru(n: u32) -> String {
    let word = match (n % 10, n % 100) {
        (_, 11..=14) => "школ",
        (1, _) => "школа",
        (2..=4, _) => "школы",
        _ => "школ",
    };
    format!("{n} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schools_agree_with_their_number() {
        let forms =
            [(0, "школ"), (1, "школа"), (4, "школы"), (5, "школ"), (11, "школ"), (12, "школ"), (21, "школа")];
        for (n, word) in forms {
            assert_eq!(schools_ru(n), format!("{n} {word}"));
        }
    }

    #[test]
    fn a_teacher_is_never_judged_by_the_schools_share() {
        let ground = ProposalGround::TeacherOfLowSchool {
            school: "520101".parse().unwrap(),
            low: LowBasis::Listed,
            subject: Subject::Mathematics,
            school_share: Some(Share::new(1, 3)),
        };
        // 1 of 3 is 33.33 %.
        assert_eq!(
            ru(&ground),
            "Школа 520101 относится к школам с низкими результатами: школа в перечне Рособрнадзора. По школе в целом \
             ниже минимума по предмету «Математика» 1 из 3 участников (33,33 %). Это предложение поддержки: показатели \
             относятся к школе, по ним нельзя судить о работе учителя."
        );
        assert!(en(&ground).contains("1 of 3 participants (33.33%)"));
        assert!(en(&ground).contains("must not be used to judge a teacher's work"));
    }
}
