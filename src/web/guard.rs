//! Who may come to a page. Checked before its handler, at every request, by the sign-in as it is now.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cookies::Jar;
use super::denial::denial_text;
use super::visit::clock;
use super::within::{self, Within, narrows, narrows_to};
use super::{Language, Problem, Shell, Site, Visit, go};
use crate::accounts::capability::Capability;
use crate::accounts::{
    AccountError, Denial, KeyHolder, Preferences, Principal, RoleBook, Scope, Tenant, check_api_key, find_preferences, find_tenant_by_id,
};
use crate::store::{Db, IdMaker, Source};
use crate::units::UnixMs;

/// For whom a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Anybody, also before signing in.
    Open,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds one of these.
    Any(&'static [Capability]),
    /// Whoever holds all of these.
    All(&'static [Capability]),
    /// A program with an API key; its handler asks for capabilities.
    Key,
}

impl Guard {
    /// Whether it lets somebody with this scope in.
    pub fn lets(self, scope: &Scope) -> bool {
        // whose customers a page is about, its use cases look at
        let may = |c: &Capability| scope.may(*c) || (c.is_by_zone() && scope.may_in_some_zone(*c));
        match self {
            Guard::Open | Guard::SignedIn | Guard::Key => true,
            Guard::Any(capabilities) => capabilities.iter().any(may),
            Guard::All(capabilities) => capabilities.iter().all(may),
        }
    }

    /// What is said to somebody who is not let in: what he would have to hold.
    fn refusal(self, scope: &Scope) -> Problem {
        let missing = match self {
            Guard::Open | Guard::SignedIn | Guard::Key => None,
            Guard::Any(capabilities) | Guard::All(capabilities) => capabilities.iter().copied().find(|c| !scope.may(*c)),
        };
        missing.map_or(Problem::NotFound, |capability| Denial::Lacks(capability).into())
    }
}

/// Somebody who is signed in, with the request: what every handler of a guarded page begins with. Cheap to clone.
#[derive(Clone)]
pub struct Signed {
    /// The server's pages.
    pub site: Arc<Site>,
    /// The request.
    pub visit: Visit,
    facts: Arc<SignedFacts>,
}

/// What is known of whoever is signed in.
pub struct SignedFacts {
    /// Who, and what he may see and do.
    pub principal: Principal,
    /// The tenant that he works in.
    pub tenant: Tenant,
    /// What he chose.
    pub preferences: Preferences,
    /// What the part is called that he looks at, if it is less than what he sees; `None` also on pages that do not narrow.
    pub within: Option<(Within, String)>,
}

impl std::ops::Deref for Signed {
    type Target = SignedFacts;
    fn deref(&self) -> &SignedFacts {
        &self.facts
    }
}

impl Signed {
    /// What he may see and do: the argument of every use case and SQL function.
    pub fn scope(&self) -> &Scope {
        &self.principal.scope
    }

    /// What the roles of the tenant that he works in are and are called.
    pub fn book(&self) -> &RoleBook {
        &self.principal.book
    }

    /// When the request came.
    pub fn now(&self) -> UnixMs {
        self.visit.now
    }

    /// The store, changed in his name.
    pub fn db(&self) -> Db {
        self.site.db.acting_as(self.principal.origin(Source::Panel, &self.visit.request_id, self.visit.ip))
    }

    /// Ids for new rows.
    pub fn ids(&self) -> Result<Arc<IdMaker>, Problem> {
        self.site.ids.load_full().ok_or(Problem::StoreAway)
    }

    /// His language: what he chose, else his tenant's.
    pub fn language(&self) -> Language {
        let chosen = self.preferences.language.as_deref().and_then(Language::of);
        chosen.or_else(|| Language::of(&self.tenant.language)).unwrap_or(self.visit.language)
    }

    /// Why a rule refuses something, in his language.
    pub fn denial(&self, denial: Denial) -> String {
        denial_text(self.language(), self.book(), denial)
    }

    /// As he is by now, for what goes on after its request: the sign-in and what it may are looked at again, as for a request of this instant. Whoever may not come to
    /// the page any more is refused, and so is one who by now looks with other eyes or at another tenant.
    pub async fn again(&self, guard: Guard) -> Result<Signed, Problem> {
        let signed = find(&self.site, &self.visit, clock()).await?;
        match signed.bound_to() == self.bound_to() {
            true if guard.lets(signed.scope()) => Ok(signed),
            true => Err(guard.refusal(signed.scope())),
            false => Err(Problem::FormOutdated),
        }
    }

    /// What forms are bound to: the sign-in, and with whose eyes and in which tenant it looks; a form that was opened under others does nothing.
    pub(super) fn bound_to(&self) -> String {
        let eyes = self.principal.impersonation.as_ref().map_or(0, |i| i.account.0);
        format!("{} {eyes} {}", self.visit.bound_to(), self.scope().tenant())
    }

    /// A page's frame, with a title by its text id.
    pub fn shell(&self, title_id: &str) -> Shell {
        Shell::signed(self, title_id)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Signed, Infallible> {
        Ok(parts.extensions.get::<Signed>().cloned().expect("a page whose guard is Open has no Signed"))
    }
}

/// A program that came with an API key, with the request: what every handler of the API begins with. Cheap to clone.
#[derive(Clone)]
pub struct KeyCaller {
    /// The server's pages.
    pub site: Arc<Site>,
    /// The request.
    pub visit: Visit,
    /// Whose key, and what it may do.
    pub holder: Arc<KeyHolder>,
}

impl KeyCaller {
    /// What it may see and do.
    pub fn scope(&self) -> &Scope {
        &self.holder.scope
    }

    /// The store, changed in the name of the key's account.
    pub fn db(&self) -> Db {
        self.site.db.acting_as(self.holder.origin(&self.visit.request_id, self.visit.ip))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for KeyCaller {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<KeyCaller, Infallible> {
        Ok(parts.extensions.get::<KeyCaller>().cloned().expect("a route whose guard is not Key has no KeyCaller"))
    }
}

/// What stands before every handler. A refusal behind a sign-in still shows the menu of whoever is signed in.
pub(super) async fn check(guard: Guard, mut request: Request, next: Next) -> Response {
    if guard == Guard::Open {
        return next.run(request).await;
    }
    let visit = request.extensions().get::<Visit>().cloned().expect("`layers` stands before every route");
    let site = request.extensions().get::<Arc<Site>>().cloned().expect("`layers` stands before every route");
    if guard == Guard::Key {
        let bearer = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
        let Some(token) = bearer else { return Problem::KeyMissing.into_response() };
        return match check_api_key(&site.db, token.trim(), visit.ip, visit.now).await {
            Ok(holder) => {
                request.extensions_mut().insert(KeyCaller { site, visit, holder: Arc::new(holder) });
                next.run(request).await
            }
            Err(AccountError::NotSignedIn(why)) => Problem::KeyRefused(why).into_response(),
            Err(error) => Problem::from(error).into_response(),
        };
    }
    let signed = match find(&site, &visit, visit.now).await {
        Ok(signed) => signed,
        Err(problem) => return problem.into_response(),
    };
    let part = signed.within.as_ref().map(|(part, _)| *part);
    if let Some(to) = part.and_then(|part| within::leads_to(request.method(), &visit, part)) {
        return go(&to, &[]);
    }
    let mut response = if guard.lets(signed.scope()) {
        request.extensions_mut().insert(signed.clone());
        let changes = request.method() == Method::POST;
        let response = next.run(request).await;
        if changes {
            site.widgets.note(signed.scope().tenant());
        }
        response
    } else {
        guard.refusal(signed.scope()).into_response()
    };
    response.extensions_mut().insert(signed);
    response
}

async fn find(site: &Arc<Site>, visit: &Visit, now: UnixMs) -> Result<Signed, Problem> {
    let token = visit.cookies.get(Jar::SignIn).ok_or(Problem::SignIn)?;
    let mut principal = site.desk.check(token, now).await?;
    let mut conn = site.db.read().await?;
    let tenant = find_tenant_by_id(&mut conn, principal.scope.tenant()).await?.ok_or(Problem::SignIn)?;
    let preferences = find_preferences(&mut conn, principal.home, principal.account).await?;
    let mut within = None;
    if narrows(visit.path())
        && let Some((part, is_said)) = within::asked(visit)?
        && narrows_to(visit.path(), part)
    {
        match part.of(&mut conn, &principal.scope).await? {
            Some((scope, name)) => (principal.scope, within) = (scope, Some((part, name))),
            // what an address says and he does not see (any more) is not made more than that
            None if is_said => return Err(Problem::NotFound),
            None => {}
        }
    }
    let facts = Arc::new(SignedFacts { principal, tenant, preferences, within });
    Ok(Signed { site: site.clone(), visit: visit.clone(), facts })
}
