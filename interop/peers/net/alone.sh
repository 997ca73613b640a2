#!/bin/sh
# Runs COMMAND in a network namespace of its own: loopback, and one interface (10.77.0.1, fd77::1) that leads nowhere.
# Every peer then finds a host candidate, and no packet leaves the namespace. Linux with iproute2; as root, or where
# unprivileged user namespaces are allowed.
#   net/alone.sh COMMAND [ARG…]
set -eu
[ $# -gt 0 ] || { sed -n 2,5p "$0"; exit 2; }
namespaces=--net
[ "$(id -u)" = 0 ] || namespaces='--user --map-root-user --net'
# shellcheck disable=SC2086
exec unshare $namespaces -- sh -eu -c '
  ip link set lo up
  ip link add host0 type veth peer name void0
  ip addr add 10.77.0.1/24 dev host0
  ip -6 addr add fd77::1/64 dev host0 nodad 2>/dev/null || true
  ip link set host0 up
  ip link set void0 up
  ip route add default dev host0
  exec "$@"' alone "$@"
