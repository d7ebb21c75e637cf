// The measuring part of bench/display/run: what a viewer in Chromium sees, and what it costs.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boot, checkout, openBrowser } from '../../web/test/support.mjs';

const [work, ...rest] = process.argv.slice(2);

/** The options given; an unknown one ends this. */
function options(args, known) {
    try {
        return parseArgs({ args, options: known }).values;
    } catch (e) {
        console.error(`bench/display: ${e.message}; bench/display/run --help lists the options`);
        return process.exit(2);
    }
}

const values = options(rest, {
    engine: { type: 'string', default: 'auto' },
    seconds: { type: 'string', default: '10' },
    presses: { type: 'string', default: '200' },
    'idle-media': { type: 'string', default: join(work, 'debian') },
    nice: { type: 'string' },
    only: { type: 'string', default: 'pictures,keys,idle' },
});
const seconds = Number(values.seconds);
const parts = values.only.split(',');
const TICKS_PER_SECOND = 100;
const KINDS = { 1: 'text', 2: 'desktop', 3: 'photograph' };

const pause = (millis) => new Promise((done) => setTimeout(done, millis));

/** Processor seconds that each kind of thread of a process has used. */
function processorTime(pid) {
    const sums = { machine: 0, encoder: 0, carrier: 0, rest: 0 };
    const names = { main: 'machine', 'arclet-machine': 'machine' };
    for (const task of readdirSync(`/proc/${pid}/task`)) {
        let stat;
        try {
            stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
        } catch {
            continue; // it has just ended
        }
        const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const part = name.startsWith('rfb-viewer') ? 'encoder' : name.startsWith('WebSocket') ? 'carrier' : 'rest';
        // The JVM's main thread is the process's second: "java".
        sums[names[name] ?? (name === 'java' && task !== String(pid) ? 'machine' : part)] +=
            (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    }
    return sums;
}

/**
 * Gives every thread of what this process has started the niceness that was asked for. Chromium sets that of its
 * threads itself, so that inheriting it is not enough.
 */
function hurry() {
    if (values.nice === undefined) {
        return;
    }
    const children = {};
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
            const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
            (children[stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]] ??= []).push(pid);
        } catch {
            continue; // it has just ended
        }
    }
    const visit = (pid) => {
        for (const child of children[pid] ?? []) {
            for (const task of existsSync(`/proc/${child}/task`) ? readdirSync(`/proc/${child}/task`) : []) {
                try {
                    setPriority(Number(task), Number(values.nice));
                } catch (problem) {
                    if (problem.info?.code !== 'ESRCH') {
                        throw problem;
                    }
                }
            }
            visit(child);
        }
    };
    visit(process.pid);
}

