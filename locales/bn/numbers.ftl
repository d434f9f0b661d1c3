# Spans of time, and how long ago or from now. A span is said by its two greatest units, put side by side.
span-days = { $count } দিন
span-hours = { $count } ঘণ্টা
span-minutes = { $count } মিনিট
span-seconds = { $count } সেকেন্ড
ago-now = এইমাত্র
ago-minutes = { $count } মিনিট আগে
ago-hours = { $count } ঘণ্টা আগে
ago-days = { $count ->
    [one] { $count } দিন আগে
   *[other] { $count } দিন আগে
}
in-minutes = { $count } মিনিট পরে
in-hours = { $count } ঘণ্টা পরে
in-days = { $count ->
    [one] { $count } দিন পরে
   *[other] { $count } দিন পরে
}
