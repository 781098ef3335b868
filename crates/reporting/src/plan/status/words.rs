//! A status in sentences.

use super::types::{ActivityStatus, Standing, StatusGround, StatusReason, TargetStanding, WindowStanding};
use crate::plan::{
    Comparison,
    metrics::{MetricScope, bounds},
};
use chrono::NaiveDate;
use opora_schools::identification::Lang;

impl Standing {
    /// Why the status is what it is, and what is missing.
    pub fn words(&self, lang: Lang) -> String {
        self.told(&self.reason, lang)
    }

    /// How it deviates from the plan, if it does, and what is missing.
    pub fn deviation_words(&self, lang: Lang) -> Option<String> {
        self.deviation.as_ref().map(|reason| self.told(reason, lang))
    }

    fn told(&self, reason: &StatusReason, lang: Lang) -> String {
        let mut words = reason.ground(lang);
        let missing = self.missing(lang);
        if !missing.is_empty() && reason.ground != StatusGround::BeforeFirstWindow {
            words += &format!(" {}.", capital(&missing.join("; ")));
        }
        if reason.windows > 1 {
            words += &reason.of_windows(lang);
        }
        words
    }

    /// What is missing of the targets, and what is more than was asked for. What each window is asked for is told of each
    /// that counts.
    fn missing(&self, lang: Lang) -> Vec<String> {
        let told = |target: &TargetStanding| !target.met || target.exceeded;
        let counting = || self.windows.iter().filter(|window| window.status != ActivityStatus::NotStarted);
        let of_windows = |metric: &str| -> Vec<String> {
            let of_window = |window: &WindowStanding| {
                let found = window.targets.iter().find(|target| target.metric == metric && told(target))?;
                let span = [window.from, window.to].map(|day| date(day, lang)).join("–");
                Some(found.words_for(lang, &format!(", {span}")))
            };
            counting().filter_map(of_window).collect()
        };
        let of_target = |target: &TargetStanding| match target.scope.is_of_window() && self.windows.len() > 1
        {
            true => of_windows(&target.metric),
            false => told(target).then(|| target.words_for(lang, "")).into_iter().collect(),
        };
        self.targets.iter().flat_map(of_target).collect()
    }
}

impl StatusReason {
    fn ground(&self, lang: Lang) -> String {
        let (day, late) = (date(self.day, lang), self.days_late);
        match (self.ground, lang) {
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
            // It was due on the very day that is over.
            (StatusGround::PastDue, Lang::Ru) if late == 0 => format!("Не выполнено к сроку {day}."),
            (StatusGround::PastDue, Lang::En) if late == 0 => format!("Not met by the due day, {day}."),
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
        let (met, all) = (self.windows_met, self.windows);
        let next = self.next_window.map(|day| date(day, lang));
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
    /// What there is, and what is wanted, with `span` after the name.
    fn words_for(&self, lang: Lang, span: &str) -> String {
        let actual = self.actual.map_or_else(|| lang_of(lang, "нет", "none").to_owned(), |n| n.to_string());
        let wanted = match (bounds(&self.metric), lang) {
            (Some(bounds), Lang::Ru) => format!("нужно от {} до {}", bounds.start(), bounds.end()),
            (Some(bounds), Lang::En) => format!("wanted {} to {}", bounds.start(), bounds.end()),
            (None, _) => self.wanted(lang),
        };
        let each = match self.scope {
            MetricScope::EachFact => lang_of(lang, " в каждом факте", " in each fact"),
            _ => "",
        };
        format!("{}{span}: {actual} ({wanted}{each})", lang_of(lang, &self.name_ru, &self.name_en))
    }

    /// What is wanted.
    fn wanted(&self, lang: Lang) -> String {
        let expected = self.expected;
        match (self.comparison, lang) {
            (Comparison::Equal, Lang::Ru) => format!("нужно {expected}"),
            (Comparison::Equal, Lang::En) => format!("wanted {expected}"),
            (Comparison::AtLeast, Lang::Ru) => format!("нужно не менее {expected}"),
            (Comparison::AtLeast, Lang::En) => format!("wanted at least {expected}"),
            (Comparison::AtMost, Lang::Ru) => format!("нужно не более {expected}"),
            (Comparison::AtMost, Lang::En) => format!("wanted at most {expected}"),
        }
    }
}

impl ActivityStatus {
    /// The statuses that people count activities by: what ended before the plan was signed, by whether it is met.
    pub(crate) fn counted() -> impl Iterator<Item = (Self, Option<bool>)> {
        let apart = |status: &Self| match status {
            Self::BackDated => vec![(*status, Some(true)), (*status, Some(false))],
            other => vec![(*other, None)],
        };
        Self::ALL.iter().flat_map(apart)
    }

    /// The status in Russian, with what became of it where that hangs on evidence: of what ended before the plan was signed,
    /// whether facts with evidence are there.
    pub fn told_ru(self, met: bool) -> String {
        let outcome = match (self, met) {
            (Self::BackDated, true) => ", подтверждено",
            (Self::BackDated, false) => ", не подтверждено",
            _ => "",
        };
        format!("{}{outcome}", capital(self.ru()))
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
