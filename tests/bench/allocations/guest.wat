;; Takes whatever it is given and answers 0.0, 0.0, 1.0, 0.0. What is counted is the host's work around it.
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
    (f32.store offset=8 (i32.load (local.get $out)) (f32.const 1))
    ;; len 16, dtype 1 (f32), rank 2, dims [1, 4]
    (i32.store offset=8 (local.get $out) (i32.const 16))
    (i32.store offset=12 (local.get $out) (i32.const 0x0201))
    (i32.store offset=16 (local.get $out) (i32.const 1))
    (i32.store offset=20 (local.get $out) (i32.const 4))
    (i32.const 0)))
