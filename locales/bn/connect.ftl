# Why a customer cannot connect; reasons and checks of a login; a login that is only simulated.
tab-connect = সংযোগ পরীক্ষা
connect-question = এই গ্রাহক সংযোগ পাচ্ছেন না কেন?
connect-online = তিনি { $since } থেকে { $router } রাউটারে অনলাইনে আছেন।
connect-never = তাঁর কাছ থেকে এখনো কোনো অনুরোধ আসেনি।
connect-rejected = { $count ->
    [one] শেষ { $count }টি অনুরোধ প্রত্যাখ্যান করা হয়েছে ({ $when }): { $reason }।
   *[other] শেষ { $count }টি অনুরোধ প্রত্যাখ্যান করা হয়েছে, সর্বশেষটি { $when }: { $reason }।
}
connect-walled = { $when } { $router } রাউটারে তাঁকে শুধু ওয়াল্ড গার্ডেনে ঢুকতে দেওয়া হয়েছে: { $reason }।
connect-no-session = { $when } { $router } রাউটারে তাঁকে ঢুকতে দেওয়া হয়েছে, কিন্তু এরপর রাউটার কোনো সেশনের খবর দেয়নি।
connect-ended = তিনি { $when } পর্যন্ত অনলাইনে ছিলেন; এরপর আর কোনো অনুরোধ আসেনি।
connect-no-longer = এই বাধা এখন আর নেই: পরের অনুরোধ নতুন করে যাচাই হবে।
connect-other-name = তাঁর ডিভাইস { $sent } নামে লগইন করছে, অথচ তাঁর ইউজারনেম { $username }। ডিভাইসে নামটি ঠিক করুন।
connect-pool-full = { $pool } পুল: { $count }টি ঠিকানার { $held }টি ব্যবহারে আছে। পুলে নতুন রেঞ্জ যোগ করুন, অথবা অপ্রয়োজনীয় সেশন বন্ধ করুন।
connect-pool = তাঁর ঠিকানা আসে { $pool } পুল থেকে।
connect-opens = { $when } থেকে তিনি আবার ঢুকতে পারবেন।
connect-to-password = পাসওয়ার্ড দেখুন বা নতুন করে দিন
connect-add-device = এই ডিভাইস যোগ করুন
connect-requests = শেষ অনুরোধগুলো
connect-nothing = এই সার্ভার বা অন্য কোনো সার্ভারে তাঁর কোনো অনুরোধ নেই।
connect-verdict = সিদ্ধান্ত
connect-times = কতবার
connect-name-sent = পাঠানো নাম
connect-router-gone = মুছে ফেলা একটি রাউটার
connect-kept = ডেটাবেজ থেকে
connect-kept-hint = সিদ্ধান্তটি অন্য সার্ভারের, অথবা এই সার্ভারের লগে এখন আর নেই।
connect-checks = সর্বশেষ অনুরোধের যাচাই, ক্রম অনুযায়ী
connect-checklist = কী কী দেখবেন, এই ক্রমে
verdict-accepted = ঢুকতে দেওয়া হয়েছে
verdict-walled-garden = ওয়াল্ড গার্ডেন
verdict-rejected = প্রত্যাখ্যাত
outcome-passed = ঠিক আছে
outcome-failed = এখানে আটকেছে
outcome-walled-garden = ওয়াল্ড গার্ডেন
outcome-not-made = যাচাই হয়নি

