#!/bin/bash
# Proves README's two commands on a bare Debian 12: python3, python3-venv, make, git, and nothing else.
#
#     tests/fresh_machine.sh [folder]      as root; needs debootstrap; about ten minutes on two cores
#
# It lays the machine into a folder (by default a temporary one), takes over this machine's package
# settings as they are now (sources, proxies, certificates, pip's files; it names none), and then, as
# root in a closed folder and as a plain user: `make run` twice until the page answers, stopped by
# Ctrl-C, and the set-up of the test command with a few tests that use all of it. With WHOLE=1 it runs
# the whole of `make check` as the plain user. Prints seconds; exits 0 if everything held. On a machine that
# is busy with other things the seconds say nothing: ALLOWED_FIRST and ALLOWED_AGAIN widen them.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
packages=python3,python3-venv,make,git,ca-certificates
allowed_first=${ALLOWED_FIRST:-180} allowed_again=${ALLOWED_AGAIN:-10}

[ "$(id -u)" = 0 ] || { echo "Run it as root: it lays a machine into a folder."; exit 2; }
command -v debootstrap > /dev/null || { echo "Install debootstrap first: apt-get install debootstrap"; exit 2; }
if [ -z "${FRESH_INSIDE:-}" ]; then
    # In namespaces of its own: mounts and processes end with it, whatever happens.
    FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi
mount --make-rprivate /

machine=${1:-$(mktemp -d /var/tmp/pemantau-machine-XXXXXX)}
[ -n "${1:-}" ] || trap 'umount -R "$machine/dev" "$machine/proc" 2> /dev/null || true; rm -rf --one-file-system "$machine"' EXIT

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }

