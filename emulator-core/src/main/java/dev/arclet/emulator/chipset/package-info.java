/**
 * What ties the chips to the CPU: PCI, the 440FX host bridge, the PIIX south bridge's functions and
 * system control ports.
 *
 * <pre>{@code
 * PciBus pci = new PciBus();                                      // CF8,8
 * I440fxHostBridge host = new I440fxHostBridge(shadowListener);   pci.add(0, 0, host);
 * Piix3IsaBridge isa = new Piix3IsaBridge(isaLines, reset);        pci.add(1, 0, isa);
 * pci.setResetControl(isa.resetControl());                        // CF9
 * Piix4Pm pm = new Piix4Pm(events, pio, pics.line(9), powerOff);  pci.add(1, 3, pm);
 * pio.register(0xB2, 2, "APM", pm.apm());                         // registers itself at 600,40
 * new SystemControlPortB(pit, clock);                             // 61,1
 * new SystemControlPortA(a20, reset);                             // 92,1
 * }</pre>
 *
 * A device on the bus gets its interrupt from {@code isa.interruptPin(slot, 1)}. The SCI shares
 * IRQ9 and is level triggered: firmware sets ELCR bit 9 ({@code pics.slave().writeElcr(0x02)}) and
 * says so in the MADT.
 */
package dev.arclet.emulator.chipset;
