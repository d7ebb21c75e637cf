// The page of one machine: display, serial console, text, state. The machine lives in the launcher; closing this page
// loses nothing.
import './player.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { Display } from './display.js';
import { SideChannel } from './side.js';
import { Sound } from './sound.js';
import { keysOf } from './typing.js';

const path = document.body.dataset.path;
const token = document.body.dataset.token;
const byId = (id) => document.getElementById(id);

const WORDS = {
    fetching: 'fetching',
    starting: 'starting',
    running: 'running',
    ended: 'ended',
    failed: 'failed',
};

let state = '';
let over = false;

const terminal = new Terminal({ convertEol: false, scrollback: 5000, fontSize: 13 });
const fitTerminal = new FitAddon();
terminal.loadAddon(fitTerminal);
terminal.open(byId('terminal'));
fitTerminal.fit();
new ResizeObserver(() => fitTerminal.fit()).observe(byId('terminal'));

function size(bytes) {
    const units = ['bytes', 'KiB', 'MiB', 'GiB'];
    let unit = 0;
    while (bytes >= 1024 && unit < units.length - 1) {
        bytes /= 1024;
        unit++;
    }
    return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

function setState(name, word) {
    const element = byId('state');
    element.dataset.state = name;
    element.textContent = word;
    document.title = `${word} - Arclet`;
}

function overlay(text, detail = '', fraction = null) {
    byId('overlay').hidden = text === '';
    byId('overlay-text').textContent = text;
    byId('overlay-detail').textContent = detail;
    const bar = byId('progress');
    bar.hidden = over || text === '';
    if (fraction === null) {
        bar.removeAttribute('value');
    } else {
        // Never backwards, whatever arrives in whatever order.
        bar.value = Math.max(bar.hasAttribute('value') ? bar.value : 0, fraction);
    }
}

const display = new Display(byId('canvas'), path, token, {
    connected: () => overlay(''),
    lost: () => {
        if (!over) {
            overlay('Connecting to the display');
        }
    },
});

function changed(status) {
    state = status.state;
    over = state === 'ended' || state === 'failed';
    setState(state, status.message && over ? `${WORDS[state]}: ${status.message}` : (WORDS[state] ?? state));
    byId('stop').disabled = over;
    byId('sound').hidden = !status.sound;
    sound.available = status.sound && !over;
    byId('cad').disabled = state !== 'running';
    switch (state) {
        case 'fetching':
            if (status.toFetch > 0) {
                overlay(
                    'Fetching and checking',
                    `${size(status.fetched)} of ${size(status.toFetch)}`,
                    status.fetched / status.toFetch,
                );
            } else {
                overlay('Fetching and checking');
            }
            break;
        case 'starting':
            overlay('Starting', 'Everything has been fetched and checked.');
            break;
        case 'running':
            display.open();
            break;
        default:
            display.close();
            overlay(state === 'failed' ? 'The machine could not go on' : 'The machine has ended', status.message);
    }
}

const side = new SideChannel(path, token, {
    restart: () => terminal.reset(),
    serial: (bytes) => terminal.write(bytes),
    status: changed,
    screen: ({ graphics, text }) => {
        byId('text-note').hidden = !graphics;
        const pre = byId('screen-text');
        // Replaces changed lines only, so that a selection elsewhere survives and a reader hears what is new.
        const lines = text.split('\n');
        while (pre.childElementCount > lines.length) {
            pre.lastElementChild.remove();
        }
        lines.forEach((line, i) => {
            const shown = `${line}\n`;
            let element = pre.children[i];
            if (!element) {
                element = document.createElement('span');
                pre.append(element);
            }
            if (element.textContent !== shown) {
                element.textContent = shown;
            }
        });
    },
    sound: (pcm, offset) => sound.play(pcm, offset),
    lost: () => {
        if (!over) {
            setState('lost', 'connection lost, trying again');
        }
    },
    gone: () => {
        over = true;
        display.close();
        setState('lost', 'launcher gone');
        overlay('The launcher does not know this page any more', 'Open the link again.');
    },
});

const sound = new Sound((on) => side.listen(on));
byId('sound').addEventListener('click', () => {
    sound.muted = !sound.muted;
    byId('sound').setAttribute('aria-pressed', String(!sound.muted));
    byId('sound').textContent = sound.muted ? 'Muted' : 'Sound';
});

const encoder = new TextEncoder();
terminal.onData((text) => side.type(encoder.encode(text)));
terminal.onBinary((text) => side.type(Uint8Array.from(text, (c) => c.charCodeAt(0))));

byId('cad').addEventListener('click', () => display.ctrlAltDel());
byId('scale').addEventListener('click', () => {
    display.fit = !display.fit;
    byId('scale').setAttribute('aria-pressed', String(display.fit));
    byId('scale').textContent = display.fit ? 'Fit' : '1:1';
});
byId('full').addEventListener('click', async () => {
    if (document.fullscreenElement) {
        await document.exitFullscreen();
    } else {
        await byId('display').requestFullscreen();
    }
    display.focus();
});

function toggle(button, panel) {
    byId(button).addEventListener('click', () => {
        const section = byId(panel);
        section.hidden = !section.hidden;
        byId(button).setAttribute('aria-pressed', String(!section.hidden));
    });
}
toggle('show-serial', 'serial');
toggle('show-text', 'text');
toggle('show-paste', 'paste');
byId('show-paste').addEventListener('click', () => {
    if (!byId('paste').hidden) {
        byId('paste-text').focus();
    }
});
byId('paste-type').addEventListener('click', async () => {
    const { keys, missing } = keysOf(byId('paste-text').value);
    byId('paste-note').textContent = missing.length > 0 ? `Left out, no key has it: ${missing.join(' ')}` : '';
    byId('paste-text').value = '';
    await display.type(keys);
});

byId('stop').addEventListener('click', () => {
    if (confirm('Stop this machine? What is not saved in it is lost.')) {
        side.stop();
    }
});
