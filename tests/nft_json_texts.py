r"""Texts of nft in tests of its JSON: one object or one rule at a time, so that nft loads and lists each."""

from __future__ import annotations

import json
import shutil
import subprocess

OBJECTS = r"""
flags dormant
comment "a table"
chain c { comment "cc"; }
chain c { type filter hook input priority 0; policy drop; comment "x"; }
chain c { type filter hook input priority filter + 10; }
chain c { type nat hook prerouting priority dstnat - 5; }
chain c { type route hook output priority mangle; }
chain c { jump { tcp dport 22 accept; drop; }; }
chain c { ip saddr vmap { 1.2.3.4 : jump d, 5.6.7.8 : goto d, 9.9.9.9 : continue, 8.8.8.8 : return }; }; chain d { }
set a { type ipv4_addr; }
set b { type ipv4_addr . inet_service; flags interval,timeout; timeout 1h; size 65535; policy memory; comment "b"; }
set b { type ipv4_addr; flags timeout; gc-interval 10s; elements = { 10.0.0.1 timeout 5m expires 4m30s comment "c" }; }
set b { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 22, 10.1.0.1-10.1.0.5 . 80-90 }; }
set c { typeof ip saddr . tcp dport . meta mark; flags dynamic; size 10; counter; }
set d { type mark; elements = { 1, 0x10 }; }
set d { type mark; counter; elements = { 1, 0x10, 7 counter packets 1 bytes 2 }; }
set e { type ifname; flags constant; elements = { "eth0", eth1 }; }
set f { type inet_proto . ipv4_addr . ifname; size 5; }
set g { type ipv4_addr; size 10; flags dynamic,timeout; limit rate 5/second; }
set g { type ipv4_addr; size 10; flags dynamic; ct count over 5; }
set h { type ipv4_addr; flags interval; elements = { 10.0.0.1-10.0.0.5, 10.1.0.0/16, 1.2.3.4 comment "x" }; }
set h { type ipv4_addr; flags interval; auto-merge; elements = { 0.0.0.0/0 }; }
set h { type inet_service; flags interval; elements = { 22, 80-90, 1000-65535 }; }
set i { typeof vlan id; elements = { 2, 3 }; }
set i { typeof tcp option maxseg size; elements = { 1400 }; }
set i { typeof ip daddr . meta mark; flags interval; elements = { 10.0.0.0/8 . 1-5 }; }
set j { type inet_proto; elements = { tcp, udp, 200 }; }
set k { type icmp_type; elements = { echo-request, redirect }; }
set l { type ct_state; elements = { new, established }; }
set m { type ether_addr; elements = { 0:1:2:3:4:5 }; }
set n { type iface_index; elements = { "lo", "eth0" }; }
set o { type dscp; elements = { cs1, 0x02 }; }
set p { type time; elements = { 5s, 1h }; }
map m { type ipv4_addr : ipv4_addr; elements = { 1.2.3.4 : 5.6.7.8 }; }
map m { type ipv4_addr : ipv4_addr; flags interval; elements = { 1.2.3.0/24 : 5.6.7.8, * : 9.9.9.9 }; }
map n { type inet_service : verdict; flags interval; elements = { 22 : accept, 80-90 : jump a }; }; chain a { }
map o { typeof ip saddr : meta mark; elements = { 1.2.3.4 : 7 }; }
map p { type ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.0.0.0/24 : 10.1.0.0/24 }; }
map p { type ipv4_addr : interval ipv4_addr . inet_service; elements = { 1.2.3.4 : 1.2.3.4-1.2.3.9 . 80-90 }; }
map p { type ipv4_addr : ipv4_addr . inet_service; elements = { 1.2.3.4 comment "m" : 1.2.3.4 . 80 }; }
counter web { }; map q { type ipv4_addr : counter; elements = { 1.2.3.4 : "web" }; }
map r { typeof ip saddr : verdict; elements = { 1.2.3.4 : drop }; }
map s { type ifname . ipv4_addr : quota; timeout 5s; size 10; policy performance; comment "x"; }
map s { type mark : limit; }
map s { type mark : synproxy; }
map s { type mark : secmark; }
map t { type ipv4_addr : mark; size 10; flags dynamic,timeout; timeout 1m; }
map u { type ipv4_addr : verdict; counter; elements = { 1.2.3.4 counter packets 5 bytes 6 : accept }; }
counter a { packets 1 bytes 2; }
counter c { comment "x"; packets 1 bytes 2; }
quota d { over 25 mbytes used 2 kbytes; }
quota e { 5 bytes; }
quota e { until 5 bytes; comment "q"; }
limit f { rate 10/second burst 5 packets; }
limit f { rate 10/second burst 7 packets; comment "l"; }
limit g { rate over 1 mbytes/second; }
limit g { rate 1500 bytes/hour burst 3 kbytes; }
ct helper h { type "ftp" protocol tcp; l3proto ip; }
ct helper h { type "ftp" protocol tcp; comment "h"; }
ct timeout i { protocol tcp; l3proto ip; policy = { established : 120, close : 20 }; }
ct timeout i { protocol udp; policy = { unreplied : 5 }; comment "t"; }
ct timeout i { protocol tcp; }
ct expectation j { protocol udp; dport 5060; timeout 2m; size 10; l3proto ip; }
ct expectation j { protocol tcp; dport 5060; timeout 1500ms; size 1; comment "e"; }
secmark k { "system_u:object_r:ssh_server_packet_t:s0"; }
synproxy l { mss 1460 wscale 7 timestamp sack-perm; }
synproxy m { mss 1460 wscale 7; comment "s"; }
flowtable n { hook ingress priority 0; devices = { eth0, eth1 }; counter; }
flowtable o { hook ingress priority filter + 5; devices = { eth0 }; }
flowtable p { hook ingress priority -5; }
flowtable o { hook ingress priority 0; devices = { eth0 }; flags offload; }
netdev chain c { type filter hook ingress devices = { eth0, eth1 } priority -500; }
netdev chain c { type filter hook ingress device eth0 priority 0; fwd to eth1; }
netdev chain c { type filter hook ingress device eth0 priority 0; dup to eth1; }
netdev chain c { type filter hook ingress device eth0 priority 0; fwd ip to 1.2.3.4 device eth1; }
netdev chain c { type filter hook egress device eth0 priority filter; accept; }
netdev chain c { type filter hook ingress device eth0 priority 0; fwd to meta mark map { 0 : "eth0", 1 : "eth1" }; }
inet chain c { type filter hook ingress device eth0 priority 0; }
""".strip().split("\n")
"""What a table of family ip, or of the family before it, may hold."""

