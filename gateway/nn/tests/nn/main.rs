//! What guests see of the graphs of the host: the calls, their error numbers, and both backends.

mod backends;
mod calls;
mod hostile;
mod registers;
mod support;
