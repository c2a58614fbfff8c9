(module
  (import "" "mark" (func $mark (param i64)))
  (memory 1)
  (func (export "run") (local $round i32)
    (call $mark (i64.const 0))
    (loop $again
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get $round)))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 100))))
    (call $mark (i64.const 1))
    (i32.store (i32.const 0) (i32.const 0))))
