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
