// Plays PCM as it comes, on the browser's audio thread. A ring of fixed size; a cushion against late pieces; what comes
// faster than it is played (two clocks are never the same) is left out.

const RING = 1 << 15;
/** Frames that are waited for before playing begins, or begins again. */
const CUSHION = 48 * 60;
/** With more than this waiting, the sound would lag behind the picture. */
const MOST = 48 * 250;

class Pcm extends AudioWorkletProcessor {
    #left = new Float32Array(RING);
    #right = new Float32Array(RING);
    #read = 0;
    #written = 0;
    #playing = false;

    constructor() {
        super();
        this.port.onmessage = ({ data }) => {
            if (data === null) {
                this.#read = this.#written;
                this.#playing = false;
            } else {
                this.#take(new DataView(data.buffer, data.offset));
            }
        };
    }

    #take(view) {
        const frames = Math.min(view.byteLength >> 2, MOST);
        for (let i = 0; i < frames; i++) {
            const slot = this.#written++ & (RING - 1);
            this.#left[slot] = view.getInt16(4 * i, true) / 32768;
            this.#right[slot] = view.getInt16(4 * i + 2, true) / 32768;
        }
        if (this.#written - this.#read > MOST) {
            this.#read = this.#written - CUSHION;
        }
    }

    process(inputs, [[left, right]]) {
        const waiting = this.#written - this.#read;
        this.#playing = this.#playing ? waiting >= left.length : waiting >= CUSHION;
        if (this.#playing) {
            for (let i = 0; i < left.length; i++) {
                const slot = this.#read++ & (RING - 1);
                left[i] = this.#left[slot];
                right[i] = this.#right[slot];
            }
        }
        return true;
    }
}

registerProcessor('arclet-pcm', Pcm);
