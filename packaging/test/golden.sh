#!/bin/sh
# Every pair of guest and model that ships, on every engine of this architecture, against the golden outputs. What was
# printed goes out, so that architectures can be compared.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

pair() {
    guest=$1
    model=${2-}
    step "weir guest test $guest${model:+ --model $model}"
    if ! as_weir weir guest test "$guest" ${model:+--model "$model"} >/tmp/tested; then
        cat /tmp/tested
        # Without nn backends, guest nn says so on every engine, and is not run.
        case $(dpkg --print-architecture):$guest in
            armhf:nn*) ! grep -v '^FAILED: .* which builds for 32-bit processors cannot' /tmp/tested ;;
            *) false ;;
        esac || fail "guest $guest with ${model:-no model}"
    fi
    sed "s/^/$guest ${model:--} /" /tmp/tested | tee -a "$out/golden"
}

leave_out_what_is_not_emulated
: >"$out/golden"
pair anomaly
for model in /usr/share/weir/models/*; do
    name=${model##*/}
    format=$(sed -n 's/^format *= *"\(.*\)"/\1/p' "$model/model.toml")
    case $format in
        int8-network) pair tinynn "$name" ;;
        onnx) for guest in onnx nn nn-scalar; do pair "$guest" "$name"; done ;;
        *) fail "no guest is known for the format $format of model $name" ;;
    esac
done
