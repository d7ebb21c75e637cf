// Bundles the launcher's pages into a resources folder. Run by Maven; does nothing when nothing has changed, and
// needs the network only when package-lock.json asks for something that is not installed yet.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, 'src', 'launcher');
const out = join(here, 'target', 'classes', 'web', 'launcher');
const stamp = join(here, 'target', 'launcher-pages.sha256');
const installed = join(here, 'node_modules', '.arclet-installed');

const hash = (...files) => {
    const sha = createHash('sha256');
    for (const file of files) {
        sha.update(file).update('\0').update(readFileSync(file)).update('\0');
    }
    return sha.digest('hex');
};
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const sources = readdirSync(source).sort().map((name) => join(source, name));
const lock = join(here, 'package-lock.json');
const pages = ['consent.html', 'player.html'];
const results = [...pages, 'consent.js', 'consent.css', 'player.js', 'player.css', 'worklet.js', 'LICENSES.txt'];
const wanted = hash(fileURLToPath(import.meta.url), lock, ...sources);
if (read(stamp) === wanted && results.every((name) => existsSync(join(out, name)))) {
    process.exit(0);
}

const wantedPackages = hash(lock);
if (read(installed) !== wantedPackages) {
    const windows = process.platform === 'win32';
    const npm = spawnSync(windows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--prefer-offline'], {
        cwd: here,
        stdio: 'inherit',
        shell: windows,
    });
    if (npm.error || npm.status !== 0) {
        console.error(`npm ci failed (${npm.error?.message ?? `status ${npm.status}`}): check npm and the network`);
        process.exit(1);
    }
    writeFileSync(installed, wantedPackages);
}

const { build } = await import('esbuild');
mkdirSync(out, { recursive: true });
await build({
    absWorkingDir: here,
    entryPoints: ['consent.js', 'player.js', 'worklet.js'].map((name) => join(source, name)),
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome115', 'firefox115', 'safari16.4'],
    legalComments: 'eof',
    logLevel: 'warning',
});
for (const page of pages) {
    copyFileSync(join(source, page), join(out, page));
}
const licence = (name, file) => `${name}\n\n${readFileSync(join(here, 'node_modules', name, file), 'utf8')}\n`;
writeFileSync(
    join(out, 'LICENSES.txt'),
    licence('@novnc/novnc', 'LICENSE.txt') + licence('@xterm/xterm', 'LICENSE') + licence('@xterm/addon-fit', 'LICENSE'),
);
writeFileSync(stamp, wanted);
