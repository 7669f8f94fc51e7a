// Two bell tones, made on the spot. A browser keeps silent until somebody touched the page, unless it was started
// for a kiosk: `ready` says which.

const TONES = [
  { hertz: 784, after: 0 },
  { hertz: 587, after: 0.45 },
];
const LENGTH = 1.6; // s until a tone has died away
const LOUDNESS = 0.5;

export class Chime {
  #context = null;
  #changed;

  constructor(changed) {
    this.#changed = changed;
    if (!window.AudioContext) return;
    this.#context = new AudioContext();
    this.#context.addEventListener("statechange", () => this.#changed(this.ready));
  }

  get ready() {
    return this.#context?.state === "running";
  }

  get possible() {
    return this.#context !== null;
  }

  // Call it from a touch, a click or a key.
  async allow() {
    await this.#context?.resume();
    this.#changed(this.ready);
  }

  ring() {
    if (!this.ready) return false;
    for (const { hertz, after } of TONES) this.#tone(hertz, this.#context.currentTime + after);
    return true;
  }

  #tone(hertz, start) {
    const tone = new OscillatorNode(this.#context, { type: "sine", frequency: hertz });
    const volume = new GainNode(this.#context, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + LENGTH);
    tone.connect(volume).connect(this.#context.destination);
    tone.start(start);
    tone.stop(start + LENGTH);
  }
}
