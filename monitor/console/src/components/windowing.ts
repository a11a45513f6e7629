/** Which rows of a long list are drawn: only those in view, so that ten thousand tags scroll like thirty. */

export interface Window {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
  readonly before: number;
  readonly after: number;
}

const SPARE = 8;

/** `rowHeight`, `viewHeight` and `scrollTop` in px; `before` and `after` are the heights of what is not drawn. */
export function windowOf(count: number, rowHeight: number, viewHeight: number, scrollTop: number): Window {
  const height = Math.max(1, rowHeight);
  const visible = Math.ceil(viewHeight / height) + 1;
  const first = Math.max(0, Math.min(Math.floor(scrollTop / height), count - visible) - SPARE);
  const end = Math.min(count, first + visible + 2 * SPARE);
  return { first, end, before: first * height, after: (count - end) * height };
}
