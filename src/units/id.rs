//! Typed ids: 63-bit numbers made by the program, printed and serialised as decimal strings.

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
    )*};
}

id! {
    /// A tenant.
    TenantId,
    /// An account: someone who signs in to the panel.
    AccountId,
    /// A router entry.
    RouterId,
    /// A package.
    PackageId,
    /// A customer.
    CustomerId,
    /// A job.
    JobId,
}
