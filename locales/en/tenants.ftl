# Tenants of the server.
tenant-new = Add tenant
tenant-new-help = A tenant holds providers, customers and routers; nothing is shared between two of them. It comes with its Super Admin and a first provider's account.
tenant-name-hint = Unique on this server, without a slash.
tenant-add = Add tenant
tenant-since = Added
tenant-place = Place
tenant-here = you work here
tenant-own = your own
tenant-enter = Work in this tenant
tenant-leave = Back to my own tenant
tenant-opened = Tenant added
tenant-opened-help = Send this link to the Super Admin of { $name }: it lets whoever opens it choose the password of the account super-admin, once. It is shown only now.
tenant-opened-done = To the tenant
said-tenant-entered = You work in this tenant now.
said-tenant-left = You are back in your own tenant.
