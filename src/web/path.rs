//! Ids and words in paths. What does not read is nobody's: not found, like a foreign one.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::Problem;

/// The `{id}` of a path.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, Problem> {
        match Path::<i64>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Id(id)),
            Err(_) => Err(Problem::NotFound),
        }
    }
}

/// The one word of a path that is no number, such as a role's.
#[derive(Debug, Clone)]
pub struct Word(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Word {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Word, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(word)) => Ok(Word(word)),
            Err(_) => Err(Problem::NotFound),
        }
    }
}
