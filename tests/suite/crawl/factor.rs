//! The second factor through the pages: set up, asked for, used once; what stands between password and code opens nothing.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::caller::{Answer, Caller, SIGN_IN_COOKIE, between};
use super::cast::{Side, name};
use super::contents::run_sql;
use super::world::{PASSPHRASE, World, now, run};

const TICKET_COOKIE: &str = "__Host-tollgate-ticket";

/// RFC 4648 section 6.
fn from_base32(text: &str) -> Vec<u8> {
    let (mut octets, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|b| *b == c).expect("base32") as u32;
        (bits, count) = (bits << 5 | value, count + 5);
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    octets
}

/// RFC 6238 with the values that every app has.
fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("any length is a key");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().expect("four octets")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn by_password(world: &World) -> (Caller<'_>, Answer) {
    let guest = Caller::guest(world).await;
    let answer = guest.post("/sign-in", &[("name", &name("staff")), ("password", PASSPHRASE)]).await;
    (guest, answer)
}

#[test]
fn a_second_factor_is_asked_for_and_its_ticket_is_no_sign_in() {
    run(async {
        let world = World::copy().await;
        let staff = Caller::account(&world, "staff").await;
        assert_eq!(staff.post("/profile/second-factor", &[("password_for_factor", PASSPHRASE)]).await.status, 303);
        let page = staff.get("/profile/second-factor").await;
        let secret = from_base32(between(&page.body, "<code class=\"mono\">", "</code>").expect("the secret"));
        // until it is confirmed nothing is asked for
        assert!(by_password(&world).await.1.cookie(SIGN_IN_COOKIE).is_some());
        assert_eq!(staff.post("/profile/second-factor/confirm", &[("code", "000000")]).await.status, 422);
        let step = now() / 30_000;
        let page = staff.post("/profile/second-factor/confirm", &[("code", &code(&secret, step))]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let recovery = between(&page.body, "<ul class=\"codes\"><li>", "</li>").expect("recovery codes").to_owned();
        let other = Caller::with_sign_in(&world, Side::A, &world.known.sign_ins["staff"].other_token).await;
        assert!(other.get("/profile").await.asks_to_sign_in(), "the other sign-ins ended");

        let (mut guest, answer) = by_password(&world).await;
        assert!(answer.location().starts_with("/sign-in/code") && answer.cookie(SIGN_IN_COOKIE).is_none());
        let ticket = answer.cookie(TICKET_COOKIE).expect("a ticket");
        let mut thief = guest.clone();
        thief.cookies = vec![(SIGN_IN_COOKIE.to_owned(), ticket.clone())];
        assert!(thief.get("/profile").await.asks_to_sign_in(), "the ticket is no sign-in");
        guest.cookies.push((TICKET_COOKIE.to_owned(), ticket));
        assert_eq!(guest.get("/sign-in/code").await.status, 200);
        // the step that confirmed it is used up, so are codes of long ago and of later
        for wrong in [code(&secret, step), code(&secret, step - 10), code(&secret, step + 10), "ABCD-EFGH-IJKL-MNOP".into()] {
            assert_eq!(guest.post("/sign-in/code", &[("code", &wrong)]).await.status, 422, "{wrong}");
        }
        let answer = guest.post("/sign-in/code", &[("code", &recovery)]).await;
        assert!(answer.status == 303 && answer.cookie(SIGN_IN_COOKIE).is_some(), "{}", answer.body);
        // the ticket and the recovery code are used up
        assert_ne!(guest.post("/sign-in/code", &[("code", &recovery)]).await.status, 200);
        let (mut guest, answer) = by_password(&world).await;
        guest.cookies.push((TICKET_COOKIE.to_owned(), answer.cookie(TICKET_COOKIE).expect("a ticket")));
        assert_eq!(guest.post("/sign-in/code", &[("code", &recovery)]).await.status, 422);
        world.end().await;
    });
}

#[test]
fn a_secret_that_was_not_confirmed_runs_out() {
    run(async {
        let world = World::copy().await;
        let staff = Caller::account(&world, "staff").await;
        let begin = async || {
            assert_eq!(staff.post("/profile/second-factor", &[("password_for_factor", PASSPHRASE)]).await.status, 303);
            let page = staff.get("/profile/second-factor").await;
            from_base32(between(&page.body, "<code class=\"mono\">", "</code>").expect("the secret"))
        };
        let first = begin().await;
        let id = world.known.account("staff");
        run_sql(world.url(), &format!("UPDATE accounts SET totp_begun_at = totp_begun_at - 900000 WHERE id = {id}")).await;
        assert_eq!(staff.get("/profile/second-factor").await.location(), "/profile/security", "it is not shown any more");
        let late = staff.post("/profile/second-factor/confirm", &[("code", &code(&first, now() / 30_000))]).await;
        assert!(late.status == 422 && late.body.contains("15 minutes, which are over"), "{}", late.body);
        assert!(late.body.contains("name=\"password_for_factor\""), "the way to a new one");
        assert!(by_password(&world).await.1.cookie(SIGN_IN_COOKIE).is_some(), "nothing was turned on");
        // the password gets a new one
        let second = begin().await;
        assert_ne!(first, second);
        assert_eq!(staff.post("/profile/second-factor/confirm", &[("code", &code(&first, now() / 30_000))]).await.status, 422);
        assert_eq!(staff.post("/profile/second-factor/confirm", &[("code", &code(&second, now() / 30_000))]).await.status, 200);
        world.end().await;
    });
}

#[test]
fn a_link_does_not_go_around_the_second_factor() {
    run(async {
        use tollgate::accounts::make_sign_in_link;
        let world = World::copy().await;
        let staff = Caller::account(&world, "staff").await;
        staff.post("/profile/second-factor", &[("password_for_factor", PASSPHRASE)]).await;
        let page = staff.get("/profile/second-factor").await;
        let secret = from_base32(between(&page.body, "<code class=\"mono\">", "</code>").expect("the secret"));
        assert_eq!(staff.post("/profile/second-factor/confirm", &[("code", &code(&secret, now() / 30_000))]).await.status, 200);
        let link = make_sign_in_link(&world.db, &world.ids(), &world.administrator(Side::A), world.known.account("staff"), 600, now())
            .await
            .expect("a link");
        let guest = Caller::guest(&world).await;
        let answer = guest.post(&format!("/sign-in/link/{}", link.expose()), &[]).await;
        assert!(answer.status == 422 && answer.cookie(SIGN_IN_COOKIE).is_none());
        // whoever manages the account takes the factor away, and every sign-in ends
        let path = format!("/accounts/{}/reset-second-factor", world.known.account("staff"));
        assert_eq!(Caller::account(&world, "admin").await.post(&path, &[]).await.status, 303);
        assert!(staff.get("/profile").await.asks_to_sign_in());
        assert!(by_password(&world).await.1.cookie(SIGN_IN_COOKIE).is_some());
        world.end().await;
    });
}
