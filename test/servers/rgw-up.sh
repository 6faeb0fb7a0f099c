#!/bin/bash
# Start a throw-away single-node Ceph RGW (S3) on the loopback address: a store that nobody here wrote.
#   test/servers/rgw-up.sh --install    also installs the packages first (Debian's; needs root or sudo)
#   test/servers/rgw-down.sh --wipe     stops it and removes what it stored
# Env: RGW_DIR (its folder), RGW_PORT, RGW_MONPORT, RGW_OBJECTSTORE=memstore|bluestore, RGW_MEM (bytes for memstore)
# Idempotent: does nothing if the endpoint already answers; starts only what is not running.
set -euo pipefail

if [ "${1:-}" = --install ] && ! command -v radosgw ceph-mon ceph-osd ceph >/dev/null 2>&1; then
  command -v apt-get >/dev/null || { echo "no apt-get here, so no Ceph RGW" >&2; exit 3; }
  SUDO=; [ "$(id -u)" = 0 ] || SUDO=sudo
  $SUDO apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends radosgw ceph-mon ceph-osd >/dev/null
fi

D=${RGW_DIR:-${TMPDIR:-/tmp}/holdfast-rgw}
PORT=${RGW_PORT:-7480}
MONPORT=${RGW_MONPORT:-13300}
STORE=${RGW_OBJECTSTORE:-memstore}
MEM=${RGW_MEM:-4294967296}
AK=${RGW_ACCESS_KEY:-testaccess}
SK=${RGW_SECRET_KEY:-testsecret}
T0=$(date +%s.%N)
mkdir -p "$D"/{mon,osd,run,log}
C="$D/ceph.conf"
alive() { [ -f "$D/run/$1.pid" ] && kill -0 "$(cat "$D/run/$1.pid")" 2>/dev/null; }

if curl -fsS -o /dev/null "http://127.0.0.1:$PORT/" 2>/dev/null && alive rgw && alive osd && alive mon; then
  echo "already up: http://127.0.0.1:$PORT"; exit 0
fi

# a memstore OSD that did not stop cleanly has lost its data: start from nothing
if [ "$STORE" = memstore ] && [ -f "$D/osd/fsid" ] && ! alive osd && [ ! -f "$D/clean" ]; then
  for s in rgw mon; do if alive $s; then kill -9 "$(cat "$D/run/$s.pid")"; fi; done; sleep 0.5
  rm -rf "$D"; mkdir -p "$D"/{mon,osd,run,log}
fi
rm -f "$D/clean"

if [ ! -f "$D/ready" ]; then
  [ -f "$D/fsid" ] || cat /proc/sys/kernel/random/uuid > "$D/fsid"
  cat > "$C" <<EOC
[global]
fsid = $(cat "$D/fsid")
mon initial members = a
mon host = [v2:127.0.0.1:$MONPORT/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind msgr1 = false
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
auth allow insecure global id reclaim = false
ms mon client mode = crc
ms client mode = crc
ms service mode = crc
ms cluster mode = crc
run dir = $D/run
log file = $D/log/\$name.log
admin socket = $D/run/\$name.asok
pid file =
crash dir = $D/log
log to stderr = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon osd full ratio = .96
mon data avail warn = 2
mon data avail crit = 1
debug ms = 0
[mon.a]
mon data = $D/mon
[osd]
osd data = $D/osd
osd objectstore = $STORE
memstore device bytes = $MEM
bluestore block size = 8589934592
bluestore block wal size = 0
bluestore block db size = 0
osd memory target = 939524096
osd crush update on start = true
crush location = root=default host=localhost
osd class update on start = false
osd fast shutdown = false
osd op num shards = 2
osd op num threads per shard = 2
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw data = $D/rgwdata
rgw dns name = localhost
rgw rados pool pg num min = 4
rgw thread pool size = 64
rgw enable usage log = false
rgw enable ops log = false
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw lc debug interval = 10
rgw relaxed s3 bucket names = false
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
EOC
  mkdir -p "$D/rgwdata"
fi

if ! alive mon; then
  if [ ! -f "$D/mon/keyring" ] && [ ! -d "$D/mon/store.db" ]; then
    monmaptool --create --clobber --fsid "$(cat "$D/fsid")" --addv a "[v2:127.0.0.1:$MONPORT/0]" "$D/monmap" >/dev/null
    ceph-authtool --create-keyring "$D/mon.keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
    ceph-mon -c "$C" --mkfs -i a --monmap "$D/monmap" --keyring "$D/mon.keyring"
  fi
  setsid ceph-mon -c "$C" -i a -f >"$D/log/mon.out" 2>&1 </dev/null &
  echo $! > "$D/run/mon.pid"
fi
CEPH="timeout 60 ceph -c $C --connect-timeout 30"
$CEPH mon stat >/dev/null

if ! alive osd; then
  if [ ! -f "$D/osd/fsid" ]; then
    U=$(cat /proc/sys/kernel/random/uuid); $CEPH osd new "$U" 0 >/dev/null
    ceph-osd -c "$C" -i 0 --mkfs --osd-uuid "$U" 2>"$D/log/osd-mkfs.out"
  fi
  setsid ceph-osd -c "$C" -i 0 -f >"$D/log/osd.out" 2>&1 </dev/null &
  echo $! > "$D/run/osd.pid"
fi
for i in $(seq 1 60); do $CEPH osd stat 2>/dev/null | grep -q '1 up' && break; sleep 0.5; done
$CEPH osd stat

if ! alive rgw; then
  setsid radosgw -c "$C" -n client.rgw -f >"$D/log/rgw.out" 2>&1 </dev/null &
  echo $! > "$D/run/rgw.pid"
fi
for i in $(seq 1 120); do curl -fsS -o /dev/null "http://127.0.0.1:$PORT/" 2>/dev/null && break; sleep 0.5; done
curl -fsS -o /dev/null "http://127.0.0.1:$PORT/"
if ! radosgw-admin -c "$C" -n client.rgw user info --uid=test >/dev/null 2>&1; then
  radosgw-admin -c "$C" -n client.rgw user create --uid=test --display-name=test --access-key="$AK" --secret-key="$SK" >/dev/null 2>"$D/log/user.out"
fi
# a second user who owns nothing: the probe tries with it what must be refused
if ! radosgw-admin -c "$C" -n client.rgw user info --uid=weak >/dev/null 2>&1; then
  radosgw-admin -c "$C" -n client.rgw user create --uid=weak --display-name=weak --access-key=weakaccess --secret-key=weaksecret >/dev/null 2>>"$D/log/user.out"
fi
touch "$D/ready"
echo "up in $(awk "BEGIN{printf \"%.1f\", $(date +%s.%N) - $T0}") s: endpoint http://127.0.0.1:$PORT access=$AK secret=$SK ($STORE)"
