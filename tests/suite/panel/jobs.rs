//! `/jobs`: the list, a job's page, its events and rows; who is shown what.

use super::running;
use crate::harness::{Browser, on_both_stores, wait};

on_both_stores! {
    fn the_super_admin_of_the_only_tenant_backs_up_and_sees_it(store: &Store) {
        let server = running(store);
        let mut top = Browser::signed_in(&server, "super-admin");
        let page = wait::until("the server has noted its schedule", wait::SOON, || {
            let page = top.get("/jobs").expect(200);
            page.text().contains("daily at 03:00").then_some(page)
        });
        assert!(page.text().contains("No job has run yet."), "{}", page.text());
        let asked = top.send(&page, "/jobs/backup/run", &[]);
        let to = asked.leads_to().to_owned();
        let address = to.split('?').next().expect("a path").to_owned();
        top.get(&to).expect(200);
        // the stream ends when the job does
        let events = top.get(&format!("{address}/events")).expect(200);
        assert_eq!(events.header("content-type"), Some("text/event-stream"));
        let last = events.body.trim_end().rsplit("\n\n").next().expect("an event").to_owned();
        assert!(last.starts_with("event: end\ndata: {") && last.contains("\"state\":\"done\""), "{}", events.body);
        let done = top.get(&address).expect(200);
        assert!(!done.body.contains("http-equiv") && done.body.contains(">Done<"), "{}", done.text());
        assert!(done.text().contains("tollgate-20") && done.text().contains("Opens with key"), "{}", done.text());
        let list = top.get("/jobs?q=kind:backup+state:done").expect(200);
        assert!(list.body.matches("<tr>").count() == 4 && list.links().contains(&address), "{}", list.text());
        assert!(top.get("/jobs?q=state:failed").expect(200).text().contains("Nothing matches these filters."));
        let csv = top.get("/jobs.csv?q=kind:backup").expect(200);
        assert!(csv.body.starts_with("id,kind,state,") && csv.body.lines().count() == 2 && csv.body.contains(",backup,done,"), "{}", csv.body);
        top.get("/jobs.csv?q=state:odd").expect(400);
        // what was done is not tried again, and there is nothing to cancel
        let token = list.form("/jobs/backup/run").get("form_token").expect("a token").to_owned();
        top.post(&format!("{address}/retry"), &[("form_token", &token)]).expect(422);
        top.post(&format!("{address}/cancel"), &[("form_token", &token)]).expect(422);
        let csv = top.get(&format!("{address}/rows.csv")).expect(200);
        assert_eq!(csv.body, "number,object_id,object,outcome,detail\n");
        assert!(top.get("/audit?q=kind:jobs").expect(200).text().contains("asked for job"));

        // a provider sees a part of the tenant: neither the job nor the schedule is his
        let mut owner = Browser::signed_in(&server, "owner");
        let his = owner.get("/jobs").expect(200);
        assert!(!his.text().contains("03:00") && !his.links().contains(&address));
        owner.get(&address).expect(404);
        owner.get(&format!("{address}/events")).expect(404);
        Browser::signed_in(&server, "north").get("/jobs").expect(403);
    }

    fn a_failure_is_tried_again_cancelled_and_asks_for_attention_until_it_is_dismissed(store: &Store) {
        let mut server = running(store);
        // a folder that cannot be made may be there later
        let folder = store.data_folder().join("backups");
        std::fs::write(&folder, "in the way").expect("writable");
        let mut ada = Browser::signed_in(&server, "ada");
        let page = ada.get("/jobs").expect(200);
        let asked = ada.send(&page, "/jobs/backup/run", &[]);
        let address = asked.leads_to().split('?').next().expect("a path").to_owned();
        let waits = wait::until("the first attempt has failed", wait::SOON, || {
            let page = ada.get(&address);
            page.text().contains("backups: ").then_some(page)
        });
        assert!(waits.body.contains(">Waiting<") && waits.body.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"), "{}", waits.text());
        let cancelled = ada.send(&waits, &format!("{address}/cancel"), &[]);
        let page = ada.follow(&cancelled).expect(200);
        assert!(page.body.contains(">Cancelled<") && !page.body.contains("http-equiv"));
        std::fs::remove_file(&folder).expect("removable");
        let retried = ada.send(&page, &format!("{address}/retry"), &[]);
        ada.follow(&retried).expect(200);
        wait::until("it is done at last", wait::SOON, || ada.get(&address).body.contains(">Done<").then_some(()));

        // a passphrase that is not there is a mistake of the configuration: nothing is tried again
        let file = store.folder().join("tollgate.toml");
        let text = std::fs::read_to_string(&file).expect("just written");
        std::fs::write(&file, format!("{text}[backup]\npassphrase_file = \"nowhere\"\n")).expect("writable");
        server.restart();
        let mut ada = Browser::signed_in(&server, "ada");
        let page = ada.get("/jobs").expect(200);
        let asked = ada.send(&page, "/jobs/backup/run", &[]);
        let address = asked.leads_to().split('?').next().expect("a path").to_owned();
        wait::until("it has failed", wait::SOON, || ada.get(&address).body.contains(">Failed<").then_some(()));
        let page = ada.get("/jobs").expect(200);
        assert!(page.text().contains("Backup failed at") && page.text().contains("passphrase_file"), "{}", page.text());
        let dismissed = ada.send(&page, &format!("{address}/dismiss"), &[]);
        assert!(!ada.follow(&dismissed).expect(200).text().contains("Backup failed at"));
        assert!(ada.get("/audit").expect(200).text().contains("dismissed failed job"));
    }
}
