#!/bin/sh
# The baseline of docs/results.md on one GPU, from portraits to edits; ten minutes or less.
#   benchmarks/editgan/train.sh PORTRAITS OUT [SECONDS]
# The package must be installed. PORTRAITS: a folder that `pixelguide portraits` filled. OUT gets editgan-networks.tar,
# editgan-edits.tar and editgan-samples.png, after each part what there is by then. SECONDS: for the
# generator alone. DEVICE=cpu, IMAGES and EDITS make it small enough to try.
set -eu
portraits=$1 out=$2 seconds=${3:-300}
python=${PYTHON:-python3} device=${DEVICE:-cuda} images=${IMAGES:-256000} edits=${EDITS:-300}
work=${WORK:-$(mktemp -d)}
gan=$work/GAN

editgan() { "$python" -m benchmarks.editgan "$@" --device "$device" --threads 4; }

keep() {
    mkdir -p "$out"
    (cd "$gan" && tar cf "$out/editgan-networks.tar" $(ls | grep -v -e ^encoder -e ^training -e '^encoder-training'))
    (cd "$work" && tar cf "$out/editgan-edits.tar" $(ls -d GAN/encoder.* report edits odd log 2>/dev/null))
    cp "$gan/samples.png" "$out/editgan-samples.png"
}

"$python" -m pixelguide portraits "$work/labelled" --count 20 --seed 20 --with-labels
(
    "$python" -m pixelguide evaluate -o "$work/even" --method truth --maps true \
        --edits "$edits" --device cpu
    "$python" -m pixelguide evaluate -o "$work/uneven" --method truth --maps true --odd \
        --edits "$((edits / 5))" --device cpu
) >"$work/tasks.log" 2>&1 &
tasks=$!

train() {
    editgan train "$portraits" -o "$gan" --channels 192,192,96,48,24 --batch-size 64 \
        --ema-images 20000 --checkpoint-images 200000 --images 100000000 "$@" | tee -a "$work/log"
    test -e "$gan/generator.safetensors"
}
train --seconds "$seconds" || train --seconds "$seconds" --no-record
keep
editgan encode "$portraits" -m "$gan" --images "$images" --batch-size 64 | tee -a "$work/log"
keep
editgan label "$work/labelled" -m "$gan"
keep
wait $tasks || cat "$work/tasks.log"
editgan edit "$work/even/tasks" -m "$gan" -o "$work/edits" --together 50
keep
editgan edit "$work/uneven/tasks" -m "$gan" -o "$work/odd" --together 60
keep
editgan measure -m "$gan" -o "$work/report" --portraits "${PORTRAITS:-200}" --edits 3
keep
