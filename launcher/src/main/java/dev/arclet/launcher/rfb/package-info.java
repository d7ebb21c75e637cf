/**
 * The RFB 3.8 server: shows a {@link dev.arclet.emulator.display.Screen} to any number of viewers
 * and passes their keys and pointers on.
 *
 * <p>Sources: RFC 6143 and, for what came later, the community's description of the RFB protocol.
 */
package dev.arclet.launcher.rfb;
