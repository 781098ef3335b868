//! Words of a trace, made when it is read: Russian and English.

use super::{
    measured::{MeanScore, Measured},
    step::Step,
};
use opora_primitives::{AcademicYear, Share, text::fold};

/// Language of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Lang {
    fn of<'a>(self, ru: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ru => ru,
            Self::En => en,
        }
    }

    /// `hundredths` with two decimals and the decimal sign of the language.
    fn decimal(self, hundredths: i64) -> String {
        let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
        format!("{sign}{}{}{:02}", size / 100, self.of(",", "."), size % 100)
    }

    fn percent(self, percent: u8) -> String {
        format!("{percent}{}", self.of(" %", "%"))
    }

    fn share(self, share: Share) -> String {
        let percent =
            share.basis_points().map(|points| format!(" ({}{})", self.decimal(points), self.of(" %", "%")));
        let of = self.of("из", "of");
        format!("{} {of} {}{}", share.numerator, share.denominator, percent.unwrap_or_default())
    }

    fn mean(self, mean: MeanScore) -> String {
        mean.hundredths().map_or_else(|| self.unknown().to_owned(), |hundredths| self.decimal(hundredths))
    }

    fn unknown(self) -> &'static str {
        match self {
            Self::Ru => "нет данных",
            Self::En => "not known",
        }
    }

    fn years(self, years: &[AcademicYear]) -> String {
        if years.is_empty() {
            return self.of("нет", "none").to_owned();
        }
        years.iter().map(AcademicYear::to_string).collect::<Vec<_>>().join(", ")
    }

    fn holds(self, holds: bool) -> &'static str {
        match (self, holds) {
            (Self::Ru, true) => "выполняется",
            (Self::Ru, false) => "не выполняется",
            (Self::En, true) => "holds",
            (Self::En, false) => "does not hold",
        }
    }

    /// Assessment, grade, subject and year.
    fn criterion(self, measured: &Measured) -> String {
        let Measured { assessment, grade, year, pooled_with, .. } = measured;
        let mut text = match self {
            Self::Ru => {
                format!("{}, {grade} класс, {}, {year}", assessment.ru(), fold(measured.subject.ru()))
            }
            Self::En => format!("{assessment}, grade {grade}, {}, {year}", measured.subject.en()),
        };
        if !pooled_with.is_empty() {
            text += &format!(" ({} {})", self.of("вместе с", "pooled with"), self.years(pooled_with));
        }
        text
    }

    /// The same with the share below the minimum.
    fn below(self, measured: &Measured) -> String {
        let below = self.of("ниже минимума", "below the minimum");
        format!("{}: {} {below}", self.criterion(measured), self.share(measured.below))
    }
}

