// The subprotocol arclet.side.v1: serial bytes, state and progress, the text screen.
import { Gone, Patience, connect, tickets } from './connection.js';

const SERIAL = 0;
const PIECE = 2048;

/**
 * Keeps a side channel open. Handlers: serial(Uint8Array), restart() before the serial output is repeated,
 * status({state, fetched, toFetch, message}), screen({graphics, text}), lost(), gone().
 */
export class SideChannel {
    #socket = null;

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

    /** Asks the launcher to stop the machine. */
    stop() {
        this.#socket?.send(JSON.stringify({ type: 'stop' }));
    }
}