lay_machine() {
    local mirror suite=bookworm
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite=$suite '$2 == suite && $3 == "main" {print $1; exit}')
    [ -n "$mirror" ] || { echo "This machine has no source for Debian $suite."; exit 2; }
    if [ ! -e "$machine/usr/bin/git" ]; then
        debootstrap --variant=minbase --include=$packages $suite "$machine" "$mirror" > "$machine.log" 2>&1 ||
            { tail -20 "$machine.log"; exit 1; }
    fi
    rm -f "$machine.log" "$machine"/etc/apt/sources.list
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        if [ -f "$file" ] && grep -q "${mirror%/}" "$file"; then cp "$file" "$machine/etc/apt/sources.list.d/"; fi
    done
    grep -l Acquire /etc/apt/apt.conf.d/* 2> /dev/null | xargs -r cp -t "$machine/etc/apt/apt.conf.d" || true
    cp -r /usr/share/keyrings/. "$machine/usr/share/keyrings/"
    cp /etc/resolv.conf /etc/hosts "$machine/etc/"
    # Certificates that this machine trusts, and pip's settings wherever pip reads them.
    cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
    mkdir -p "$machine/etc/xdg"
    for file in /etc/pip.conf /etc/xdg/pip; do
        if [ -e "$file" ]; then cp -rL "$file" "$machine/$(dirname "$file")/"; fi
    done
    mount --rbind /dev "$machine/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$machine/dev/shm"
    mount -t proc proc "$machine/proc"
    chroot "$machine" id warga > /dev/null 2>&1 || chroot "$machine" useradd --create-home --shell /bin/bash warga
    rm -rf "$machine/root/pemantau" "$machine/home/warga/pemantau" "$machine/home/warga/shared"
    chmod 700 "$machine/root"
    chmod 755 "$machine"  # a temporary folder is closed to others, and it is their /
}

# A clean clone of what is committed, and this machine's own settings for one user's pip.
give_to() {
    local user=$1 home=$2
    git clone -q --no-hardlinks "$repository" "$machine$home/pemantau"
    rm -f "$machine$home/pemantau/.venv"
    for file in .config/pip .pip; do
        if [ -e "$HOME/$file" ]; then
            mkdir -p "$machine$home/$(dirname "$file")"
            cp -rL "$HOME/$file" "$machine$home/$(dirname "$file")/"
        fi
    done
    chroot "$machine" chown -R "$user:" "$home"
}

# Run a command on the new machine as a user, in the clone, with the environment of a login and this
# machine's settings for package clients and proxies.
on_machine() {
    local user=$1 home=$2
    shift 2
    local settings=()
    while IFS= read -r setting; do settings+=("$setting"); done < \
        <(env | grep -E '^(PIP_(DEFAULT_TIMEOUT|INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT|DISABLE_PIP_VERSION_CHECK)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|(https?|no)_proxy|(HTTPS?|NO)_PROXY)=')
    chroot --userspec="$user" "$machine" /usr/bin/env -i HOME="$home" USER="$user" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${settings[@]+"${settings[@]}"} \
        bash -c 'cd ~/pemantau && exec "$@"' -- "$@"
}

answers() {
    chroot "$machine" /usr/bin/python3 -c '
import sys, urllib.request
try:
    sys.exit(urllib.request.urlopen(sys.argv[1], timeout=5).status != 200)
except OSError:
    sys.exit(1)' "$1"
}

# `make run` until the page answers; then Ctrl-C. Sets `seconds`.
run_until_it_answers() {
    local user=$1 home=$2 log="$machine/tmp/run-$1.log" started=$SECONDS url=""
    : > "$log"
    # A session of its own, as a terminal gives it: Ctrl-C reaches make and all it started.
    on_machine "$user" "$home" setsid bash -c 'echo $$ > ~/session; exec make run' > "$log" 2>&1 &
    local client=$!
    until url=$(sed -n 's#^Pemantau: \(http://.*\)$#\1#p' "$log") && [ -n "$url" ] && answers "$url"; do
        kill -0 $client 2> /dev/null || { cat "$log"; say "FAILS: make run as $user ended"; exit 1; }
        [ $((SECONDS - started)) -lt 400 ] || { tail -40 "$log"; say "FAILS: no page after 400 s"; exit 1; }
        sleep 0.2
    done
    seconds=$((SECONDS - started))
    kill -INT -- "-$(cat "$machine$home/session")"
    wait $client || true
    if answers "$url"; then say "FAILS: it still answers after Ctrl-C"; exit 1; fi
    grep -q "^Stopping" "$log" || { tail "$log"; say "FAILS: it did not stop by itself"; exit 1; }
}

prove_run() {
    local user=$1 home=$2 seconds
    run_until_it_answers "$user" "$home"
    say "make run as $user, first: $seconds s (at most $allowed_first)"
    [ "$seconds" -le $allowed_first ] || failed=1
    run_until_it_answers "$user" "$home"
    say "make run as $user, again: $seconds s (at most $allowed_again)"
    [ "$seconds" -le $allowed_again ] || failed=1
}

prove_test_setup() {
    local user=$1 home=$2 started=$SECONDS
    on_machine "$user" "$home" make --no-print-directory set-up
    say "set-up of the tests as $user: $((SECONDS - started)) s"
    on_machine "$user" "$home" .venv/bin/pytest tests/ops/test_conftest.py tests/ops/test_nginx.py tests/ops/test_browser.py
}

failed=0
say "laying a bare Debian 12 into $machine"
lay_machine
say "laid; it has $(chroot "$machine" /usr/bin/python3 --version)"

give_to warga /home/warga
prove_run warga /home/warga
if output=$(on_machine warga /home/warga make --no-print-directory set-up 2>&1); then
    say "FAILS: the tests' set-up as a plain user did not ask for Chromium"
    failed=1
else
    grep -q "As root: apt-get install" <<< "$output" || { echo "$output"; say "FAILS: no clear word about Chromium"; failed=1; }
    say "set-up of the tests as warga says: $(grep "As root" <<< "$output")"
fi

give_to root /root
prove_run root /root
[ "$(stat -c %a "$machine/root")" = 700 ] || { say "FAILS: make run opened /root to others"; failed=1; }
prove_test_setup root /root
prove_test_setup warga /home/warga

if [ -n "${WHOLE:-}" ]; then
    started=$SECONDS
    cp -r "${PEMANTAU_SHARED:-$repository/../shared}" "$machine/home/warga/shared" 2> /dev/null || say "no shared data here"
    on_machine warga /home/warga make check || failed=1
    say "make check as warga: $((SECONDS - started)) s"
fi

[ $failed = 0 ] && say "everything held" || { say "something did not hold"; exit 1; }
