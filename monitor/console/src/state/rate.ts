/** How fast a level moves, from the values seen on the stream: a straight line through the good samples of the last minute or two. */

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export const WINDOW_MS = 90_000;
export const LEAST_COVERAGE_MS = 10_000;
const LEAST_SAMPLES = 5;
const SPACING_MS = 900;

export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples[samples.length - 1];
  if (last && sample.atMs - last.atMs < SPACING_MS) return samples;
  const oldest = sample.atMs - WINDOW_MS;
  const kept = samples[0] && samples[0].atMs < oldest ? samples.filter((kept) => kept.atMs >= oldest) : samples;
  return [...kept, sample];
}

/** Units per hour by least squares; null where too little was seen to say. */
export function ratePerHour(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples[samples.length - 1]];
  if (!first || !last || samples.length < LEAST_SAMPLES || last.atMs - first.atMs < LEAST_COVERAGE_MS) return null;
  let [sumT, sumV, sumTT, sumTV] = [0, 0, 0, 0];
  for (const { atMs, value } of samples) {
    const t = (atMs - first.atMs) / 3_600_000;
    sumT += t;
    sumV += value;
    sumTT += t * t;
    sumTV += t * value;
  }
  const count = samples.length;
  const spread = count * sumTT - sumT * sumT;
  return spread === 0 ? null : (count * sumTV - sumT * sumV) / spread;
}

/** Minutes until `limit` at this rate; null when it is not on its way there. */
export function minutesTo(value: number, limit: number | null, rate: number | null): number | null {
  if (limit === null || rate === null || rate <= 0 || value >= limit) return null;
  return ((limit - value) / rate) * 60;
}
