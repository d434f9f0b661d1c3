//! Pieces of pages that a script asks for while somebody types, and what he chose about keys.

use super::running;
use crate::harness::{Browser, on_both_stores};

on_both_stores! {
    fn what_is_taken_is_told_as_far_as_one_is_shown_who_has_it(store: &Store) {
        let server = running(store);
        server.must(&["package", "add", "Home 20", "--download", "20M", "--upload", "10M"]);
        let rahim = ["rahim", "--name", "Rahim Khan", "--phone", "01712345678", "--static-ip", "10.0.0.7", "--code", "R-7"];
        server.must(&[&["customer", "add"], &rahim[..], &["--password", "first secret", "--package", "Home 20"]].concat());
        let mut owner = Browser::signed_in(&server, "owner");
        let mut north = Browser::signed_in(&server, "north");
        let id = owner.get("/go?q=rahim").leads_to().to_owned();
        for (field, value, says) in [
            ("username", "Rahim", "This username is taken."),
            ("code", "R-7", "This code is taken."),
            ("static_ipv4", "10.0.0.7", "This address is taken."),
            ("phone", "%2B880+1712-345678", "This phone belongs to somebody already:"),
            ("phone", "%E0%A7%A6%E0%A7%A7%E0%A7%AD%E0%A7%A7%E0%A7%A8%E0%A7%A9%E0%A7%AA%E0%A7%AB%E0%A7%AC%E0%A7%AD%E0%A7%AE", "This phone belongs to somebody already:"),
        ] {
            let asked = format!("/customers/new/taken?field={field}&value={value}");
            let told = owner.get(&asked).expect(200);
            assert!(told.text().contains(says) && told.body.contains(&format!("href=\"{id}\"")), "{field}: {}", told.body);
            assert!(!told.body.contains("<html"), "{}", told.body);
            // that it is taken everybody hears, since it will be refused; of a phone, which several may have, nothing
            let told = north.get(&asked).expect(200);
            let heard = if field == "phone" { "" } else { says };
            assert_eq!(told.text().trim(), heard, "{field}");
            assert!(!told.body.contains("href"), "{field}: {}", told.body);
            // to himself he is nobody else
            let own = owner.get(&format!("{id}/taken?field={field}&value={value}")).expect(200);
            assert_eq!(own.text().trim(), "", "{field}");
        }
        for nothing in ["field=username&value=karim", "field=username&value=", "field=static_ipv4&value=10.0", "field=name&value=Rahim+Khan", ""] {
            assert_eq!(owner.get(&format!("/customers/new/taken?{nothing}")).expect(200).text().trim(), "", "{nothing}");
        }
        north.get(&format!("{id}/taken?field=username&value=rahim")).expect(404);
    }

    fn the_palette_shows_what_the_page_would_open_at_once(store: &Store) {
        let server = running(store);
        server.must(&["package", "add", "Home 20", "--download", "20M", "--upload", "10M"]);
        server.must(&["customer", "add", "rahim", "--name", "Rahim Khan", "--password", "first secret", "--package", "Home 20"]);
        let mut owner = Browser::signed_in(&server, "owner");
        let at = owner.get("/go?q=rahim").leads_to().to_owned();
        let piece = owner.get("/go?q=rahim&part=yes").expect(200);
        assert!(piece.body.contains(&format!("href=\"{at}\"")) && piece.body.contains("1 found") && !piece.body.contains("<html"), "{}", piece.body);
        assert!(owner.get("/go?part=yes&q=").expect(200).body.contains("href=\"/customers/new\""));
        let mut north = Browser::signed_in(&server, "north");
        let piece = north.get("/go?q=rahim&part=yes").expect(200);
        assert!(!piece.body.contains("Rahim") && piece.text().contains("Nothing is called"), "{}", piece.body);
    }

    fn keys_of_one_letter_are_switched_off_for_a_browser(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/profile").expect(200);
        assert!(page.body.contains("<script type=\"module\" src=\"/static/panel-") && !page.body.contains("data-keys=\"off\""));
        owner.post("/preferences", &[("form_token", page.form("/preferences").get("form_token").expect("a token")), ("page_rows", "50")]);
        assert!(owner.get("/customers").body.contains("data-keys=\"off\""));
        assert!(owner.get("/keys").expect(200).text().contains("switched off in this browser"));
        let page = owner.get("/profile").expect(200);
        owner.send(&page, "/preferences", &[("keys", "yes")]).leads_to();
        assert!(!owner.get("/customers").body.contains("data-keys=\"off\""));
        assert!(!Browser::new(&server).get("/sign-in").expect(200).body.contains("<script"), "guests have no script");
    }
}
