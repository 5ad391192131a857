//! Numbers in words.

/// A time for people: `8 s`, `2 min 05 s`, `3 h 20 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0 if seconds < 0.1 => "under 0.1 s".into(),
        0..3 => format!("{seconds:.1} s"),
        3..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A count with its noun: `1 pass`, `2 passes`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_plain() {
        let told = [0.01, 0.3, 2.0, 59.4, 125.0, 12_000.0].map(duration);
        assert_eq!(told, ["under 0.1 s", "0.3 s", "2.0 s", "59 s", "2 min 05 s", "3 h 20 min"]);
    }
}
