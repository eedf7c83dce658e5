#!/bin/bash
# What the tests need of the system, from Debian's packages: Chromium for the browser tests, libatomic1 for
# Playwright's driver, nginx for the test of deploy/nginx.conf. Where they cannot be installed, it says how.
# nginx is only unpacked, into .venv: installed, it would start and take port 80.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin"

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

may_install() {
    command -v apt-get > /dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2> /dev/null; }
}

missing=()
command -v "${CHROMIUM_BIN:-chromium}" chromium-browser google-chrome > /dev/null || missing+=(chromium)
# Not asked where there is no Debian: elsewhere it comes with the system.
if command -v dpkg > /dev/null; then
    ldconfig -p | grep -q libatomic.so.1 || missing+=(libatomic1)
fi
if [ ${#missing[@]} -gt 0 ]; then
    if ! may_install; then
        echo "The browser tests need ${missing[*]}. As root: apt-get install --no-install-recommends ${missing[*]}"
        exit 1
    fi
    echo "Installing ${missing[*]} for the browser tests."
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null
fi

if ! command -v "${NGINX_BIN:-nginx}" > /dev/null && [ ! -x .venv/nginx/usr/sbin/nginx ]; then
    echo "Unpacking nginx for the test of its configuration."
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    if ! (cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root nginx nginx-common > /dev/null); then
        echo "The test of deploy/nginx.conf needs nginx. As root: apt-get update, and then this again."
        exit 1
    fi
    for package in "$folder"/*.deb; do
        dpkg-deb -x "$package" .venv/nginx
    done
fi
