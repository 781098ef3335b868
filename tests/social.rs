//! Results against conditions: contexts come in as a file, and verdicts tell the index, the class and who is resilient.

use crate::{
    harness::{
        Client, World,
        region::{self, HIGH, LOW_SHARE, LOW_TREND, ORDINARY, PILOT, RISK},
    },
    tour,
};
use opora_identity::Role;
use serde_json::{Value, json};

/// An ordinary school with a mean of 3.9 in every year, among the best quarter. Here only in the last one.
const ONE_STRONG_YEAR: &str = "610303";
/// An ordinary school with a mean of 3.4 in every year.
const UNREMARKABLE: &str = "610302";

/// 100 pupils of a school: so many on each adverse indicator, as many fewer whose parents both studied.
fn context(code: &str, in_need: i32) -> String {
    format!("{code};2018/2019;100;{}{}\n", 100 - in_need, format!(";{in_need}").repeat(8))
}

/// Three schools in need, five in better conditions, and one of which only the number of pupils is known.
fn contexts() -> String {
    let head = "Код ОО;Учебный год;Количество обучающихся;Оба родителя с высшим образованием;Неполная семья;\
        Малообеспеченная семья;Родитель без работы;На профилактическом учёте;Обучающиеся с ОВЗ;Русский язык не родной;\
        Под опекой;Жильё без удобств\n";
    let poor = [HIGH, ONE_STRONG_YEAR, LOW_SHARE].map(|code| context(code, 40));
    let better = [ORDINARY, LOW_TREND, RISK, UNREMARKABLE, "610301"].map(|code| context(code, 10));
    [head.to_owned(), poor.concat(), better.concat(), format!("{PILOT};2018/2019;100{}\n", ";".repeat(9))]
        .concat()
}

/// The earlier years of [`ONE_STRONG_YEAR`], with the mean of an ordinary school.
fn weak_years() -> String {
    let row = |year: i32, subject: &str| {
        format!("{ONE_STRONG_YEAR};{year}/{};ВПР;5;{subject};20;1;3,4\n", year + 1)
    };
    let rows =
        [(2016, "01"), (2016, "02"), (2017, "01"), (2017, "02")].map(|(year, subject)| row(year, subject));
    format!("{}{}", region::RESULTS, rows.concat())
}

/// The region with its contexts, judged.
fn judged(world: &World) -> (Client, String) {
    let admin = world.client(Role::Admin);
    region::load(&admin);
    admin.load("results", weak_years()).succeeded([0, 4, 0, 0]);
    admin.load("contexts", contexts()).succeeded([9, 0, 0, 0]);
    let institute = world.client(Role::Institute);
    let run = tour::judge(&institute, tour::default_methodology(&institute));
    (institute, format!("/api/v1/identification-runs/{}/verdicts", run["id"]))
}

both!(a_verdict_tells_the_conditions_and_who_is_resilient_in_them, |world| {
    let (institute, verdicts) = judged(world);
    let verdict = |code: &str| institute.get(&format!("{verdicts}/code:{code}")).expect(200).json;
    // Of eight schools three are lowest on nine indicators: (0 + 3) / 16 = 1875. All nine are alike on size and locality,
    // 9 / 18 = 5000: (9 * 1875 + 2 * 5000) / 11 = 2443.2. The others: (2 * 3 + 5) / 16 = 6875, (61875 + 10000) / 11 = 6534.1.
    // The lowest quarter of eight are two, and what equals them.
    for (code, index, class, resilient) in [
        (HIGH, 2443, "ordinary_adverse", true),
        (ONE_STRONG_YEAR, 2443, "ordinary_adverse", false),
        (LOW_SHARE, 2443, "low_adverse", false),
        (ORDINARY, 6534, "ordinary_other", false),
        (UNREMARKABLE, 6534, "ordinary_other", false),
        (LOW_TREND, 6534, "low_other", false),
    ] {
        let found = verdict(code);
        let told = ["social_index", "adverse", "social_class", "resilient"].map(|field| found[field].clone());
        assert_eq!(told, [json!(index), json!(index == 2443), json!(class), json!(resilient)], "{found}");
        assert_eq!((&found["social"]["known"], &found["social"]["of"]), (&json!(11), &json!(11)), "{found}");
    }
    // As strong as need be in three years, in one, and not asked where conditions are better.
    let strong = |code: &str| verdict(code)["social"]["strong_years"].clone();
    assert_eq!(strong(HIGH), json!(["2018/2019", "2017/2018", "2016/2017"]));
    assert_eq!(strong(ONE_STRONG_YEAR), json!(["2018/2019"]));
    assert_eq!(strong(ORDINARY), json!([]));
    // The numbers behind the index.
    let rank = |indicator: &str| {
        let ranks = verdict(HIGH)["social"]["ranks"].as_array().unwrap().clone();
        ranks.into_iter().find(|rank| rank["indicator"] == indicator).unwrap()
    };
    let share = json!({ "numerator": 40, "denominator": 100 });
    assert_eq!(rank("low_income"), json!({ "indicator": "low_income", "value": share, "rank": 8125 }));
});

both!(without_enough_indicators_nothing_is_said_of_conditions, |world| {
    let (institute, verdicts) = judged(world);
    let verdict = |code: &str| institute.get(&format!("{verdicts}/code:{code}")).expect(200).json;
    // Size and locality are two of eleven; the five schools of the seed and the others have no context of the year.
    let little = verdict(PILOT);
    assert_eq!((&little["social"]["known"], &little["social"]["of"]), (&json!(2), &json!(11)), "{little}");
    let none = verdict("520101");
    assert_eq!(none["social"], Value::Null);
    for found in [little, none] {
        let told = ["social_index", "adverse", "social_class", "resilient"].map(|field| found[field].clone());
        assert_eq!(told, [Value::Null, Value::Null, Value::Null, json!(false)], "{found}");
    }
});

both!(verdicts_are_filtered_by_conditions, |world| {
    let (institute, verdicts) = judged(world);
    let codes = |query: &str| {
        let list = institute.get(&format!("{verdicts}?{query}")).expect(200);
        list.items().iter().map(|v| v["school_code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("resilient=true"), [HIGH]);
    assert_eq!(codes("social_class=low_adverse"), [LOW_SHARE]);
    assert_eq!(codes("social_class=low_other"), [LOW_TREND]);
    let mut adverse = codes("social_class=ordinary_adverse");
    adverse.sort();
    assert_eq!(adverse, [ONE_STRONG_YEAR, HIGH]);
    assert_eq!(codes("social_class=ordinary_other").len(), 4);
});
