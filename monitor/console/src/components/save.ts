/** Hands a file to the person. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** `2026-03-01 12:00:00.000` as a part of a file's name. */
export const stampName = (fullTime: string): string => fullTime.slice(0, 19).replace(/[: ]/g, "-");
