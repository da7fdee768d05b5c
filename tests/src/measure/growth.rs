//! How cost grows with work.

use std::time::Duration;

use super::Figure;

/// Costs of growing amounts of the same work.
#[derive(Clone, Debug, Default)]
pub struct Growth(Vec<(f64, f64)>);

impl Growth {
    /// Measures `work` for each amount.
    pub fn of(amounts: &[u64], mut work: impl FnMut(u64) -> Duration) -> Self {
        Self(amounts.iter().map(|&amount| (super::as_float(amount), work(amount).as_secs_f64())).collect())
    }

    /// The power of the work with which its cost grows: the slope of the straight line that fits the logarithms best.
    pub fn exponent(&self) -> f64 {
        let points: Vec<(f64, f64)> = self.0.iter().map(|(work, cost)| (work.ln(), cost.max(1e-9).ln())).collect();
        let count = points.iter().map(|_| 1.0).sum::<f64>();
        let mean = |sum: f64| sum / count;
        let (x, y) = (mean(points.iter().map(|it| it.0).sum()), mean(points.iter().map(|it| it.1).sum()));
        let along: f64 = points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
        along / points.iter().map(|it| (it.0 - x).powi(2)).sum::<f64>()
    }

    /// The exponent as a figure, with the costs that it was fitted to.
    pub fn figure(&self, name: &str) -> Figure {
        let costs = self.0.iter().map(|(_, cost)| Figure::time("", Duration::from_secs_f64(*cost)).to_string());
        Figure::exponent(format!("{name}: {}", costs.collect::<Vec<_>>().join(", ")), self.exponent())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::constant(0)]
    #[case::linear(1)]
    #[case::square(2)]
    fn the_exponent_of_a_power_is_found(#[case] power: u32) {
        let growth = Growth::of(&[10, 100, 1_000], |work| Duration::from_nanos(work.pow(power) * 100));
        assert!((growth.exponent() - f64::from(power)).abs() < 1e-6, "{}", growth.exponent());
    }
}
