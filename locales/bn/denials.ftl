# Why somebody may not do something.
denial-capability-missing = এর জন্য “{ $permission }” অনুমতি লাগে।
denial-role-not-creatable = আপনার রোল থেকে { $role } রোলের অ্যাকাউন্ট তৈরি করা যায় না।
denial-parent-role-wrong = { $role } রোলের অ্যাকাউন্ট { $parent } রোলের অধীনে থাকতে পারে না।
denial-account-not-below = শুধু নিজের অধীনের অ্যাকাউন্ট বদলানো যায়।
denial-account-not-lower = শুধু নিচের রোলের অ্যাকাউন্ট বদলানো যায়।
denial-capability-not-held = নিজের যা নেই, তা কেউ দিতে বা ফিরিয়ে নিতে পারেন না: { $permission }।
denial-not-whole-tenant = এটি পুরো টেন্যান্টের বিষয়: যে অ্যাকাউন্ট পুরোটা দেখে, শুধু সেটিই বদলাতে পারে।
denial-not-of-server = এটি শুধু Developer, অথবা যিনি সার্ভারে কমান্ড চালান, বদলাতে পারেন।
denial-refused-while-impersonating = অন্য অ্যাকাউন্টের চোখে দেখার সময় এটি করা যায় না।