impl Step {
    /// The step as a sentence without a full stop.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Excluded { kind } => match lang {
                Lang::Ru => format!("вид школы «{}» исключён методикой", fold(kind.ru())),
                Lang::En => format!("schools of the kind '{kind}' are excluded by the methodology"),
            },
            Self::Listed => lang.of("школа есть в списке", "the school is on the list").to_owned(),
            Self::HighByAct => lang
                .of(
                    "школа с высокими результатами по акту",
                    "designated by an act as a school with high results",
                )
                .to_owned(),
            Self::Judged { .. } | Self::Small { .. } | Self::InsufficientData { .. } => {
                self.words_of_data(lang)
            }
            Self::ShareReached { .. } | Self::LowShare { .. } | Self::Risk { .. } => {
                self.words_of_shares(lang)
            }
            Self::AgainstGroup { .. } | Self::LowTrend { .. } => self.words_of_trend(lang),
            Self::AgainstBest { .. } | Self::High { .. } => self.words_of_high(lang),
            Self::BiasedMean { .. } | Self::Bias { .. } => self.words_of_bias(lang),
        }
    }

    fn words_of_data(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Judged { year, measured, small, years, ignored }, Lang::Ru) => format!(
                "оценивается {year}: процедур с достаточным числом участников — {measured}, с недостаточным — {small}; \
                 измеренные годы: {}; не являются критериями: {ignored}",
                lang.years(years)
            ),
            (Self::Judged { year, measured, small, years, ignored }, Lang::En) => format!(
                "{year} is judged: procedures with enough participants: {measured}, with too few: {small}; measured \
                 years: {}; not criteria: {ignored}",
                lang.years(years)
            ),
            (Self::Small { measured, minimum }, _) => {
                let (participants, least) =
                    (lang.of("участников", "participants"), lang.of("нужно не менее", "at least"));
                let needed = lang.of("", " needed");
                let count = measured.below.denominator;
                format!("{}: {participants} {count}, {least} {minimum}{needed}", lang.criterion(measured))
            }
            (Self::InsufficientData { year }, Lang::Ru) => format!("{year}: недостаточно данных для вывода"),
            (Self::InsufficientData { year }, Lang::En) => {
                format!("{year}: not enough data for a conclusion")
            }
            _ => String::new(),
        }
    }

    fn words_of_shares(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::ShareReached { measured, threshold_percent, next_percent }, _) => {
                let (threshold, reached) =
                    (lang.of("порог", "the threshold"), lang.of("достигнут", "is reached"));
                let not_reached = lang.of("не достигнут", "is not");
                let next = next_percent.map(|p| format!(", {threshold} {} {not_reached}", lang.percent(p)));
                let percent = lang.percent(*threshold_percent);
                format!(
                    "{}; {threshold} {percent} {reached}{}",
                    lang.below(measured),
                    next.unwrap_or_default()
                )
            }
            (Self::LowShare { found, needed, of, threshold_percent, years, holds }, _) => {
                let threshold = lang.percent(*threshold_percent);
                let holds = lang.holds(*holds);
                match lang {
                    Lang::Ru => format!(
                        "LOW_SHARE {holds}: доля ниже минимума от {threshold} в процедурах: {found} из {of}, нужно не \
                         менее {needed}; учтено лет: {years}"
                    ),
                    Lang::En => format!(
                        "LOW_SHARE {holds}: a share below the minimum of {threshold} or more in {found} of {of} \
                         procedures, at least {needed} needed; years looked at: {years}"
                    ),
                }
            }
            (Self::Risk { high, threshold_percent, in_band, band_from_percent, needed, holds }, _) => {
                let (upper, lower) = (lang.percent(*threshold_percent), lang.percent(*band_from_percent));
                let holds = lang.holds(*holds);
                match lang {
                    Lang::Ru => format!(
                        "RISK {holds}: процедур с долей от {upper} — {high} (достаточно одной), от {lower} до {upper} — \
                         {in_band} (нужно не менее {needed})"
                    ),
                    Lang::En => format!(
                        "RISK {holds}: procedures with a share of {upper} or more: {high} (one is enough), from \
                         {lower} to {upper}: {in_band} (at least {needed} needed)"
                    ),
                }
            }
            _ => String::new(),
        }
    }

    fn words_of_trend(&self, lang: Lang) -> String {
        match self {
            Self::AgainstGroup { measured, group, below_group } => {
                let in_group = lang.of("в группе сравнения", "in the comparison group");
                let verdict = if *below_group {
                    lang.of("результат ниже группы", "worse than the group")
                } else {
                    lang.of("результат не ниже группы", "not worse than the group")
                };
                format!("{}; {in_group} {}; {verdict}", lang.below(measured), lang.share(*group))
            }
            Self::LowTrend { years, needed, criteria_percent, holds } => {
                let (holds, years, part) =
                    (lang.holds(*holds), lang.years(years), lang.percent(*criteria_percent));
                match lang {
                    Lang::Ru => format!(
                        "LOW_TREND {holds}: последние измеренные годы подряд с результатами ниже группы (не менее {part} \
                         критериев): {years}; нужно лет: {needed}"
                    ),
                    Lang::En => format!(
                        "LOW_TREND {holds}: latest measured years in a row below the group (on at least {part} of the \
                         criteria): {years}; years needed: {needed}"
                    ),
                }
            }
            _ => String::new(),
        }
    }

    fn words_of_high(&self, lang: Lang) -> String {
        match self {
            Self::AgainstBest { measured, mean, low_share, high_mean, among_best } => {
                let unknown = || lang.unknown().to_owned();
                let mean = mean.map_or_else(unknown, |mean| lang.mean(mean));
                let low_share = low_share.map_or_else(unknown, |share| lang.share(share));
                let high_mean = high_mean.map_or_else(unknown, |mean| lang.decimal(mean.into()));
                let verdict = if *among_best {
                    lang.of("среди лучших", "among the best")
                } else {
                    lang.of("не среди лучших", "not among the best")
                };
                let (mean_word, bound) = (lang.of("средний балл", "mean"), lang.of("граница", "boundary"));
                format!(
                    "{}, {bound} {low_share}; {mean_word} {mean}, {bound} {high_mean}; {verdict}",
                    lang.below(measured)
                )
            }
            Self::High { years, needed, criteria_percent, blocked_by_bias, holds } => {
                let (holds, years, part) =
                    (lang.holds(*holds), lang.years(years), lang.percent(*criteria_percent));
                let blocked = if *blocked_by_bias {
                    lang.of("; заблокировано признаком необъективности", "; blocked by the bias flag")
                } else {
                    ""
                };
                match lang {
                    Lang::Ru => format!(
                        "HIGH {holds}: последние измеренные годы подряд среди лучших (не менее {part} критериев): \
                         {years}; нужно лет: {needed}{blocked}"
                    ),
                    Lang::En => format!(
                        "HIGH {holds}: latest measured years in a row among the best (on at least {part} of the \
                         criteria): {years}; years needed: {needed}{blocked}"
                    ),
                }
            }
            _ => String::new(),
        }
    }

    fn words_of_bias(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::BiasedMean { measured, mean, group }, _) => {
                let (mean_word, in_group) =
                    (lang.of("средний балл", "mean"), lang.of("в группе", "in the group"));
                format!(
                    "{}: {mean_word} {}, {in_group} {}",
                    lang.criterion(measured),
                    lang.mean(*mean),
                    lang.mean(*group)
                )
            }
            (
                Self::Bias {
                    vpr_far_above,
                    vpr_compared,
                    excess_percent,
                    ege_not_above,
                    ege_compared,
                    flagged,
                },
                _,
            ) => {
                let excess = lang.percent(*excess_percent);
                match lang {
                    Lang::Ru => format!(
                        "признак необъективности {}: ВПР выше группы на {excess} и более — {vpr_far_above} из \
                         {vpr_compared}, ЕГЭ не выше группы — {ege_not_above} из {ege_compared}",
                        if *flagged { "есть" } else { "отсутствует" }
                    ),
                    Lang::En => format!(
                        "bias flag {}: VPR above the group by {excess} or more: {vpr_far_above} of {vpr_compared}, EGE \
                         not above the group: {ege_not_above} of {ege_compared}",
                        if *flagged { "raised" } else { "not raised" }
                    ),
                }
            }
            _ => String::new(),
        }
    }
}
