/** Asking the server again while somebody looks. */
import { onMounted, onUnmounted } from "vue";

/** Run `load` when the component appears and then every so often while the page is visible and `wanted` says so. */
export function regularly(load: () => Promise<void>, everyMs: number, wanted: () => boolean = () => true): void {
  let timer = 0;
  const look = (): void => {
    if (!document.hidden && wanted()) void load();
  };
  onMounted(() => {
    void load();
    timer = window.setInterval(look, everyMs);
  });
  onUnmounted(() => window.clearInterval(timer));
}