point-requests = যেকোনো গ্রাহকের অনুরোধ
point-requests-heard = সর্বশেষ অনুরোধ এসেছে { $when }, { $router } রাউটার থেকে।
point-requests-none = কোনো রাউটার থেকে এখনো অনুরোধ আসেনি: রাউটারের /radius এন্ট্রি, ফায়ারওয়াল এবং UDP পোর্ট 1812 ও 1813 দেখুন।
point-requests-unseen = আপনি কোনো রাউটার দেখতে পান না। অনুরোধ আদৌ আসছে কি না, যিনি রাউটার দেখাশোনা করেন তাঁকে জিজ্ঞেস করুন।
point-secret = শেয়ার্ড সিক্রেট
point-secret-misfits = { $routers } থেকে আসা অনুরোধে মেলে না: দুই দিকে একই সিক্রেট লিখুন।
point-sources = কোনো রাউটারের নয় এমন ঠিকানা
point-sources-none = আপনার দেখার মতো এমন কোনো ঠিকানা থেকে অনুরোধ আসেনি।
point-source = { $address }, { $when }। এটি তাঁর রাউটার হলে এই ঠিকানা দিয়ে রাউটারটি যোগ করুন।
point-settings = রাউটারে RADIUS
point-settings-ppp = RouterOS-এ: /ppp aaa set use-radius=yes, এবং service=ppp সহ /radius। রাউটারে তাঁর নামে PPP secret থাকলে রাউটার আগে সেটিই দেখে: সেটি মুছে ফেলুন।
point-settings-hotspot = RouterOS-এ: হটস্পটের server profile-এ use-radius=yes, এবং service=hotspot সহ /radius। রাউটারে তাঁর নামে hotspot user থাকলে রাউটার আগে সেটিই দেখে: সেটি মুছে ফেলুন।
point-settings-dhcp = RouterOS-এ: DHCP server-এ use-radius=yes, এবং service=dhcp সহ /radius। তাঁর ডিভাইসের static lease থাকলে রাউটার নিজেই উত্তর দেয়।
point-settings-any = RouterOS-এ: রাউটার কোন কোন সার্ভিসে এই সার্ভারকে জিজ্ঞেস করে, তা /radius print দেখায়।
point-name = তাঁর ডিভাইসে ইউজারনেম
point-name-exact = { $username }, ছোট-বড় হাতের অক্ষর ঠিক এভাবেই। @-এর পরের অংশে কিছু যায় আসে না।
point-name-any-case = { $username }। ছোট-বড় হাতের অক্ষরে বা @-এর পরের অংশে কিছু যায় আসে না।
point-similar = কাছাকাছি নাম, যা কোনো গ্রাহকের নয়
point-similar-none = গত এক দিনে এমন কোনো নাম প্রত্যাখ্যান হয়নি।
point-similar-name = { $count ->
    [one] { $username }, { $likeness }: { $count } বার প্রত্যাখ্যাত, { $when }, { $router } রাউটারে।
   *[other] { $username }, { $likeness }: { $count } বার প্রত্যাখ্যাত, সর্বশেষ { $when }, { $router } রাউটারে।
}
likeness-same = তাঁকে যোগ করার আগে
likeness-case = ছোট-বড় হাতের অক্ষর আলাদা
likeness-realm = realm আলাদা
likeness-close = দু-একটি অক্ষর আলাদা

trial = পরীক্ষামূলক লগইন
trial-hint = আসল অনুরোধের মতো একই নিয়মে যাচাই হয়। কিছুই বদলায় না: সেশনের জায়গা, ঠিকানা বা মেয়াদ কিছুই খরচ হয় না। সময় লিখুন 2026-12-31 18:00 এভাবে; খালি রাখলে এখনকার সময়।
trial-service = সার্ভিস
trial-wireless = ওয়্যারলেস
trial-at = কখন
trial-go = পরীক্ষা করে দেখুন
trial-no-router = তিনি লগইন করতে পারেন এমন কোনো রাউটার আপনি দেখতে পান না।
trial-service-wrong = একটি সার্ভিস বেছে নিন।
trial-router-wrong = একটি রাউটার বেছে নিন।
trial-at-wrong = সময় এভাবে লিখুন: 2026-12-31 18:00।
trial-let-in = { $router } রাউটারে, { $when }।
trial-reason = { $router } রাউটারে, { $when }: { $reason }।
trial-rate = গতি (ডাউনলোড/আপলোড)
trial-step = ফেয়ার ইউজের ধাপ { $count }
trial-next = এরপর যা হবে
trial-left-next-step = { $octets } ({ $direction }) ব্যবহারের পর ফেয়ার ইউজের পরের ধাপ শুরু হবে।
trial-left-used-up = { $octets } ({ $direction }) ব্যবহারের পর ডেটা শেষ হবে।
trial-next-expiry = { $when }: প্যাকেজের মেয়াদ শেষ হবে।
trial-next-hours-over = { $when }: অনুমোদিত সময়সীমা শেষ হবে।
trial-next-time-used-up = { $when }: অনলাইনে থাকলে তাঁর অনলাইন সময় শেষ হবে।
trial-next-opens = { $when }: তিনি আবার ঢুকতে পারবেন।
trial-next-may-change = { $when }: সীমা বা গতি বদলাতে পারে।
trial-checks = যাচাই, ক্রম অনুযায়ী
direction-total = দুই দিকে

