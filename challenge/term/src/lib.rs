//! Term Challenge: miners submit Python agents that fix real repository bugs.
