/** The user network, driven by frames. */
package dev.arclet.emulator.net;
