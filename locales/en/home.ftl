home = Home
attention = Needs attention
attention-none = Nothing needs attention.
attention-router-silent = Router { $router } has sent nothing since { $since }.
attention-coa-silent = Router { $router } does not answer on port { $port }: { $count ->
    [one] one change waits
   *[other] { $count } changes wait
} for it. Check that "/radius incoming" accepts requests from this server.
attention-unknown-source = { $address } asks for logins but is no router here (last { $since }). If it is yours, add it as a router.
attention-drift = { $count ->
    [one] One session is not as the books say: { $username } at { $router }.
   *[other] { $count } sessions are not as the books say, such as { $username } at { $router }.
}
attention-pool-full = { $percent } % of the addresses in pool { $pool } are in use.
steps = First steps
steps-done = done
steps-tenant = Set the time zone and the currency
steps-tenant-hint = Days end and prices are shown by them.
steps-router = Add a router
steps-router-hint = On the server, with the address that its requests come from; the command asks for the shared secret and prints the lines for the router.
steps-package = Add a package
steps-package-hint = What customers buy: rates, limits, price.
steps-customer = Add customers
steps-customer-hint = One by one, or all at once from a CSV file.
steps-login = See the first login
steps-login-hint = Point the router at this server; this step is done when a login was accepted and accounting came. If nothing comes, this command says what is wrong:
steps-people = Add accounts for your people
steps-people-hint = Each with a role of its own; nobody shares a password.
live = Now
live-online = Sessions online
live-logins = Logins per minute
live-rejects = Rejects in 15 minutes
live-reasons = Rejected because
live-times = Times
counted = Counted { $ago }.
count-again = Count again
forecast = Who runs out
forecast-none = Nobody's time runs out within the next seven days.
forecast-today = Today
forecast-today-customers = Run out today
forecast-today-amount = At risk, { $currency }
forecast-without-price = { $count ->
    [one] One of them has a package without a price, which is not in the amount.
   *[other] { $count } of them have packages without a price, which are not in the amount.
}
forecast-no-zone = No zone
forecast-days = Next 7 days
forecast-packages = Today by package
forecast-zones = Today by zone
forecast-share = Share
