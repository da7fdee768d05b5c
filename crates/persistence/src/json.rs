//! JSON in text columns.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Deserializer;

/// The text of a value. The types of the domain always have one.
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

/// The value of a text, however deep it nests.
///
/// An agent's line is parsed with a limit on depth, and its values are stored inside others: with
/// the same limit here, the deepest of them could be written and never be read again.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let mut parser = Deserializer::from_str(text);
    parser.disable_recursion_limit();
    let value = T::deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}