HOOKS = {
    "pre": "type nat hook prerouting priority -100;", "post": "type nat hook postrouting priority 100;",
    "in": "type filter hook input priority 0;", "raw": "type filter hook prerouting priority -300;",
    "fwd": "type filter hook forward priority 0;",
}  # fmt: skip

RULES = r"""
inet pre|meta l4proto tcp dnat ip to 10.0.0.1:80
inet pre|tcp dport 80 dnat ip to 10.0.0.1:8080-8090
inet pre|tcp dport 80 dnat ip6 to [2001:db8::1]:80 random,persistent
inet pre|tcp dport 80 dnat to :8080
ip pre|tcp dport 80 dnat to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 } : 80
ip pre|dnat to ip saddr . tcp dport map { 1.2.3.4 . 80 : 10.0.0.1 . 8080 }
inet pre|dnat ip to ip saddr . tcp dport map { 1.2.3.4 . 80 : 10.0.0.1 . 8080 }
ip pre|meta l4proto tcp dnat ip addr . port to ip saddr map { 10.0.0.1 : 1.2.3.4 . 80 }
inet pre|dnat ip prefix to ip daddr map { 10.0.0.0/24 : 10.1.0.0/24 }
inet pre|dnat ip prefix to 10.1.0.0/24
inet pre|dnat ip interval to ip daddr map { 10.0.0.1 : 10.1.0.1-10.1.0.5 }
inet pre|dnat ip addr . port to ip daddr . tcp dport map { 10.0.0.1 . 80 : 10.1.0.1-10.1.0.5 . 90-99 }
inet pre|tcp dport 80 redirect to :8080
inet pre|tcp dport 80 redirect to :8080-8090 random
inet pre|redirect to :tcp dport map { 80 : 8080 }
inet post|meta l4proto tcp masquerade to :1024-65535 fully-random
inet post|tcp sport 80 snat ip to 1.2.3.4:1024-65535 random,persistent
inet post|snat ip to 1.2.3.0/24
inet post|snat ip to 1.2.3.4-1.2.3.9 persistent
inet raw|tcp dport 80 tproxy to :3128
inet raw|tcp dport 80 tproxy ip to 127.0.0.1:3128
ip raw|tcp dport 80 tproxy to 127.0.0.1:3128 accept
ip6 raw|tcp dport 80 tproxy to [::1]:3128
inet raw|udp dport 80 tproxy ip6 to [::1]
inet in|dup to 10.0.0.1
ip in|dup to 10.0.0.1 device "eth0"
ip in|dup to ip saddr map { 1.2.3.4 : 5.6.7.8 } device eth0
inet in|queue
inet in|queue num 1
inet in|queue num 1-3 bypass,fanout
inet in|queue to 5
inet in|queue flags bypass to 1-3
inet in|queue flags bypass to tcp dport map { 22 : 1, 23 : 2 }
inet in|queue to numgen inc mod 4
inet in|queue to jhash ip saddr mod 4
inet in|queue to symhash mod 2 offset 1
inet in|reject with icmp port-unreachable
inet in|reject with icmpx port-unreachable
inet in|reject with icmpx admin-prohibited
inet in|reject with icmpx 1
inet in|reject with icmp host-prohibited
inet in|reject with icmpv6 policy-fail
inet in|reject with tcp reset
ip in|reject
ip in|reject with icmp net-prohibited
ip in|tcp dport 22 reject with tcp reset
inet in|ip protocol udp reject
inet in|log flags tcp sequence,options flags ip options flags skuid
inet in|log flags tcp sequence
inet in|log flags all
inet in|log prefix "a\\b" group 2
inet in|log level emerg
inet in|log level warn
inet in|limit rate 10/minute burst 1 packets
inet in|limit rate 10/minute burst 20 packets
inet in|limit rate over 5 kbytes/second burst 5 bytes
inet in|quota over 100 bytes used 50 bytes drop
inet in|quota over 1 kbytes
inet in|tcp flags & syn == syn
inet in|tcp flags & syn != 0
inet in|tcp flags & (syn|ack) == 0
inet in|tcp flags & (syn|ack) != 0
inet in|tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0
inet in|tcp flags & (syn|ack) == (syn|ack)
inet in|tcp flags & (syn|ack) != syn
inet in|tcp flags == syn
inet in|tcp flags != syn
inet in|tcp flags == syn|ack
inet in|tcp flags { syn, syn|ack, ack }
inet in|tcp flags != { syn, fin|ack }
inet in|tcp flags vmap { syn : accept, syn|ack : drop }
inet in|tcp flags & (syn|ack) vmap { syn : accept, syn|ack : drop }
inet in|tcp flags & 0x3f { syn, ack|syn }
inet in|tcp flags ! syn,rst
inet in|ct state established
inet in|ct state == established
inet in|ct state & (new|related) == new
inet in|ct state & (new | related) != 0
inet in|ct state { new, related } accept
inet in|ct state { new|related } accept
inet in|ct state != { new } accept
inet in|ct state != new,established
inet in|ct state . tcp dport { new . 22, established . 80 } accept
inet in|ct status ! dnat
inet in|ct status & (dnat|snat) == dnat
inet in|ct status & dnat != dnat
inet in|ct status dnat|snat
inet in|ct original ip saddr 10.0.0.0/8 ct reply ip6 daddr ::1
inet in|ct original ip saddr . meta mark { 1.2.3.4 . 22 }
inet in|ct l3proto ipv4 ct protocol tcp
inet in|ct original l3proto ipv4
inet in|ct original protocol tcp ct original proto-dst 22
inet in|meta l4proto tcp ct original proto-dst 22 ct reply proto-src 53
inet in|ct id 5
inet in|ct expiration > 1d2h3m4s5ms
inet in|ct expiration { 5s, 10s-1m }
inet in|ct mark set meta mark & 0xff
inet in|ct mark set (meta mark & 0xff) << 8
inet in|meta mark set ct mark & 0xffff00ff | 0x100
inet in|meta mark set mark xor 0xff
inet in|meta mark & 0xff == 0x10
inet in|meta mark & 0xff != { 1, 2 }
inet in|meta mark 0x10-0x20
inet in|meta mark != { 1, 5-7 }
inet in|rt classid 5 rt mtu > 100 rt ipsec exists
inet in|rt ip nexthop 10.0.0.1
inet in|rt ip6 nexthop ::1
ip in|rt nexthop 10.0.0.1
inet in|socket transparent 1 socket mark 5 socket wildcard 0
inet in|osf name "Linux"
inet in|osf ttl skip name "Windows" osf version "Linux:3.0" osf ttl loose version "Linux:4.20"
inet in|igmp type membership-query
inet in|icmp id 1 icmp sequence 2
inet in|icmp mtu 1400
inet in|icmp gateway 1234
inet in|icmpv6 type { nd-neighbor-solicit, nd-router-advert }
inet in|icmpv6 mtu 1280
inet in|icmpv6 param-problem 1
inet in|icmpv6 max-delay 1
inet in|icmpv6 id 7
inet in|icmpv6 code 4
inet in|ip option rr exists
inet in|ip option lsrr ptr 4
inet in|ip option ra value 0
inet in|tcp option 6 exists
inet in|tcp option fastopen exists
inet in|tcp option 9 length 3
inet in|tcp option nop missing
inet in|tcp option eol exists
inet in|tcp option sack2 left 1
inet in|tcp option sack0 left 1
inet in|tcp option md5sig exists
inet in|tcp option mptcp length 1
inet in|tcp option timestamp tsval set 1
inet in|rt0 addr[1] ::1
inet in|srh sid[1] ::1
inet in|srh last-entry 1 srh tag 1 srh flags 0
inet in|rt type 0
inet in|mh type 1
inet in|hbh hdrlength 1
inet in|frag frag-off & 1 != 0
inet in|exthdr frag exists
inet in|exthdr rt missing
inet in|ah spi 1
inet in|ah nexthdr tcp
inet in|esp spi 3-5 esp sequence 1
inet in|comp cpi 1 comp flags 0
inet in|ip dscp 0x20 ip dscp != af21
inet in|ip6 dscp af21
inet in|ip dscp vmap { 0x20 : accept, 0x0-0x3 : drop }
inet in|ip6 ecn ce
inet in|ip version 4 ip hdrlength 5
inet in|ip6 flowlabel 5
inet in|ip protocol { tcp, 132, 200 }
inet in|meta protocol { ip, ip6, arp, vlan, 0x1234 }
inet in|meta nfproto ipv4
inet in|meta nfproto { ipv4, ipv6 }
inet in|meta l4proto 200
inet in|meta l4proto ipv6-icmp
inet in|meta l4proto != { tcp, udp }
inet in|meta l4proto { tcp, udp } th dport 53
inet in|meta l4proto . th dport { tcp . 22, udp . 53 }
inet in|meta length . ip saddr { 64 . 1.2.3.4 }
inet in|iifname . oifname { "eth0" . "eth1", "a" . "b" }
inet in|iif . tcp dport { "lo" . 22 }
inet in|iif vmap { "lo" : accept, "eth0" : jump other }
inet in|iifname vmap { "lo" : accept, "eth*" : drop }
inet in|iifname "eth\*"
inet in|meta iiftype 772
inet in|meta sdif "lo" meta sdifname "vrf"
inet in|meta secpath exists
inet in|meta ipsec exists
inet in|meta random < 0x80000000
inet in|meta priority 1:2
inet in|meta priority set 1:2
inet in|meta priority none
inet in|meta priority set 0xffff:0
inet in|meta cgroup 1048577
inet in|meta skuid root meta skgid > 1000
inet in|meta skuid != { 0, 1000-2000 }
inet in|meta hour "17:00"-"19:00"
inet in|meta hour "23:00"-"02:00" drop
inet in|meta day { "Monday", "Friday" }
inet in|meta time "2024-01-01 12:00:00"-"2025-01-01 00:00:00"
inet in|meta time { "2024-01-01 12:00:00" }
inet in|meta oifgroup 5
inet in|meta iifkind "vrf"
inet in|meta nftrace 1
inet in|meta secmark 5
inet in|meta pkttype other
inet in|cpu { 0, 1-3 }
inet in|ct event set new or related
inet in|ct label set 127
inet in|ct label 0
inet raw|ct zone set tcp dport map { 22 : 1 }
inet raw|ct original zone set 1
inet in|ct packets > 5 ct avgpkt 10 ct original bytes > 5
inet in|ct helper "ftp"
inet in|ct helper set "ftp-standard"
inet in|ct helper set tcp dport map { 21 : "ftp-standard" }
inet raw|ip saddr set 1.2.3.4
inet raw|tcp dport set 80
inet raw|ip dscp set af11
inet raw|ip6 hoplimit set 5
inet raw|ip ecn set 1
inet raw|@nh,0,16 set 0x1234
inet raw|@th,16,16 { 22, 23 }
inet in|@nh,64,64 0xffffffffffffffff
inet in|@nh,64,128 0xfe800000000000000000000000000001
inet in|@nh,64,8 & 0xf0 == 0x40
inet in|@ih,0,8 1
inet in|@th,0,16 10-20
inet in|ip saddr & 255.0.255.0 == 10.0.5.0
inet in|ip saddr & 0xff000000 == 0x0a000000
inet in|ip saddr { 10.0.0.0/8, 192.168.1.1, 172.16.0.1-172.16.0.9 }
inet in|ip6 saddr & ffff:: == fe80::
inet in|ip6 saddr { fe80::/10, ::1 }
inet in|ip6 saddr != ::ffff:0:0/96
inet in|ip saddr 0.0.0.0/0
inet in|ether saddr & ff:00:00:00:00:00 == 02:00:00:00:00:00
inet in|ether saddr . ip saddr { 00:11:22:33:44:55 . 1.2.3.4 }
bridge in|vlan id 5 vlan pcp 1
bridge in|vlan id { 1, 5-7 } ip saddr 1.2.3.4
bridge in|vlan id . ether saddr { 5 . 00:11:22:33:44:55 }
bridge in|ether type vlan
bridge in|meta ibrname "br0" meta obrname "br1"
bridge raw|meta ibrpvid 5 meta ibrvproto vlan
bridge in|reject
bridge in|reject with icmpx host-unreachable
bridge in|arp operation request arp saddr ip 1.2.3.4
bridge in|ether type 0x8035 ether saddr 1:2:3:4:5:6
arp in|arp operation { request, reply } arp htype 1 arp ptype ip arp hlen 6 arp plen 4
arp in|arp saddr ip 1.2.3.4 arp daddr ether 0:1:2:3:4:5
arp in|arp saddr ip . arp saddr ether { 1.2.3.4 . 0:1:2:3:4:5 }
inet in|tcp dport != 1-5
inet in|tcp dport {22}
inet in|tcp dport { 22 counter, 80 counter }
inet in|tcp dport { 22 comment "x", 80 }
inet in|ip saddr . tcp dport { 1.2.3.4 . 22 counter comment "y" }
inet in|tcp dport vmap { 22 counter comment "c" : accept, * : drop }
inet in|tcp dport vmap { 22 : accept, * : drop }
inet in|meta mark set tcp dport map { 22 : 1, * : 2 }
inet in|meta mark set ip saddr map { 10.0.0.0/8 : 1, 11.0.0.1-11.0.0.5 : 2 }
inet in|meta mark set ip saddr . ip daddr map { 10.0.0.1 . 1.1.1.1 : 1 }
inet in|meta mark set symhash mod 2 map { 0 : 1, 1 : 2 }
inet in|meta mark set jhash ip saddr . ip daddr mod 4 seed 0x5 offset 1
inet in|jhash ip saddr mod 2 vmap { 0 : accept, 1 : drop }
inet in|numgen random mod 10 offset 5 { 5, 6-7 }
inet in|numgen inc mod 10 < 5
inet in|fib daddr . mark type != { local, unicast }
inet in|fib saddr type != blackhole
inet in|fib saddr . iif oifname != "eth0"
inet in|fib saddr . iif oif "lo"
inet in|fib saddr . iif oif 0 drop
inet in|fib saddr . iif oif != 0
inet in|sctp chunk data flags & 2 == 2
inet in|sctp chunk init missing
inet in|add @seen { ip saddr . tcp dport timeout 5s counter limit rate 5/second }
inet in|update @hosts { ip saddr & 255.255.255.0 timeout 5s }
inet in|update @hosts { ip saddr quota over 5 bytes }
inet in|add @hosts { ip saddr timeout 90s comment "zz" }
inet in|add @hosts { ip saddr timeout 90s counter quota 5 bytes }
inet in|update @translated { ip saddr timeout 5s : ip daddr }
inet in|update @translated { ip saddr counter : numgen inc mod 3 }
inet in|add @translated { ip saddr : 10.0.0.1 }
inet in|meter m size 1000 { ip saddr ct count over 5 } drop
inet in|meter m { iif . ip saddr timeout 5s limit rate 5/second burst 7 packets } drop
inet in|meter m { ip saddr quota over 5 mbytes }
inet in|meter m { ip saddr and 255.255.255.0 timeout 60s counter }
inet in|ct timeout set "halved"
inet in|ct expectation set "call"
inet in|limit name "slow"
inet in|limit name tcp dport map { 21 : "slow" }
inet in|quota name tcp dport map { 21 : "cap" }
inet in|counter name "web"
inet fwd|flow add @fast
inet in|jump { ip saddr 1.2.3.4 accept; drop; }
inet in|jump other comment "x \\ y"
inet in|accept comment "ünï"
inet in|ip saddr 1.2.3.4 counter packets 18446744073709551615 bytes 9223372036854775808
inet in|ip saddr . ip daddr vmap @verdicts
inet in|ip saddr @hosts drop
inet in|ip saddr != @hosts drop
inet in|th sport . th dport { 1 . 2, 3-4 . 5-6 }
inet in|meta mark set 0xffffffff
inet in|ip id 0x1234 ip frag-off & 0x2000 != 0
inet in|tcp window < 1000 tcp urgptr > 0
inet in|udp length >= 100 ip length <= 5
inet in|ip saddr < 10.0.0.1
inet in|reset tcp option fastopen
inet in|tcp option maxseg size set 1400
inet in|tcp option maxseg size set rt mtu
inet raw|notrack
inet raw|meta nftrace set 1
inet in|synproxy mss 1460 wscale 9
inet in|synproxy name "shield"
inet in|ct count over 3 drop
inet in|ipsec in reqid 1 ipsec out spnum 1 ip6 daddr ::1
inet in|dccp type request dccp dport 22
inet in|dccp type { request, ack }
inet in|continue
inet in|return
""".strip().split("\n")
"""Family, hook and rule."""

