"""A provider's books as they are in life, written straight into the store: one provider with 60 %, operators from 10 customers to a fifth of all, zones, tags, 30 % online,
many closed sessions. Deterministic: the same count gives the same rows."""

import random
import time

DAY = 86_400_000
FIRST = ["Abdul", "Rahim", "Karim", "Fatima", "Ayesha", "Nusrat", "Hasan", "Jamal", "Shirin", "Tania", "Imran", "Salma", "Rafiq", "Mitu", "Sohel", "Parvin"]
LAST = ["Ahmed", "Hossain", "Islam", "Khan", "Rahman", "Begum", "Chowdhury", "Sarker", "Uddin", "Akter", "Mia", "Das", "Roy", "Sikder", "Molla", "Talukder"]
ZONES = ["Mirpur 10", "Mirpur 11", "Uttara", "Banani", "Gulshan", "Dhanmondi", "Mohammadpur", "Badda", "Rampura", "Old Town"]


# What is written over imported customers, in the order of their usernames.
COLUMNS = ("id, owner_id, code, name, phone, zone_id, package_id, expires_at, hold, hold_reason, connection_type, billing_type, device_type, registered_at, closed_at, "
           "name_key, phone_key")


def write_csv(path, count):
    """The file for `tollgate import customers`: passwords are sealed by the program itself."""
    with open(path, "w") as file:
        file.write("username,password,package\n")
        file.writelines(f"user{i:07d},pw{i:07d},Home 20\n" for i in range(count))


def rows(ids, owners, packages, zones, now):
    """Customers as tuples in the order of COLUMNS, from the largest owner to the smallest."""
    rng = random.Random(7)
    count = len(ids)
    shares = [0.60, 0.20] + [0.10, 0.05, 0.03] + [0.0199]
    ends, total = [], 0
    for owner, share in zip(owners, shares):
        total += int(count * share)
        ends.append((total, owner))
    last = owners[len(shares)] if len(owners) > len(shares) else owners[-1]
    for i, customer in enumerate(ids):
        owner = next((owner for end, owner in ends if i < end), last)
        # the very smallest has ten
        if i >= count - 10:
            owner = owners[-1]
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        phone = f"01{rng.randrange(300_000_000, 999_999_999)}"
        hold = rng.choices(["none", "suspended", "disabled"], [92, 7, 1])[0]
        expires = now + rng.randrange(-60 * DAY, 40 * DAY) if rng.random() < 0.97 else None
        registered = now - rng.randrange(3 * 365 * DAY)
        closed = now - DAY if rng.random() < 0.05 else None
        yield (
            customer, owner, f"C{i:07d}", name, phone, rng.choice(zones), rng.choice(packages), expires, hold, "unpaid" if hold == "suspended" else "",
            rng.choices(["pppoe", "hotspot", "static"], [80, 18, 2])[0], rng.choices(["prepaid", "postpaid", "free"], [70, 29, 1])[0],
            rng.choice(["", "", "", "laptop", "phone", "tv"]), registered, closed, name.lower(), phone[::-1],
        )


def is_served(row, now):
    """Whether he may be online; the rest would be told to go."""
    return row[8] == "none" and row[14] is None and (row[7] is None or row[7] > now)


SESSION_COLUMNS = ("tenant_id, session_key, nas_instance, router_id, customer_id, acct_session_id, username, mac, called_station, nas_port_id, framed_ip, started_at, "
                   "last_event_at, ended_at, end_inferred, terminate_cause, session_secs, octets_in, octets_out, uncharged_in, uncharged_out, uncharged_secs, flags")


def session(i, customer, username, tenant, router, begin, end, heard):
    """One session; its name begins with its begin, as real ones do."""
    key = begin.to_bytes(8, "big") + i.to_bytes(8, "big")
    ip = f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"
    return (tenant, key, 1, router, customer, f"8{i:07x}", username, f"48{i:010x}", "", "", ip, begin, heard, end, False, 1 if end else 0,
            3600, 10_000_000, 90_000_000, 0, 0, 0, 0)


def fill(server, count, closed, chunk=50_000):
    """Writes everything; returns what a caller may want to filter by."""
    now = int(time.time() * 1000)
    for name in ["north", "south", "east", "west", "hill", "tiny"]:
        server.cli("account", "add", name, "--role", "operator", "--parent", "owner")
    for name in ["Home 20", "Home 50", "Office"]:
        server.cli("package", "add", name, "--download", "20M", "--upload", "10M")
    server.import_customers(count, write_csv)
    with server.sql() as sql:
        tenant = sql.one("SELECT id FROM tenants WHERE name = 'default'")
        accounts = dict(sql.all(f"SELECT name, id FROM accounts WHERE tenant_id = {tenant}"))
        owners = [accounts[name] for name in ["owner", "north", "south", "east", "west", "hill", "tiny"]]
        packages = [row[0] for row in sql.all(f"SELECT id FROM packages WHERE tenant_id = {tenant} ORDER BY id")]
        router = sql.one(f"SELECT id FROM routers WHERE tenant_id = {tenant}")
        zones = list(range(501, 501 + len(ZONES)))
        sql.insert("zones", "id, tenant_id, owner_id, name, created_at", [(z, tenant, owners[0], name, now) for z, name in zip(zones, ZONES)])
        ids = [row[0] for row in sql.all(f"SELECT id FROM customers WHERE tenant_id = {tenant} ORDER BY username_key")]
        served, batch = [], []
        for i, row in enumerate(rows(ids, owners, packages, zones, now)):
            batch.append(row)
            if is_served(row, now):
                served.append(i)
            if len(batch) == chunk:
                sql.update("customers", COLUMNS, batch)
                batch = []
        sql.update("customers", COLUMNS, batch)
        rng = random.Random(11)
        tagged = [(tenant, ids[c], rng.choice(["vip", "late payer", "fibre"])) for c in rng.sample(range(count), count // 50)]
        sql.insert("customer_tags", "tenant_id, customer_id, tag", tagged)
        macs = [(tenant, ids[c], f"{rng.choice(['48', '4a'])}{c:010x}", now - rng.randrange(90 * DAY)) for c in range(0, count, 2)]
        for at in range(0, len(macs), chunk):
            sql.insert("customer_macs", "tenant_id, customer_id, mac, last_seen_at", macs[at:at + chunk])
        online = rng.sample(served, min(len(served), count * 3 // 10))
        for at in range(0, len(online), chunk):
            part = [session(at + n, ids[c], f"user{c:07d}", tenant, router, now - rng.randrange(DAY), None, now) for n, c in enumerate(online[at:at + chunk])]
            sql.insert("sessions", SESSION_COLUMNS, part)
        month = 30 * DAY
        for at in range(0, closed, chunk):
            part = []
            for n in range(at, min(at + chunk, closed)):
                begin, c = now - 2 * DAY - rng.randrange(month), rng.randrange(count)
                part.append(session(n + 100_000_000, ids[c], f"user{c:07d}", tenant, router, begin, begin + 3_600_000, begin + 3_600_000))
            sql.insert("closed_sessions", SESSION_COLUMNS, part)
        sql.analyze()
    return {"zones": ZONES, "operators": ["north", "south", "tiny"]}
