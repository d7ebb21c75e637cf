/** What the guest shows, as viewers see it. */
package dev.arclet.emulator.display;
