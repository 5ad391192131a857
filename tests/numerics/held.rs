//! Tests that are run for identifiers of the registries.

/// Makes a test of each function, which is called with every identifier of its row, and a list `HELD` of the
/// identifiers, from which `every_id.rs` knows what is tested.
macro_rules! held {
    ($($check:ident: $($id:literal),+;)+) => {
        pub const HELD: &[&str] = &[$($($id),+),+];

        mod held {
            $(#[test]
            fn $check() {
                $(super::$check($id);)+
            })+
        }
    };
}
