//! Packages: what AAA needs of them now.
