//! What somebody gets instead of a page. A handler returns it; `layers` makes the page, in his language and with the request's id.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::Language;
use super::denial::denial_text;
use crate::aaa::directory::LoadError;
use crate::aaa::explain::ExplainError;
use crate::accounts::{AccountError, Denial, RoleBook, ViewError};
use crate::customers::CustomerError;
use crate::jobs::JobError;
use crate::packages::PackageError;
use crate::routers::RouterError;
use crate::routers::pools::PoolError;
use crate::sessions::SessionError;
use crate::store::StoreError;

/// Why there is no page.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Not there, or not for these eyes: the two look alike.
    NotFound,
    /// This page cannot be asked for in this way.
    MethodNotAllowed,
    /// First sign in.
    SignIn,
    /// The API without a key.
    KeyMissing,
    /// The API with a key that is not good: says why.
    KeyRefused(&'static str),
    /// Signed in, but a rule refuses it.
    Denied(Denial),
    /// Signed in, but it is refused: says why.
    Forbidden(String),
    /// The form was made for another sign-in, or by another site.
    FormOutdated,
    /// Sent by a page of another site.
    CrossSite,
    /// What was sent does not read.
    BadRequest(String),
    /// More than a form may be.
    TooLarge,
    /// Understood, but it cannot be so: says why.
    Refused(String),
    /// Somebody else changed it in the meantime.
    Conflict(String),
    /// Wait so many seconds.
    TooMany(u64),
    /// The server has too much to do.
    Busy,
    /// The database does not answer.
    StoreAway,
    /// Ours to mend; the log says what.
    Internal,
}

impl Problem {
    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            Problem::NotFound => StatusCode::NOT_FOUND,
            Problem::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Problem::SignIn => StatusCode::SEE_OTHER,
            Problem::KeyMissing | Problem::KeyRefused(_) => StatusCode::UNAUTHORIZED,
            Problem::Denied(_) | Problem::Forbidden(_) | Problem::FormOutdated | Problem::CrossSite => StatusCode::FORBIDDEN,
            Problem::BadRequest(_) => StatusCode::BAD_REQUEST,
            Problem::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Problem::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::Conflict(_) => StatusCode::CONFLICT,
            Problem::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Problem::Busy | Problem::StoreAway => StatusCode::SERVICE_UNAVAILABLE,
            Problem::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The id of its texts: `problem-ID` is the heading, `problem-help-ID` says what to do.
    pub fn text_id(&self) -> &'static str {
        match self {
            Problem::NotFound => "not-found",
            Problem::MethodNotAllowed => "method",
            Problem::SignIn => "sign-in",
            Problem::KeyMissing => "key-missing",
            Problem::KeyRefused(_) => "key-refused",
            Problem::Denied(_) | Problem::Forbidden(_) => "forbidden",
            Problem::FormOutdated => "form-outdated",
            Problem::CrossSite => "cross-site",
            Problem::BadRequest(_) => "bad-request",
            Problem::TooLarge => "too-large",
            Problem::Refused(_) => "refused",
            Problem::Conflict(_) => "conflict",
            Problem::TooMany(_) => "too-many",
            Problem::Busy => "busy",
            Problem::StoreAway => "store-away",
            Problem::Internal => "internal",
        }
    }

    /// What more there is to say, in a language, with the names of roles that a tenant has.
    pub fn detail(&self, language: Language, book: &RoleBook) -> Option<String> {
        match self {
            Problem::Denied(denial) => Some(denial_text(language, book, *denial)),
            Problem::Forbidden(why) | Problem::BadRequest(why) | Problem::Refused(why) | Problem::Conflict(why) => Some(why.clone()),
            Problem::KeyRefused(why) => Some((*why).to_owned()),
            _ => None,
        }
    }

    /// Seconds to wait.
    pub fn wait_secs(&self) -> Option<u64> {
        match self {
            Problem::TooMany(secs) => Some(*secs),
            Problem::Busy | Problem::StoreAway => Some(5),
            _ => None,
        }
    }
}

