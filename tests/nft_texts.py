"""Texts of nft for tests: rules and blocks of every kind, and how to ask nft itself about them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

RULES = """
accept
drop comment "no more"
continue
return
jump other
goto other
jump $chain_name
jump { accept; }
goto { tcp dport 22 accept; ; drop; }
tcp dport 22 accept
tcp dport ssh accept
tcp dport "ssh" accept
tcp dport != 22 drop
tcp dport ne 22 drop
tcp dport >= 1024 tcp sport lt 1024 accept
tcp dport 1024-65535 accept
tcp dport { 22, 80-90, 443 } counter accept
tcp dport {22,80,} accept
tcp dport != { 22, http } drop
tcp dport @ports accept
tcp dport $ports accept
tcp dport { $port, 99 } accept
tcp dport vmap { 22 : accept, 80-90 : jump other, 443 : drop }
tcp dport vmap @verdicts
tcp dport . ip saddr { 22 . 10.0.0.0/8, 80-90 . 1.2.3.4-1.2.3.9 } accept
ip saddr . ip daddr . tcp dport vmap { 10.0.0.1 . 10.0.0.2 . 22 : accept }
iifname . ip saddr @pairs accept
tcp flags syn accept
tcp flags & (fin | syn | rst | ack) == syn accept
tcp flags & (fin|syn) != (fin|syn) drop
tcp flags syn,ack drop
tcp flags syn / syn,ack drop
tcp flags != syn,fin / syn,fin,ack drop
tcp flags ! syn,rst,ack drop
tcp flags not syn drop
tcp sequence 1 tcp ackseq 2 tcp doff 5 tcp reserved 0 tcp window 1000 tcp checksum 0 tcp urgptr 0 accept
tcp option maxseg size 1460
tcp option mss size set 1400
tcp option maxseg size set rt mtu
tcp option sack left 1 tcp option sack1 right 2 tcp option sack-permitted exists
tcp option timestamp tsval 1 tcp option window count 7 tcp option mptcp subtype 1
tcp option fastopen exists tcp option 6 exists tcp option 9 length 3 tcp option nop missing
tcp option @42,16,4 == 1
reset tcp option timestamp
udp sport 53 udp dport 53 udp length 20 udp checksum 0
udplite csumcov 8 udplite sport 1
sctp dport 5000 sctp vtag 1 sctp chunk data exists
sctp chunk data tsn 1 sctp chunk init initial-tsn 5 sctp chunk sack cum-tsn-ack 7 sctp chunk asconf seqno 1
dccp type request dccp dport 22
dccp option 40 exists
th dport 53 accept
ah spi 1 ah sequence 2 esp spi 3-5 esp sequence 1
comp cpi 1 comp flags 0 comp nexthdr tcp
icmp type echo-request accept
icmp type { echo-reply, redirect, router-advertisement } icmp code 1 accept
icmp id 1 icmp sequence 2 icmp gateway 1.2.3.4 icmp mtu 1400
icmpv6 type { nd-neighbor-solicit, nd-router-advert } icmpv6 mtu 1280 icmpv6 param-problem 1 icmpv6 max-delay 1
igmp type membership-query igmp group 224.0.0.1 igmp mrt 5
ip saddr 10.0.0.0/8 ip daddr != { 192.168.0.0/16, 172.16.0.0/12 } accept
ip saddr & 255.255.255.0 == 10.0.0.0 accept
ip saddr and 0.0.0.255 == 1
ip saddr 10.0.0.1-10.0.0.9
ip protocol tcp ip ttl 1-10 ip length > 100 ip id 1 ip version 4 ip hdrlength 5 ip checksum 0
ip dscp cs1 ip ecn ce ip dscp { af11, 0x20 }
ip frag-off & 0x1fff != 0 drop
ip frag-off 8192
ip option rr exists ip option lsrr ptr 4 ip option ra value 0 ip option ssrr addr 1.2.3.4
ip ttl set 64
ip dscp set cs1
ip daddr set 10.0.0.1
ip6 saddr fe80::/10 ip6 daddr ::1 ip6 nexthdr tcp ip6 hoplimit 1 ip6 flowlabel 5 ip6 length 1 ip6 version 6
ip6 saddr 2001:db8::1-2001:db8::ff ip6 daddr { ::, ff02::1, 2001:db8:1:2:3:4:5:6, ::ffff:10.0.0.1 }
ip6 dscp set 4
frag more-fragments 1 frag frag-off 5 frag id 1 frag nexthdr tcp frag reserved 0 frag reserved2 0
hbh nexthdr tcp dst nexthdr udp mh type 1 mh checksum 1 rt type 0 rt seg-left 1 rt hdrlength 1
rt0 addr[1] ::1 srh sid[1] ::1 srh last-entry 1 srh tag 1 srh flags 0 rt2 addr ::1
exthdr frag exists exthdr hbh missing
ether saddr 00:11:22:33:44:55 ether daddr { 0:1:2:3:4:5, ff:ff:ff:ff:ff:ff } ether type ip
vlan id 5 vlan pcp 1 vlan cfi 1 vlan dei 0 vlan type ip
arp operation request arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp saddr ip 1.2.3.4 arp daddr ether 0:1:2:3:4:5
@th,16,16 22 accept
@nh,0,4 & 0xf == 4
@ll,0,48 set 0x112233445566
@ih,32,32 0x14000000
meta mark 1 meta mark set 2
meta mark set meta mark | 0x10
meta mark set mark and 0xff or 0x10
meta mark set (meta mark & 0xff) << 8
meta mark set ip saddr map { 10.0.0.1 : 1, 10.0.0.2 : 2 }
meta mark set ip saddr . tcp dport map @marks
meta mark set ct mark
meta mark set jhash ip saddr mod 16 seed 0xdeadbeef offset 10
meta mark set numgen inc mod 4 offset 1
meta mark & 0x0f == 0x01 accept
meta mark and 0x03 xor 0x1 == 0x2
mark 0x10/0x10
meta l4proto tcp
meta l4proto { tcp, udp, icmp, esp, ah, comp, sctp, dccp, udplite, gre, 47 }
meta nfproto ipv4 meta protocol ip meta protocol { ip, ip6, arp, vlan }
meta length > 1000 meta length 64-128
meta iif lo meta iifname "eth0" iifname eth0 iifname { "eth0", eth1, "lan*" } oifname != "wan*" oif lo iif != lo
iifname "eth*" iifname eth\\* iifname eth* iifname "a b"
iiftype ether oiftype ppp iifgroup 1 oifgroup default
skuid root skgid 0 meta skuid { 0, 1000-2000 }
meta cpu 1 cpu 2 cgroup 1 rtclassid 1 pkttype multicast meta pkttype { host, broadcast }
meta nftrace set 1
nftrace set 1
mark set 5
meta priority set 1:2
meta priority none
meta random < 0x80000000 meta sdif lo meta sdifname "vrf" meta secpath exists meta ibrname "br0"
meta time "2024-01-01 12:00:00" meta day Monday meta hour "17:00"-"19:00" day 1 hour 5 time < 10
meta pkttype set host
meta secmark set "web"
ibrname "br0" obrname "br1" meta ibrpvid 5
ct state established,related accept
ct state { established, related } accept
ct state vmap { established : accept, related : accept, invalid : drop }
ct state != new drop
ct state new,untracked
ct state & (new | related) != 0
ct state ! new
ct direction original ct direction reply
ct status assured,snat ct status & dnat == dnat ct status expected
ct mark 1 ct mark set 2 ct mark set meta mark ct mark & 0xff == 1
ct mark set ct mark or 1
ct zone 1 ct zone set 1 ct original zone set 1 ct zone set iif map { lo : 1 }
ct helper "ftp" ct helper set "ftp-standard"
ct timeout set "t"
ct expectation set "e"
ct label 5 ct label set 5
ct event set new,related,destroy,label
ct l3proto ip ct protocol tcp ct original protocol tcp
ct original saddr 1.2.3.4 ct original ip saddr 10.0.0.0/8 ct reply ip6 daddr ::1
ct original proto-dst 22 ct reply proto-src 53 ct id 5
ct original bytes > 100000 ct bytes > 1 ct reply packets < 5 ct avgpkt > 100 ct expiration 5s
ct expiration 1h30m
ct count 10 accept
ct count over 10 reject
notrack
fib saddr . iif oif missing drop
fib daddr type local accept
fib daddr . iif type { local, broadcast }
fib saddr . mark . iif oifname "eth0"
fib daddr oif exists
fib daddr . iif type vmap { local : accept, multicast : drop }
rt classid 5 rt nexthop 10.0.0.1 rt ip6 nexthop ::1 rt mtu > 100 rt ipsec exists
socket transparent 1 socket mark 5 socket wildcard 0 socket cgroupv2 level 1 "user.slice"
osf name "Linux" osf ttl skip name "Windows" osf version "Linux:3.0" osf ttl loose version "Linux:4.20"
ipsec in reqid 1 ipsec out spi 5 ipsec in ip saddr 1.2.3.4 ipsec out spnum 1 ip6 daddr ::1 meta ipsec exists
numgen random mod 2 0
numgen inc mod 2 vmap { 0 : jump other, 1 : accept }
jhash ip saddr . tcp dport mod 2 == 1
symhash mod 2 1
counter
counter packets 5 bytes 10 accept
counter name "web"
counter name tcp dport map { 80 : "web", 443 : "tls" }
counter name tcp dport map @counters
limit rate 10/second accept
limit rate over 10/minute burst 5 packets drop
limit rate 1/hour limit rate 5/day limit rate 3/week
limit rate 10 mbytes/second burst 6 kbytes accept
limit rate over 10 kbytes/hour
limit rate 10 bytes / second
limit rate 1024 bytes/second burst 512 bytes
limit name "slow"
quota 25 mbytes accept
quota over 100 bytes used 50 kbytes drop
quota until 5 kbytes
quota name "q"
log
log prefix "drop: " level info flags all
log prefix "a $port b" drop
log group 1 snaplen 100 queue-threshold 10
log flags tcp sequence,options flags ip options flags skuid flags ether
log level audit
log prefix word
reject
reject with icmp type port-unreachable
reject with icmp port-unreachable
reject with icmpv6 type admin-prohibited
reject with icmpx type no-route
reject with icmpx 1
reject with tcp reset
snat to 1.2.3.4
snat 1.2.3.4
snat ip to 1.2.3.4:1024-65535 random,persistent
snat to 1.2.3.4-1.2.3.9 fully-random
snat ip prefix to ip saddr map { 10.0.0.0/24 : 10.1.0.0/24 }
snat ip interval to ip saddr map { 10.0.0.1 : 10.1.0.1-10.1.0.5 }
snat ip to ip saddr map @nats
snat ip addr . port to ip saddr map { 10.0.0.1 : 1.2.3.4 . 80 }
snat interval to ip saddr map { 10.0.0.1 : 10.1.0.1-10.1.0.5 }
snat prefix to ip saddr map { 10.0.0.0/24 : 10.1.0.0/24 }
dnat to 10.0.0.1:80
dnat to :80
dnat :80
dnat ip6 to [2001:db8::1]:80
dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 } : 80
dnat to tcp dport map { 80 : 10.0.0.1 }:tcp dport map { 80 : 8080 }
dnat ip to ip daddr & 0.0.0.255 map { 1 : 10.0.0.1 }
dnat to $target
masquerade
masquerade random,persistent
masquerade to :1024-65535 fully-random
redirect
redirect to :8080
redirect to 8080 random
redirect persistent
redirect to :tcp dport map { 80 : 8080 }
tproxy to :3128
tproxy to 127.0.0.1
tproxy to 127.0.0.1:3128
tproxy ip to :3128
tproxy ip6 to [::1]:3128 accept
dup to 10.0.0.1
dup to 10.0.0.1 device "eth0"
dup to ip saddr map { 1.2.3.4 : 5.6.7.8 } device eth0
fwd to "eth0"
fwd ip to 1.2.3.4 device "eth0"
fwd to numgen inc mod 2 map { 0 : "eth0", 1 : "eth1" }
queue
queue num 1
queue num 1-3 bypass,fanout
queue to 5
queue flags bypass to 1-3
queue flags bypass,fanout num 1
queue to numgen inc mod 4
queue to jhash ip saddr mod 4
queue to symhash mod 2 offset 1
queue flags bypass to tcp dport map { 22 : 1 }
queue to $port
synproxy mss 1460 wscale 7 timestamp sack-perm
synproxy
synproxy name "sp"
synproxy name tcp dport map { 80 : "sp" }
flow add @ft
flow offload @ft
add @seen { ip saddr }
add @seen { ip saddr timeout 1m }
update @seen { ip saddr . tcp dport timeout 1h30m limit rate over 10/second burst 5 packets } drop
delete @seen { ip saddr }
add @seen { ip saddr counter }
update @seen { ip saddr limit rate 1/second counter }
add @seen { ip saddr ct count over 5 } reject
add @natmap { ip saddr : ip daddr }
update @natmap { ip saddr . tcp dport timeout 5s : numgen inc mod 3 }
set add ip saddr @seen
set update ip saddr timeout 5s @seen
meter flood { ip saddr limit rate 10/second }
meter flood size 1024 { ip saddr . tcp dport timeout 10s limit rate over 10/second burst 5 packets } drop
flow table flood { ip saddr counter }
ip saddr { 10.0.0.1 timeout 1h comment "a", 10.0.0.2 counter packets 1 bytes 2 } accept
ip saddr 1.2.3.4 tcp dport 22 ct state new limit rate 3/minute counter packets 0 bytes 0 log accept comment "ssh"
foo bar
{ 22, 80 } 5
meta mark map { 1 : 2 } 5
""".strip().split("\n")

TABLES = r"""
table ip x { }
---
table x {
  flags dormant
  comment "a table"
}
---
add table inet x
create table netdev y { }
delete table arp z; flush table bridge b
delete table ip handle 5
flush ruleset
flush ruleset inet
---
table inet filter {
  define ports = { 22, 80 }
  chain input {
    type filter hook input priority filter; policy drop;
    comment "what comes in"
    tcp dport $ports accept
  }
  chain forward {
    type filter hook forward priority filter + 10
    policy accept
  }
  chain pre { type nat hook prerouting priority dstnat - 5; }
  chain out { type route hook output priority -150; }
  chain number { type filter hook output priority 10; }
}
---
define order = 5
define pol = "drop"
define dev = eth0
define devs = { eth0, eth1 }
table netdev t {
  chain a { type filter hook ingress device eth0 priority 0; }
  chain b { type filter hook ingress device $dev priority $order; policy $pol; }
  chain c { type filter hook ingress devices = { eth0, "eth1" } priority -500; }
  chain d { type filter hook ingress devices = { eth0,
 } priority filter; }
  chain e { type filter hook egress device "eth0" priority 0; flags offload; }
}
---
table ip t {
  set a { type ipv4_addr; }
  set b {
    type ipv4_addr . inet_service
    flags interval, timeout
    timeout 1h
    gc-interval 10s
    size 65535
    policy memory
    auto-merge
    comment "b"
    elements = { 10.0.0.0/8 . 22, 10.1.0.1-10.1.0.5 . 80-90 timeout 5m expires 4m30s comment "c" }
  }
  set c { typeof ip saddr . tcp dport . meta mark; flags dynamic; counter; }
  set d { type mark; elements = { 1, 0x10, 7 counter packets 1 bytes 2 } }
  set e { type ifname; flags constant; elements = { "eth0", eth1 }; }
  set f { type inet_proto . ipv4_addr . time; size 5; }
  set g { type ipv4_addr; flags dynamic; limit rate 5/second; }
  set h { type ipv4_addr
    elements = { 1.2.3.4, # one
      # two
      5.6.7.8,
    } }
  map m { type ipv4_addr : ipv4_addr; elements = { 1.2.3.4 : 5.6.7.8, * : 9.9.9.9 }; }
  map n { type inet_service : verdict; flags interval; elements = { 22 : accept, 80-90 : jump a } }
  map o { typeof ip saddr : meta mark; }
  map p { type ipv4_addr : interval ipv4_addr . inet_service; }
  map q { type ipv4_addr : counter; elements = { 1.2.3.4 : "web" } }
  map r { typeof ip saddr : verdict; }
  map s { type ifname . ipv4_addr : quota; timeout 5s; size 10; policy performance; comment "x"; }
  map u { typeof ip saddr . ip daddr : interval ip daddr; flags interval; }
}
---
table ip t {
  counter a { packets 1 bytes 2 }
  counter b { }
  counter c { comment "x"; packets 1 bytes 2; }
  quota d { over 25 mbytes used 2 kbytes; }
  quota e { 5 bytes }
  limit f { rate 10/second burst 5 packets }
  limit g { rate over 1 mbytes/second; comment "g"; }
  ct helper h { type "ftp" protocol tcp; l3proto ip; }
  ct timeout i { protocol tcp; l3proto ip; policy = { established : 120, close : 20 }; }
  ct expectation j { protocol udp; dport 5060; timeout 2m; size 10; l3proto ip; }
  secmark k { "system_u:object_r:ssh_server_packet_t:s0" }
  synproxy l { mss 1460 wscale 7 timestamp sack-perm }
  synproxy m {
    mss 1460
    wscale 7
    timestamp
  }
  flowtable n { hook ingress priority 0; devices = { eth0, eth1 }; counter; flags offload; }
  flowtable o { hook ingress priority filter + 5; devices = { eth0, }; }
}
---
add chain ip t c
add chain t c { type filter hook input priority 0; policy drop; }
add rule ip t c tcp dport 22 accept
add rule t c position 5 accept
insert rule t c handle 7 drop comment "x"
insert rule t c index 3 counter
replace rule inet t c handle 9 log
add t c accept
t c accept
inet t c tcp dport 1 drop
ip6 t c handle 5 accept
delete rule t c handle 7
delete chain t c; delete chain t handle 5
rename chain t c d
---
add set t s { type ipv4_addr; }
add set t s { type ipv4_addr; elements = { 1.2.3.4 }; }
add map t m { type ipv4_addr : verdict; }
add element t s { 1.2.3.4, 5.6.7.8 timeout 1h }
add element t m { 1.2.3.4 : accept }
create element t s { 1.2.3.4 }
delete element t s { 1.2.3.4 }
get element t s { 1.2.3.4 }
flush set t s; flush map t m; flush meter t m; flush flow table t m
delete set t s; delete map t m; delete set t handle 5
add counter t a
add counter t b packets 1 bytes 2
add counter t c { packets 1 bytes 2; }
add quota t d over 5 mbytes
add limit t e rate 5/second
add limit t e { rate 5/second; }
add secmark t f "a:b:c:d"
add synproxy t g mss 1460 wscale 7
add ct helper t h { type "ftp" protocol tcp; }
add flowtable t i { hook ingress priority 0; devices = { eth0 }; }
create flowtable t i { hook ingress priority 0; devices = { eth0 }; }
delete counter t a; delete quota t b; delete ct helper t h; delete limit t e; delete flowtable t i
delete secmark t handle 5
---
list ruleset
list ruleset inet
list tables; list chains ip; list sets table t
list chain t c
list counters; list counters table ip t; list counter t a
list flowtables; list flow tables; list ct helper t h; list ct helpers table t; list hooks
reset counters; reset counters table t; reset counter t c; reset quotas
export json; monitor; monitor new rules json; describe tcp dport
---
define a = 5
define b = { 1, 2, $a }
define c = 10.0.0.0/8
define d = 1-5
define e = -5
define f = { }
define g = eth0
define h = $a
define i = 1.2.3.4 . 22
define j = syn | ack
define k = new, related
define l = "a b"
redefine a = 6
define m = @x
undefine b
define b = 3; define n = 7
---
#!/usr/sbin/nft -f

