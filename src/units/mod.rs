//! Units that every room speaks: MAC addresses, bit rates, instants, typed ids. Parse, check, print; nothing else.
//! Must not know: any other room.
