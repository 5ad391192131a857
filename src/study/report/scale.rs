//! How many digits numbers of a column have.

/// A power of ten taken out of a column, and decimals that show two digits of the largest
/// standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scale {
    /// Numbers are shown divided by ten to this.
    pub exponent: i32,
    pub decimals: usize,
}

/// Without errors to go by.
const DECIMALS: usize = 3;

impl Scale {
    /// For numbers with their standard errors.
    pub fn of(numbers: &[(f64, Option<f64>)]) -> Self {
        let largest = numbers.iter().map(|(number, _)| number.abs()).fold(0.0, f64::max);
        let plain = largest == 0.0 || (1e-2..1e5).contains(&largest);
        Self::at(if plain { 0 } else { largest.log10().floor() as i32 }, numbers)
    }

    /// With a power that another column has.
    pub fn at(exponent: i32, numbers: &[(f64, Option<f64>)]) -> Self {
        let error = numbers.iter().filter_map(|(_, error)| *error).fold(0.0, f64::max);
        let decimals = match error > 0.0 {
            true => (1 - (error.log10().floor() as i32 - exponent)).clamp(0, 6) as usize,
            false => DECIMALS,
        };
        Self { exponent, decimals }
    }

    pub fn text(self, number: f64) -> String {
        let text = format!("{:.*}", self.decimals, number / 10f64.powi(self.exponent));
        // No zero below zero.
        let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
        text.strip_prefix('-').filter(|_| is_zero).map(String::from).unwrap_or(text)
    }
}

/// A p value for people.
pub fn p_text(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { format!("{p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_show_two_digits_of_the_error() {
        let scale = Scale::of(&[(0.5412, Some(0.0213)), (0.3, Some(0.004))]);
        assert_eq!((scale.text(0.5412), scale.text(0.0213)), ("0.541".into(), "0.021".into()));
        let percent = Scale::of(&[(97.42, Some(1.31))]);
        assert_eq!(percent.text(97.42), "97.4");
    }

    #[test]
    fn small_and_large_columns_share_a_power() {
        let small = Scale::of(&[(2.6e-7, Some(1.3e-8)), (9.7e-8, None)]);
        assert_eq!(
            (small.exponent, small.text(2.6e-7), small.text(9.7e-8)),
            (-7, "2.60".into(), "0.97".into())
        );
        assert_eq!(Scale::of(&[(3e7, None)]).text(3e7), "3.000");
    }

    #[test]
    fn nothing_gives_plain_numbers_and_zero_has_no_sign() {
        assert_eq!(Scale::of(&[]), Scale { exponent: 0, decimals: 3 });
        assert_eq!(Scale::of(&[(0.0, Some(0.0))]).text(-1e-9), "0.000");
        assert_eq!(Scale::of(&[(-0.5, Some(0.1))]).text(-0.5), "-0.50");
    }
}
