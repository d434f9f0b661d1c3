# Why a customer cannot connect; reasons and checks of a login; a login that is only simulated.
tab-connect = Connection
connect-question = Why can this customer not connect?
connect-online = He is online since { $since } on { $router }.
connect-never = No request from him has ever been seen.
connect-rejected = { $count ->
    [one] The last request was rejected { $when }: { $reason }.
   *[other] The last { $count } requests were rejected, the newest { $when }: { $reason }.
}
connect-walled = He was let into the walled garden only, { $when } at { $router }: { $reason }.
connect-no-session = He was let in { $when } at { $router }, but the router told of no session since.
connect-ended = He was online until { $when }; no request has come since.
connect-no-longer = This holds no longer: the next request is decided anew.
connect-other-name = His device logs in as { $sent }, but his username is { $username }. Correct it on the device.
connect-pool-full = Pool { $pool }: { $held } of { $count } addresses are held. Add a range to it, or end sessions that nobody needs.
connect-pool = His address comes from pool { $pool }.
connect-opens = He may come in again at { $when }.
connect-to-password = Show or reset the password
connect-add-device = Add this device
connect-requests = Last requests
connect-nothing = Neither this server nor another has a request from him.
connect-verdict = Verdict
connect-times = Times
connect-name-sent = Name as sent
connect-router-gone = a router that was removed
connect-kept = stored
connect-kept-hint = Decided by another server, or no longer in the log of this one.
connect-checks = Checks of the newest request, in their order
connect-checklist = What to look at, in this order
verdict-accepted = Let in
verdict-walled-garden = Walled garden
verdict-rejected = Rejected
outcome-passed = passed
outcome-failed = failed here
outcome-walled-garden = walled garden
outcome-not-made = not reached

point-requests = Requests of any customer
point-requests-heard = The newest came { $when } from { $router }.
point-requests-none = No router has asked anything yet: look at its /radius entry, at the firewall, and at UDP ports 1812 and 1813.
point-requests-unseen = You see no router. Ask whoever looks after them whether requests come at all.
point-secret = Shared secret
point-secret-misfits = Does not fit for requests from { $routers }: write the same secret on both sides.
point-sources = Addresses that belong to no router
point-sources-none = No request that you may see came from such an address.
point-source = { $address }, { $when }. If it is his router, add it with this address.
point-settings = RADIUS on the router
point-settings-ppp = In RouterOS: /ppp aaa set use-radius=yes, and /radius with service=ppp. A PPP secret of his name on the router itself is asked first: remove it.
point-settings-hotspot = In RouterOS: use-radius=yes in the hotspot's server profile, and /radius with service=hotspot. A hotspot user of his name on the router itself is asked first: remove it.
point-settings-dhcp = In RouterOS: use-radius=yes on the DHCP server, and /radius with service=dhcp. A static lease of his device is answered by the router itself.
point-settings-any = In RouterOS: /radius print shows for which services the router asks this server.
point-name = Username on his device
point-name-exact = { $username }, with upper and lower case as written. What follows an @ does not matter.
point-name-any-case = { $username }. Upper or lower case does not matter, nor does what follows an @.
point-similar = Similar names that nobody has
point-similar-none = None was rejected within the last day.
point-similar-name = { $count ->
    [one] { $username }, { $likeness }: rejected once, { $when } at { $router }.
   *[other] { $username }, { $likeness }: rejected { $count } times, the last { $when } at { $router }.
}
likeness-same = before he was added
likeness-case = other upper and lower case
likeness-realm = other realm
likeness-close = a letter or two apart

