//! One TOML file with environment override; every key has a default and a comment.
