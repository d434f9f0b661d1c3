//! `/tenants`: a Developer adds tenants and works in them; anybody else knows of his own only.

use super::running;
use crate::harness::{ACCOUNT_PASSWORD, Browser, on_both_stores};

on_both_stores! {
    fn a_developer_adds_a_tenant_and_works_in_it(store: &Store) {
        let server = running(store);
        let mut ada = Browser::signed_in(&server, "ada");
        let page = ada.get("/tenants/new").expect(200);
        let form = page.form("/tenants/new").set("name", "Hill Net").set("time_zone", "Asia/Dhaka").set("currency", "BDT");
        assert!(ada.submit(&form.clone().set("time_zone", "Dhaka")).expect(422).body.contains("id=\"time_zone-complaint\""));
        assert!(ada.submit(&form.clone().set("currency", "taka")).expect(422).body.contains("id=\"currency-complaint\""));
        assert!(ada.submit(&form.clone().set("name", "default")).expect(422).body.contains("id=\"name-complaint\""));
        let opened = ada.submit(&form).expect(200);
        let link = opened.text().split_whitespace().find(|word| word.contains("/setup/")).expect("a link").to_owned();
        let address = opened.links().into_iter().find(|link| link.starts_with("/tenants/")).expect("its page");

        // the new Super Admin chooses a password by the link
        let mut top = Browser::new(&server);
        let setup = link[link.find("/setup/").expect("a path")..].to_owned();
        let page = top.get(&setup).expect(200);
        let done = top.send(&page, &setup, &[("password", ACCOUNT_PASSWORD), ("password_again", ACCOUNT_PASSWORD)]);
        top.follow(&done).expect(200);
        top.sign_in("super-admin", ACCOUNT_PASSWORD).leads_to();
        let own = top.get("/tenants").expect(200);
        assert!(own.text().contains("Hill Net") && !own.text().contains("default"), "{}", own.text());
        top.get("/tenants/new").expect(403);

        // a foreign tenant is as if absent
        let all = ada.get("/tenants").expect(200);
        let others: Vec<String> = all.links().into_iter().filter(|link| link.starts_with("/tenants/") && *link != address && *link != "/tenants/new").collect();
        assert_eq!(others.len(), 1);
        top.get(&others[0]).expect(404);
        let token = top.get("/settings").form("/settings").get("form_token").expect("a token").to_owned();
        top.post(&format!("{address}/enter"), &[("form_token", &token)]).expect(403);

        let entered = ada.submit(&ada.clone().get(&address).form(&format!("{address}/enter")));
        let there = ada.follow(&entered).expect(200);
        assert!(there.text().contains("You work in this tenant now."));
        assert!(ada.get("/settings").expect(200).form("/settings").get("currency") == Some("BDT"));
        let left = ada.send(&there, "/tenants/leave", &[]);
        assert!(ada.follow(&left).text().contains("You are back in your own tenant."));
        assert!(ada.get("/settings").expect(200).form("/settings").get("currency") == Some("USD"));
        ada.get("/tenants/7").expect(404);
    }
}