DECLARED = """
set seen { type ipv4_addr . inet_service; size 100; flags dynamic,timeout; }
set hosts { type ipv4_addr; size 100; flags dynamic,timeout; }
map translated { type ipv4_addr : ipv4_addr; size 100; flags dynamic,timeout; }
map verdicts { type ipv4_addr . ipv4_addr : verdict; }
counter web { }
limit slow { rate 1/second; }
quota cap { 25 mbytes; }
synproxy shield { mss 1460 wscale 7; }
ct helper ftp-standard { type "ftp" protocol tcp; }
ct timeout halved { protocol tcp; policy = { established : 120 }; }
ct expectation call { protocol udp; dport 5060; timeout 2m; size 10; }
flowtable fast { hook ingress priority 0; devices = { eth0 }; }
chain other { }
""".strip().split("\n")


def object_text(line: str) -> str:
    """A table with an object of `OBJECTS`."""
    family = line.split()[0]
    known = family in ("netdev", "inet")
    return f"table {family if known else 'ip'} t {{\n{line.removeprefix(family) if known else line}\n}}\n"


def rule_text(line: str) -> str:
    """A table with a chain with a rule of `RULES`, and what the rule names."""
    where, rule = line.split("|", 1)
    family, hook = where.split()
    named = [each for each in DECLARED if each.replace("ct ", "").split()[1] in rule]
    return "\n".join([f"table {family} t {{", *named, "chain c {", HOOKS[hook], rule, "}", "}", ""])


