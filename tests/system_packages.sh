#!/bin/bash
# Chromium for the browser tests and nginx for the test of deploy/nginx.conf, from Debian's packages.
# nginx is only unpacked, into .venv: installed, it would start and take port 80.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n)
fi

may_install() {
    command -v apt-get > /dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2> /dev/null; }
}

if ! command -v chromium chromium-browser google-chrome > /dev/null; then
    if ! may_install; then
        echo "The browser tests need Chromium. As root: apt-get install --no-install-recommends chromium"
        exit 1
    fi
    echo "Installing Chromium for the browser tests."
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium > /dev/null
fi

if ! PATH="$PATH:/usr/sbin" command -v nginx > /dev/null && [ ! -x .venv/nginx/usr/sbin/nginx ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    command -v apt-get > /dev/null || { echo "The test of deploy/nginx.conf needs nginx on the PATH."; exit 1; }
    [ -n "$(apt-cache policy nginx 2> /dev/null | sed -n 's/ *Candidate: \([0-9].*\)/\1/p')" ] || ! may_install || "${as_root[@]}" apt-get update -qq
    chmod 755 "$folder"
    (cd "$folder" && apt-get download -qq nginx nginx-common > /dev/null) || { echo "The test of deploy/nginx.conf needs nginx. As root: apt-get install nginx-light"; exit 1; }
    for package in "$folder"/*.deb; do
        dpkg-deb -x "$package" .venv/nginx
    done
fi
