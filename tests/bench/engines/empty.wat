;; Does nothing: an output of one element that nobody wrote. What a call of it takes is the way there and back.
(module
  (memory (export "memory") 1 2)
  (global $next_buffer (mut i32) (i32.const 1024))
  (func (export "weir_abi") (result i32) (i32.const 0x10000))
  (func (export "weir_buffer") (param $slot i32) (param $len i32) (result i32)
    (local $address i32)
    (local.set $address (global.get $next_buffer))
    (global.set $next_buffer
      (i32.and (i32.add (i32.add (local.get $address) (local.get $len)) (i32.const 15)) (i32.const -16)))
    (local.get $address))
  (func (export "predict") (param $in i32) (param $n i32) (param $out i32) (param $m i32) (result i32)
    ;; len 4, dtype 1 (f32), rank 1, dims[0] 1
    (i32.store offset=8 (local.get $out) (i32.const 4))
    (i32.store offset=12 (local.get $out) (i32.const 0x0101))
    (i32.store offset=16 (local.get $out) (i32.const 1))
    (i32.const 0)))
