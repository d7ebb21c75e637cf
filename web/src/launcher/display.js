// The display: stock noVNC on a WebSocket that has shown its ticket.
import RFB from '@novnc/novnc';
import { Gone, Patience, connect, tickets } from './connection.js';

const SHIFT = 0xffe1; // XK_Shift_L
const PIECE = 50;
const PIECE_MILLIS = 150;

/** Shows the display of a machine while it is wanted, and reconnects. Handlers: connected(), lost(). */
export class Display {
    #rfb = null;
    #wanted = false;
    #running = false;
    #fit = true;

    constructor(target, path, token, handlers) {
        this.target = target;
        this.path = path;
        this.token = token;
        this.handlers = handlers;
    }

    /** Connects, now and again after every loss, until close. */
    open() {
        this.#wanted = true;
        if (!this.#running) {
            this.#running = true;
            this.#keepOpen();
        }
    }

    close() {
        this.#wanted = false;
    }

    async #keepOpen() {
        const patience = new Patience();
        while (this.#wanted) {
            try {
                const { display } = await tickets(this.path, this.token);
                const socket = await connect(display);
                await this.#show(socket, patience);
            } catch (problem) {
                if (problem instanceof Gone) {
                    break;
                }
            }
            this.#rfb = null;
            if (this.#wanted) {
                this.handlers.lost();
                await patience.wait();
            }
        }
        this.#running = false;
    }

    #show(socket, patience) {
        return new Promise((closed) => {
            const rfb = new RFB(this.target, socket, { shared: true });
            this.#rfb = rfb;
            rfb.background = '#000';
            rfb.qualityLevel = 8;
            // The launcher is on this computer: bytes are cheap, inflating them in a page is not.
            rfb.compressionLevel = 0;
            this.#applyScale();
            rfb.addEventListener('connect', () => {
                patience.reset();
                this.handlers.connected();
                rfb.focus();
            });
            rfb.addEventListener('disconnect', closed);
        });
    }

    #applyScale() {
        if (this.#rfb) {
            this.#rfb.scaleViewport = this.#fit;
            this.#rfb.clipViewport = false;
        }
    }

    /** Fits the picture to the window, or shows it pixel by pixel. */
    set fit(fit) {
        this.#fit = fit;
        this.#applyScale();
    }

    get fit() {
        return this.#fit;
    }

    ctrlAltDel() {
        this.#rfb?.sendCtrlAltDel();
        this.#rfb?.focus();
    }

    /** Types keys, as typing.js gives them; not faster than the launcher takes messages. */
    async type(keys) {
        for (let at = 0; at < keys.length && this.#rfb; at += PIECE) {
            for (const { code, shift } of keys.slice(at, at + PIECE)) {
                if (shift) {
                    this.#rfb.sendKey(SHIFT, 'ShiftLeft', true);
                }
                this.#rfb.sendKey(0, code);
                if (shift) {
                    this.#rfb.sendKey(SHIFT, 'ShiftLeft', false);
                }
            }
            await new Promise((done) => setTimeout(done, PIECE_MILLIS));
        }
        this.focus();
    }

    focus() {
        this.#rfb?.focus();
    }
}
