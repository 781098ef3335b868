//! Examples by hand and properties of the indicators' rules.

use super::*;
use chrono::NaiveDate;
use opora_models::types::ModelCode;
use opora_primitives::{MunicipalityId, SchoolId, Share};
use opora_schools::types::StaffId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const CITY: MunicipalityId = MunicipalityId(1);
const DISTRICT: MunicipalityId = MunicipalityId(2);
const OKRUG: MunicipalityId = MunicipalityId(3);
const FAR: MunicipalityId = MunicipalityId(4);

fn school(municipality: Option<MunicipalityId>, successor: Option<i64>, open: bool) -> SchoolFact {
    SchoolFact { municipality, successor: successor.map(SchoolId), open }
}

/// Schools 1 (district of the city), 2 and 3 (okrug), 4 (state), 5 merged into 3, 6 closed; three whole systems.
fn facts() -> Facts {
    let schools = [
        (1, school(Some(DISTRICT), None, true)),
        (2, school(Some(OKRUG), None, true)),
        (3, school(Some(OKRUG), None, true)),
        (4, school(None, None, true)),
        (5, school(Some(OKRUG), Some(3), false)),
        (6, school(Some(FAR), None, false)),
    ];
    let system = |parent, whole| SystemFact { parent, whole };
    Facts {
        schools: schools.into_iter().map(|(id, fact)| (SchoolId(id), fact)).collect(),
        municipalities: BTreeMap::from([
            (CITY, system(None, true)),
            (DISTRICT, system(Some(CITY), false)),
            (OKRUG, system(None, true)),
            (FAR, system(None, true)),
        ]),
    }
}

fn ids(ids: &[i64]) -> BTreeSet<SchoolId> {
    ids.iter().copied().map(SchoolId).collect()
}

fn reach(own: &[i64], people: &[i64], municipalities: &[MunicipalityId]) -> Reach {
    let model = || BTreeSet::from([ModelCode::M2]);
    Reach {
        schools: own.iter().map(|id| (SchoolId(*id), model())).collect(),
        through_people: ids(people),
        municipalities: municipalities.iter().map(|id| (*id, model())).collect(),
    }
}

fn whys(actual: &Actual) -> Vec<RowGround> {
    actual.rows.iter().map(|row| row.why).collect()
}

#[test]
fn the_period_is_of_days_that_exist() {
    assert_eq!(
        (PERIOD.from.to_string(), PERIOD.to.unwrap().to_string()),
        ("2020-01-01".into(), "2021-12-31".into())
    );
}

