import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Marks of the tab: one SVG per priority and count, as files, because the content security policy refuses data: images. */
const COLOURS = { calm: "#6c757f", lost: "#b0308f", 1: "#c8102e", 2: "#d96b00", 3: "#c9a400", 4: "#0f7fa8" } as const;

function favicon(name: string): string | null {
  const found = /^(calm|lost|[1-4]-(?:[1-9]|more))$/.exec(name);
  if (!found) return null;
  const [kind, count] = name.split("-") as [keyof typeof COLOURS, string | undefined];
  const text = count === undefined ? (kind === "lost" ? "?" : "") : count === "more" ? "9+" : count;
  const line = kind === "calm" ? '<path d="M7 20h18M7 12h18" stroke="#e4e7ea" stroke-width="3"/>' : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="${COLOURS[kind]}"/>${line}` +
    `<text x="16" y="24" font-family="system-ui,sans-serif" font-size="${text.length > 1 ? 18 : 23}" font-weight="700" text-anchor="middle" fill="#fff">${text}</text></svg>`
  );
}

function favicons(): Plugin {
  const names = ["calm", "lost", ...[1, 2, 3, 4].flatMap((p) => [1, 2, 3, 4, 5, 6, 7, 8, 9, "more"].map((n) => `${p}-${n}`))];
  return {
    name: "favicons",
    generateBundle() {
      for (const name of names) this.emitFile({ type: "asset", fileName: `favicon/${name}.svg`, source: favicon(name) ?? "" });
    },
    configureServer(server) {
      server.middlewares.use("/favicon", (request, response, next) => {
        const svg = favicon((request.url ?? "").replace(/^\/|\.svg$/g, ""));
        if (svg === null) return next();
        response.setHeader("Content-Type", "image/svg+xml");
        response.end(svg);
      });
    },
  };
}

const backend = process.env["REDLINE_BACKEND"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue(), favicons()],
  // nothing may be inlined as data:, the content security policy is default-src 'self'
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: backend, ws: true } } },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
