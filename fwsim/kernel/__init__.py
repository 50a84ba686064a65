"""Linux netfilter itself as a firewall."""
