//! The journey of a message: accept, decode, window, dispatch, invoke, publish.
