//! `/customers`: the list with filters, views and pages; one customer from his first day to his last.

use super::running;
use crate::harness::{Browser, Page, Store, TestServer, on_both_stores, wait};

/// The provider's and an operator's customers.
fn with_customers(store: &Store) -> TestServer {
    let server = running(store);
    server.must(&["package", "add", "Home 20", "--download", "20M", "--upload", "10M"]);
    server.must(&["package", "add", "Office", "--download", "50M", "--upload", "50M"]);
    for (name, full_name, phone, package) in [
        ("rahim", "Rahim Khan", "+880 1712-345678", "Home 20"),
        ("karim", "Karim Ahmed", "01811000111", "Home 20"),
        ("fatima", "Fatima Begum", "", "Office"),
    ] {
        server.must(&["customer", "add", name, "--name", full_name, "--phone", phone, "--password", "first secret", "--package", package]);
    }
    server.must(&["customer", "set", "karim", "--status", "suspended", "--reason", "unpaid"]);
    server
}

/// Usernames on a page of the list, in order.
fn usernames(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| ["rahim", "karim", "fatima", "jamal", "newone"].contains(word)).collect()
}

/// Whether a job's page shows it at its end.
fn is_over(page: &Page) -> bool {
    !page.text().contains("Cancel this job")
}

