CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL UNIQUE,
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  display_name TEXT,
  email TEXT NOT NULL UNIQUE,
  department INTEGER,
  phones TEXT,
  manager TEXT,
  origin TEXT,
  state TEXT NOT NULL
);
