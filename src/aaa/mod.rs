//! Who may come in, with what: directory, decision, reply, decision log.
