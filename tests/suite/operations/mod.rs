//! What an administrator does: stop, back up, restore, look.

mod backup;
mod command_line;
mod contrib;
mod jobs;
mod stop;
