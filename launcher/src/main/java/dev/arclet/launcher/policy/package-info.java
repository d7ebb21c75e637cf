/**
 * What a guest may touch: what its signed spec asks for, as far as the user grants it and this
 * version has it. Knows nothing of the emulator.
 */
package dev.arclet.launcher.policy;
