/** From a verified spec to a machine of the emulator. */
package dev.arclet.launcher.assemble;