#[test]
fn only_all_listed_schools_meet_the_first_target() {
    // Listed: 1 has a model, 2 through its head, 5 through its successor 3, 6 closed: 3 of 4.
    let actual = included(&facts(), Some(&ids(&[1, 2, 5, 6])), &reach(&[1, 3], &[2], &[]));
    assert_eq!(actual.share(), Some(Share::new(3, 4)));
    assert_eq!(actual.verdict, TargetVerdict::NotMet);
    assert_eq!(
        whys(&actual),
        [
            RowGround::OwnModel,
            RowGround::ThroughPeople,
            RowGround::OwnModel,
            RowGround::ClosedWithoutSuccessor
        ]
    );
    assert_eq!(actual.rows[2].successor, Some(SchoolId(3)));
    assert_eq!(actual.through_people(), 1);
    let all = included(&facts(), Some(&ids(&[1, 2])), &reach(&[1, 2, 3], &[], &[]));
    assert_eq!((all.verdict, all.share()), (TargetVerdict::Met, Some(Share::new(2, 2))));
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A pedagogical worker with the last days of completed support.
fn person(id: i64, school: i64, completed: &[&str]) -> PersonFact {
    let completed = completed.iter().map(|text| day(text)).collect();
    PersonFact { id: StaffId(id), school: SchoolId(school), completed }
}

#[test]
fn people_count_once_and_from_the_last_day_of_their_support() {
    // Listed: 1 and 2. Person 13 works at 3, which is not listed.
    let people = [
        person(11, 1, &["2020-11-20", "2021-03-01"]),
        person(12, 1, &[]),
        person(13, 3, &["2020-01-01"]),
        person(21, 2, &["2021-06-01"]),
    ];
    let of = |on| supported(&facts(), Some(&ids(&[1, 2])), &people, day(on));
    // 0 of 3, 1 of 3, 2 of 3: 66.7 %, below 70.
    for (on, numerator) in
        [("2020-11-19", 0), ("2020-11-20", 1), ("2021-05-31", 1), ("2021-06-01", 2), ("2021-12-31", 2)]
    {
        let actual = of(on);
        assert_eq!(
            (actual.share(), actual.verdict),
            (Some(Share::new(numerator, 3)), TargetVerdict::NotMet),
            "{on}"
        );
    }
    assert_eq!(
        whys(&of("2021-12-31")),
        [RowGround::Supported, RowGround::NotSupported, RowGround::Supported]
    );
    assert_eq!(supported(&facts(), None, &people, day("2021-12-31")).reason, Some(NotMeasurable::NoList));
}

#[test]
fn people_are_followed_to_the_school_that_took_over() {
    // 5 became 3: the people of 3 count, and one whom the register still has in 5; 6 closed, its people do not.
    let people = [person(31, 3, &["2020-05-05"]), person(51, 5, &[]), person(61, 6, &["2020-05-05"])];
    let of = |list: &[i64]| supported(&facts(), Some(&ids(list)), &people, day("2020-12-31"));
    assert_eq!(of(&[5, 6]).share(), Some(Share::new(1, 2)));
    // 3 is listed itself: nobody counts twice.
    assert_eq!(of(&[3, 5]).share(), Some(Share::new(1, 2)));
    // Of 1 and 2 nothing is known; 6 has no people to know of.
    assert_eq!(of(&[1, 2, 5, 6]).without_staff, [SchoolId(1), SchoolId(2)]);
    assert_eq!(of(&[1]).reason, Some(NotMeasurable::NothingToMeasure));
}

#[test]
fn without_a_list_or_with_an_empty_one_nothing_is_said() {
    assert_eq!(included(&facts(), None, &Reach::default()).reason, Some(NotMeasurable::NoList));
    let empty = included(&facts(), Some(&BTreeSet::new()), &Reach::default());
    assert_eq!(
        (empty.verdict, empty.reason),
        (TargetVerdict::NotMeasurable, Some(NotMeasurable::NothingToMeasure))
    );
}

#[test]
fn a_district_counts_inside_its_city_and_a_state_school_nowhere() {
    // School 1 reaches the city through its district; the okrug has a model of its own; 4 is a state school: 2 of 3.
    let actual = municipal(&facts(), &reach(&[1, 4], &[], &[OKRUG]), None);
    assert_eq!(actual.share(), Some(Share::new(2, 3)));
    assert_eq!(whys(&actual), [RowGround::AssignedSchool, RowGround::MunicipalModel, RowGround::NoModel]);
    // 2 of 3 is 66.7 %, below 70; a model of the district itself adds nothing to the city.
    assert_eq!(actual.verdict, TargetVerdict::NotMet);
    assert_eq!(
        municipal(&facts(), &reach(&[1], &[], &[DISTRICT, OKRUG]), None).share(),
        Some(Share::new(2, 3))
    );
}

#[test]
fn the_denominator_of_municipal_systems_is_a_parameter() {
    let with = |denominator| municipal(&facts(), &reach(&[1], &[], &[OKRUG, FAR]), Some(denominator));
    // 3 of 4 is 75 %, 3 of 5 is 60 %.
    assert_eq!((with(4).verdict, with(5).verdict), (TargetVerdict::Met, TargetVerdict::NotMet));
}

#[test]
fn before_the_later_list_nothing_is_said_but_the_participants_are_counted() {
    let actual = later_list(&facts(), &reach(&[1], &[2], &[]), None);
    assert_eq!((actual.numerator, actual.denominator), (None, Some(2)));
    assert_eq!(actual.reason, Some(NotMeasurable::BeforeTheLaterList));
}

#[test]
fn participants_are_followed_to_their_successors() {
    // 1 is off; 2 is on; 5 became 3, which is on; 6 closed. 1 of 4 is 25 %, below 30.
    let participants = reach(&[1, 2, 5, 6], &[], &[]);
    let actual = later_list(&facts(), &participants, Some(&ids(&[2, 3])));
    assert_eq!(
        whys(&actual),
        [
            RowGround::OffTheLaterList,
            RowGround::OnTheLaterList,
            RowGround::OnTheLaterList,
            RowGround::ClosedWithoutSuccessor
        ]
    );
    assert_eq!((actual.share(), actual.verdict), (Some(Share::new(1, 4)), TargetVerdict::NotMet));
    // The list names 5, which became 3: 3 is on it too. 2 of 4 are off: 50 %.
    let actual = later_list(&facts(), &reach(&[1, 2, 3, 5], &[], &[]), Some(&ids(&[5])));
    assert_eq!((actual.share(), actual.verdict), (Some(Share::new(2, 4)), TargetVerdict::Met));
}

#[test]
fn a_circle_of_successors_does_not_hang() {
    let mut facts = facts();
    facts.schools.insert(SchoolId(7), school(None, Some(8), false));
    facts.schools.insert(SchoolId(8), school(None, Some(7), false));
    assert_eq!(facts.follow(SchoolId(7)), Followed::To(SchoolId(7)));
}

proptest! {
    #[test]
    fn a_numerator_never_exceeds_its_denominator_and_more_assignments_never_lower_it(
        listed in prop::collection::btree_set(1i64..=6, 0..6),
        own in prop::collection::btree_set(1i64..=6, 0..6),
        more in prop::collection::btree_set(1i64..=6, 0..6),
    ) {
        let vec = |set: &BTreeSet<i64>| set.iter().copied().collect::<Vec<_>>();
        let (listed, fewer) = (ids(&vec(&listed)), reach(&vec(&own), &[], &[]));
        let greater = reach(&vec(&own), &vec(&more), &[]);
        for (less, most) in [
            (included(&facts(), Some(&listed), &fewer), included(&facts(), Some(&listed), &greater)),
            (municipal(&facts(), &fewer, None), municipal(&facts(), &greater, None)),
        ] {
            prop_assert!(less.numerator <= most.numerator);
            prop_assert!(most.numerator <= most.denominator);
        }
    }

    #[test]
    fn more_support_never_lowers_the_second_and_order_never_matters(
        people in prop::collection::vec((1i64..=6, prop::collection::vec(0i32..40, 0..4)), 0..12),
        further in prop::collection::vec((0usize..12, 0i32..40), 0..8),
        list in prop::collection::btree_set(1i64..=6, 0..6),
        on in 0i32..40,
    ) {
        let date = |n: i32| NaiveDate::from_epoch_days(18_000 + n).unwrap();
        let fact = |(id, (school, days)): (i64, &(i64, Vec<i32>))| PersonFact {
            id: StaffId(id),
            school: SchoolId(*school),
            completed: days.iter().map(|n| date(*n)).collect(),
        };
        let before: Vec<PersonFact> = (1..).zip(&people).map(fact).collect();
        let mut after = before.clone();
        for (who, day) in further {
            if let Some(person) = after.get_mut(who) {
                person.completed.push(date(day));
            }
        }
        let list = ids(&list.into_iter().collect::<Vec<_>>());
        let of = |people: &[PersonFact]| supported(&facts(), Some(&list), people, date(on));
        let (less, most) = (of(&before), of(&after));
        prop_assert!(less.numerator <= most.numerator && most.numerator <= most.denominator);
        prop_assert_eq!(less.denominator, most.denominator);
        after.reverse();
        after.iter_mut().for_each(|person| person.completed.reverse());
        prop_assert_eq!(of(&after), most);
        let later = supported(&facts(), Some(&list), &after, date(on + 1));
        prop_assert!(later.numerator >= of(&after).numerator);
    }

    #[test]
    fn a_longer_later_list_never_raises_the_fourth(
        own in prop::collection::btree_set(1i64..=6, 0..6),
        list in prop::collection::btree_set(1i64..=6, 0..6),
        more in prop::collection::btree_set(1i64..=6, 0..6),
    ) {
        let vec = |set: &BTreeSet<i64>| set.iter().copied().collect::<Vec<_>>();
        let participants = reach(&vec(&own), &[], &[]);
        let longer = ids(&vec(&list.union(&more).copied().collect()));
        let short = later_list(&facts(), &participants, Some(&ids(&vec(&list))));
        let long = later_list(&facts(), &participants, Some(&longer));
        prop_assert!(long.numerator <= short.numerator);
        prop_assert_eq!(long.denominator, short.denominator);
    }

    #[test]
    fn the_verdict_is_exact(n in 0i64..1000, d in 1i64..1000) {
        let share = Share::new(n.min(d), d);
        prop_assert_eq!(IndicatorCode::I1.target().reached(share), Some(n >= d));
        for code in [IndicatorCode::I2, IndicatorCode::I3] {
            prop_assert_eq!(code.target().reached(share), Some(10 * n.min(d) >= 7 * d));
        }
    }
}
