//! Names, numbers and types of attributes, read from FreeRADIUS-syntax files.
