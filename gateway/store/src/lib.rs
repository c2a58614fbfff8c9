//! Guests and models on disk: found, admitted, digested.
