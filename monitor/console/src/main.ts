/** Starts the console: who is logged in, then the pages. */
import { createApp, watch } from "vue";
import "element-plus/theme-chalk/base.css";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.vue";
import { api, whenUnauthorized } from "./api/client";
import { loadAhead, router } from "./router";
import { enter, freshness, leave, session, startPulse } from "./state/live";
import { applyPreferences } from "./state/preferences";

applyPreferences();
whenUnauthorized(leave);
watch(session, (who) => {
  if (who === null && router.currentRoute.value.name !== "login") {
    void router.replace({ name: "login", query: { to: router.currentRoute.value.fullPath } });
  }
});
startPulse();

try {
  enter(await api.session());
} catch {
  // nobody is logged in, or nobody answers: the log-in page says which
}
const LOAD_AHEAD_MS = 1_500;
window.setTimeout(loadAhead, LOAD_AHEAD_MS);
// a newer console was installed under this one: its pages have other names now
window.addEventListener("vite:preloadError", () => {
  if (freshness.value === "live") location.reload();
});
createApp(App).use(router).mount("#app");
