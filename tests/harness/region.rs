//! A small region with a school for every verdict, as files. Four districts with 3, 4, 7 and 8 listed schools; the
//! numbers are few enough to add up by hand.
//!
//! Every year has two check works, Russian and mathematics of grade 5, each school with 20 participants. Beside the
//! crafted schools there are ordinary ones of two sorts, in turn: none below the minimum with a mean of 3.4, and one
//! (5 %) with a mean of 3.9. So of 24 schools the best quarter by share has a share of 0 and the best quarter by mean
//! starts at 3.9, and no ordinary school is in both.
//!
//! | 2018/2019 | Russian | mathematics |
//! |---|---|---|
//! | below the minimum, all schools | 8 + 3 + 6 + 10 = 27 of 480, 5.6 % | 8 + 3 + 1 + 10 = 22 of 480, 4.6 % |

use super::client::Client;
use std::fmt::Write;

/// 40 % below the minimum in both works of the last year.
pub const LOW_SHARE: &str = "610401";
/// 15 % in both works of the last two years, above the region each time.
pub const LOW_TREND: &str = "610402";
/// 30 % in one work of the last year.
pub const RISK: &str = "610403";
/// An ordinary listed school.
pub const ORDINARY: &str = "610404";
/// Nobody below the minimum and the highest mean, three years long. Not listed.
pub const HIGH: &str = "610405";
/// Check works far above the region, the exam after grade 11 below it. Not listed.
pub const BIASED: &str = "610406";
/// Three participants in all. Not listed.
pub const SMALL: &str = "610407";
/// A listed school in the pilot, by an act.
pub const PILOT: &str = "610701";

/// The header of a file of results with means.
pub const RESULTS: &str = "Код ОО;Учебный год;Процедура;Класс;Предмет;Количество участников;Не преодолели минимальный порог;Средний балл\n";

/// How many listed schools a district has.
const LISTED: [i32; 4] = [3, 4, 7, 8];

/// The code of the district with so many listed schools.
pub fn district(listed: i32) -> String {
    format!("2280{listed}000")
}

fn listed() -> impl Iterator<Item = (i32, String)> {
    LISTED.into_iter().flat_map(|size| (1..=size).map(move |n| (size, format!("610{size}{n:02}"))))
}

fn schools() -> impl Iterator<Item = (i32, String)> {
    listed().chain([HIGH, BIASED, SMALL].map(|code| (4, code.to_owned())))
}

/// Below the minimum in Russian and in mathematics, and the mean of both.
fn works(code: &str, place: usize, year: i32) -> (i32, i32, &'static str) {
    match (code, year) {
        (LOW_SHARE, 2018) => (8, 8, "2,9"),
        (LOW_TREND, 2017 | 2018) => (3, 3, "3,2"),
        (RISK, 2018) => (6, 1, "3,3"),
        (HIGH, _) => (0, 0, "4,8"),
        (BIASED, _) => (0, 0, "4,7"),
        (LOW_SHARE | LOW_TREND | RISK, _) => (0, 0, "3,4"),
        _ if place.is_multiple_of(2) => (1, 1, "3,9"),
        _ => (0, 0, "3,4"),
    }
}

fn results() -> String {
    let mut text = String::from(RESULTS);
    for (place, (_, code)) in schools().enumerate().filter(|(_, (_, code))| code != SMALL) {
        for year in 2016..=2018 {
            let (russian, mathematics, mean) = works(&code, place, year);
            for (subject, below) in [("01", russian), ("02", mathematics)] {
                writeln!(text, "{code};{year}/{};ВПР;5;{subject};20;{below};{mean}", year + 1).unwrap();
            }
        }
    }
    writeln!(text, "{SMALL};2018/2019;ВПР;5;01;3;3;2,1").unwrap();
    writeln!(text, "{BIASED};2018/2019;ЕГЭ;11;01;20;1;50").unwrap();
    writeln!(text, "{HIGH};2017/2018;НИКО;6;07;20;20;2").unwrap();
    writeln!(text, "{ORDINARY};2018/2019;ЕГЭ;11;01;20;1;70").unwrap();
    text
}

/// The list of a year.
pub fn list(year: i32, codes: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let rows: String = codes.into_iter().map(|code| format!("{year};{}\n", code.as_ref())).collect();
    format!("Год списка;Код ОО\n{rows}")
}

/// Loads the region.
pub fn load(client: &Client) {
    let districts: String =
        LISTED.iter().map(|n| format!("{};Район {n};Муниципальный район\n", district(*n))).collect();
    client.load("municipalities", format!("ОКТМО;Наименование;Вид\n{districts}")).succeeded([4, 0, 0, 0]);
    let rows: String = schools()
        .map(|(size, code)| format!("{code};Школа {code};{};Средняя;Село;Муниципальное\n", district(size)))
        .collect();
    let head = "Код ОО;Наименование;ОКТМО;Вид ОО;Местность;Учредитель\n";
    client.load("schools", format!("{head}{rows}")).succeeded([25, 0, 0, 0]);
    client.load("results", results()).succeeded([24 * 6 + 4, 0, 0, 0]);
    client.load("lists", list(2021, listed().map(|(_, code)| code))).succeeded([22, 0, 0, 0]);
    let acts = format!("Код ОО;ОКТМО;Назначение\n{PILOT};;M1\n{LOW_SHARE};;M2_wave1\n{ORDINARY};;M2_wave2\n");
    client.load("designations", acts).succeeded([3, 0, 0, 0]);
    let people = format!(
        "Идентификатор;Код ОО;Должность;Предмет;ФИО
head-1;{LOW_SHARE};Руководитель;;Руководитель первой школы
head-2;{LOW_TREND};Руководитель;;Руководитель второй школы
head-3;{HIGH};Руководитель;;Руководитель сильной школы
teacher-1;{LOW_SHARE};Учитель;Математика;Учитель первой школы
other-1;{LOW_SHARE};Педагог-психолог;;Психолог первой школы
"
    );
    client.load("staff", people).succeeded([5, 0, 0, 0]);
}
