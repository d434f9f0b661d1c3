//! How pages are registered: method, path and [`Guard`] together, so that none is without one, and the list of all of them can be had (the crawl visits it).

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post};

use super::guard::{self, Guard};
use super::{Problem, Site};

/// How a page is asked for. Forms know only these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Shows something and changes nothing.
    Get,
    /// Changes something.
    Post,
}

/// One registered page.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// How.
    pub method: Method,
    /// Where, with `{id}` for what varies.
    pub path: &'static str,
    /// For whom.
    pub guard: Guard,
}

/// See the head of the file.
#[derive(Default)]
pub struct Routes {
    router: Router<Arc<Site>>,
    list: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// A page that shows something.
    #[must_use]
    pub fn get<T: 'static, H: Handler<T, Arc<Site>>>(self, path: &'static str, guard: Guard, handler: H) -> Routes {
        self.add(Route { method: Method::Get, path, guard }, get(handler))
    }

    /// A page that changes something.
    #[must_use]
    pub fn post<T: 'static, H: Handler<T, Arc<Site>>>(self, path: &'static str, guard: Guard, handler: H) -> Routes {
        self.add(Route { method: Method::Post, path, guard }, post(handler))
    }

    /// Those of another resource.
    #[must_use]
    pub fn and(mut self, other: Routes) -> Routes {
        self.list.extend(other.list);
        Routes { router: self.router.merge(other.router), list: self.list }
    }

    /// All that are registered.
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    /// For axum. What is not registered is not found; a wrong method is told from it.
    pub fn into_router(self, site: Arc<Site>) -> Router {
        self.router
            .fallback(|| async { Problem::NotFound })
            .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
            .with_state(site)
    }

    fn add(mut self, route: Route, methods: MethodRouter<Arc<Site>>) -> Routes {
        self.list.push(route);
        let guarded = methods.layer(axum::middleware::from_fn(move |request, next| guard::check(route.guard, request, next)));
        Routes { router: self.router.route(route.path, guarded), list: self.list }
    }
}
