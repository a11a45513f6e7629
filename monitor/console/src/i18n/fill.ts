/** Puts values into a text with places like `{n}`; a place nobody fills stays visible. */
export type Values = Record<string, string | number>;

export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
