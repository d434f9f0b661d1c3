//! One database, SQLite or PostgreSQL, behind one set of SQL texts. Must not know: the business.
