//! Money spent on an agent.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of US dollars in whole millionths, so that sums are exact. Serialized as a number of dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u64);

impl Cost {
    /// Nothing spent.
    pub const ZERO: Self = Self(0);

    /// This many millionths of a dollar.
    pub const fn from_micro_usd(micros: u64) -> Self {
        Self(micros)
    }

    /// Rounds an amount of dollars to millionths; `None` unless it is finite, not negative and below 10¹² dollars.
    pub fn from_usd(dollars: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
        (0.0..1e12).contains(&dollars).then(|| Self((dollars * 1e6).round() as u64))
    }

    /// Millionths of a dollar.
    pub const fn as_micro_usd(self) -> u64 {
        self.0
    }

    /// The amount in dollars, for display and for protocols that speak in dollars.
    #[expect(clippy::cast_precision_loss, reason = "exact below nine billion dollars")]
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add for Cost {
    type Output = Self;

    /// Saturates: an absurd report from an agent must not wrap to a small one.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.4}", self.as_usd())
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_usd())
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Self::from_usd(dollars).ok_or_else(|| serde::de::Error::custom(format!("{dollars} is not an amount of money")))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::float_noise(0.000_600_000_000_000_000_1, Some(600))]
    #[case::nothing(0.0, Some(0))]
    #[case::negative(-0.01, None)]
    #[case::not_a_number(f64::NAN, None)]
    #[case::endless(f64::INFINITY, None)]
    fn dollars_are_checked_and_rounded(#[case] dollars: f64, #[case] micros: Option<u64>) {
        assert_eq!(Cost::from_usd(dollars).map(Cost::as_micro_usd), micros);
    }
}
