#!/bin/sh
# Builds two private networks behind two NATs and a public network between them, in network namespaces of its own. Needs
# root, iproute2 and nftables.
#
#   sr-a  10.91.1.2 ── sr-na ── 203.0.113.1 ┐
#                                            sr-pub 203.0.113.10 and .11 (STUN runs here)
#   sr-b  10.91.2.2 ── sr-nb ── 203.0.113.2 ┘
#
# Usage: nat.sh up [TYPE_A [TYPE_B]] | down | exec a|b|pub COMMAND…
# Types: open       forwards without translation (and back)
#        cone       same public port for every destination, filtered by address and port
#        symmetric  another public port for every destination
#        blocked    no UDP at all, only TCP out
# LOSS=5 drops so many percent of the forwarded UDP packets.
set -eu
n() { ip -n "$@"; }
in_ns() { ns=$1; shift; ip netns exec "$ns" "$@"; }
down() { for ns in sr-a sr-b sr-na sr-nb sr-pub; do ip netns del $ns 2>/dev/null || true; done; }
side() { # LETTER NUMBER TYPE
  host=sr-$1 nat=sr-n$1 inner=10.91.$2 outer=203.0.113.$2
  ip netns add $host; ip netns add $nat
  ip link add name sr-l$1 netns $host type veth peer name in netns $nat
  ip link add name out netns $nat type veth peer name sr-p$1 netns sr-pub
  n $host addr add $inner.2/24 dev sr-l$1
  n $nat addr add $inner.1/24 dev in
  n $nat addr add $outer/24 dev out
  n sr-pub link set sr-p$1 master pub0 up
  for d in lo sr-l$1; do n $host link set $d up; done
  for d in lo in out; do n $nat link set $d up; done
  n $host route add default via $inner.1
  in_ns $nat sysctl -qw net.ipv4.ip_forward=1
  loss=${LOSS:+meta l4proto udp numgen random mod 100 < $LOSS drop}
  case $3 in
    open) rule= ; n sr-pub route add $inner.0/24 via $outer ;;
    cone | blocked) rule='oifname "out" masquerade' ;;
    symmetric) rule='oifname "out" masquerade fully-random' ;;
    *) echo "no NAT type $3" >&2; exit 2 ;;
  esac
  filter='iifname "out" ct state new drop'
  [ $3 = open ] && filter=
  [ $3 = blocked ] && filter='iifname "out" ct state new drop; meta l4proto udp drop'
  in_ns $nat nft -f - <<NFT
table ip nat_box {
  chain after { type nat hook postrouting priority 100
    $rule
  }
  # Unasked packets are dropped before conntrack remembers them: an entry for them would
  # take the port that the inside host is about to use, and no hole could be punched.
  chain self { type filter hook input priority 0
    iifname "out" ct state new meta l4proto udp drop
  }
  chain through { type filter hook forward priority 0
    $filter
    $loss
  }
}
NFT
}
case ${1:-} in
  up)
    down
    ip netns add sr-pub
    n sr-pub link set lo up
    n sr-pub link add name pub0 type bridge
    n sr-pub link set pub0 up
    n sr-pub addr add 203.0.113.10/24 dev pub0
    n sr-pub addr add 203.0.113.11/24 dev pub0
    side a 1 "${2:-cone}"
    side b 2 "${3:-${2:-cone}}"
    [ "${2:-cone}" = open ] && n sr-nb route add 10.91.1.0/24 via 203.0.113.1
    [ "${3:-${2:-cone}}" = open ] && n sr-na route add 10.91.2.0/24 via 203.0.113.2
    true
    ;;
  down) down ;;
  exec) ns=$2; shift 2; exec ip netns exec "sr-$ns" "$@" ;;
  *) sed -n '2,15p' "$0"; exit 2 ;;
esac
