import ipaddr from "ipaddr.js";

/** Whether an address is of the internet at large, and of no network that this machine may be on: those have names too. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === "unicast"; // an IPv4 address within an IPv6 one is looked at as such
}
