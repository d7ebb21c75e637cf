// One click, in a real browser: gallery, landing page, consent, canvas, keys, screen text, reload. Starts the demo with a
// launcher of its own and ends both. Run by the Maven profile "browser"; needs Chromium (CHROMIUM, or /usr/bin/chromium).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arclet, boot, checkout, openBrowser, run } from './support.mjs';

const BOOT_MS = 240_000;

let folder;
let env;
let launcher;
let demo;
let gallery;
let browser;

before(
    async () => {
        folder = await mkdtemp(join(tmpdir(), 'arclet-browser-'));
        env = { ...process.env, ARCLET_HOME: join(folder, 'home') };
        await run(arclet, ['--version'], { env }); // builds, if need be
        launcher = spawn(arclet, ['launcher'], { env, stdio: 'inherit' });
        demo = spawn(arclet, ['demo', '--no-browser', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
        gallery = await new Promise((resolve, reject) => {
            let printed = '';
            demo.stdout.on('data', (bytes) => {
                printed += bytes;
                const address = /Gallery: (\S+)/.exec(printed);
                if (address) {
                    resolve(address[1]);
                }
            });
            demo.on('exit', (status) => reject(new Error(`the demo ended with status ${status}: ${printed}`)));
        });
        browser = await openBrowser(join(folder, 'profile'));
    },
    { timeout: 900_000 },
);

after(async () => {
    await browser?.close();
    demo?.kill();
    launcher?.kill();
    await rm(folder, { recursive: true, force: true });
});

/** From the gallery to the launcher's consent page, as a visitor goes. */
async function consentPage(name) {
    const page = await browser.newPage();
    await page.goto(gallery);
    await page.locator(`article[data-name="${name}"] .vm-link`).click();
    const scheme = await page.locator('#open').getAttribute('href');
    assert.match(scheme, /^arclet:\/\/open\?u=/);
    // What the operating system does with a link of our scheme: it gives it to the launcher as one argument.
    const opened = await run(arclet, ['open', '--no-browser', scheme], { env });
    const nonce = opened.stdout.trim();
    assert.match(nonce, /^http:\/\/127\.0\.0\.1:\d+\/s\//);
    await page.goto(nonce);
    return { page, nonce };
}

/** Presses the keys of a text as somebody with a US keyboard would, Shift included: the guest sees keys, not characters. */
async function press(page, text) {
    const shifted = '~!@#$%^&*()_+{}|:"<>?';
    const plain = "`1234567890-=[]\\;',./";
    for (const character of text) {
        const at = shifted.indexOf(character);
        await page.keyboard.press(at < 0 ? character : `Shift+${plain[at]}`, { delay: 20 });
    }
}

test('a click in the gallery leads to a shell that answers typed keys, and a reload finds the same machine', { timeout: 600_000 }, async () => {
    const { page, nonce } = await consentPage('debian-text');
    await page.locator('#asking').waitFor({ timeout: 30_000 });
    assert.match(await page.locator('.publisher').innerText(), /Arclet samples/);
    assert.match(await page.locator('#asks').innerText(), /256 MiB/);

    // A nonce works once.
    const second = await browser.newPage();
    const refused = await second.goto(nonce);
    assert.equal(refused.status(), 404);
    await second.close();

    await page.locator('#run').click(); // waits until the button is enabled
    await page.waitForURL(/\/vm\//, { timeout: 60_000 });
    await page.locator('#show-text').click();
    const text = page.locator('#screen-text');
    await page.waitForFunction(() => /root#/.test(document.getElementById('screen-text').textContent), null, { timeout: BOOT_MS });

    await page.locator('#canvas canvas').click();
    await press(page, 'echo $((6*7))');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /^42\s*$/m.test(document.getElementById('screen-text').textContent), null, { timeout: 30_000 });
    assert.match(await text.textContent(), /echo \$\(\(6\*7\)\)/);

    // A mark that only this very machine has.
    await page.locator('#canvas canvas').click();
    await press(page, 'mark=only-here; clear');
    await page.keyboard.press('Enter');
    await page.reload();
    await page.locator('#show-text').click();
    await page.locator('#canvas canvas').waitFor({ timeout: 30_000 });
    await page.waitForFunction(() => /root#/.test(document.getElementById('screen-text').textContent), null, { timeout: 30_000 });
    await page.locator('#canvas canvas').click();
    await press(page, 'echo "<$mark>"');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /^<only-here>\s*$/m.test(document.getElementById('screen-text').textContent), null, { timeout: 30_000 });
    await page.close();
});

/** The canvas's colours, counted: how much of it is lit. */
const lit = (canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
        count += data[i] + data[i + 1] + data[i + 2] > 150;
    }
    return { width, height, count };
};

test('the framebuffer console appears at 1024x768 and shows what is typed', { timeout: 600_000 }, async () => {
    const { page } = await consentPage('debian-shell');
    await page.addInitScript(`window.lit = ${lit}`);
    await page.locator('#asking').waitFor({ timeout: 30_000 });
    await page.locator('#run').click();
    await page.waitForURL(/\/vm\//, { timeout: 60_000 });
    // The serial console beside the canvas has the same greeting.
    await page.waitForFunction(() => /What|Things to try/.test(document.querySelector('.xterm-rows, #terminal').textContent), null, { timeout: BOOT_MS });
    const canvas = page.locator('#canvas canvas');
    const greeted = await canvas.evaluate(lit);
    assert.equal(greeted.width, 1024);
    assert.equal(greeted.height, 768);
    assert.ok(greeted.count > 1000, `the greeting is on the canvas: ${greeted.count} lit pixels`);
    await canvas.click();
    await press(page, 'echo ################################');
    await page.waitForFunction(
        (before) => window.lit(document.querySelector('#canvas canvas')).count > before + 500,
        greeted.count,
        { timeout: 30_000 },
    );
    if (process.env.ARCLET_SCREENSHOTS) {
        await writeFile(join(process.env.ARCLET_SCREENSHOTS, 'player.png'), await page.screenshot());
    }
    await page.close();
});

test('boot --display web shows a local machine on the same page', { timeout: 600_000 }, async () => {
    const media = join(checkout, '.arclet', 'demo', 'media', 'debian-text'); // made by the demo
    const options = ['--kernel', join(media, 'vmlinuz'), '--initrd', join(media, 'initrd.gz'), '--screen', 'text', '--append', 'quiet'];
    const machine = await boot(env, [...options, '--serial', 'none', '--timeout', '500']);
    try {
        const page = await browser.newPage();
        await page.goto(machine.address);
        await page.waitForURL(/\/vm\//, { timeout: 60_000 });
        await page.locator('#show-text').click();
        await page.waitForFunction(() => /root#/.test(document.getElementById('screen-text').textContent), null, { timeout: BOOT_MS });
        await page.locator('#canvas canvas').click();
        await page.locator('#show-paste').click();
        await page.locator('#paste-text').fill('echo "$((6*7)) {A-Z} ~/ \u00e9 <it\'s|pasted>"\n');
        await page.locator('#paste-type').click();
        await page.waitForFunction(
            () => /^42 \{A-Z\} ~\/ {2}<it's\|pasted>\s*$/m.test(document.getElementById('screen-text').textContent),
            null,
            { timeout: 30_000 },
        );
        assert.match(await page.locator('#paste-note').textContent(), /\u00e9/);
        await page.locator('#canvas canvas').click();
        await press(page, 'poweroff -f');
        await page.keyboard.press('Enter');
        assert.equal(await machine.ended, 0, machine.said());
        assert.match(machine.said(), /the guest powered off/);
        await page.close();
    } finally {
        machine.kill();
    }
});
