/** Addresses of the pages.  `/alarms/<id>` is what a push links to, so it must never change. */
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { session } from "./state/live";

const pages = {
  login: () => import("./pages/login/LoginPage.vue"),
  alarms: () => import("./pages/alarms/AlarmsPage.vue"),
  suppressed: () => import("./pages/suppressed/SuppressedPage.vue"),
  sequence: () => import("./pages/sequence/SequencePage.vue"),
  figures: () => import("./pages/figures/FiguresPage.vue"),
  definitions: () => import("./pages/definitions/DefinitionsPage.vue"),
  tanks: () => import("./pages/tanks/TanksPage.vue"),
  interlocks: () => import("./pages/interlocks/InterlocksPage.vue"),
  interlock: () => import("./pages/interlocks/InterlockPage.vue"),
  permits: () => import("./pages/permits/PermitsPage.vue"),
  sources: () => import("./pages/sources/SourcesPage.vue"),
  tags: () => import("./pages/tags/TagsPage.vue"),
  devices: () => import("./pages/devices/DevicesPage.vue"),
  journal: () => import("./pages/journal/JournalPage.vue"),
};

const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/alarms" },
  { path: "/login", name: "login", component: pages.login },
  { path: "/alarms/:id?", name: "alarms", component: pages.alarms },
  { path: "/tanks/:id?", name: "tanks", component: pages.tanks },
  { path: "/interlocks", name: "interlocks", component: pages.interlocks },
  { path: "/interlocks/:id", name: "interlock", component: pages.interlock },
  { path: "/permits/:id?", name: "permits", component: pages.permits },
  { path: "/sources", name: "sources", component: pages.sources },
  { path: "/tags/:id?", name: "tags", component: pages.tags },
  { path: "/devices", name: "devices", component: pages.devices },
  { path: "/journal", name: "journal", component: pages.journal },
  { path: "/suppressed", name: "suppressed", component: pages.suppressed },
  { path: "/sequence", name: "sequence", component: pages.sequence },
  { path: "/figures", name: "figures", component: pages.figures },
  { path: "/definitions", name: "definitions", component: pages.definitions },
  { path: "/:rest(.*)*", redirect: "/alarms" },
];

/** Load every page ahead: one must open although the service has gone meanwhile. */
export function loadAhead(): void {
  for (const load of Object.values(pages)) load().catch(() => undefined); // tried again when it is opened
}

export const router = createRouter({ history: createWebHistory("/"), routes });

router.beforeEach((to) => {
  if (to.name !== "login" && session.value === null) return { name: "login", query: { to: to.fullPath } };
  return true;
});

/** One key back: to where the person came from, else to the list itself. */
export function goBack(otherwise: string): void {
  if (typeof history.state?.back === "string") router.back();
  else void router.replace(otherwise);
}
