//! The hash of tables whose keys nobody outside can choose: ids that the program makes, addresses that it hands out, keyed hashes. SipHash, which the standard
//! library takes for keys of strangers, costs a login more than the lookup itself.

/// Hashes such keys. Not for names, texts or anything else that a packet brings.
pub type FastHash = hashbrown::DefaultHashBuilder;

/// A table by such keys.
pub type FastMap<K, V> = hashbrown::HashMap<K, V, FastHash>;
