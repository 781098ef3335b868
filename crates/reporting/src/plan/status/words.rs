//! A status in sentences.

use super::types::{Standing, StatusGround, TargetStanding};
use crate::plan::{Comparison, metrics::MetricScope};
use chrono::NaiveDate;
use opora_schools::identification::Lang;

impl Standing {
    /// Why the status is what it is, and what is missing.
    pub fn words(&self, lang: Lang) -> String {
        let missing: Vec<String> = match self.reason.ground {
            StatusGround::BeforeFirstWindow => Vec::new(),
            _ => self.targets.iter().filter(|t| !t.met || t.exceeded).map(|t| t.words(lang)).collect(),
        };
        let mut words = self.ground(lang);
        if !missing.is_empty() {
            words += &format!(" {}.", capital(&missing.join("; ")));
        }
        if self.reason.windows > 1 {
            words += &self.of_windows(lang);
        }
        words
    }

    fn ground(&self, lang: Lang) -> String {
        let (day, late) = (date(self.reason.day, lang), self.reason.days_late);
        match (self.reason.ground, lang) {
            (StatusGround::BeforeFirstWindow, Lang::Ru) => format!("Срок не наступил: начало {day}."),
            (StatusGround::BeforeFirstWindow, Lang::En) => format!("It begins on {day}."),
            (StatusGround::BeforeDue, Lang::Ru) => format!("Выполняется, срок {day}."),
            (StatusGround::BeforeDue, Lang::En) => format!("Under way, due on {day}."),
            (StatusGround::TargetsMet, Lang::Ru) => format!("Показатели достигнуты в срок ({day})."),
            (StatusGround::TargetsMet, Lang::En) => format!("The targets were met by the due day, {day}."),
            (StatusGround::EvidenceShown, Lang::Ru) => {
                format!("Показателей нет; материалы представлены в срок ({day}).")
            }
            (StatusGround::EvidenceShown, Lang::En) => {
                format!("There are no targets; the evidence was there by the due day, {day}.")
            }
            (StatusGround::MetLate, Lang::Ru) => {
                format!("Выполнено после срока {day}, дней опоздания: {late}.")
            }
            (StatusGround::MetLate, Lang::En) => format!("Met after the due day, {day}; days late: {late}."),
            (StatusGround::PastDue, Lang::Ru) => format!("Срок {day} истёк, дней просрочки: {late}."),
            (StatusGround::PastDue, Lang::En) => {
                format!("The due day, {day}, is past; days overdue: {late}.")
            }
            (StatusGround::QualityLacking, Lang::Ru) => {
                "Предусмотренное сделано, но есть факты, не отвечающие требованию.".to_owned()
            }
            (StatusGround::QualityLacking, Lang::En) => {
                "What was due is there, but some facts are not as the plan asks.".to_owned()
            }
            (StatusGround::BackDatedMet, Lang::Ru) => {
                "Завершено до подписания плана; факты с подтверждением внесены.".to_owned()
            }
            (StatusGround::BackDatedMet, Lang::En) => {
                "It ended before the plan was signed; the facts are there with evidence.".to_owned()
            }
            (StatusGround::BackDatedNotMet, Lang::Ru) => {
                "Завершено до подписания плана; фактов с подтверждением нет или недостаточно.".to_owned()
            }
            (StatusGround::BackDatedNotMet, Lang::En) => {
                "It ended before the plan was signed; facts with evidence are not there, or not all."
                    .to_owned()
            }
            (StatusGround::NoSource, Lang::Ru) => {
                format!("Источник данных отсутствует, что подтверждено; срок {day}.")
            }
            (StatusGround::NoSource, Lang::En) => {
                format!("The source is not there, as a confirmed remark says; due on {day}.")
            }
        }
    }

    fn of_windows(&self, lang: Lang) -> String {
        let (met, all) = (self.reason.windows_met, self.reason.windows);
        let next = self.reason.next_window.map(|day| date(day, lang));
        match (lang, next) {
            (Lang::Ru, None) => format!(" Выполнено периодов: {met} из {all}."),
            (Lang::Ru, Some(day)) => {
                format!(" Выполнено периодов: {met} из {all}; следующий начинается {day}.")
            }
            (Lang::En, None) => format!(" Windows met: {met} of {all}."),
            (Lang::En, Some(day)) => format!(" Windows met: {met} of {all}; the next begins on {day}."),
        }
    }
}

impl TargetStanding {
    /// What there is, and what is wanted.
    pub fn words(&self, lang: Lang) -> String {
        let actual = self.actual.map_or_else(|| lang_of(lang, "нет", "none").to_owned(), |n| n.to_string());
        let expected = self.expected;
        let wanted = match (self.comparison, lang) {
            (Comparison::Equal, Lang::Ru) => format!("нужно {expected}"),
            (Comparison::Equal, Lang::En) => format!("wanted {expected}"),
            (Comparison::AtLeast, Lang::Ru) => format!("нужно не менее {expected}"),
            (Comparison::AtLeast, Lang::En) => format!("wanted at least {expected}"),
            (Comparison::AtMost, Lang::Ru) => format!("нужно не более {expected}"),
            (Comparison::AtMost, Lang::En) => format!("wanted at most {expected}"),
        };
        let each = match self.scope {
            MetricScope::EachFact => lang_of(lang, " в каждом факте", " in each fact"),
            _ => "",
        };
        format!("{}: {actual} ({wanted}{each})", lang_of(lang, &self.name_ru, &self.name_en))
    }
}

/// With a capital letter at its head.
pub(crate) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn lang_of<'a>(lang: Lang, ru: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
    }
}

fn date(day: NaiveDate, lang: Lang) -> String {
    day.format(lang_of(lang, "%d.%m.%Y", "%Y-%m-%d")).to_string()
}
