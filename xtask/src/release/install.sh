#!/bin/sh
# Installs ampctl @VERSION@: fetches the archive for this machine, compares it with the sum below, and puts
# the program into a folder. What does not have that sum is removed, and nothing is installed.
#
#   AMPCTL_INSTALL_DIR   where to put it [default: ~/.local/bin]
#   AMPCTL_DOWNLOAD      another place for the archives: an https address, or a folder
set -eu

sums='@SUMS@'
from=${AMPCTL_DOWNLOAD:-@BASE_URL@}

fail() {
  echo "error: $1" >&2
  exit 1
}

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "there is no ampctl for $(uname -s) on $(uname -m)" ;;
esac
name=ampctl-@VERSION@-$target
wanted=$(printf '%s\n' "$sums" | sed -n "s/  $name\.tar\.gz$//p")
[ -n "$wanted" ] || fail "this version has no archive for $target"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
archive=$work/$name.tar.gz
case "$from" in
  https://*)
    if command -v curl >/dev/null; then
      curl --proto '=https' --tlsv1.2 -fsSL --retry 3 -o "$archive" "$from/$name.tar.gz"
    elif command -v wget >/dev/null; then
      wget --https-only -qO "$archive" "$from/$name.tar.gz"
    else
      fail "neither curl nor wget is here"
    fi
    ;;
  /*) cp "$from/$name.tar.gz" "$archive" ;;
  *) fail "$from is neither an https address nor a folder" ;;
esac

if command -v sha256sum >/dev/null; then
  actual=$(sha256sum "$archive")
elif command -v shasum >/dev/null; then
  actual=$(shasum -a 256 "$archive")
else
  fail "neither sha256sum nor shasum is here, so nothing can be checked"
fi
actual=${actual%% *}
[ "$actual" = "$wanted" ] || fail "$name.tar.gz is not the one of this release: expected sha256 $wanted, got $actual"

tar -xzf "$archive" -C "$work"
into=${AMPCTL_INSTALL_DIR:-$HOME/.local/bin}
mkdir -p "$into"
# A name of its own first, so that a program that runs is not written to.
cp "$work/$name/ampctl" "$into/.ampctl.$$"
chmod 755 "$into/.ampctl.$$"
mv -f "$into/.ampctl.$$" "$into/ampctl"
echo "$into/ampctl"
case ":$PATH:" in
  *":$into:"*) ;;
  *) echo "note: $into is not on your PATH" >&2 ;;
esac
