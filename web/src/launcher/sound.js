// The machine's sound: from the side channel to an AudioWorklet. Browsers let a page make sound only once the user has
// touched it; until then nothing is asked for.

const RATE = 48000;
const GESTURES = ['pointerdown', 'keydown'];

/** Plays 16-bit stereo PCM. Calls listen(boolean) whenever it begins or ceases to want it. */
export class Sound {
    #listen;
    #context = null;
    #worklet = null;
    #available = false;
    #muted = false;
    #listening = false;
    #touched = navigator.userActivation?.hasBeenActive ?? false;

    constructor(listen) {
        this.#listen = listen;
        const touch = () => {
            GESTURES.forEach((name) => removeEventListener(name, touch, true));
            this.#touched = true;
            this.#update();
        };
        GESTURES.forEach((name) => addEventListener(name, touch, { capture: true }));
    }

    /** Whether the machine has sound at all. */
    set available(available) {
        if (available !== this.#available) {
            this.#available = available;
            this.#update();
        }
    }

    set muted(muted) {
        this.#muted = muted;
        this.#update();
    }

    get muted() {
        return this.#muted;
    }

    async #update() {
        if (this.#available && this.#touched && !this.#muted) {
            await this.#open();
        }
        const wanted = this.#available && !this.#muted && this.#worklet !== null;
        if (wanted !== this.#listening) {
            this.#listening = wanted;
            this.#worklet?.port.postMessage(null);
            this.#listen(wanted);
        }
        if (this.#context) {
            await (wanted ? this.#context.resume() : this.#context.suspend());
        }
    }

    async #open() {
        if (this.#context) {
            return;
        }
        this.#context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
        await this.#context.audioWorklet.addModule('/assets/worklet.js');
        this.#worklet = new AudioWorkletNode(this.#context, 'arclet-pcm', { outputChannelCount: [2] });
        this.#worklet.connect(this.#context.destination);
    }

    /** PCM that has arrived. The buffer is given away. */
    play(buffer, offset) {
        if (this.#listening) {
            this.#worklet.port.postMessage({ buffer, offset }, [buffer]);
        }
    }
}
