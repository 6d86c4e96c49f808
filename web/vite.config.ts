import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../streamer/page",
    emptyOutDir: true,
    target: "es2023",
    // The page's policy allows its own origin only: nothing may become a data: address.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      "/v1": { target: "http://127.0.0.1:8765", ws: true },
    },
  },
  test: { include: ["tests/**/*.test.ts"], css: true },
});