trial = Simulate a login
trial-hint = The same code decides as for a real request. Nothing is changed: no place, no address and no validity is taken. Write an instant as 2026-12-31 18:00; empty means now.
trial-service = Service
trial-wireless = Wireless
trial-at = At
trial-go = Simulate login
trial-no-router = You see no router at which he could log in.
trial-service-wrong = Choose a service.
trial-router-wrong = Choose a router.
trial-at-wrong = Write an instant as 2026-12-31 18:00.
trial-let-in = At { $router }, { $when }.
trial-reason = At { $router }, { $when }: { $reason }.
trial-rate = Rate (download/upload)
trial-step = step { $count } of fair use
trial-next = What happens next
trial-left-next-step = After { $octets } ({ $direction }) the next step of fair use begins.
trial-left-used-up = After { $octets } ({ $direction }) the volume is used up.
trial-next-expiry = At { $when } the package runs out.
trial-next-hours-over = At { $when } the allowed hours are over.
trial-next-time-used-up = At { $when } the time online is used up, if he stays online.
trial-next-opens = At { $when } he may come in again.
trial-next-may-change = At { $when } limits or rate may change.
trial-checks = Checks, in their order
direction-total = both ways

reason-malformed = malformed request
reason-bad-username = no usable username
reason-no-credential = no password in the request
reason-eap-not-offered = EAP is not offered
reason-rate-limited = too many failed logins
reason-unknown-username = unknown username
reason-ambiguous-device = device of several customers
reason-wrong-credential = wrong password
reason-router-not-allowed = router not allowed
reason-disabled = disabled
reason-suspended = suspended
reason-expired = package has run out
reason-mac-not-allowed = device not on his list
reason-too-many-sessions = too many sessions
reason-volume-used-up = volume used up
reason-time-used-up = time online used up
reason-outside-hours = outside the allowed hours
reason-closed = closed
reason-service-not-allowed = service not allowed
reason-pool-exhausted = no free address
reason-device-not-confirmed = device not confirmed

remedy-malformed = The router sent what RADIUS does not allow. Look at the router's settings and version.
remedy-bad-username = The name was missing, or held control characters or a space at its start or end. Write it anew on the device.
remedy-no-credential = The router sent no password. In RouterOS allow PAP, CHAP or MS-CHAP in the PPP or hotspot profile.
remedy-eap-not-offered = His device tries EAP. Set it, or the profile on the router, to PAP, CHAP or MS-CHAP.
remedy-rate-limited = His device failed too often within a minute and is let wait. Correct the password on it; it may try again after a minute.
remedy-unknown-username = No customer has the name that was sent. Compare the spelling on the device.
remedy-ambiguous-device = The device logs in by its MAC address, and several customers have it on their list. Take it off all lists but one.
remedy-wrong-credential = The password on his device differs from the one here. If all customers of one router fail, the router's shared secret differs.
remedy-router-not-allowed = He belongs to another provider than this router, or his limits name other routers. Change his routers or those of his package.
remedy-disabled = He was disabled. Activate him to let him in again.
remedy-suspended = He is suspended. Activate him to let him in again.
remedy-expired = His paid time is over. Extend it to let him in again.
remedy-mac-not-allowed = Only devices on his list may log in, and this one is not on it. If it is his, add it.
remedy-too-many-sessions = As many sessions of his are online as he may have. If one hangs, disconnect him; he then logs in anew.
remedy-volume-used-up = The volume of his package is used up. It comes back with the next period or by a top-up.
remedy-time-used-up = The time online of his package is used up. It comes back with the next period.
remedy-outside-hours = His package does not allow access at this hour.
remedy-closed = His account was closed. Reopen it to let him in again.
remedy-service-not-allowed = His limits do not allow the service by which he came. Change the services of his package.
remedy-pool-exhausted = No address of it was free. Add a range to the pool, or end sessions that nobody needs.
remedy-device-not-confirmed = New devices are confirmed at the portal first, and this one was not. Add it here to confirm it.

check-malformed = Request well formed
check-bad-username = Username usable
check-no-credential = Password sent
check-eap-not-offered = Not EAP
check-rate-limited = Not too many failures
check-unknown-username = Username known
check-ambiguous-device = Device of one customer only
check-wrong-credential = Password right
check-router-not-allowed = Router allowed
check-disabled = Not disabled
check-suspended = Not suspended
check-expired = Package not run out
check-mac-not-allowed = Device on his list
check-too-many-sessions = Place among his sessions
check-volume-used-up = Volume left
check-time-used-up = Time online left
check-outside-hours = Within the allowed hours
check-closed = Not closed
check-service-not-allowed = Service allowed
check-pool-exhausted = Address free
check-device-not-confirmed = Device confirmed
