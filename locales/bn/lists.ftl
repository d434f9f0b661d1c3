# What lists of all kinds say. A condition is put together as field, operator, value, so operators that stand behind the value in speech end with a colon here.
views = ভিউ
view-keep = এই ভিউ রেখে দিন
view-name = ভিউর নাম
view-team = আমার অধীনের সবার জন্যও
view-remove = এই ভিউ মুছুন
list-search = খুঁজুন
list-view = কলাম ও এক্সপোর্ট
list-csv = CSV নামান
list-previous = আগের পাতা
list-hidden-by = { $count ->
    [one] { $count }টি বাদ পড়েছে এই শর্তে:
   *[other] { $count }টি বাদ পড়েছে এই শর্তে:
}
chip-remove = বাদ দিন
filter-add = ফিল্টার যোগ করুন
filter-set = ফিল্টার দিন
filter-text = লেখা আকারে ফিল্টার
filter-wrong = ফিল্টারের একটি অংশ পড়া যায়নি। বাকিটা কাজ করছে।
operator = শর্ত
value = মান
value-end = শেষ
columns = কলাম
columns-show = এই কলামগুলো দেখান
bulk-all = যা যা মেলে, সব
bulk-page = এই পাতার সব বাছুন
bulk-selected = { $count }টি বাছাই করা
bulk-action = কী করবেন
bulk-continue = এগিয়ে যান
moment-hint = একটি দিন যেমন 2026-12-31, একটি মিনিট যেমন 2026-12-31T18:00, today, অথবা এখন থেকে দিন বা ঘণ্টা: 3d, -12h।
moment-now = এখন
moment-today = আজ
moment-yesterday = গতকাল
moment-tomorrow = আগামীকাল
moment-days = { $count ->
    [one] { $count } দিন
   *[other] { $count } দিন
}
moment-hours = { $count ->
    [one] { $count } ঘণ্টা
   *[other] { $count } ঘণ্টা
}
op-is = হলো
op-is-not = নয়
op-holds = এতে আছে
op-holds-not = এতে নেই
op-from = থেকে:
op-until = পর্যন্ত:
op-between = মাঝে:
op-within = আগামী
op-within-last = গত
op-after = পরে:
op-before = আগে:
op-on = এই দিনে:
op-none = খালি
op-any = খালি নয়
