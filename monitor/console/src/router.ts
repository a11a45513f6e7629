/** Addresses of the pages.  `/alarms/<id>` is what a push links to, so it must never change. */
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { session } from "./state/live";

const AlarmsPage = () => import("./pages/alarms/AlarmsPage.vue");
const TanksPage = () => import("./pages/tanks/TanksPage.vue");
const TagsPage = () => import("./pages/tags/TagsPage.vue");

const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/alarms" },
  { path: "/login", name: "login", component: () => import("./pages/login/LoginPage.vue") },
  { path: "/alarms/:id?", name: "alarms", component: AlarmsPage },
  { path: "/tanks/:id?", name: "tanks", component: TanksPage },
  { path: "/interlocks", name: "interlocks", component: () => import("./pages/interlocks/InterlocksPage.vue") },
  { path: "/sources", name: "sources", component: () => import("./pages/sources/SourcesPage.vue") },
  { path: "/tags/:id?", name: "tags", component: TagsPage },
  { path: "/devices", name: "devices", component: () => import("./pages/devices/DevicesPage.vue") },
  { path: "/journal", name: "journal", component: () => import("./pages/journal/JournalPage.vue") },
  { path: "/:rest(.*)*", redirect: "/alarms" },
];

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
