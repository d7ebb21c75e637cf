// Connections of a machine's page to the launcher: tickets, WebSockets, one reconnection policy for both channels.

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5000;

/** The launcher does not know this page any more: it was restarted, or the machine is long over. */
export class Gone extends Error {}

/** Asks for one-use tickets for the channels of this page's machine. */
export async function tickets(path, token) {
    const response = await fetch(`${path}/tickets`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token }),
    });
    if (response.status === 404) {
        throw new Gone('the launcher does not know this page');
    }
    if (!response.ok) {
        throw new Error(`the launcher answers ${response.status}`);
    }
    return response.json();
}

/** Opens a channel and shows its ticket; resolves to the open WebSocket. */
export function connect(channel) {
    return new Promise((resolve, reject) => {
        const socket = new WebSocket(channel.url, channel.protocol);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => {
            socket.onerror = null;
            socket.onclose = null;
            socket.send(channel.ticket);
            resolve(socket);
        };
        socket.onerror = () => reject(new Error('the launcher refused the connection'));
        socket.onclose = socket.onerror;
    });
}

/** Pauses that grow with every failure in a row. */
export class Patience {
    #failures = 0;

    reset() {
        this.#failures = 0;
    }

    async wait() {
        const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++);
        await new Promise((done) => setTimeout(done, pause));
    }
}
