//! The chain as a validator needs it: the Chain trait and its clients.
