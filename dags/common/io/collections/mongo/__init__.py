"""The versioned store in MongoDB, or in a database that speaks its protocol."""