/** Notes every change of two pixels of the canvas, at the moment when noVNC has drawn it. Runs in the page. */
function watch() {
    let marker = '';
    let block = '';
    let pressed = 0;
    const restart = () => {
        pressed = 0;
        seen.latencies.length = 0;
    };
    const seen = (window.seen = { pictures: 0, latencies: [], restart });
    addEventListener('keydown', (event) => (pressed ||= event.timeStamp), true);
    for (const name of ['drawImage', 'putImageData']) {
        const draw = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function (...args) {
            draw.apply(this, args);
            if (!this.canvas.isConnected) {
                return;
            }
            const nowMarker = this.getImageData(2, 2, 1, 1).data.join();
            seen.pictures += nowMarker !== marker ? 1 : 0;
            marker = nowMarker;
            const nowBlock = this.getImageData(520, 390, 1, 1).data.join();
            if (nowBlock !== block && pressed) {
                seen.latencies.push(performance.now() - pressed);
                pressed = 0;
            }
            block = nowBlock;
        };
    }
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

async function open(browser, machine) {
    const page = await browser.newPage();
    await page.addInitScript(watch);
    await page.goto(machine.address);
    await page.waitForURL(/\/vm\//);
    await page.waitForFunction(() => document.querySelector('#canvas canvas')?.width === 1024);
    await page.locator('#show-serial').click();
    await page.locator('#canvas canvas').click();
    return page;
}

async function pictures(page, pid) {
    console.log('| full-screen change, 1024x768 | frames/s | encoder, cores | carrier | machine | rest of the JVM |');
    console.log('|---|---|---|---|---|---|');
    for (const [key, kind] of Object.entries(KINDS)) {
        await page.keyboard.press(key);
        const before = await page.evaluate(() => window.seen.pictures);
        await page.waitForFunction((count) => window.seen.pictures > count + 20, before);
        hurry();
        await pause(5000); // compilers settle
        const from = await page.evaluate(() => [window.seen.pictures, performance.now()]);
        const cpu = processorTime(pid);
        await pause(seconds * 1000);
        const to = await page.evaluate(() => [window.seen.pictures, performance.now()]);
        const used = processorTime(pid);
        const span = (to[1] - from[1]) / 1000;
        const share = (part) => ((used[part] - cpu[part]) / span).toFixed(2);
        console.log(
            `| ${kind} | ${((to[0] - from[0]) / span).toFixed(1)} | ${share('encoder')} | ${share('carrier')} | ${share('machine')} | ${share('rest')} |`,
        );
        await page.keyboard.press('0');
        await pause(500);
    }
}

async function keys(page) {
    const presses = Number(values.presses);
    hurry();
    await page.evaluate(() => window.seen.restart());
    for (let i = 0; i < presses; i++) {
        await page.keyboard.press('a');
        await page.waitForFunction((count) => window.seen.latencies.length > count, i, { polling: 20, timeout: 5000 });
        await pause(20 + Math.random() * 60);
    }
    const sorted = (await page.evaluate(() => window.seen.latencies)).toSorted((a, b) => a - b);
    console.log(`\nKey press to changed pixel, ${sorted.length} presses: median ${quantile(sorted, 0.5).toFixed(1)} ms,`);
    console.log(`95th percentile ${quantile(sorted, 0.95).toFixed(1)} ms, worst ${sorted.at(-1).toFixed(1)} ms.`);
}

async function idle(browser, env) {
    const media = values['idle-media'];
    if (!existsSync(join(media, 'vmlinuz'))) {
        execFileSync(join(checkout, 'samples', 'debian-shell', 'recipe'), [media], { stdio: 'inherit' });
    }
    console.log('\n| idle Debian guest | processor, % of a core |');
    console.log('|---|---|');
    for (const screen of ['1024x768', 'text']) {
        const machine = await boot(env, [
            ...['--kernel', join(media, 'vmlinuz'), '--initrd', join(media, 'initrd.gz'), '--memory', '256M'],
            ...['--append', 'console=ttyS0 console=tty0 quiet', '--screen', screen, '--serial', 'none'],
            ...['--engine', values.engine, '--timeout', '900'],
        ]);
        try {
            const page = await browser.newPage();
            await page.goto(machine.address);
            await page.waitForURL(/\/vm\//);
            await page.waitForFunction(() => /arclet:\S*#/.test(document.querySelector('#terminal').innerText), null, {
                timeout: 600_000,
            });
            hurry();
            await pause(15_000);
            const measure = async (what) => {
                const all = () => Object.values(processorTime(machine.pid)).reduce((a, b) => a + b);
                const before = all();
                const start = Date.now();
                await pause(seconds * 2000);
                console.log(`| ${screen}, ${what} | ${((100_000 * (all() - before)) / (Date.now() - start)).toFixed(1)} |`);
            };
            await measure('watched');
            await page.close();
            await pause(2000);
            await measure('not watched');
        } finally {
            machine.kill();
            await machine.ended;
        }
    }
}

const folder = await mkdtemp(join(tmpdir(), 'arclet-display-'));
const env = { ...process.env, ARCLET_HOME: join(folder, 'home') };
const browser = await openBrowser(join(folder, 'profile'));
try {
    if (parts.includes('pictures') || parts.includes('keys')) {
        const options = ['--kernel', join(work, 'guest.elf'), '--memory', '64M', '--serial', 'none'];
        const machine = await boot(env, [...options, '--engine', values.engine, '--timeout', '600']);
        try {
            const page = await open(browser, machine);
            if (parts.includes('pictures')) {
                await pictures(page, machine.pid);
            }
            if (parts.includes('keys')) {
                await keys(page);
            }
            await page.close();
        } finally {
            machine.kill();
            await machine.ended;
        }
    }
    if (parts.includes('idle')) {
        await idle(browser, env);
    }
} finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
}
