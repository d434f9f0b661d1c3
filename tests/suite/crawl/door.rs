//! The door: who comes in by what, under which host name, from which address, how often he may try, and where he is led.

use axum::http::Method;

use super::caller::{Answer, Caller};
use super::cast::{Side, mark, name};
use super::contents::Contents;
use super::model::all_secrets;
use super::table::{About, TABLE};
use super::walk::without_chance;
use super::world::{CUSTOMER, PASSPHRASE, World, run};

async fn try_in(caller: &Caller<'_>, name: &str, password: &str) -> Answer {
    caller.post("/sign-in", &[("name", name), ("password", password)]).await
}

#[test]
fn a_customer_comes_in_nowhere() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await.ignoring_refusals();
        let mut guest = Caller::guest(&world).await;
        guest.ip = "203.0.113.50".into();
        let stranger = without_chance(&try_in(&guest, "nobody-at-all", CUSTOMER.1).await.body, "");
        let customer = try_in(&guest, CUSTOMER.0, CUSTOMER.1).await;
        assert_eq!(customer.status, 422);
        // the form shows the name again that was sent
        assert_eq!(without_chance(&customer.body, "").replace(CUSTOMER.0, "(name)"), stranger.replace("nobody-at-all", "(name)"));
        // as a key, as the token of a sign-in, as a link
        for path in ["/", "/profile", "/accounts", "/audit.csv"] {
            let mut holder = guest.clone();
            holder.cookies = vec![(super::caller::SIGN_IN_COOKIE.to_owned(), CUSTOMER.0.to_owned())];
            assert!(holder.get(path).await.asks_to_sign_in(), "{path}");
            holder.headers = vec![("authorization", "Basic Y3VzdG9tZXItd3dhd3c6Y3VzdG9tZXIgcGFzc3dvcmQ=".into())];
            assert!(holder.get(path).await.asks_to_sign_in(), "{path}");
        }
        let mut program = guest.clone();
        for value in [
            format!("Bearer {}", CUSTOMER.1),
            format!("Bearer {}", world.known.sign_ins["super"].token),
            "Basic eDp5".to_owned(),
            "Bearer ".to_owned(),
        ] {
            program.headers = vec![("authorization", value.clone())];
            let answer = program.get("/api/v1/account").await;
            assert_eq!(answer.status, 401, "{value}");
        }
        contents.are_as_they_were("a customer at the door").await;
        world.end().await;
    });
}

#[test]
fn a_guest_is_told_nothing() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await.ignoring_refusals();
        let guest = Caller::guest(&world).await;
        let secrets = all_secrets();
        for line in TABLE {
            let id = world.known.account("north").to_string();
            let path = line
                .path
                .replace("{id}", &id)
                .replace("{key}", "1")
                .replace("{token}", "tgl_0")
                .replace("{role}", "operator")
                .replace("{file}", "x");
            let answer = if line.is_post() { guest.post(&path, line.form).await } else { guest.get(&path).await };
            for secret in &secrets {
                assert!(!answer.body.contains(secret.as_str()), "{path} tells a guest {secret}");
            }
            let is_open =
                line.about == About::Secret || path.starts_with("/sign-in") || path.starts_with("/static") || path.starts_with("/api");
            assert!(is_open || answer.asks_to_sign_in(), "{path}: {}", answer.status);
        }
        contents.are_as_they_were("a guest everywhere").await;
        world.end().await;
    });
}

#[test]
fn a_host_name_lets_in_its_own_tenant_only() {
    run(async {
        let world = World::copy().await;
        let (at_a, at_b) = (Caller::guest_at(&world, Side::A).await, Caller::guest_at(&world, Side::B).await);
        assert!(at_a.get("/sign-in").await.body.contains("tenant-a-xxaxx"));
        assert_eq!(try_in(&at_a, &name("north-b"), PASSPHRASE).await.status, 422, "an account of B at the host of A");
        assert_eq!(try_in(&at_b, &name("north"), PASSPHRASE).await.status, 422);
        assert_eq!(try_in(&at_b, &name("north-b"), PASSPHRASE).await.status, 303);
        // whatever else a request calls the host, it opens no other tenant
        for (header, value) in [("x-forwarded-host", "b.example.test"), ("forwarded", "host=b.example.test"), ("x-host", "b.example.test")]
        {
            let mut caller = at_a.clone();
            caller.headers = vec![(header, value.to_owned())];
            assert!(caller.get("/sign-in").await.body.contains("tenant-a-xxaxx"), "{header}");
            assert_eq!(try_in(&caller, &name("north-b"), PASSPHRASE).await.status, 422, "{header}");
        }
        // a sign-in of A carried to the host of B stays one of A
        let mut carried = Caller::account(&world, "north").await;
        carried.host = "b.example.test".into();
        let page = carried.get("/accounts").await;
        assert!(page.status == 200 && page.body.contains(&name("hill")) && !page.body.contains(&mark("north-b")));
        for host in ["B.EXAMPLE.TEST", "b.example.test:8443", "b.example.test."] {
            let mut caller = at_a.clone();
            caller.host = host.to_owned();
            assert!(!caller.get("/sign-in").await.body.contains("xxaxx"), "{host}");
        }
        world.end().await;
    });
}