/// Errors begin in lower case, since logs and commands put words before them; on a page they stand alone.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if text.is_empty() || text.ends_with(['.', '?', ')', '।']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = match self {
            // `layers` adds where to come back to
            Problem::SignIn => Redirect::to("/sign-in").into_response(),
            ref other => other.status().into_response(),
        };
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        if error.is_unreachable() {
            tracing::warn!(%error, "a page could not be made");
            return Problem::StoreAway;
        }
        tracing::error!(%error, "a page could not be made");
        Problem::Internal
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Problem {
        Problem::Denied(denial)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Problem {
        match error {
            AccountError::Store(e) => e.into(),
            AccountError::Denied(denial) => denial.into(),
            AccountError::UnknownTenant(_) | AccountError::UnknownAccount(_) | AccountError::UnknownApiKey(_) => Problem::NotFound,
            AccountError::NotSignedIn(_) => Problem::SignIn,
            AccountError::TooManyAttempts { wait_secs } | AccountError::ApiKeyLimit { wait_secs, .. } => Problem::TooMany(wait_secs),
            AccountError::Busy => Problem::Busy,
            AccountError::Outdated => Problem::Conflict(error.to_string()),
            AccountError::Impersonation(why) => Problem::Forbidden(why.into()),
            other => Problem::Refused(other.to_string()),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Problem {
        match error {
            JobError::Store(e) => e.into(),
            JobError::Denied(denial) => denial.into(),
            JobError::Customer(e) => e.into(),
            JobError::Unknown(_) => Problem::NotFound,
            other => Problem::Refused(other.to_string()),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Problem {
        match error {
            SessionError::Store(e) => e.into(),
            SessionError::Denied(denial) => denial.into(),
        }
    }
}

impl From<RouterError> for Problem {
    fn from(error: RouterError) -> Problem {
        match error {
            RouterError::Store(e) => e.into(),
            RouterError::Denied(denial) => denial.into(),
            other => Problem::Refused(other.to_string()),
        }
    }
}

impl From<PackageError> for Problem {
    fn from(error: PackageError) -> Problem {
        match error {
            PackageError::Store(e) => e.into(),
            PackageError::Denied(denial) => denial.into(),
            PackageError::Unknown(_) | PackageError::UnknownOwner(_) => Problem::NotFound,
            other => Problem::Refused(other.to_string()),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Problem {
        match error {
            ViewError::Store(e) => e.into(),
            ViewError::Denied(denial) => denial.into(),
            ViewError::Unknown => Problem::NotFound,
            ViewError::BadField(why) => Problem::Refused(why),
        }
    }
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Problem {
        match error {
            ExplainError::Store(e) => e.into(),
            ExplainError::Denied(denial) => denial.into(),
            ExplainError::Customer(e) => e.into(),
            ExplainError::Session(e) => e.into(),
            ExplainError::Pool(PoolError::Store(e)) | ExplainError::Router(RouterError::Store(e)) => e.into(),
            ExplainError::Load(LoadError::Store(e)) => e.into(),
            ExplainError::Request(_) | ExplainError::ReplyTooLong => Problem::Refused(error.to_string()),
            ExplainError::Pool(_) | ExplainError::Router(_) | ExplainError::Load(_) | ExplainError::Log(_) => {
                tracing::error!(%error, "a page could not be made");
                Problem::Internal
            }
        }
    }
}

impl From<CustomerError> for Problem {
    fn from(error: CustomerError) -> Problem {
        match error {
            CustomerError::Store(e) => e.into(),
            CustomerError::Account(e) => e.into(),
            CustomerError::Denied(denial) => denial.into(),
            CustomerError::Unknown(_) | CustomerError::UnknownOwner(_) => Problem::NotFound,
            CustomerError::Outdated => Problem::Conflict(error.to_string()),
            CustomerError::Key(e) => {
                tracing::error!(error = %e, "a secret does not open");
                Problem::Internal
            }
            other => Problem::Refused(other.to_string()),
        }
    }
}
