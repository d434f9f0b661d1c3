home = হোম
attention = নজর দিন
attention-none = নজর দেওয়ার মতো কিছু নেই।
attention-router-silent = রাউটার { $router } { $since } থেকে কিছু পাঠায়নি।
attention-coa-silent = রাউটার { $router } { $port } পোর্টে সাড়া দেয় না: { $count ->
    [one] একটি পরিবর্তন
   *[other] { $count }টি পরিবর্তন
} আটকে আছে। রাউটারের "/radius incoming" এই সার্ভারের অনুরোধ নেয় কি না দেখুন।
attention-unknown-source = { $address } লগইন চাইছে, কিন্তু এখানকার কোনো রাউটার নয় (সর্বশেষ { $since })। আপনার হলে রাউটার হিসেবে যোগ করুন।
attention-drift = { $count ->
    [one] একটি সেশন হিসাবের সাথে মেলে না: { $router } রাউটারে { $username }।
   *[other] { $count }টি সেশন হিসাবের সাথে মেলে না, যেমন { $router } রাউটারে { $username }।
}
attention-pool-full = { $pool } পুলের { $percent } % ঠিকানা ব্যবহারে আছে।
steps = প্রথম ধাপগুলো
steps-done = হয়ে গেছে
steps-tenant = সময় অঞ্চল ও মুদ্রা ঠিক করুন
steps-tenant-hint = দিনের শেষ আর দাম এই অনুযায়ী দেখানো হয়।
steps-router = রাউটার যোগ করুন
steps-router-hint = সার্ভারে, যে ঠিকানা থেকে তার অনুরোধ আসে তা দিয়ে; কমান্ডটি গোপন শব্দ জিজ্ঞেস করে এবং রাউটারের জন্য লাইনগুলো দেখায়।
steps-package = প্যাকেজ যোগ করুন
steps-package-hint = গ্রাহক যা কেনেন: গতি, সীমা, দাম।
steps-customer = গ্রাহক যোগ করুন
steps-customer-hint = একজন একজন করে, অথবা CSV ফাইল থেকে একসাথে।
steps-login = প্রথম লগইন দেখুন
steps-login-hint = রাউটারকে এই সার্ভারের দিকে ঘোরান; একটি লগইন গৃহীত হলে এবং হিসাব এলে ধাপটি শেষ। কিছু না এলে এই কমান্ড বলে দেয় সমস্যা কোথায়:
steps-people = আপনার লোকদের জন্য অ্যাকাউন্ট যোগ করুন
steps-people-hint = প্রত্যেকের নিজের ভূমিকা থাকবে; কেউ পাসওয়ার্ড ভাগাভাগি করবে না।
live = এখন
live-online = অনলাইন সেশন
live-logins = মিনিটে লগইন
live-rejects = ১৫ মিনিটে প্রত্যাখ্যান
live-reasons = প্রত্যাখ্যানের কারণ
live-times = কতবার
counted = গোনা হয়েছে { $ago }।
count-again = আবার গুনুন
forecast = কাদের মেয়াদ শেষ
forecast-none = আগামী সাত দিনে কারও মেয়াদ শেষ হচ্ছে না।
forecast-today = আজ
forecast-today-customers = আজ মেয়াদ শেষ
forecast-today-amount = ঝুঁকিতে, { $currency }
forecast-without-price = { $count ->
    [one] তাদের একজনের প্যাকেজে দাম নেই, তা এই অঙ্কে ধরা হয়নি।
   *[other] তাদের { $count } জনের প্যাকেজে দাম নেই, তা এই অঙ্কে ধরা হয়নি।
}
forecast-no-zone = কোনো জোন নেই
forecast-days = আগামী ৭ দিন
forecast-packages = আজ, প্যাকেজ অনুযায়ী
forecast-zones = আজ, জোন অনুযায়ী
forecast-share = অংশ