reason-malformed = অনুরোধের গঠন ভুল
reason-bad-username = ব্যবহারযোগ্য ইউজারনেম নেই
reason-no-credential = অনুরোধে পাসওয়ার্ড নেই
reason-eap-not-offered = EAP দেওয়া হয় না
reason-rate-limited = অনেকবার ভুল লগইন
reason-unknown-username = অজানা ইউজারনেম
reason-ambiguous-device = ডিভাইসটি একাধিক গ্রাহকের
reason-wrong-credential = ভুল পাসওয়ার্ড
reason-router-not-allowed = এই রাউটারে অনুমতি নেই
reason-disabled = বন্ধ রাখা
reason-suspended = স্থগিত
reason-expired = প্যাকেজের মেয়াদ শেষ
reason-mac-not-allowed = ডিভাইসটি তাঁর তালিকায় নেই
reason-too-many-sessions = সেশন সংখ্যা সীমার বেশি
reason-volume-used-up = ডেটা শেষ
reason-time-used-up = অনলাইন সময় শেষ
reason-outside-hours = অনুমোদিত সময়ের বাইরে
reason-closed = সমাপ্ত
reason-service-not-allowed = এই সার্ভিসে অনুমতি নেই
reason-pool-exhausted = খালি ঠিকানা নেই
reason-device-not-confirmed = ডিভাইস নিশ্চিত করা হয়নি

