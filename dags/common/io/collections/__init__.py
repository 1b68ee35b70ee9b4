"""The versioned store: immutable chunks, one manifest a version, one record that names the live one."""