# a comment
flush ruleset # behind

table \
  inet \
filter { # and here
	chain c {
		tcp dport { 22, \
80 } \
accept
	}
}
""".strip().split("\n---\n")  # fmt: skip

PROLOGUE = "define chain_name = other\ndefine port = 22\ndefine ports = { 22, 80 }\ndefine target = 10.0.0.1\n"


def in_chain(rule: str, family: str = "inet") -> str:
    """A script that is one rule in a chain."""
    return f"{PROLOGUE}table {family} t {{\n\tchain c {{\n\t\t{rule}\n\t}}\n}}\n"


def nft_runs() -> bool:
    """Whether nft can be asked here: it is installed, and a network namespace of our own is allowed."""
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "-rn", "nft", "list", "ruleset"], capture_output=True, check=False).returncode == 0
    )


ASK = """
import subprocess, sys
for name in sys.stdin.read().split():
    asked = subprocess.run(["nft", "-c", "-f", name], capture_output=True)
    first = [line for line in asked.stderr.decode(errors="replace").splitlines() if "Error: " in line]
    kinds = ["syntax" if "syntax error" in line else "other" for line in first[:1]]
    print(kinds[0] if kinds else "other" if asked.returncode else "ok")
"""


LIST = """
import subprocess, sys
for name in sys.stdin.read().split():
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    loaded = subprocess.run(["nft", "-f", name], capture_output=True).returncode == 0
    for options in ([], ["-a"], ["-n"], ["-s"]) if loaded else ():
        listed = subprocess.run(["nft", *options, "list", "ruleset"], capture_output=True)
        if listed.returncode:
            break # a few rules that nft loads it cannot print
        with open(name + ".list" + "".join(options), "wb") as file:
            file.write(listed.stdout)
"""


def listed_by_nft(texts: list[str]) -> list[list[str]]:
    """What `nft list ruleset` prints for each text that it loads: plain, with handles, numeric, without counts."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder) / f"{number}.nft") for number in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            Path(name).write_bytes(text.encode())
        command = ["unshare", "-rn", "python3", "-c", LIST]
        subprocess.run(command, input="\n".join(names), capture_output=True, text=True, check=True, cwd=folder)
        found = [[Path(f"{name}.list{option}") for option in ("", "-a", "-n", "-s")] for name in names]
        return [[file.read_text() for file in files] for files in found if files[-1].exists()]


def asked_of_nft(texts: list[str]) -> list[str]:
    """What nft says to each text: `ok`, `syntax` (its first message is a syntax error) or `other`."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, text in enumerate(texts):
            file = Path(folder) / f"{number}.nft"
            file.write_bytes(text.encode())
            names.append(str(file))
        command = ["unshare", "-rn", "python3", "-c", ASK]
        run = subprocess.run(command, input="\n".join(names), capture_output=True, text=True, check=True, cwd=folder)
    return run.stdout.split()
