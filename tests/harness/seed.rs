//! The rows every world begins with: two municipalities and a city with a district, a few schools with everything the
//! registry knows about a school, and a user for each role. "Own" is what belongs to the municipality Северный.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use chrono::NaiveDate;
use diesel::prelude::*;
use opora_db::{
    Database, Db, Origin, Result, Tx,
    schema::{
        contexts, designations, identification_runs, list_entries, lists, municipalities, procedures,
        results, schools, staff, support_records, users as user_rows,
    },
};
use opora_identity::{
    Role, UserId,
    users::{self, NewUser},
};
use opora_primitives::{Area, MunicipalityId, SchoolId, text::fold};

/// The password of every seeded user.
pub const PASSWORD: &str = "four random words";

/// The academic year of everything that has one.
pub const YEAR: i32 = 2019;

/// A municipality of the seed: OKTMO, name, kind, OKTMO of the city it lies in.
type Place = (&'static str, &'static str, &'static str, Option<&'static str>);

const PLACES: [Place; 4] = [
    ("22601000", "Северный", "district", None),
    ("22602000", "Южный", "district", None),
    ("22701000", "Город", "city_okrug", None),
    ("22701100", "Заречный", "city_district", Some("22701000")),
];

/// A school of the seed: code, OKTMO of its municipality.
const SCHOOLS: [(&str, Option<&str>); 5] = [
    ("520101", Some("22601000")),
    ("520102", Some("22601000")),
    ("520201", Some("22602000")),
    ("520301", Some("22701100")),
    ("529901", None),
];

/// The ids of what the tests speak of.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    /// The municipality of the user `municipality`.
    pub own: MunicipalityId,
    /// Another one.
    pub other: MunicipalityId,
    /// The municipality of the user `city`.
    pub city: MunicipalityId,
    /// A district of the city.
    pub district: MunicipalityId,
    /// The school of the user `school`, in [`Seed::own`].
    pub school: SchoolId,
    /// A second school in [`Seed::own`].
    pub neighbour: SchoolId,
    /// A school in [`Seed::other`].
    pub other_school: SchoolId,
    /// A school in [`Seed::district`].
    pub district_school: SchoolId,
    /// A school of the region, in no municipality.
    pub state_school: SchoolId,
    /// The only version of the list.
    pub list: i64,
    /// The only run.
    pub run: i64,
    /// The user `reader`.
    pub reader: UserId,
}

impl Seed {
    /// Reads the ids back.
    pub fn find(db: &mut Db) -> Self {
        let [own, other, city, district] = PLACES.map(|(oktmo, ..)| place(db, oktmo).unwrap());
        let [school, neighbour, other_school, district_school, state_school] =
            SCHOOLS.map(|(code, _)| school_of(db, code).unwrap());
        let reader =
            user_rows::table.filter(user_rows::login.eq("reader")).select(user_rows::id).first(db).unwrap();
        let list = lists::table.select(lists::id).first(db).unwrap();
        let run = identification_runs::table.select(identification_runs::id).first(db).unwrap();
        Self {
            own,
            other,
            city,
            district,
            school,
            neighbour,
            other_school,
            district_school,
            state_school,
            list,
            run,
            reader,
        }
    }
}

/// Plants the rows in an empty database.
pub fn plant(database: &Database) {
    let hash = cheap_hash();
    database
        .write(&Origin::system("seed"), |tx| {
            plant_places(tx)?;
            plant_schools(tx)?;
            plant_list(tx)?;
            super::seed_models::plant(tx)?;
            plant_users(tx, &hash)
        })
        .unwrap();
}

/// Logging in checks the hash with the parameters that stand in it; these are the least that argon2 takes.
fn cheap_hash() -> String {
    let params = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, 1, None).unwrap();
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
}

fn place(db: &mut Db, oktmo: &str) -> Result<MunicipalityId> {
    Ok(municipalities::table.filter(municipalities::oktmo.eq(oktmo)).select(municipalities::id).first(db)?)
}

fn school_of(db: &mut Db, code: &str) -> Result<SchoolId> {
    Ok(schools::table.filter(schools::code.eq(code)).select(schools::id).first(db)?)
}

fn plant_places(tx: &mut Tx) -> Result<()> {
    for (oktmo, name, kind, city) in PLACES {
        let parent = city.map(|oktmo| place(tx, oktmo)).transpose()?;
        let row = (
            municipalities::oktmo.eq(oktmo),
            municipalities::name.eq(name),
            municipalities::name_folded.eq(fold(&format!("{name} {oktmo}"))),
            municipalities::kind.eq(kind),
            municipalities::parent_id.eq(parent),
            municipalities::updated_at.eq(tx.at),
        );
        let id: MunicipalityId = diesel::insert_into(municipalities::table)
            .values(row)
            .returning(municipalities::id)
            .get_result(&mut **tx)?;
        let row = (
            designations::kind.eq("M1"),
            designations::municipality_id.eq(id),
            designations::updated_at.eq(tx.at),
        );
        diesel::insert_into(designations::table).values(row).execute(&mut **tx)?;
    }
    Ok(())
}

