#!/usr/bin/env bash
# Starts the real program on a virtual display with a network and a picture, and checks that its
# window comes and goes. Usage: open_window.sh PROGRAM
set -euo pipefail
program=$1
data=${HYALINE_DATA:-$(dirname "$0")/../../shared/data}
folder=$(mktemp -d)
# The window goes before its display, which it would miss.
trap 'kill $window 2>/dev/null && sleep 1; kill $display 2>/dev/null || true; rm -rf "$folder"' EXIT
display= window=
number=$((90 + RANDOM % 900))
Xvfb ":$number" -screen 0 1280x800x24 >/dev/null 2>&1 &
display=$!
export DISPLAY=":$number"
for _ in $(seq 100); do
    xdotool getdisplaygeometry >/dev/null 2>&1 && break
    sleep 0.1
done
"$program" "$data/weights/mnist_lenet5_vanilla.safetensors" "$data/images/photos/both.png" &
window=$!
for _ in $(seq 100); do
    kill -0 "$window" || { echo "the program ended before its window came"; exit 1; }
    if found=$(xdotool search --name '^Hyaline$' 2>/dev/null) && [ -n "$found" ]; then
        sleep 2
        kill -0 "$window" || { echo "the program ended after its window came"; exit 1; }
        echo "the window opened"
        exit 0
    fi
    sleep 0.1
done
echo "no window came"
exit 1
