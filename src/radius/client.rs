//! The client's half of RADIUS: building requests and checking replies, for commands, the simulated router and tests.
