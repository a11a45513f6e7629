/** Name of the tab's mark: the most urgent unacknowledged priority with its count. */
export function markName(unacknowledgedBy: readonly number[], lost: boolean): string {
  if (lost) return "lost";
  const priority = [1, 2, 3, 4].find((level) => (unacknowledgedBy[level] ?? 0) > 0);
  if (priority === undefined) return "calm";
  const count = unacknowledgedBy[priority] ?? 0;
  return `${priority}-${count > 9 ? "more" : count}`;
}
