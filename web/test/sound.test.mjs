// The tones that a guest plays arrive in the page at their pitch, and only while the page wants them. Run by the Maven
// profile "browser"; needs Chromium (CHROMIUM, or /usr/bin/chromium).
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arclet, boot, openBrowser, run } from './support.mjs';
import { tonesRom } from './tones.mjs';

const SQUARE = 440;
const SINE = 1000;

let folder;
let env;
let browser;

before(
    async () => {
        folder = await mkdtemp(join(tmpdir(), 'arclet-sound-'));
        env = { ...process.env, ARCLET_HOME: join(folder, 'home') };
        await run(arclet, ['--version'], { env }); // builds, if need be
        await writeFile(join(folder, 'tones.rom'), tonesRom(SQUARE, SINE));
        browser = await openBrowser(join(folder, 'profile'));
    },
    { timeout: 900_000 },
);

after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
});

/** Puts an analyser beside whatever reaches the loudspeaker. Runs in the page, before its scripts. */
function tap() {
    // The driver's own evaluations count as the user's, and may come before the page's scripts.
    Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });
    window.taps = [];
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            const analyser = new AnalyserNode(this.context, { fftSize: 32768, smoothingTimeConstant: 0 });
            connect.call(this, analyser);
            window.taps.push(analyser);
        }
        return connect.call(this, target, ...rest);
    };
}

/** The loudest frequency within a band, in hertz and decibels. Runs in the page. */
function loudest([low, high]) {
    const analyser = window.taps?.[0];
    if (!analyser) {
        return { hertz: 0, decibels: -Infinity };
    }
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const width = analyser.context.sampleRate / analyser.fftSize;
    let best = Math.round(low / width);
    for (let i = best; i < high / width; i++) {
        best = bins[i] > bins[best] ? i : best;
    }
    return { hertz: best * width, decibels: bins[best] };
}

test('the speaker and the sound card are heard at their pitch, after a gesture and until they are muted', { timeout: 300_000 }, async () => {
    const machine = await boot(env, ['--firmware', join(folder, 'tones.rom'), '--serial', 'none', '--timeout', '240']);
    try {
        const page = await browser.newPage();
        await page.addInitScript(tap);
        await page.addInitScript(`window.loudest = ${loudest}`);
        let pieces = 0;
        page.on('websocket', (socket) =>
            socket.on('framereceived', ({ payload }) => {
                pieces += typeof payload !== 'string' && socket.url().endsWith('/side') && payload[0] === 1 ? 1 : 0;
            }),
        );
        await page.goto(machine.address);
        await page.waitForURL(/\/vm\//);
        const button = page.locator('#sound');
        await button.waitFor({ state: 'visible' });
        await page.locator('#canvas canvas').waitFor();
        assert.equal(await page.evaluate(() => window.taps.length), 0, 'no sound before the user has touched the page');
        assert.equal(pieces, 0, 'nothing is sent that nobody hears');

        await page.locator('#canvas canvas').click();
        const heard = async (wanted, band) => {
            await page.waitForFunction(
                ([at, within]) => {
                    const { hertz, decibels } = window.loudest(within);
                    return decibels > -40 && Math.abs(hertz - at) < 3;
                },
                [wanted, band],
                { timeout: 60_000 },
            );
        };
        await heard(SINE, [700, 1200]);
        await heard(SQUARE, [100, 700]);
        const quiet = await page.evaluate(loudest, [1500, 1900]); // between the sine and the square wave's odd harmonics
        const sine = await page.evaluate(loudest, [700, 1200]);
        assert.ok(sine.decibels - quiet.decibels > 20, `a clean tone: ${sine.decibels} dB beside ${quiet.decibels} dB`);
        assert.ok(pieces > 0);

        await button.click();
        assert.equal(await button.getAttribute('aria-pressed'), 'false');
        await page.waitForFunction(() => window.taps[0].context.state === 'suspended');
        await button.click();
        await page.waitForFunction(() => window.taps[0].context.state === 'running');
        await heard(SINE, [700, 1200]);
        await page.close();
    } finally {
        machine.kill();
        await machine.ended;
    }
});
