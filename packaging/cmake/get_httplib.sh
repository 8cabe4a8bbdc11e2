#!/usr/bin/env bash
# Puts the source of cpp-httplib into build/deps/cpp-httplib, where LlmgwDependencies.cmake looks for it.
# Debian 12 packages an older one. Tried in this order: what is already there, the pinned commit from its git host,
# and the source package of Debian's unstable suite, read with this machine's own apt settings. The machine's own
# package lists and sources are not touched, and neither root nor a compiler is needed.
set -euo pipefail
export LC_ALL=C.UTF-8

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
target=$root/build/deps/cpp-httplib
cmake_file=$root/packaging/cmake/LlmgwDependencies.cmake

version_min=0.41
version_tested=0.41.0
# sha256 of Debian's cpp-httplib_0.41.0+ds.orig.tar.xz. Its httplib.h is the one of the pinned commit, byte for byte.
orig_sha256=7acb492bffdd95165677d22145c2c4890e6432c5ef53d0f781defe8dec48f567
git_url=$(sed -n 's/^ *GIT_REPOSITORY \([^ ]*\).*/\1/p' "$cmake_file")
git_commit=$(sed -n 's/^ *GIT_TAG \([0-9a-f]\{40\}\).*/\1/p' "$cmake_file")

say() { printf '   %s\n' "$*"; }

version_of() { # the version a directory's httplib.h states, or nothing
    [ ! -f "$1/httplib.h" ] || sed -n 's/^#define CPPHTTPLIB_VERSION "\([0-9.]*\)".*/\1/p' "$1/httplib.h"
}

new_enough() { # VERSION
    [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$version_min" "$1" | sort -V | head -n 1)" = "$version_min" ]
}

install_from() { # DIRECTORY holding httplib.h
    local version
    version=$(version_of "$1")
    if ! new_enough "$version"; then
        say "cpp-httplib ${version:-of unknown version} is not usable: llmgw needs $version_min or newer."
        return 1
    fi
    if [ "$version" != "$version_tested" ]; then
        say "Note: this is cpp-httplib $version; llmgw is tested with $version_tested. Should it not compile, unpack $version_tested to build/deps/cpp-httplib."
    fi
    mkdir -p "$(dirname "$target")" && rm -rf -- "$target" && mv -- "$1" "$target" || return 1
    say "cpp-httplib $version is in build/deps/cpp-httplib"
}

from_git() {
    command -v git >/dev/null || return 1
    [ -n "$git_url" ] && [ -n "$git_commit" ] || return 1
    export GIT_TERMINAL_PROMPT=0
    # A host that cannot be reached must not cost minutes: ask it something small first.
    timeout 8 git ls-remote --exit-code "$git_url" HEAD >/dev/null 2>&1 || return 1
    say "taking cpp-httplib $version_tested from its git repository"
    git init -q "$work/git"
    timeout 180 git -C "$work/git" fetch -q --depth 1 "$git_url" "$git_commit" || return 1
    git -C "$work/git" -c advice.detachedHead=false checkout -q FETCH_HEAD
    rm -rf "$work/git/.git"
    install_from "$work/git"
}

