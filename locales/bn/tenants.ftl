# Tenants of the server.
tenant-new = টেন্যান্ট যোগ করুন
tenant-new-help = একটি টেন্যান্টে প্রোভাইডার, গ্রাহক ও রাউটার থাকে; দুই টেন্যান্টের মধ্যে কিছুই মেশে না। সঙ্গে তার Super Admin ও প্রথম প্রোভাইডারের অ্যাকাউন্টও তৈরি হয়।
tenant-name-hint = এই সার্ভারে একই নাম দুবার হয় না; স্ল্যাশ দেওয়া যায় না।
tenant-add = টেন্যান্ট যোগ করুন
tenant-since = যোগ হয়েছে
tenant-place = কোথায়
tenant-here = এখন এখানে আছেন
tenant-own = আপনার নিজের
tenant-enter = এই টেন্যান্টে কাজ করুন
tenant-leave = নিজের টেন্যান্টে ফিরুন
tenant-opened = টেন্যান্ট যোগ হয়েছে
tenant-opened-help = এই লিংক { $name }-এর Super Admin-কে পাঠান: যিনি এটি খুলবেন, তিনি একবার super-admin অ্যাকাউন্টের পাসওয়ার্ড ঠিক করতে পারবেন। লিংকটি শুধু এখনই দেখানো হচ্ছে।
tenant-opened-done = টেন্যান্টে যান
said-tenant-entered = এখন আপনি এই টেন্যান্টে কাজ করছেন।
said-tenant-left = আপনি নিজের টেন্যান্টে ফিরেছেন।
