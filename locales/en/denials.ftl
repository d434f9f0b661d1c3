# Why somebody may not do something.
denial-capability-missing = This needs the permission “{ $permission }”.
denial-role-not-creatable = Your role may not create the role { $role }.
denial-parent-role-wrong = An account of the role { $role } cannot stand below one of the role { $parent }.
denial-account-not-below = Only accounts of one's own tree can be changed.
denial-account-not-lower = Only accounts of a lower role can be changed.
denial-capability-not-held = Nobody gives or takes what he does not hold: { $permission }.
denial-not-whole-tenant = This concerns the whole tenant: only accounts that see all of it change it.
denial-not-of-server = Only a Developer, or whoever runs commands on the server, changes this.
denial-refused-while-impersonating = This is refused while you look through another account's eyes.
