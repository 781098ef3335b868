//! Whose data a reader may see.

crate::id_type!(
    /// A municipality: a district, an okrug, or a city district.
    MunicipalityId
);
crate::id_type!(
    /// A school.
    SchoolId
);

/// The part of the region that a user or a service works for. Every query on scoped data filters by it; what lies
/// outside does not exist for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// The whole region.
    Region,
    /// A municipality and, if it is a city, its districts.
    Municipality(MunicipalityId),
    /// One school.
    School(SchoolId),
}

impl Area {
    /// The area that the two columns of a row name, of which one at most holds an id.
    pub fn of(municipality: Option<MunicipalityId>, school: Option<SchoolId>) -> Self {
        match (municipality, school) {
            (_, Some(id)) => Self::School(id),
            (Some(id), None) => Self::Municipality(id),
            (None, None) => Self::Region,
        }
    }

    /// The two columns that hold the area: [`Self::of`] backwards.
    pub fn ids(self) -> (Option<MunicipalityId>, Option<SchoolId>) {
        match self {
            Self::Region => (None, None),
            Self::Municipality(id) => (Some(id), None),
            Self::School(id) => (None, Some(id)),
        }
    }
}
