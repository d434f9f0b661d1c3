//! A fresh, empty database for one test, and the folder that goes with it.

use super::{postgres, skip};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A database that nobody else uses. Dropped with the test.
pub struct Store {
    folder: TempDir,
    /// `store.url` of the configuration.
    pub url: String,
    dropped_with_us: Option<String>,
}

impl Store {
    /// An SQLite file that does not exist yet.
    pub fn sqlite() -> Self {
        let folder = new_folder();
        let url = format!("sqlite:{}", folder.path().join("tollgate.db").display());
        Self { folder, url, dropped_with_us: None }
    }

    /// A new database in the server that TOLLGATE_TEST_POSTGRES names; `None`, said loudly, where there is none.
    pub fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TOLLGATE_TEST_POSTGRES") else {
            skip("the PostgreSQL variant of a test", "TOLLGATE_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("tollgate_{:016x}", rand::random::<u64>());
        postgres::run_sql(&server, &format!("CREATE DATABASE {name}"));
        let url = postgres::with_database(&server, &name);
        Some(Self { folder: new_folder(), url, dropped_with_us: Some(name) })
    }

    /// A database of a server that the test itself starts and stops.
    pub fn in_server(server: &postgres::PrivatePostgres) -> Self {
        Self { folder: new_folder(), url: server.url.clone(), dropped_with_us: None }
    }

    /// An empty one of the same kind.
    pub fn another(&self) -> Self {
        if self.url.starts_with("sqlite:") { Self::sqlite() } else { Self::postgres().expect("there was one before") }
    }

    /// The same database for another node, which has a folder of its own.
    pub fn for_another_node(&self) -> Self {
        Self { folder: new_folder(), url: self.url.clone(), dropped_with_us: None }
    }

    /// The test's own folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `data.folder` of the configuration: journal, key file, addresses.json.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let (Some(name), Ok(server)) = (&self.dropped_with_us, std::env::var("TOLLGATE_TEST_POSTGRES")) {
            postgres::run_sql(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn new_folder() -> TempDir {
    tempfile::Builder::new().prefix("tollgate-test-").tempdir().expect("a temporary folder")
}
