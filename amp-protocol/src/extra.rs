//! What an object carried besides its typed fields.

use serde::ser::SerializeMap;

use crate::raw_json::RawJson;
use crate::repair::Repairs;

/// What an object carried besides its typed fields.
///
/// Fields this crate does not know are kept as text and written back after the known ones.
/// It also remembers how the wire spelled what the typed fields cannot tell apart (an absent
/// field or an explicit `null`), so that encoding gives back what was decoded.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// Behind one pointer, since nearly every object has none.
    fields: Option<Box<Fields>>,
    /// Bit n: the n-th typed field was spelled `null`.
    pub(crate) nulls: u16,
    /// Bit n: the n-th typed field was absent although encoding normally writes it.
    pub(crate) absent: u16,
    /// Only set on the object that is a whole line.
    pub(crate) repairs: Repairs,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Fields(Vec<(Box<str>, RawJson)>);

impl Extra {
    /// Returns the unknown fields in wire order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        let fields = self
            .fields
            .as_deref()
            .into_iter()
            .flat_map(|fields| &fields.0);
        fields.map(|(name, value)| (&**name, value))
    }

    /// Returns the first unknown field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawJson> {
        self.fields()
            .find_map(|(field, value)| (field == name).then_some(value))
    }

    /// Tells whether there is no unknown field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_none()
    }

    /// Adds a field to be written after the known ones.
    pub fn push(&mut self, name: impl Into<Box<str>>, value: RawJson) {
        self.fields
            .get_or_insert_default()
            .0
            .push((name.into(), value));
    }

    pub(crate) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (name, value) in self.fields() {
            map.serialize_entry(name, value)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Extra {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_map().entries(self.fields()).finish()
    }
}
