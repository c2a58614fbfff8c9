//! Int8 networks from outside: the arithmetic against a plain reading of the specification, hostile
//! files, the bits of one network.

mod arithmetic;
mod bits;
mod edges;
mod hostile;
mod random;
mod reference;
mod run;
mod written;
