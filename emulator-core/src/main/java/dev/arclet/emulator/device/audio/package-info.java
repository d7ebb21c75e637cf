/**
 * Sound: the AC '97 controller and codec. What they play goes to a {@link
 * dev.arclet.emulator.device.audio.PcmSink}.
 */
package dev.arclet.emulator.device.audio;
