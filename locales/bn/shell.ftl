## Glossary: one word for one thing, on every page and in every later file.
##
## customer গ্রাহক · account অ্যাকাউন্ট · operator অপারেটর · sub-operator সাব-অপারেটর · manager ম্যানেজার · provider প্রোভাইডার
## tenant টেন্যান্ট · zone জোন · role রোল · permission অনুমতি · package প্যাকেজ · router রাউটার · address pool IP পুল
## address ঠিকানা · session (of a customer) সেশন · sign in, sign-in (of an account) সাইন ইন · log in (of a customer) লগইন
## password পাসওয়ার্ড · second factor দ্বিতীয় ধাপের যাচাই · recovery code রিকভারি কোড · set-up link সেট-আপ লিংক · API key API কী
## bill বিল · payment পেমেন্ট · invoice ইনভয়েস · recharge card রিচার্জ কার্ড · balance ব্যালেন্স · discount ছাড় · VAT ভ্যাট
## expiry মেয়াদ · volume ডেটা · walled garden ওয়াল্ড গার্ডেন · device ডিভাইস · audit log অডিট লগ · job জব · settings সেটিংস
##
## States: Active সক্রিয় · Online অনলাইন · Offline অফলাইন · Pending অপেক্ষমাণ · Suspended স্থগিত · Expired মেয়াদ শেষ
## Disabled বন্ধ রাখা · Closed সমাপ্ত · Revoked বাতিল. No state is called "inactive", since that word says not why.
##
## Verbs: add যোগ করা · change বদলানো · save সংরক্ষণ করা · remove মুছে ফেলা · suspend স্থগিত করা · restore আবার চালু করা
## move সরানো · give দেওয়া · take ফিরিয়ে নেওয়া · reject প্রত্যাখ্যান করা · refuse গ্রহণ না করা
##
## Address people as আপনি. Digits of the texts are Bengali; what has to be typed as it stands (2026-12-31, 512k, zone:5) is in ASCII.
## The plural category `one` of Bengali holds 0 too: a text says its number in both.

# The frame of every page, and words that many pages share.
skip-to-content = মূল অংশে যান
navigation = প্রধান মেনু
banner-insecure = এই পাতা সাধারণ http দিয়ে এসেছে: পথে যে কেউ এটি পড়তে ও বদলাতে পারে। https চালু করুন, অথবা শুধু বিশ্বস্ত নেটওয়ার্ক থেকে ঢুকতে দিন।
banner-view-as = আপনি { $name }-এর চোখে Tollgate দেখছেন।
banner-view-as-until = { $until } পর্যন্ত; এ সময় পেমেন্ট, পাসওয়ার্ড, দ্বিতীয় ধাপের যাচাই ও API কী-র কাজ করা যায় না।
view-as-stop = থামুন
working-abroad = আপনার নিজের টেন্যান্ট নয়
menu-profile = প্রোফাইল
menu-accounts = অ্যাকাউন্ট
menu-tenants = টেন্যান্ট
menu-roles = রোল
menu-api-keys = API কী
menu-audit = অডিট লগ
menu-settings = সেটিংস
theme-light = হালকা
theme-dark = গাঢ়
theme-system = সিস্টেম
optional = (ঐচ্ছিক)
cancel = বাদ দিন
actions = কাজ
state = অবস্থা
name = নাম
address = ঠিকানা
browser = ব্রাউজার
password = পাসওয়ার্ড
code = কোড
email = ই-মেইল ঠিকানা
phone = ফোন নম্বর
full-name = পুরো নাম
language = ভাষা
language-of-tenant = টেন্যান্টের ভাষা
page-rows = প্রতি পাতায় সারি
reason = কারণ
never = কখনো না
yes = হ্যাঁ
no = না
form-refused = সংরক্ষণ করা হয়নি। চিহ্নিত ঘরগুলো ঠিক করে আবার পাঠান।
list-next = পরের পাতা
list-first = প্রথম পাতা
list-nothing = এই ফিল্টারে কিছু মেলেনি।
list-clear = ফিল্টার মুছুন
filter-apply = ফিল্টার করুন
filter-all = সব
conflict = এর মধ্যে বদলে গেছে
conflict-help = এটি আপনার কাছে খোলা থাকতেই অন্য কেউ সংরক্ষণ করেছেন। আপনার কিছুই এখনো সংরক্ষণ হয়নি: এখন যা আছে তা রাখুন, অথবা তার ওপর আপনারটি সংরক্ষণ করুন।
conflict-same = আপনি যা পাঠিয়েছেন, এখন ঠিক তা-ই আছে।
conflict-field = ঘর
conflict-now = এখন
conflict-yours = আপনার
conflict-keep = এখন যা আছে তা রাখুন
conflict-save = আমারটি সংরক্ষণ করুন
within = যা দেখবেন
within-hint = তালিকা, খোঁজ ও সংখ্যা তখন শুধু এই অংশ দেখাবে, আপনি অন্যটি না বাছা পর্যন্ত।
within-all = আপনার দেখা সবকিছু
within-accounts = যার গ্রাহক
within-choose = একটি অংশ দেখুন
within-is = শুধু { $name }
within-end = আবার সবকিছু দেখুন
undo = ফিরিয়ে নিন
change = বদলান
save = সংরক্ষণ করুন
