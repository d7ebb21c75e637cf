// The subprotocol arclet.side.v1: serial bytes, state and progress, the text screen.
import { Gone, Patience, connect, tickets } from './connection.js';

const SERIAL = 0;
const SOUND = 1;
const PIECE = 2048;

/**
 * Keeps a side channel open. Handlers: serial(Uint8Array), restart() before the serial output is repeated,
 * status({state, fetched, toFetch, message, sound}), screen({graphics, text}), sound(ArrayBuffer, offset), lost(), gone().
 */
export class SideChannel {
    #socket = null;
    #listens = false;

    constructor(path, token, handlers) {
        this.handlers = handlers;
        this.#keepOpen(path, token);
    }

    async #keepOpen(path, token) {
        const patience = new Patience();
        for (;;) {
            try {
                const { side } = await tickets(path, token);
                const socket = await connect(side);
                this.handlers.restart();
                patience.reset();
                await this.#listen(socket);
            } catch (problem) {
                if (problem instanceof Gone) {
                    this.handlers.gone();
                    return;
                }
            }
            this.#socket = null;
            this.handlers.lost();
            await patience.wait();
        }
    }

    #listen(socket) {
        this.#socket = socket;
        if (this.#listens) {
            this.listen(true);
        }
        return new Promise((closed) => {
            socket.onclose = closed;
            socket.onmessage = (event) => {
                if (typeof event.data === 'string') {
                    const message = JSON.parse(event.data);
                    if (message.type === 'status') {
                        this.handlers.status(message);
                    } else if (message.type === 'screen') {
                        this.handlers.screen(message);
                    }
                } else {
                    const bytes = new Uint8Array(event.data);
                    if (bytes[0] === SERIAL) {
                        this.handlers.serial(bytes.subarray(1));
                    } else if (bytes[0] === SOUND) {
                        this.handlers.sound(event.data, 1);
                    }
                }
            };
        });
    }

    /** Sends bytes to the serial port. */
    type(bytes) {
        for (let at = 0; at < bytes.length && this.#socket; at += PIECE) {
            const piece = bytes.subarray(at, at + PIECE);
            const message = new Uint8Array(1 + piece.length);
            message[0] = SERIAL;
            message.set(piece, 1);
            this.#socket.send(message);
        }
    }

    /** Whether the machine's sound is to be sent here, now and after a loss. */
    listen(on) {
        this.#listens = on;
        this.#socket?.send(JSON.stringify({ type: 'sound', on }));
    }

    /** Asks the launcher to stop the machine. */
    stop() {
        this.#socket?.send(JSON.stringify({ type: 'stop' }));
    }
}