fn plant_schools(tx: &mut Tx) -> Result<()> {
    let procedure: i64 = diesel::insert_into(procedures::table)
        .values((
            procedures::academic_year.eq(YEAR),
            procedures::assessment.eq("OGE"),
            procedures::grade.eq(9),
            procedures::subject.eq("02"),
        ))
        .returning(procedures::id)
        .get_result(&mut **tx)?;
    for (code, oktmo) in SCHOOLS {
        let municipality = oktmo.map(|oktmo| place(tx, oktmo)).transpose()?;
        let name = format!("Школа {code}");
        let row = (
            schools::code.eq(code),
            schools::name.eq(&name),
            schools::name_folded.eq(fold(&format!("{code} {name}"))),
            schools::municipality_id.eq(municipality),
            schools::kind.eq("secondary"),
            schools::locality.eq("rural"),
            schools::founder.eq(if municipality.is_some() { "municipal" } else { "state" }),
            schools::status.eq("open"),
            schools::updated_at.eq(tx.at),
        );
        let id: SchoolId =
            diesel::insert_into(schools::table).values(row).returning(schools::id).get_result(&mut **tx)?;
        plant_about_school(tx, id, code, procedure)?;
    }
    Ok(())
}

fn plant_about_school(tx: &mut Tx, school: SchoolId, code: &str, procedure: i64) -> Result<()> {
    let at = tx.at;
    diesel::insert_into(contexts::table)
        .values((
            contexts::school_id.eq(school),
            contexts::academic_year.eq(YEAR),
            contexts::pupils.eq(200),
            contexts::updated_at.eq(at),
        ))
        .execute(&mut **tx)?;
    diesel::insert_into(results::table)
        .values((
            results::school_id.eq(school),
            results::procedure_id.eq(procedure),
            results::attempt.eq("main"),
            results::participants.eq(30),
            results::below_minimum.eq(9),
        ))
        .execute(&mut **tx)?;
    let person: i64 = diesel::insert_into(staff::table)
        .values((
            staff::external_id.eq(format!("person-{code}")),
            staff::school_id.eq(school),
            staff::role.eq("teacher"),
            staff::subject.eq("02"),
            staff::full_name.eq(format!("Учитель школы {code}")),
            staff::updated_at.eq(at),
        ))
        .returning(staff::id)
        .get_result(&mut **tx)?;
    diesel::insert_into(support_records::table)
        .values((
            support_records::staff_id.eq(person),
            support_records::form.eq("course"),
            support_records::programme.eq("Курс"),
            support_records::starts_on.eq(NaiveDate::from_ymd_opt(YEAR + 1, 9, 14).unwrap()),
            support_records::completed.eq(false),
            support_records::updated_at.eq(at),
        ))
        .execute(&mut **tx)?;
    diesel::insert_into(designations::table)
        .values((
            designations::kind.eq("innovation_platform"),
            designations::school_id.eq(school),
            designations::updated_at.eq(at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

fn plant_list(tx: &mut Tx) -> Result<()> {
    let row = (
        lists::list_year.eq(YEAR + 1),
        lists::revision.eq(1),
        lists::schools.eq(SCHOOLS.len() as i32),
        lists::created_at.eq(tx.at),
    );
    let list: i64 =
        diesel::insert_into(lists::table).values(row).returning(lists::id).get_result(&mut **tx)?;
    for (code, _) in SCHOOLS {
        let row = (list_entries::list_id.eq(list), list_entries::school_id.eq(school_of(tx, code)?));
        diesel::insert_into(list_entries::table).values(row).execute(&mut **tx)?;
    }
    Ok(())
}

fn plant_users(tx: &mut Tx, hash: &str) -> Result<()> {
    let (own, other, city) = (place(tx, PLACES[0].0)?, place(tx, PLACES[1].0)?, place(tx, PLACES[2].0)?);
    let (school, other_school) = (school_of(tx, SCHOOLS[0].0)?, school_of(tx, SCHOOLS[2].0)?);
    let of_role = |role: Role| match role {
        Role::Municipality => Area::Municipality(own),
        Role::School => Area::School(school),
        _ => Area::Region,
    };
    let of_roles = Role::ALL.iter().map(|role| (role.as_str(), *role, of_role(*role)));
    let further = [
        ("other_municipality", Role::Municipality, Area::Municipality(other)),
        ("city", Role::Municipality, Area::Municipality(city)),
        ("other_school", Role::School, Area::School(other_school)),
    ];
    for (login, role, area) in of_roles.chain(further) {
        let new = NewUser {
            login: login.into(),
            display_name: format!("Пользователь {login}"),
            password: PASSWORD.into(),
            role,
            area,
        };
        users::create(tx, &new, hash)?;
    }
    Ok(())
}