#[test]
fn guessing_stops_the_guesser_and_not_the_owner() {
    run(async {
        let world = World::copy().await;
        let mut thief = Caller::guest(&world).await;
        thief.ip = "203.0.113.66".into();
        let mut owner = Caller::guest(&world).await;
        owner.ip = "198.51.100.77".into();
        let mut stopped = 0;
        for number in 0..12 {
            // whatever an untrusted caller says of where he comes from
            thief.headers = vec![
                ("x-forwarded-for", format!("192.0.2.{number}")),
                ("forwarded", format!("for=192.0.2.{number}")),
                ("x-real-ip", "192.0.2.9".into()),
            ];
            let answer = try_in(&thief, &name("north"), &format!("wrong password {number}")).await;
            assert!([422, 429].contains(&answer.status), "{}", answer.status);
            if answer.status == 429 {
                stopped += 1;
                assert!(answer.headers.contains_key("retry-after") || answer.body.contains("seconds"), "says how long");
            }
        }
        assert!(stopped >= 6, "{stopped} of 12 were stopped");
        assert_eq!(try_in(&thief, &name("north"), PASSPHRASE).await.status, 429, "the right one too, from there");
        assert_eq!(try_in(&owner, &name("north"), PASSPHRASE).await.status, 303, "the owner from elsewhere");
        world.end().await;
    });
}

#[test]
fn guessing_a_second_factor_and_a_present_password_is_stopped_too() {
    run(async {
        let world = World::copy().await;
        let caller = Caller::account(&world, "north").await;
        let form = [("old_password", "wrong"), ("password", "an entirely new phrase"), ("password_again", "an entirely new phrase")];
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(caller.post("/profile/password", &form).await.status);
        }
        assert_eq!(answers[..5], [422; 5]);
        assert_eq!(answers[5..], [429; 3]);
        world.end().await;
    });
}

