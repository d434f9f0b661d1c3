//! `/roles`: looking, renaming, changing, resetting, and two people at one form.

use super::running;
use crate::harness::{Browser, on_both_stores};

on_both_stores! {
    fn roles_are_renamed_changed_and_reset(store: &Store) {
        let server = running(store);
        let mut top = Browser::signed_in(&server, "super-admin");
        let list = top.get("/roles").expect(200);
        assert_eq!(list.links().iter().filter(|link| link.starts_with("/roles/")).count(), 11);
        let page = top.get("/roles/operator").expect(200);
        assert!(page.text().contains("Created by Admin; creates Sub-Operator, Staff (with the permission “Create staff as an operator”)"), "{}", page.text());

        let done = top.send(&page, "/roles/operator/label", &[("label", "Partner")]);
        let page = top.follow(&done).expect(200);
        assert!(page.text().contains("The role is renamed.") && page.body.contains("<h1>Partner</h1>"));
        let form = page.form("/roles/operator");
        assert!(form.all("capability").contains(&"bills.view"));
        let form = form.untick("capability", "bills.view").tick("capability", "customers.delete").set("level", "35");
        let done = top.submit(&form);
        let page = top.follow(&done).expect(200);
        let form = page.form("/roles/operator");
        assert!(!form.all("capability").contains(&"bills.view") && form.all("capability").contains(&"customers.delete"));
        assert_eq!(form.get("level"), Some("35"));
        assert!(page.text().contains("See bills withheld") && page.text().contains("Remove customers added"), "{}", page.text());
        assert!(server.must(&["role", "ls"]).contains("Partner"));

        let done = top.submit(&page.form("/roles/operator/reset"));
        let form = top.follow(&done).form("/roles/operator");
        assert!(form.all("capability").contains(&"bills.view") && form.get("level") == Some("30"));
        assert!(server.must(&["role", "ls"]).contains("Partner"), "the name stays");
        // what does not fit is said on the form
        let refused = top.submit(&form.set("level", "45")).expect(422);
        assert!(refused.text().contains("so the level of") && refused.form("/roles/operator").get("level") == Some("45"), "{}", refused.text());
        top.get("/roles/pilot").expect(404);
    }

    fn what_one_may_not_is_shown_and_refused(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "owner");
        // a provider renames roles below his own, and changes none
        let page = owner.get("/roles/operator").expect(200);
        assert!(page.text().contains("Changing it needs a permission that you do not hold"));
        assert!(page.form("/roles/operator").all("capability").is_empty(), "boxes are disabled");
        let token = page.form("/roles/operator/label").get("form_token").expect("a token").to_owned();
        owner.post("/roles/operator", &[("form_token", &token), ("level", "31")]).expect(403);
        let own = owner.get("/roles/admin").expect(200);
        assert!(own.form("/roles/admin/label").disabled.contains(&"label".to_owned()));
        let version = own.form("/roles/admin/label").get("version").expect("a version").to_owned();
        let refused = owner.post("/roles/admin/label", &[("form_token", &token), ("version", &version), ("label", "King")]).expect(403);
        assert!(refused.text().contains("lower role"), "{}", refused.text());
        let mut north = Browser::signed_in(&server, "north");
        north.get("/roles").expect(403);
    }

    fn who_comes_second_sees_both_values(store: &Store) {
        let server = running(store);
        let mut top = Browser::signed_in(&server, "super-admin");
        let page = top.get("/roles/operator").expect(200);
        server.must(&["role", "set", "operator", "--withhold", "bills.view"]);
        server.must(&["role", "label", "operator", "Reseller"]);
        let conflict = top.send(&page, "/roles/operator/label", &[("label", "Partner")]).expect(409);
        assert!(conflict.text().contains("Reseller Partner"), "{}", conflict.text());
        let conflict = top.submit(&page.form("/roles/operator").tick("capability", "customers.delete")).expect(409);
        assert!(conflict.text().contains("See bills") && conflict.text().contains("Remove customers"), "{}", conflict.text());
        assert!(!server.must(&["role", "ls"]).contains("Partner"), "nothing was saved");
        // and can save it all the same
        let done = top.submit(&conflict.form("/roles/operator"));
        let form = top.follow(&done).form("/roles/operator");
        assert!(form.all("capability").contains(&"bills.view") && form.all("capability").contains(&"customers.delete"));
    }
}
