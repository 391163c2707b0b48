//! Terminal interface, submissions, keys and administration.
