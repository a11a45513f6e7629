#!/usr/bin/env bash
# Servers and browser that the tests need beside Python: installed by apt when root on Debian, otherwise named.
# Usage: deploy/setup.sh [--check]     exit 0 all there, 1 something is missing
set -u
declare -A wanted=(
  [chromium]=chromium [mosquitto]=mosquitto [victoria-metrics]=victoria-metrics [fc-list:Noto_Sans_CJK]=fonts-noto-cjk
  [gcc]="gcc libc6-dev" [file:/usr/include/modbus/modbus.h]=libmodbus-dev
)
missing=()
for probe in "${!wanted[@]}"; do
  case "$probe" in
    fc-list:*) fc-list 2>/dev/null | grep -q "${probe#fc-list:}" 2>/dev/null || fc-list 2>/dev/null | grep -q 'Noto Sans CJK' || missing+=("${wanted[$probe]}") ;;
    file:*) [ -e "${probe#file:}" ] || missing+=("${wanted[$probe]}") ;;
    *) command -v "$probe" >/dev/null 2>&1 || [ -x "/usr/sbin/$probe" ] || missing+=("${wanted[$probe]}") ;;
  esac
done
# the Modbus server of another hand, by the lock file beside it (tests/drivers/modbus/node)
fetch_node_peer() {
  cd "$(dirname "$0")/.." && [ -x .venv/bin/python ] || return 0
  .venv/bin/python -m tests.drivers.modbus.peers
}
if [ "${1:-}" != "--check" ]; then fetch_node_peer || exit 1; fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "${1:-}" != "--check" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # no service may start by itself: the tests start their own on 127.0.0.1 and free ports
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d.redline && chmod +x /usr/sbin/policy-rc.d.redline
  [ -e /usr/sbin/policy-rc.d ] || { cp /usr/sbin/policy-rc.d.redline /usr/sbin/policy-rc.d; made=1; }
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends fontconfig ${missing[*]}; } >/tmp/redline-apt.log 2>&1
  result=$?
  rm -f /usr/sbin/policy-rc.d.redline
  [ "${made:-}" = 1 ] && rm -f /usr/sbin/policy-rc.d
  [ $result -eq 0 ] && exit 0
  tail -n 5 /tmp/redline-apt.log >&2
fi
echo "missing: ${missing[*]}   install with: sudo apt-get install ${missing[*]}" >&2
exit 1
