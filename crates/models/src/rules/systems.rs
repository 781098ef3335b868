//! Municipal systems: which one a municipality belongs to, and which ones the regional system has reached.

use opora_schools::types::MunicipalityId;
use std::collections::{BTreeMap, BTreeSet};

/// The municipal system of `municipality`: itself, or the city that a city district belongs to (decision 6).
/// `parents` holds the city of each district. A circle in it, which the registers do not allow, leaves the
/// municipality its own system.
pub fn municipal_system_of(
    municipality: MunicipalityId,
    parents: &BTreeMap<MunicipalityId, MunicipalityId>,
) -> MunicipalityId {
    let mut system = municipality;
    for _ in 0..=parents.len() {
        match parents.get(&system) {
            Some(parent) => system = *parent,
            None => return system,
        }
    }
    municipality
}

/// The municipal systems that the regional system includes: those with a school that has a model, or with a model of
/// the municipal level (numerator of indicator I3). `schools` gives the municipality of each school with a model;
/// a state school has none and counts nowhere (decision 16).
pub fn municipal_systems_included(
    schools: impl IntoIterator<Item = Option<MunicipalityId>>,
    municipalities: impl IntoIterator<Item = MunicipalityId>,
    parents: &BTreeMap<MunicipalityId, MunicipalityId>,
) -> BTreeSet<MunicipalityId> {
    let reached = schools.into_iter().flatten().chain(municipalities);
    reached.map(|municipality| municipal_system_of(municipality, parents)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CITY: MunicipalityId = MunicipalityId(1);
    const DISTRICT: MunicipalityId = MunicipalityId(2);
    const OTHER: MunicipalityId = MunicipalityId(3);

    #[test]
    fn a_city_district_counts_inside_its_city() {
        let parents = BTreeMap::from([(DISTRICT, CITY)]);
        assert_eq!(municipal_system_of(DISTRICT, &parents), CITY);
        assert_eq!(municipal_system_of(CITY, &parents), CITY);
        // The district's school and the city's own model are one system; the state school is none: 2 systems.
        let included = municipal_systems_included([Some(DISTRICT), None], [CITY, OTHER], &parents);
        assert_eq!(included, BTreeSet::from([CITY, OTHER]));
    }

    #[test]
    fn a_circle_of_parents_does_not_hang() {
        let parents = BTreeMap::from([(CITY, DISTRICT), (DISTRICT, CITY)]);
        assert_eq!(municipal_system_of(CITY, &parents), CITY);
        assert_eq!(municipal_system_of(DISTRICT, &parents), DISTRICT);
    }
}