LIST = """
import json, subprocess, sys

def listed(*options):
    run = subprocess.run(["nft", *options, "list", "ruleset"], capture_output=True)
    return run.stdout.decode() if run.returncode == 0 else None

def both_ways():
    while True:  # until the seconds that elements have left are the same in both
        text, structure = listed(), listed("-j")
        if listed() == text:
            return text, structure

subprocess.run("ip link set lo up; ip link add eth0 type veth peer name eth1", shell=True)
for text in json.load(sys.stdin):
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    loaded = subprocess.run(["nft", "-f", "-"], input=text.encode(), capture_output=True).returncode == 0
    print(json.dumps([text, *(both_ways() if loaded else ())]))
"""


def listed_both_ways(texts: list[str]) -> list[tuple[str, str, str]]:
    """Each text that nft loads, and what it lists for it: as text and as JSON."""
    run = subprocess.run(
        ["unshare", "-rn", "python3", "-c", LIST], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    return [(answer[0], answer[1], answer[2]) for answer in answers if len(answer) == 3 and None not in answer]


def nft_and_devices() -> bool:
    """Whether nft and a pair of interfaces can be had here."""
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        return False
    run = ["unshare", "-rn", "sh", "-c", "ip link add eth0 type veth peer name eth1 && nft list ruleset"]
    return subprocess.run(run, capture_output=True, check=False).returncode == 0