#[test]
fn nobody_is_led_away() {
    run(async {
        let world = World::copy().await;
        for next in [
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/\tevil",
            "%2f%2fevil.example",
            "///evil.example",
            "/%0d%0aSet-Cookie:a=b",
            "http:evil.example",
        ] {
            let guest = Caller::guest(&world).await;
            let answer = guest.post("/sign-in", &[("name", &name("staff")), ("password", PASSPHRASE), ("next", next)]).await;
            let to = answer.location();
            assert!(answer.status == 303 && to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"), "{next} leads to {to}");
            assert!(!answer.headers.contains_key("a"), "{next}");
            let signed = Caller::account(&world, "staff").await;
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let to = signed.get(&format!("/sign-in?{query}")).await.location().to_owned();
            assert!(to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"), "{next} leads to {to}");
            let to = signed.post("/preferences/theme", &[("theme", "dark"), ("here", next)]).await.location().to_owned();
            assert!(to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"), "{next} leads to {to}");
        }
        // a text from the address is shown as text
        let page = Caller::account(&world, "staff").await.get("/profile?said=signed-out&name=%3Cscript%3Ealert(1)%3C/script%3E").await;
        assert!(!page.body.contains("<script>"));
        let guest = Caller::guest(&world).await;
        let page = guest.get("/sign-in?next=%22%3E%3Cscript%3E").await;
        assert!(!page.body.contains("\"><script"), "{}", page.body);
        world.end().await;
    });
}

#[test]
fn links_sign_in_and_set_up_once_and_only_as_what_they_are() {
    run(async {
        use tollgate::accounts::{make_setup_link, make_sign_in_link};
        let world = World::copy().await;
        let (scope, ids, now) = (world.administrator(Side::A), world.ids(), super::world::now());
        let link = make_sign_in_link(&world.db, &ids, &scope, world.known.account("staff"), 600, now).await.expect("a link");
        let setup = make_setup_link(&world.db, &ids, &scope, world.known.account("north"), 600, now).await.expect("a link").0;
        // as a server does at its start: a link of one kind leaves those of the other as they are
        make_setup_link(&world.db, &ids, &scope, world.known.account("staff"), 600, now).await.expect("a link");
        let guest = Caller::guest(&world).await;
        // neither opens what the other does
        assert_eq!(guest.get(&format!("/setup/{}", link.expose())).await.status, 422);
        assert_eq!(guest.get(&format!("/sign-in/link/{}", setup.expose())).await.status, 422);
        assert_eq!(guest.post(&format!("/sign-in/link/{}", setup.expose()), &[]).await.status, 422);
        // looking uses nothing up: programs that look at links before people do not spend them
        let path = format!("/sign-in/link/{}", link.expose());
        for method in [Method::GET, Method::HEAD, Method::GET] {
            assert_eq!(guest.send(method, &path, None, String::new()).await.status, 200);
        }
        assert_eq!(guest.post_bare(&path, &[]).await.status, 403, "a form without its token");
        assert_eq!(guest.post(&path, &[]).await.status, 303);
        assert_eq!(guest.post(&path, &[]).await.status, 422, "used up");
        assert_eq!(guest.get(&path).await.status, 422);
        // one whose time is over
        let late = make_sign_in_link(&world.db, &ids, &scope, world.known.account("clerk"), 600, now).await.expect("a link");
        let of_clerk = format!("account_id = {} AND used_at IS NULL", world.known.account("clerk"));
        super::contents::run_sql(world.url(), &format!("UPDATE setup_links SET expires_at = 1 WHERE {of_clerk}")).await;
        assert_eq!(guest.post(&format!("/sign-in/link/{}", late.expose()), &[]).await.status, 422, "run out");
        world.end().await;
    });
}

#[test]
fn every_answer_has_the_headers_that_protect_it() {
    run(async {
        let world = World::copy().await;
        let (guest, signed) = (Caller::guest(&world).await, Caller::account(&world, "admin").await);
        let css = signed.get("/profile").await;
        let css = super::caller::between(&css.body, "href=\"/static/", "\"").expect("a style sheet").to_owned();
        let mut answers = vec![
            guest.get("/sign-in").await,
            guest.get("/").await,
            guest.get("/nowhere").await,
            guest.get(&format!("/static/{css}")).await,
            guest.get("/static/none.css").await,
            guest.get("/api/v1/account").await,
            guest.post_bare("/sign-in", &[]).await,
            guest.send(Method::DELETE, "/sign-in", None, String::new()).await,
            guest.send(Method::POST, "/sign-in", Some("application/x-www-form-urlencoded"), "a=b&".repeat(40_000)).await,
            signed.get("/accounts").await,
            signed.get("/accounts/1").await,
            signed.get("/tenants").await,
            signed.get("/audit.csv").await,
            signed.post("/sign-out", &[]).await,
        ];
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 303, 404, 200, 404, 401, 403, 405, 413, 200, 404, 403, 200, 303]);
        answers.push(signed.get("/accounts").await);
        for (at, answer) in answers.iter().enumerate() {
            let header = |name: &str| answer.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let csp = header("content-security-policy");
            for rule in [
                "default-src 'none'",
                "script-src 'self'",
                "connect-src 'self'",
                "style-src 'self'",
                "form-action 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            ] {
                assert!(csp.contains(rule), "answer {at} ({}): {csp}", answer.status);
            }
            assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
            let fixed = [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ];
            for (name, value) in fixed {
                assert_eq!(header(name), value, "answer {at} ({}): {name}", answer.status);
            }
            assert!(!header("permissions-policy").is_empty() && header("x-request-id").len() == 32);
            let is_file = header("content-type").starts_with("text/css");
            assert_eq!(header("cache-control").contains("immutable"), is_file, "answer {at}");
            assert!(is_file || header("cache-control") == "no-store", "answer {at}: {}", header("cache-control"));
            assert!(!answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by"));
        }
        world.end().await;
    });
}