remedy-malformed = রাউটার এমন কিছু পাঠিয়েছে যা RADIUS মানে না। রাউটারের সেটিংস ও ভার্সন দেখুন।
remedy-bad-username = নাম ছিল না, অথবা নামের শুরুতে বা শেষে ফাঁকা জায়গা বা অদৃশ্য অক্ষর ছিল। ডিভাইসে নামটি নতুন করে লিখুন।
remedy-no-credential = রাউটার কোনো পাসওয়ার্ড পাঠায়নি। RouterOS-এর PPP বা হটস্পট প্রোফাইলে PAP, CHAP বা MS-CHAP চালু করুন।
remedy-eap-not-offered = তাঁর ডিভাইস EAP দিয়ে চেষ্টা করছে। ডিভাইসে বা রাউটারের প্রোফাইলে PAP, CHAP বা MS-CHAP বেছে দিন।
remedy-rate-limited = তাঁর ডিভাইস এক মিনিটে অনেকবার ভুল করায় অপেক্ষায় আছে। ডিভাইসে পাসওয়ার্ড ঠিক করুন; এক মিনিট পর আবার চেষ্টা করা যাবে।
remedy-unknown-username = পাঠানো নামে কোনো গ্রাহক নেই। ডিভাইসে বানান মিলিয়ে দেখুন।
remedy-ambiguous-device = ডিভাইসটি MAC ঠিকানা দিয়ে লগইন করে, অথচ এটি একাধিক গ্রাহকের তালিকায় আছে। একটি ছাড়া বাকি তালিকা থেকে মুছে ফেলুন।
remedy-wrong-credential = তাঁর ডিভাইসের পাসওয়ার্ড এখানকার সঙ্গে মেলে না। একটি রাউটারের সব গ্রাহকেরই এমন হলে রাউটারের শেয়ার্ড সিক্রেট আলাদা।
remedy-router-not-allowed = তিনি এই রাউটারের প্রোভাইডারের গ্রাহক নন, অথবা তাঁর সীমায় অন্য রাউটার লেখা আছে। তাঁর বা তাঁর প্যাকেজের রাউটার বদলান।
remedy-disabled = তাঁকে বন্ধ রাখা হয়েছে। আবার ঢুকতে দিতে সক্রিয় করুন।
remedy-suspended = তিনি স্থগিত আছেন। আবার ঢুকতে দিতে সক্রিয় করুন।
remedy-expired = তাঁর মেয়াদ শেষ। আবার ঢুকতে দিতে মেয়াদ বাড়ান।
remedy-mac-not-allowed = শুধু তাঁর তালিকার ডিভাইস লগইন করতে পারে, আর এটি তালিকায় নেই। ডিভাইসটি তাঁর হলে যোগ করুন।
remedy-too-many-sessions = যতগুলো সেশনের অনুমতি আছে, সবই অনলাইনে। কোনোটি আটকে থাকলে তাঁকে বিচ্ছিন্ন করুন; এরপর তিনি নতুন করে লগইন করবেন।
remedy-volume-used-up = তাঁর প্যাকেজের ডেটা শেষ। পরের মেয়াদে বা টপ-আপ দিলে আবার পাবেন।
remedy-time-used-up = তাঁর প্যাকেজের অনলাইন সময় শেষ। পরের মেয়াদে আবার পাবেন।
remedy-outside-hours = তাঁর প্যাকেজে এই সময়ে ঢোকার অনুমতি নেই।
remedy-closed = তাঁর অ্যাকাউন্ট সমাপ্ত। আবার ঢুকতে দিতে অ্যাকাউন্টটি আবার খুলুন।
remedy-service-not-allowed = যে সার্ভিস দিয়ে তিনি এসেছেন, তাঁর সীমায় তার অনুমতি নেই। তাঁর প্যাকেজের সার্ভিস বদলান।
remedy-pool-exhausted = এর কোনো ঠিকানা খালি ছিল না। পুলে নতুন রেঞ্জ যোগ করুন, অথবা অপ্রয়োজনীয় সেশন বন্ধ করুন।
remedy-device-not-confirmed = নতুন ডিভাইস আগে পোর্টালে নিশ্চিত করতে হয়, এটি করা হয়নি। এখানে যোগ করলেই নিশ্চিত হবে।

check-malformed = অনুরোধের গঠন
check-bad-username = ইউজারনেম ব্যবহারযোগ্য
check-no-credential = পাসওয়ার্ড পাঠানো হয়েছে
check-eap-not-offered = EAP নয়
check-rate-limited = ভুল লগইনের সীমা
check-unknown-username = ইউজারনেম জানা
check-ambiguous-device = ডিভাইসটি একজন গ্রাহকেরই
check-wrong-credential = পাসওয়ার্ড
check-router-not-allowed = রাউটারের অনুমতি
check-disabled = বন্ধ রাখা নয়
check-suspended = স্থগিত নয়
check-expired = প্যাকেজের মেয়াদ
check-mac-not-allowed = ডিভাইস তাঁর তালিকায়
check-too-many-sessions = সেশনের জায়গা
check-volume-used-up = বাকি ডেটা
check-time-used-up = বাকি অনলাইন সময়
check-outside-hours = অনুমোদিত সময়
check-closed = সমাপ্ত নয়
check-service-not-allowed = সার্ভিসের অনুমতি
check-pool-exhausted = খালি ঠিকানা
check-device-not-confirmed = ডিভাইস নিশ্চিত
