// One classic script and one style sheet an entry: browsers refuse modules and fetch() over file://.
import { defineConfig } from "vite";

const entry = process.env.MIEN_WEB_ENTRY ?? "report"; // report: videos; study: maps

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: process.env.MIEN_WEB_OUT ?? "../build/web",
    emptyOutDir: false,
    target: "es2022",
    cssCodeSplit: false,
    reportCompressedSize: false,
    lib: {
      entry: entry === "study" ? "src/maps/main.ts" : "src/main.ts",
      formats: ["iife"],
      name: entry === "study" ? "mienStudy" : "mienReport",
      fileName: () => `${entry}.js`,
      cssFileName: entry,
    },
  },
});
