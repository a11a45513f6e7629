/** The alarm tone, made by the browser itself: two notes for priority 1, one for priority 2, until silenced. */

const PERIOD_MS: Record<1 | 2, number> = { 1: 1_000, 2: 2_500 };
/** [start s, length s, Hz] */
const NOTES: Record<1 | 2, readonly (readonly [number, number, number])[]> = {
  1: [
    [0, 0.18, 880],
    [0.22, 0.18, 660],
    [0.44, 0.18, 880],
  ],
  2: [[0, 0.3, 587]],
};
const LOUDNESS = 0.22;

export class Tone {
  private context: AudioContext | null = null;
  private timer: number | null = null;
  private playing: 1 | 2 | null = null;

  /** `changed` is told whenever the browser begins or stops to let this page sound, however late. */
  constructor(private readonly changed: (works: boolean) => void = () => undefined) {}

  /** Whether the browser lets this page sound now. */
  async check(): Promise<boolean> {
    const context = this.open();
    if (context === null) return false;
    if (context.state !== "running") {
      // resume() of a page nobody touched stays pending for ever: ask, wait a moment, look
      void context.resume().catch(() => undefined);
      await new Promise((resolve) => window.setTimeout(resolve, 150));
    }
    return context.state === "running";
  }

  /** Called inside a gesture of a person, which is when browsers allow sound. */
  unblock(): Promise<boolean> {
    if (this.context?.state === "running") return Promise.resolve(true);
    return this.check();
  }

  /** Sound this priority until told otherwise; null is quiet. */
  play(priority: 1 | 2 | null): void {
    if (priority === this.playing) return;
    this.playing = priority;
    if (this.timer !== null) window.clearInterval(this.timer);
    this.timer = null;
    if (priority === null) return;
    this.sound(priority);
    this.timer = window.setInterval(() => this.sound(priority), PERIOD_MS[priority]);
  }

  private open(): AudioContext | null {
    if (this.context === null && typeof AudioContext !== "undefined") {
      const context = new AudioContext();
      context.onstatechange = () => this.changed(context.state === "running");
      this.context = context;
    }
    return this.context;
  }

  private sound(priority: 1 | 2): void {
    const context = this.open();
    if (context === null || context.state !== "running") return;
    for (const [start, length, hertz] of NOTES[priority]) {
      const [oscillator, gain] = [context.createOscillator(), context.createGain()];
      const at = context.currentTime + start;
      oscillator.frequency.value = hertz;
      oscillator.type = "triangle";
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.015);
      gain.gain.setValueAtTime(LOUDNESS, at + length - 0.03);
      gain.gain.linearRampToValueAtTime(0, at + length);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(at);
      oscillator.stop(at + length);
    }
  }
}