# Writes a deb-src entry for unstable with the URI and the key of the machine's own Debian entry (deb822 or classic).
write_source_list() { # FILE
    local sourcelist=/etc/apt/sources.list sourceparts=/etc/apt/sources.list.d file entry=
    eval "$(apt-config shell sourcelist Dir::Etc::sourcelist/f sourceparts Dir::Etc::sourceparts/d)"
    sourceparts=${sourceparts%/}
    for file in "$sourceparts"/*.sources; do
        [ -f "$file" ] || continue
        entry=$(awk '
            function done_with() {
                if (uri ~ /\/debian\/?$/ && types ~ /(^| )deb( |$)/ && enabled != "no") {
                    print "URIs: " uri
                    if (key != "") print "Signed-By:" key
                    found = 1
                    exit
                }
                uri = types = key = field = ""; enabled = "yes"
            }
            BEGIN { enabled = "yes" }
            /^#/ { next }
            /^[ \t]*$/ { done_with(); next }
            /^[ \t]/ { if (field == "signed-by") key = key "\n" $0; next }
            { field = tolower($0); sub(/:.*/, "", field); value = $0; sub(/^[^:]*:/, "", value); bare = value; gsub(/^[ \t]+/, "", bare) }
            field == "uris" { split(bare, words, " "); uri = words[1] }
            field == "types" { types = bare }
            field == "enabled" { enabled = tolower(bare) }
            field == "signed-by" { key = value }
            END { if (!found) done_with() }' "$file")
        [ -z "$entry" ] || break
    done
    if [ -z "$entry" ]; then
        for file in "$sourcelist" "$sourceparts"/*.list; do
            [ -f "$file" ] || continue
            entry=$(awk '
                $1 == "deb" {
                    line = $0; key = ""
                    if (match(line, /\[[^]]*\]/)) {
                        options = substr(line, RSTART + 1, RLENGTH - 2)
                        line = substr(line, RSTART + RLENGTH)
                        if (match(options, /signed-by=[^ \t]+/)) key = substr(options, RSTART + 10, RLENGTH - 10)
                    } else { sub(/^[ \t]*deb[ \t]+/, "", line) }
                    split(line, words, " ")
                    if (words[1] !~ /\/debian\/?$/) next
                    print "URIs: " words[1]
                    if (key != "") print "Signed-By: " key
                    exit
                }' "$file")
            [ -z "$entry" ] || break
        done
    fi
    [ -n "$entry" ] || return 1
    printf 'Types: deb-src\n%s\nSuites: unstable\nComponents: main\n' "$entry" >"$1"
}

from_debian_unstable() {
    command -v apt-get >/dev/null || return 1
    mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/source" "$work/tree"
    if ! write_source_list "$work/parts/unstable.sources"; then
        say "this machine's apt sources have no Debian entry to take the source package from"
        return 1
    fi
    say "taking the source package cpp-httplib from Debian's unstable suite"
    local options=(-q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/parts"
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
        -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Update::Error-Mode=any)
    if ! { timeout 300 apt-get "${options[@]}" update &&
        cd "$work/source" && timeout 300 apt-get "${options[@]}" --download-only source cpp-httplib; } \
        </dev/null >"$work/log" 2>&1; then
        say "apt could not get it:"
        grep -E '^(E|W|Err)' "$work/log" | head -n 8 | sed 's/^/      /' || true
        return 1
    fi
    local tarball actual
    tarball=$(find "$work/source" -name 'cpp-httplib_*.orig.tar.*' ! -name '*.asc' | head -n 1)
    case $tarball in
        *_"$version_tested"+ds.orig.tar.xz)
            actual=$(sha256sum -- "$tarball" | cut -d ' ' -f 1)
            if [ "$actual" != "$orig_sha256" ]; then
                say "the tarball has sha256 $actual, expected $orig_sha256: not used"
                return 1
            fi
            ;;
        *) say "Note: Debian now has ${tarball##*/}, for which no checksum is pinned here; apt has verified its signature." ;;
    esac
    if ! tar -xf "$tarball" -C "$work/tree" --strip-components=1; then
        say "the tarball could not be unpacked (it needs tar and xz)"
        return 1
    fi
    install_from "$work/tree"
}

present=$(version_of "$target")
if new_enough "$present"; then exit 0; fi
[ -z "$present" ] || say "build/deps/cpp-httplib holds $present, too old: it is replaced"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
from_git || from_debian_unstable || {
    say "cpp-httplib $version_min or newer could not be had from its git repository or from Debian."
    say "Unpack its source archive to build/deps/cpp-httplib (so that build/deps/cpp-httplib/httplib.h exists) and try again."
    exit 1
}
