# The search over everything.
go = Search
go-hint = Name, phone, username, code, MAC, IP, account, router or page
go-page = Page
go-more = All that match, as a list
go-others = Also
go-nothing = Nothing is called “{ $text }”, and nobody has it.
go-nothing-hint = The last four digits of a phone are enough; a MAC address in any spelling; an IP address that somebody has now.
go-found = { $count ->
    [one] { $count } found
   *[other] { $count } found
}
go-session = Session
