//! Passwords of accounts: argon2id, a few at a time, away from the threads that serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::AccountError;

/// NIST SP 800-63B-4 section 3.1.1.2 and ASVS 6.2.1: length is what counts, so no rules of composition.
const MIN_CHARS: usize = 12;
/// Enough for any passphrase, and no more work than that for whoever sends a megabyte.
const MAX_OCTETS: usize = 256;
/// 40 MiB and two passes: about 100 ms on one core (46 MiB took 120 ms on a virtual core of 2026).
const MEMORY_KIB: u32 = 40_960;
const PASSES: u32 = 2;
/// How many may wait for their turn; more are told to come back.
const MOST_WAITING: usize = 64;
/// What everybody tries first, beyond what the length already keeps out.
const COMMON: [&str; 12] = [
    "password1234",
    "passwordpassword",
    "123456789012",
    "1234567890123",
    "qwertyuiop12",
    "qwertyuiopas",
    "iloveyou1234",
    "adminadminadmin",
    "administrator",
    "changeme1234",
    "letmeinletmein",
    "welcome12345",
];

/// A password that may be set: long enough, no longer than sensible, not one of the usual ones and not the name itself.
pub fn check_password(password: &str, name: &str) -> Result<(), AccountError> {
    let bad = |text: String| Err(AccountError::BadPassword(text));
    if password.chars().count() < MIN_CHARS {
        return bad(format!("a password has at least {MIN_CHARS} characters"));
    }
    if password.len() > MAX_OCTETS {
        return bad(format!("a password has at most {MAX_OCTETS} octets"));
    }
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    let is_usual = COMMON.contains(&lower.as_str())
        || lower.chars().all(|c| Some(c) == first)
        || (!name.is_empty() && lower == name.to_lowercase().repeat(lower.len() / name.len().max(1)));
    if is_usual { bad("this password is one of those that are tried first".to_owned()) } else { Ok(()) }
}

/// Cost of a hash.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> PasswordCost {
        PasswordCost { memory_kib: MEMORY_KIB, passes: PASSES }
    }
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordVerdict {
    /// Whether it is the password.
    pub is_right: bool,
    /// Whether the hash was made at another cost than today's, so that it should be made anew.
    pub is_outdated: bool,
}

/// Makes and checks hashes, at most so many at once: what waits, waits here and not on a core that answers routers.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    cost: PasswordCost,
    at_once: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl PasswordHasher {
    /// `at_once` hashes at a time (at least one).
    pub fn new(cost: PasswordCost, at_once: usize) -> PasswordHasher {
        PasswordHasher { cost, at_once: Arc::new(Semaphore::new(at_once.max(1))), waiting: Arc::default() }
    }

    /// One hash at a time per four cores.
    pub fn for_this_machine() -> PasswordHasher {
        PasswordHasher::new(PasswordCost::default(), std::thread::available_parallelism().map_or(1, |n| n.get() / 4))
    }

    /// A PHC string with parameters and salt.
    pub async fn hash(&self, password: &str) -> Result<String, AccountError> {
        let cost = self.cost;
        let password = Zeroizing::new(password.to_owned());
        self.run(move || hash(cost, &password)).await?.ok_or(AccountError::Busy)
    }

    /// Checks a password. Where there is no hash the same work is done for nothing, so that the time tells nothing.
    pub async fn verify(&self, password: &str, phc: Option<String>) -> Result<PasswordVerdict, AccountError> {
        let cost = self.cost;
        let password = Zeroizing::new(password.chars().take(MAX_OCTETS + 1).collect::<String>());
        self.run(move || match phc {
            Some(phc) => verify(cost, &password, &phc),
            None => {
                let _ = hash(cost, &password);
                PasswordVerdict { is_right: false, is_outdated: false }
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccountError> {
        let _place = Place::take(&self.waiting).ok_or(AccountError::Busy)?;
        let permit = self.at_once.clone().acquire_owned().await.map_err(|_| AccountError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|_| AccountError::Busy)
    }
}

/// A place in the queue, given back also when the request goes away.
struct Place<'w>(&'w AtomicUsize);

impl<'w> Place<'w> {
    fn take(waiting: &'w AtomicUsize) -> Option<Place<'w>> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(waiting);
        (before < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2(cost: PasswordCost) -> Option<Argon2<'static>> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(cost: PasswordCost, password: &str) -> Option<String> {
    argon2(cost)?.hash_password(password.as_bytes()).ok().map(|hash: PasswordHash| hash.to_string())
}

fn verify(cost: PasswordCost, password: &str, phc: &str) -> PasswordVerdict {
    let Some(argon2) = argon2(cost) else { return PasswordVerdict { is_right: false, is_outdated: false } };
    let is_right = PasswordVerifier::<str>::verify_password(&argon2, password.as_bytes(), phc).is_ok();
    let today = format!("$argon2id$v=19$m={},t={},p=1$", cost.memory_kib, cost.passes);
    PasswordVerdict { is_right, is_outdated: is_right && !phc.starts_with(&today) }
}

#[cfg(test)]
pub(super) const TEST_COST: PasswordCost = PasswordCost { memory_kib: 64, passes: 1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_judged_by_length_and_not_by_composition() {
        for (ok, password) in [
            (true, "correct horse battery"),
            (true, "pâté de campagne"),
            (false, "Short1!"),
            (false, "aaaaaaaaaaaaaaaa"),
            (false, "Password1234"),
            (false, "alicealicealice"),
        ] {
            assert_eq!(check_password(password, "alice").is_ok(), ok, "{password:?}");
        }
        assert!(check_password(&"long ".repeat(60), "alice").is_err());
    }

    #[tokio::test]
    async fn the_right_password_verifies_and_an_old_cost_is_noticed() {
        let hasher = PasswordHasher::new(TEST_COST, 2);
        let phc = hasher.hash("correct horse battery").await.expect("a hash");
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert_ne!(phc, hasher.hash("correct horse battery").await.expect("a hash"), "salted");
        let verdict = |is_right, is_outdated| PasswordVerdict { is_right, is_outdated };
        assert_eq!(hasher.verify("correct horse battery", Some(phc.clone())).await.expect("checked"), verdict(true, false));
        assert_eq!(hasher.verify("correct horse batterx", Some(phc.clone())).await.expect("checked"), verdict(false, false));
        assert_eq!(hasher.verify("correct horse battery", None).await.expect("checked"), verdict(false, false));
        assert_eq!(hasher.verify("x", Some("nonsense".into())).await.expect("checked"), verdict(false, false));
        let dearer = PasswordHasher::new(PasswordCost { passes: 2, ..TEST_COST }, 1);
        assert_eq!(dearer.verify("correct horse battery", Some(phc)).await.expect("checked"), verdict(true, true));
    }

    #[tokio::test]
    async fn a_storm_is_told_to_come_back() {
        let hasher = PasswordHasher::new(TEST_COST, 1);
        let _held = hasher.at_once.clone().acquire_owned().await.expect("the one permit");
        let waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.hash("correct horse battery").await.map(|_| ()) })
            })
            .collect();
        while hasher.waiting.load(Ordering::Relaxed) < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.hash("correct horse battery").await, Err(AccountError::Busy)));
        drop(_held);
        for one in waiting {
            one.await.expect("ran").expect("a hash");
        }
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), 0);
    }
}
