/**
 * The host's side of a guest's network: its sockets and name service, the rules that decide what a
 * guest reaches, ports of the guest on the host's loopback interface.
 */
package dev.arclet.launcher.net;
