/**
 * A network without privileges: the far end of a card's {@link dev.arclet.emulator.net.Cable}, with
 * ARP, DHCP, names, and address translation onto ordinary sockets of the host ({@link
 * dev.arclet.emulator.net.UserNetwork}). The sockets themselves are the embedder's ({@link
 * dev.arclet.emulator.net.HostSockets}), and so is the decision what may be reached ({@link
 * dev.arclet.emulator.net.FlowPolicy}).
 */
package dev.arclet.emulator.net;