on_both_stores! {
    fn the_list_is_filtered_by_its_address(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/customers").expect(200);
        assert_eq!(usernames(&page.text()), ["fatima", "karim", "rahim"]);
        assert!(page.text().contains("3 customers") && page.text().contains("Status is not Closed"), "{}", page.text());
        for (query, wanted) in [
            ("q=status:suspended", &["karim"][..]),
            ("q=-status:suspended&sort=-name", &["rahim", "fatima"]),
            ("q=package:%22Home+20%22&sort=username", &["karim", "rahim"]),
            ("q=345678", &["rahim"]),
            ("q=phone:none", &["fatima"]),
            ("q=operator:north", &[]),
            ("q=kari", &["karim"]),
        ] {
            assert_eq!(usernames(&owner.get(&format!("/customers?{query}")).expect(200).text()), wanted, "{query}");
        }
        // what hides them is said, and what cannot be read
        let none = owner.get("/customers?q=status:suspended+package:Office").expect(200);
        assert!(none.text().contains("1 is hidden by: Package is Office"), "{}", none.text());
        let wrong = owner.get("/customers?q=stat:x").expect(422);
        assert!(wrong.text().contains("there is no filter"), "{}", wrong.text());
        // the search box and the form of a filter lead to an address
        let search = owner.get("/customers").form("/customers").set("w", "status:suspended kar");
        let found = owner.submit(&search);
        assert_eq!(found.leads_to(), "/customers?q=-status%3Aclosed+status%3Asuspended+kar");
        assert_eq!(usernames(&owner.follow(&found).expect(200).text()), ["karim"]);
        let set = owner.get("/customers?q=&field=package&op=is-not&v=Office");
        assert_eq!(set.leads_to(), "/customers?q=-package%3AOffice");
    }

    fn a_view_is_kept_for_oneself_or_for_those_below(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/customers?q=status:suspended&sort=-name&cols=phone,code").expect(200);
        let kept = owner.send(&page, "/views", &[("name", "Late ones"), ("is_team", "yes")]);
        assert_eq!(kept.leads_to(), "/customers?q=status%3Asuspended&sort=-name&cols=phone%2Ccode");
        let mut north = Browser::signed_in(&server, "north");
        let page = north.get("/customers").expect(200);
        assert!(page.text().contains("Late ones") && !page.text().contains("karim"), "{}", page.text());
        let page = owner.get(kept.leads_to()).expect(200);
        let forms: Vec<String> = page.forms().into_iter().map(|form| form.action).collect();
        let remove = forms.into_iter().find(|to| to.starts_with("/views/") && to.ends_with("/remove")).expect("his own");
        let token = north.get("/customers").form("/sign-out").get("form_token").expect("a token").to_owned();
        north.post(&remove, &[("form_token", &token), ("back", "/customers")]).expect(404);
        owner.send(&page, &remove, &[]).leads_to();
        assert!(!north.get("/customers").text().contains("Late ones"));
    }

    fn the_same_rows_come_as_csv_and_page_by_page(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let csv = owner.get("/customers.csv?q=-status:suspended&sort=-name").expect(200);
        let names: Vec<&str> = csv.body.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
        assert_eq!(names, ["rahim", "fatima"], "{}", csv.body);
        assert!(csv.body.contains("'+880 1712-345678"), "no spreadsheet runs it: {}", csv.body);
        Browser::signed_in(&server, "north").get("/customers.csv").expect(403);
        for number in 0..30 {
            server.must(&["customer", "add", &format!("user{number:02}"), "--password", "x", "--package", "Office"]);
        }
        let page = owner.get("/customers?sort=username").expect(200);
        owner.send(&page, "/preferences/rows", &[("page_rows", "25")]).leads_to();
        let first = owner.get("/customers?sort=username").expect(200);
        let next = first.links().into_iter().find(|link| link.contains("after=")).expect("a next page");
        let second = owner.get(&next).expect(200);
        assert!(first.text().contains("user21") && !first.text().contains("user22") && second.text().contains("user22"), "{}", second.text());
        let back = second.links().into_iter().find(|link| link.contains("before=")).expect("a previous page");
        assert_eq!(usernames(&owner.get(&back).text()), usernames(&first.text()));
    }

    fn a_customer_is_added_changed_and_closed(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let form = owner.get("/customers/new").expect(200).form("/customers/new").set("username", "newone").set("name", "New One");
        let page = owner.submit(&form).expect(422);
        assert!(page.body.contains("package-complaint"), "{}", page.text());
        // somebody has this phone already
        let form = form.set("package", "Home 20").set("phone", "01712345678").set("expires", "2099-12-31").set("password", "chosen secret");
        let known = owner.submit(&form).expect(422);
        assert!(known.text().contains("Rahim Khan") && !known.body.contains("chosen secret"), "{}", known.text());
        let added = owner.submit(&form.clone().set("again", "yes"));
        let base = added.leads_to().split('?').next().expect("an address").to_owned();
        let page = owner.follow(&added).expect(200);
        assert!(page.text().contains("New One") && page.text().contains("Active") && page.text().contains("2099-12-31 ·"), "{}", page.text());
        let taken = owner.submit(&form.set("again", "yes")).expect(422);
        assert!(taken.body.contains("username-complaint"), "{}", taken.text());

        // two people at one form
        let edit = owner.get(&format!("{base}/edit")).expect(200).form(&format!("{base}/edit"));
        let mine = edit.clone().set("name", "Mine").set("email", "new@example.org");
        owner.submit(&mine).leads_to();
        let both = owner.submit(&edit.set("name", "Yours")).expect(409);
        assert!(both.text().contains("Mine") && both.text().contains("Yours"), "{}", both.text());
        owner.submit(&mine.clone().set("email", "no address")).expect(409);

        // what is done by one button
        let page = owner.get(&base).expect(200);
        assert!(owner.send(&page, &format!("{base}/suspend"), &[("reason", " ")]).expect(422).body.contains("reason-complaint"));
        let held = owner.send(&page, &format!("{base}/suspend"), &[("reason", "moved away")]);
        assert!(owner.follow(&held).text().contains("Suspended: moved away"));
        let page = owner.get(&base).expect(200);
        owner.send(&page, &format!("{base}/activate"), &[]).leads_to();
        let page = owner.get(&base).expect(200);
        owner.send(&page, &format!("{base}/extend"), &[("days", "0"), ("reason", "gift")]).expect(422);
        owner.send(&page, &format!("{base}/extend"), &[("days", "1"), ("reason", "gift")]).leads_to();
        assert!(owner.get(&base).text().contains("2100-01-01 ·"));
        owner.send(&page, &format!("{base}/package"), &[("package", "Office")]).leads_to();
        owner.send(&page, &format!("{base}/note"), &[("note", "Second floor\nring twice")]).leads_to();
        owner.send(&page, &format!("{base}/tags"), &[("tags", "VIP, fibre")]).leads_to();
        assert_eq!(usernames(&owner.get("/customers?q=tag:vip+package:Office").text()), ["newone"]);
        let devices = owner.get(&format!("{base}/devices")).expect(200);
        owner.send(&devices, &format!("{base}/devices"), &[("mac", "aa-bb-cc-dd-ee-01")]).leads_to();
        owner.send(&devices, &format!("{base}/devices"), &[("mac", "nonsense")]).expect(422);
        assert!(owner.get(&format!("{base}/devices")).expect(200).text().contains("AA:BB:CC:DD:EE:01"));

        // his password is shown and noted; an operator gets him, without his past
        let slip = owner.send(&page, &format!("{base}/password/show"), &[]).expect(200);
        assert!(slip.text().contains("chosen secret"), "{}", slip.text());
        let reset = owner.send(&page, &format!("{base}/password/reset"), &[("new_password", "")]).expect(200);
        assert!(!reset.text().contains("chosen secret"));
        let timeline = owner.get(&format!("{base}/timeline")).expect(200).text();
        for wanted in ["moved away", "gift", "Second floor", "fibre", "owner"] {
            assert!(timeline.contains(wanted), "{wanted}: {timeline}");
        }
        let mut north = Browser::signed_in(&server, "north");
        north.get(&base).expect(404);
        let page = owner.get(&base).expect(200);
        let north_id = page.body.split("<option value=\"").find_map(|option| option.split_once("\">north<")).expect("an operator").0.to_owned();
        owner.send(&page, &format!("{base}/transfer"), &[("owner", &north_id)]).leads_to();
        let his = north.get(&base).expect(200);
        assert!(his.text().contains("Mine") && !north.get(&format!("{base}/timeline")).expect(200).text().contains("moved away"));
        let token = his.form("/sign-out").get("form_token").expect("a token").to_owned();
        north.post(&format!("{base}/password/show"), &[("form_token", &token)]).expect(403);
        let page = owner.get(&base).expect(200);
        owner.send(&page, &format!("{base}/close"), &[]).leads_to();
        assert_eq!(usernames(&owner.get("/customers?q=status:closed").text()), ["newone"]);
        assert!(!owner.get("/customers").text().contains("newone"));
    }

    fn many_are_changed_by_a_job_and_taken_back(store: &Store) {
        let server = with_customers(store);
        for number in 0..130 {
            server.must(&["customer", "add", &format!("user{number:03}"), "--password", "x", "--package", "Office"]);
        }
        let mut owner = Browser::signed_in(&server, "owner");
        // nothing is done before it was shown: the form of the list, what it asks for, what it would do
        let chosen = owner.get("/customers?q=package:Office").expect(200).form("/customers/bulk");
        owner.submit(&chosen.clone().set("action", "suspend")).expect(422);
        let asked = owner.submit(&chosen.set("action", "suspend").set("all", "yes")).expect(200);
        let form = asked.form("/customers/bulk").set("value", "moved out");
        let plan = owner.submit(&form).expect(200);
        assert!(plan.text().contains("Will be changed 131"), "{}", plan.text());
        let run = plan.form("/customers/bulk/run");
        assert!(owner.submit(&run.clone().set("confirm", "130")).expect(422).body.contains("confirm-complaint"));
        assert_eq!(usernames(&owner.get("/customers?q=status:suspended").text()), ["karim"]);
        let job = owner.submit(&run.set("confirm", "131")).leads_to().to_owned();
        let done = wait::until("the job is done", wait::SOON, || Some(owner.get(&job).expect(200)).filter(is_over));
        assert!(done.text().contains("131 of 131"), "{}", done.text());
        assert!(owner.get("/customers?q=status:suspended").text().contains("132 customers"));
        // one was changed since: he keeps what he has
        server.must(&["customer", "set", "user007", "--status", "active"]);
        let undo = done.forms().into_iter().find(|form| form.action.ends_with("/undo")).expect("it can be taken back");
        let back = owner.submit(&undo).leads_to().to_owned();
        let done = wait::until("it is taken back", wait::SOON, || Some(owner.get(&back).expect(200)).filter(is_over));
        assert!(done.text().contains("was changed since"), "{}", done.text());
        let held = owner.get("/customers?q=status:suspended").expect(200);
        assert!(held.text().contains("1 customer") && usernames(&held.text()) == ["karim"], "{}", held.text());
        // whoever may not work on many has neither bar nor page
        let mut north = Browser::signed_in(&server, "north");
        assert!(!north.get("/customers").body.contains("/customers/bulk"));
        let token = north.get("/customers").form("/sign-out").get("form_token").expect("a token").to_owned();
        north.post("/customers/bulk", &[("form_token", &token), ("action", "close"), ("all", "yes")]).expect(403);
    }

    fn a_part_is_looked_at_and_never_more_than_one_sees(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let zones = owner.get("/customers/zones").expect(200);
        owner.send(&zones, "/customers/zones", &[("name", "Lake")]).leads_to();
        let mut north = Browser::signed_in(&server, "north");
        let new = north.get("/customers/new").expect(200).form("/customers/new");
        let added = north.submit(&new.set("username", "jamal").set("name", "Jamal Uddin").set("package", "Home 20").set("zone", "Lake"));
        north.follow(&added).expect(200);
        assert_eq!(usernames(&owner.get("/customers").text()).len(), 4);
        // an operator's customers, in the list, the search, the file and the figures; and whoever is added then is his
        let choose = |browser: &mut Browser, name: &str| {
            let page = browser.get("/within?here=/customers").expect(200);
            let form = page.form("/within");
            let value = page.body.split("<button name=\"within\" value=\"").find(|part| part.contains(&format!(">{name}"))).expect(name);
            let value = value.split('"').next().expect("a value").to_owned();
            let chosen = browser.submit(&form.set("within", &value));
            (value, browser.follow(&chosen).expect(200).text())
        };
        let (of_north, text) = choose(&mut owner, "north");
        assert!(usernames(&text) == ["jamal"] && text.contains("Only north"), "{text}");
        assert!(owner.get("/go?q=rahim").expect(200).text().contains("Nothing"), "only a part is searched");
        let csv = owner.get("/customers.csv?q=").expect(200).body;
        assert!(csv.contains("jamal") && !csv.contains("rahim"), "{csv}");
        let bare = owner.get("/customers/new");
        let new = owner.follow(&bare).expect(200).forms().into_iter().find(|form| form.action.starts_with("/customers/new?within=a")).expect("a form");
        let added = owner.submit(&new.set("username", "newone").set("name", "Somebody New").set("package", "Home 20"));
        owner.follow(&added).expect(200);
        assert_eq!(usernames(&north.get("/customers").text()), ["jamal", "newone"]);
        assert!(owner.get("/accounts").expect(200).text().contains("hill"), "other pages are as they were");
        // a zone
        let (_, text) = choose(&mut owner, "Lake");
        assert!(usernames(&text) == ["jamal"] && text.contains("Only Lake"), "{text}");
        // the address says which part it is, and whoever is given it sees that part of his own; it is chosen for that page and what it leads to
        let bare = owner.get("/customers?q=-status:expired");
        let address = bare.leads_to().to_owned();
        assert!(address.starts_with("/customers?within=z") && address.ends_with("&q=-status%3Aexpired"), "{address}");
        let page = owner.get(&address).expect(200);
        let keeps = |link: &String| link.contains("within=z");
        assert!(page.links().iter().filter(|link| link.starts_with("/customers?")).all(keeps), "{:?}", page.links());
        let given = north.get(&address).expect(200);
        assert!(usernames(&given.text()) == ["jamal"] && given.text().contains("Only Lake"), "{}", given.text());
        assert!(given.links().iter().filter(|link| link.starts_with("/customers?") || *link == "/").all(keeps), "{:?}", given.links());
        assert_eq!(usernames(&north.get("/customers").expect(200).text()), ["jamal", "newone"], "a link chooses nothing for good");
        let end = north.send(&given, "/within", &[]);
        assert_eq!(end.leads_to(), "/customers?q=-status%3Aexpired", "and the address of all has none");
        // whoever is not in the part has his page all the same, and can be changed there
        let newone = north.get("/customers?q=username:newone").links().into_iter().find(|link| link.starts_with("/customers/3") || link.starts_with("/customers/4"));
        owner.get(&newone.expect("his page")).expect(200);
        // what is done to all that match is done to what the page shows, whatever was chosen in another tab
        let (of_lake, _) = choose(&mut owner, "Lake");
        let end = owner.send(&page, "/within", &[]);
        let everything = owner.follow(&end).expect(200);
        let (_, text) = choose(&mut owner, "north");
        assert_eq!(usernames(&text), ["jamal", "newone"]);
        let to = |page: &Page| page.forms().into_iter().find(|form| form.action.starts_with("/customers/bulk")).expect("a form");
        let all = |page: &Page| to(page).set("all", "yes").set("action", "activate");
        assert!(owner.submit(&all(&page)).expect(200).text().contains("Will be changed 0"), "only of the zone, where nobody is held");
        assert!(to(&page).action.ends_with(&format!("within={of_lake}")));
        let outdated = owner.submit(&all(&everything));
        assert!(outdated.status == 403 || outdated.status == 409, "{}: {}", outdated.status, outdated.text());
        let end = owner.send(&page, "/within", &[]);
        assert_eq!(usernames(&owner.follow(&end).expect(200).text()).len(), 5);
        for (address, status) in [("/customers?within=a1", 404), ("/customers?within=nonsense", 404), ("/customers?within=", 200)] {
            owner.get(address).expect(status);
        }
        // a forged choice shows nothing that he does not see
        let mut hill = Browser::signed_in(&server, "hill");
        let form = hill.get("/within").expect(200).form("/within");
        let forged = hill.submit(&form.set("within", &of_north));
        let text = hill.follow(&forged).expect(200).text();
        hill.get(&format!("/customers?within={of_north}")).expect(404);
        assert!(!text.contains("Only north") && usernames(&hill.get("/customers").text()).is_empty(), "{text}");
    }
}
