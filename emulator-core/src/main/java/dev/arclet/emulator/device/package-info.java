/**
 * The chips of the PC, one file each, and what they share. They see offsets into their own ranges,
 * drive {@link dev.arclet.emulator.bus.IrqLine}s, and keep time by {@link
 * dev.arclet.emulator.bus.EventQueue} timers.
 *
 * <p>Wiring (the order of {@code line(...)} calls numbers the drivers, so keep it fixed):
 *
 * <pre>{@code
 * PicPair pics = new PicPair(intr);                    // 20,2 master()  A0,2 slave()  4D0,2 elcr()
 * I8254Pit pit = new I8254Pit(events, pics.line(0), () -> pics.waits(0));  // 40,4
 * Mc146818Rtc rtc = new Mc146818Rtc(events, pics.line(8), epochSecond);      // 70,2
 * A20Gate a20 = new A20Gate(physicalMap::setA20);
 * I8042 kbc = new I8042(events, pics.line(1), pics.line(12), a20, reset);    // 60,1 data()  64,1 command()
 * Ns16550Uart com1 = new Ns16550Uart("serial0", events, pics.line(4), backend);  // 3F8,8
 * IsaDma dma = new IsaDma(physicalMap::readExternal, physicalMap::writeExternal);
 *                                                      // 00,16 first()  C0,32 second()  80,16 pages()
 * new DebugConsole(out); new IsaDebugExit(exit);       // E9,1  F4,4
 * }</pre>
 *
 * With APICs, the pair's INTR goes to LINT0 and the CPU takes its vectors from the local APIC:
 *
 * <pre>{@code
 * ApicBus wires = new ApicBus();
 * LocalApic lapic = new LocalApic(events, wires, 0, processor, pics::acknowledge);  // FEE00000, 4 KiB
 * IoApic ioApic = new IoApic(wires);                                                // FEC00000, 4 KiB
 * PicPair pics = new PicPair(lapic::lint0);            // ISA devices drive pics.line(n) and ioApic.line(n)
 * Hpet hpet = new Hpet(events, ioApicPins16To23, irq0, irq8, legacyChanged);        // FED00000, 1 KiB
 * }</pre>
 *
 * Reset order is free: every device drives its own lines low.
 */
package dev.arclet.emulator.device;
