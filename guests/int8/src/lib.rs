//! Int8 networks: the file format and the arithmetic, without `std` or an allocator.
#![no_std]
