//! Archives made, damaged and restored.
