// What the browser tests share: the command, the distribution's Chromium, a machine of its own on its page.
import { execFile, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

export const run = promisify(execFile);
export const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const arclet = join(checkout, 'arclet');

export function openBrowser(profile) {
    return chromium.launchPersistentContext(profile, {
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        viewport: { width: 1400, height: 1000 },
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    });
}

/** Starts "boot --display web"; gives the one-time address of its page, and its end. */
export async function boot(env, options) {
    const process = spawn(arclet, ['boot', ...options, '--display', 'web'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const ended = new Promise((resolve) => process.on('exit', resolve));
    const address = await new Promise((resolve, reject) => {
        process.stderr.on('data', (bytes) => {
            said += bytes;
            const found = /the screen is at (\S+)/.exec(said);
            if (found) {
                resolve(found[1]);
            }
        });
        process.on('exit', (status) => reject(new Error(`boot ended with status ${status}: ${said}`)));
    });
    return { address, ended, said: () => said, kill: () => process.kill(), pid: process.pid };
}
