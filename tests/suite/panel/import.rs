//! `/customers/import`: a file of another program, with bad rows; what was added is taken back.

use super::running;
use crate::harness::{Browser, Page, on_both_stores, wait};

/// 40 rows, every tenth without a known package.
fn file() -> String {
    let mut text = String::from("Login;Mobile No;Full Name;Plan;Pass;Colour\n");
    for row in 0..40 {
        let plan = if row % 10 == 9 { "Gold" } else { "Home 20" };
        text.push_str(&format!("user{row:02};0170000{row:04};Customer {row};{plan};secret-{row};=red\n"));
    }
    text
}

fn done(browser: &mut Browser, address: &str) -> Page {
    wait::until("the job is over", wait::SOON, || {
        let page = browser.get(address).expect(200);
        (!page.text().contains("Cancel this job")).then_some(page)
    })
}

on_both_stores! {
    fn a_file_is_looked_at_imported_and_taken_back(store: &Store) {
        let server = running(store);
        server.must(&["package", "add", "Home 20"]);
        server.must(&["customer", "add", "user05", "--password", "first secret", "--package", "Home 20"]);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/customers/import").expect(200);
        let form = page.form("/customers/import");
        assert!(owner.send_file(&form, "empty.csv", b"").expect(422).text().contains("The file is empty"));
        assert!(owner.send_file(&form, "bin.csv", b"a,\xff\xfe").expect(422).text().contains("UTF-8"));
        let sent = owner.send_file(&form, "old panel.csv", file().as_bytes());
        let address = sent.leads_to().to_owned();
        let page = owner.follow(&sent).expect(200);
        let text = page.text();
        // columns are matched by what others call them; passwords are not shown
        assert!(text.contains("old panel.csv") && text.contains("Would be added 35 With problems 5"), "{text}");
        assert!(!page.body.contains("secret-1") && text.contains("there is no package \"Gold\""), "{text}");
        assert!(text.contains("the username \"user05\" is taken by a customer in the store"), "{text}");
        let bad = owner.get(&format!("{address}?rows=bad")).expect(200).text();
        assert!(bad.contains("user09") && bad.contains("user05") && !bad.contains("user08"), "{bad}");
        let failed = owner.get(&format!("{address}/failed.csv")).expect(200).body;
        assert!(failed.starts_with("Login;Mobile No;Full Name;Plan;Pass;Colour;problem\n") && failed.lines().count() == 6, "{failed}");
        assert!(failed.contains("user09;01700000009;Customer 9;Gold;secret-9;=red;"), "as it was sent: {failed}");
        // read in another way
        let form = page.form(&address);
        assert_eq!(form.get("column-0"), Some("username"));
        assert!(owner.submit(&form.clone().set("column-5", "username")).expect(422).text().contains("two columns of the file are"));
        let again = owner.submit(&form.set("column-4", "").tick("makes_passwords", "yes"));
        let page = owner.follow(&again).expect(200);
        assert!(page.text().contains("Would be added 35"), "passwords are made up: {}", page.text());
        let listed = owner.get("/customers?q=").text();
        assert!(!listed.contains("user00"), "nothing is written yet");

        // only who sent it sees it, also from above
        let mut top = Browser::signed_in(&server, "super-admin");
        top.get(&address).expect(404);
        top.get(&format!("{address}/failed.csv")).expect(404);

        let run = owner.send(&page, &format!("{address}/run"), &[]);
        let job = run.leads_to().to_owned();
        let page = done(&mut owner, &job);
        let text = page.text();
        assert!(text.contains("Backup made before") && text.contains("tollgate-20"), "{text}");
        assert!(page.links().iter().any(|link| link.ends_with("/failed.csv")), "{text}");
        assert!(owner.get("/customers?q=user3").text().contains("user38"));
        let failed = owner.get(&format!("{address}/failed.csv")).expect(200).body;
        assert_eq!(failed.lines().count(), 6, "{failed}");
        // a second time there is nothing left to do
        assert!(owner.get(&address).expect(200).text().contains("An import of this file was asked for"));
        assert_eq!(server.must(&["customer", "ls", "--json"]).matches("\"username\"").count(), 36);

        // whoever was changed since stays
        server.must(&["customer", "set", "user00", "--name", "Somebody Else"]);
        let undo = page.forms().into_iter().find(|form| form.action.ends_with("/undo")).expect("a way back");
        let back = owner.submit(&undo);
        let job = back.leads_to().to_owned();
        let page = done(&mut owner, &job);
        assert!(page.text().contains("\"user00\" was changed or came in since"), "{}", page.text());
        assert_eq!(server.must(&["customer", "ls", "--json"]).matches("\"username\"").count(), 2, "the one before and the one that was changed");
    }

    fn who_may_not_work_on_many_may_not_import(store: &Store) {
        let server = running(store);
        server.must(&["package", "add", "Home 20"]);
        Browser::signed_in(&server, "hill").get("/customers/import").expect(403);
        let mut owner = Browser::signed_in(&server, "owner");
        // pasted lines, and a form that is no multipart form
        let form = owner.get("/customers/import").expect(200).form("/customers/import");
        owner.submit(&form).expect(400);
        let sent = owner.send_file(&form.set("lines", "username,password\nx,y\n"), "", b"");
        let address = sent.leads_to().to_owned();
        let page = owner.follow(&sent).expect(200);
        assert!(page.text().contains("the column \"package\" is missing"), "{}", page.text());
        let said = owner.submit(&page.form(&address).set("package", "Home 20"));
        assert!(owner.follow(&said).expect(200).text().contains("Would be added 1"));
        let removed = owner.send(&page, &format!("{address}/remove"), &[]);
        assert!(owner.follow(&removed).expect(200).text().contains("The file was removed"));
        owner.get(&address).expect(404);
    }
}
