# Spans of time, and how long ago or from now. A span is said by its two greatest units, put side by side.
span-days = { $count } d
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s
ago-now = just now
ago-minutes = { $count } min ago
ago-hours = { $count } h ago
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
in-minutes = in { $count } min
in-hours = in { $count } h
in-days = { $count ->
    [one] in { $count } day
   *[other] in { $count } days
}
