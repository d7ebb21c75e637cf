/** Clocks and counters: 8254 PIT, MC146818 RTC, HPET. */
package dev.arclet.emulator.device.timer;
