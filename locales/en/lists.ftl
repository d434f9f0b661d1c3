# What lists of all kinds say.
views = Views
view-keep = Keep this view
view-name = Name of the view
view-team = Also for everyone below me
view-remove = Remove this view
list-search = Search
list-view = Columns and export
list-csv = Download as CSV
list-previous = Previous page
list-hidden-by = { $count ->
    [one] { $count } is hidden by:
   *[other] { $count } are hidden by:
}
chip-remove = Remove
filter-add = Add filter
filter-set = Set filter
filter-text = Filter as text
filter-wrong = Part of this filter cannot be read. The rest of it holds.
operator = Condition
value = Value
value-end = End
columns = Columns
columns-show = Show these columns
bulk-all = All that match
bulk-page = Select all on this page
bulk-selected = { $count } selected
bulk-action = What to do
bulk-continue = Continue
moment-hint = A day such as 2026-12-31, a minute such as 2026-12-31T18:00, today, or days and hours from now: 3d, -12h.
moment-now = now
moment-today = today
moment-yesterday = yesterday
moment-tomorrow = tomorrow
moment-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
moment-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
op-is = is
op-is-not = is not
op-holds = contains
op-holds-not = does not contain
op-from = from
op-until = until
op-between = between
op-within = within the next
op-within-last = within the last
op-after = after
op-before = before
op-on = on
op-none = is empty
op-any = is not empty
