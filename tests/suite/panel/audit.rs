//! `/audit`: pages, filters, whose lines one sees, and the file.

use super::running;
use crate::harness::{Browser, on_both_stores};

on_both_stores! {
    fn lines_are_filtered_paged_and_exported(store: &Store) {
        let server = running(store);
        for n in 0..60 {
            server.must(&["account", "set", "north", "--full-name", &format!("Name {n}")]);
        }
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/audit").expect(200);
        assert_eq!(page.body.matches("<th scope=\"row\">").count(), 50);
        let next = page.links().into_iter().find(|link| link.contains("after=")).expect("a next page");
        let second = owner.get(&next).expect(200);
        assert!(!second.body.contains("Name 59") && second.body.contains("Name 1<"), "older lines");

        assert!(second.links().iter().any(|link| link.contains("before=")), "and a way back");
        // the form of a filter, as the browser sends it
        let open = owner.get("/audit?add=verb").expect(200).forms();
        let form = open.into_iter().find(|form| form.get("field") == Some("verb")).expect("the filter's form").set("v", "account.set");
        let leads_on = owner.submit(&form);
        let found = owner.follow(&leads_on).expect(200);
        assert!(found.text().contains("changed account") && found.text().contains("was Name 58 is → Name 59"), "{}", found.text());
        assert!(found.text().contains("Did what is changed account"), "the filter as a chip: {}", found.text());
        let by_owner = owner.get("/audit?q=actor:owner").expect(200);
        assert!(by_owner.text().contains("signed in") && !by_owner.text().contains("Name 59"));
        let nothing = owner.get("/audit?q=actor:nobody").expect(200);
        assert!(nothing.text().contains("Nothing matches these filters."));
        assert!(owner.get("/audit?q=at%3C=2001-01-01").expect(200).text().contains("Nothing matches"));
        assert!(owner.get("/audit?q=at:2001-01-01..2099-01-01").expect(200).text().contains("Name 59"));
        let first = owner.get("/audit?sort=at").expect(200);
        assert!(first.body.contains("aria-sort=\"ascending\"") && !first.body.contains("Name 59"), "the oldest first");
        assert!(owner.get("/audit?q=at%3E=someday").expect(422).text().contains("\"someday\" is not an instant"));
        // a filter is kept as a view, for this list
        let kept = owner.send(&found, "/views", &[("name", "Changed accounts")]);
        assert_eq!(kept.leads_to(), "/audit?q=verb%3Aaccount.set");
        assert!(owner.get("/audit").expect(200).text().contains("Changed accounts"));
        assert!(!owner.get("/accounts").expect(200).text().contains("Changed accounts"));

        let csv = owner.get("/audit.csv?q=verb:account.set+object:north").expect(200);
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(csv.header("content-disposition").is_some_and(|h| h.contains("audit.csv")));
        let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("reads");
        assert_eq!(rows.len(), 60, "all pages of exactly this filter");
        assert!(rows.iter().all(|row| &row[4] == "account.set" && &row[7] == "north"));
        owner.get("/audit.csv?q=at%3E=someday").expect(400);
    }

    fn everybody_sees_his_own_part(store: &Store) {
        let server = running(store);
        server.must(&["account", "permit", "north", "audit.view"]);
        server.must(&["account", "set", "owner", "--full-name", "Hidden From North"]);
        let mut north = Browser::signed_in(&server, "north");
        let text = north.get("/audit").expect(200).text();
        assert!(text.contains("hill") && !text.contains("Hidden From North"), "{text}");
        let all = north.get("/audit?q=kind:accounts+actor:owner").expect(200);
        assert!(!all.text().contains("Hidden"));
        assert!(!north.get("/audit").links().iter().any(|link| link.starts_with("/audit.csv")));
        north.get("/audit.csv").expect(403);
        let mut hill = Browser::signed_in(&server, "hill");
        hill.get("/audit").expect(403);
    }
}
