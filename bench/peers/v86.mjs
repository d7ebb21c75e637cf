// Runs a Linux kernel in v86 under Node: node v86.mjs MODULE_FOLDER BIOS VGABIOS KERNEL INITRD COMMAND_LINE.
// The first serial port goes to standard output; ends with the line that ends the benchmark.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, bios, vgaBios, kernel, initrd, commandLine] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(join(modules, "node_modules/v86/build/libv86.mjs")));

function buffer(path) {
    const bytes = readFileSync(path);
    return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
}

const emulator = new V86({
    wasm_path: join(modules, "node_modules/v86/build/v86.wasm"),
    memory_size: 256 * 1024 * 1024,
    vga_memory_size: 8 * 1024 * 1024,
    bios: buffer(bios),
    vga_bios: buffer(vgaBios),
    bzimage: buffer(kernel),
    initrd: buffer(initrd),
    cmdline: commandLine,
    autostart: true,
    disable_speaker: true,
});
let line = "";
emulator.add_listener("serial0-output-byte", (byte) => {
    line += String.fromCharCode(byte);
    if (byte === 10) {
        process.stdout.write(line);
        if (line.includes("BENCH over") || line.includes("Kernel panic")) {
            process.exit(0);
        }
        line = "";
    }
});
